"""Any model can be looked into, without data and without a download."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmchanpos.engine.audit import audit, embeddings, subject
from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json
from mmchanpos.report.audit_section import (
    audit_section,
    compare_section,
    verdict,
)


class Small(nn.Module):
    """A padded net with a position embedding, to be found by its name."""

    image_size = 16

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.pos_embed = nn.Parameter(torch.zeros(1, 8, 8, 8))
        self.pos_embed.data[0, :2] = 9 * torch.linspace(-1, 1, 8)
        self.last = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, image):
        return self.last(self.conv(image) + self.pos_embed)


class Other(Small):
    """Another one of the same file."""


class Timms(Small):
    """Says its size as timm's models do."""

    image_size = None
    default_cfg = {'input_size': (3, 16, 24)}


NAME = f'{__name__}:Small'


@pytest.fixture(scope='module')
def found():
    return audit(subject(NAME), images=8)


def test_what_padding_and_embeddings_bring_is_told_apart(found):
    assert found['size'] == [16, 16]
    assert found['weights'] == 'random'
    assert set(found['without']) == {
        'padding',
        'embedding',
        'padding and embedding',
    }
    last = {name: layers[-1] for name, layers in found['without'].items()}
    told = max(found['layers'][-1]['read'].values())
    neither = max(last['padding and embedding']['read'].values())
    assert told > 0.5
    assert neither < 0.05
    assert max(last['embedding']['read'].values()) < told


def test_the_model_is_as_before():
    what = subject(NAME)
    before = {k: v.clone() for k, v in what.model.state_dict().items()}
    audit(what, images=4)
    assert set(embeddings(what.model)) == {'pos_embed'}
    for name, value in what.model.state_dict().items():
        assert value.equal(before[name])
    assert what.model.last.padding == (1, 1)


def test_the_page_and_the_verdict(found):
    section = audit_section(found)
    said = ' '.join(verdict(found))
    assert 'knows places' in said
    assert 'position embeddings of 0' in said
    names = [figure.name for figure in section.figures]
    assert names == ['fingerprint', 'channels', 'maps']
    assert len(section.tables[0].rows) == len(found['layers'])
    both = compare_section([found, found])
    assert len(both.figures) == 3
    assert 'Small 2' in both.sentences[1]


def test_configs_are_built_without_what_they_would_download(tmp_path):
    config = tmp_path / 'net.py'
    config.write_text(
        "default_scope = 'mmpretrain'\n"
        "init = dict(type='Pretrained', checkpoint='https://nowhere/x.pth')\n"
        "model = dict(type='ImageClassifier', backbone=dict(\n"
        "    type='ResNet_CIFAR', depth=18, base_channels=4,\n"
        '    stem_channels=4, init_cfg=init),\n'
        "    neck=dict(type='GlobalAveragePooling'),\n"
        "    head=dict(type='LinearClsHead', num_classes=2, in_channels=32))\n"
    )
    what = subject(str(config), size=(32, 32))
    found = audit(what, images=4)
    names = [layer['name'] for layer in found['layers']]
    assert names[-1] == 'backbone.layer4'
    assert set(found['without']) == {'padding'}


def test_a_dense_model_of_torchvision_is_built_without_a_download(monkeypatch):
    def download(url, *_, **__):
        raise AssertionError(url)

    monkeypatch.setattr(torch.hub, 'load_state_dict_from_url', download)
    monkeypatch.setattr(
        'torchvision.models._api.load_state_dict_from_url', download
    )
    assert subject('torchvision:lraspp_mobilenet_v3_large').size == (224, 224)


def test_models_are_shown_images_of_the_size_that_they_say():
    assert subject(f'{__name__}:Timms').size == (16, 24)
    assert subject(f'{__name__}:Timms', size=(8, 8)).size == (8, 8)


@pytest.mark.parametrize(
    ('image_size', 'default_cfg', 'size'),
    [
        ((3, 16, 24), None, (16, 24)),
        ([16], None, (16, 16)),
        (None, None, (224, 224)),
        (None, {'input_size': None}, (224, 224)),
        (None, Other, (224, 224)),
    ],
)
def test_other_models_say_it_in_their_ways_or_not_at_all(
    monkeypatch, image_size, default_cfg, size
):
    monkeypatch.setattr(Timms, 'image_size', image_size)
    monkeypatch.setattr(Timms, 'default_cfg', default_cfg)
    assert subject(f'{__name__}:Timms').size == size


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('torchvision:resnet19', 'Did you mean "resnet'),
        ('nowhere_at_all:net', 'cannot be imported'),
        ('torch.nn:Relu', 'or "ReLU"'),
        ('torch.nn:Conv2d', 'makes no model by itself'),
        ('torch:get_rng_state', 'is a Tensor'),
        ('torch.nn:ReLU', 'nothing to audit'),
        ('nowhere.py', 'does not exist'),
    ],
)
def test_bad_names_are_told(name, said):
    with pytest.raises(InputError, match=said):
        audit(subject(name), images=4)


def test_audits_lie_in_folders_of_their_own_and_are_told_from_other_files(
    found, call_tool, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name in ('Small', 'Other'):
        call_tool('audit.py', f'{__name__}:{name}', '--images', 4)
    files = sorted(Path('work_dirs/audit').glob('*/audit.json'))
    assert [read_json(f)['model'].split(':')[1] for f in files] == [
        'Other',
        'Small',
    ]
    said = call_tool('audit.py', '--compare', *files)
    assert 'work_dirs/audit/compare' in said
    with pytest.raises(InputError, match='give a MODEL'):
        call_tool('audit.py', '--compare', files[0])
    write_json('other.json', {'model': 'x'})
    with pytest.raises(InputError, match='other.json does not fit: .*weights'):
        call_tool('audit.py', '--compare', files[0], 'other.json')
