"""Every config of gapnet, permutenet and probe builds and agrees."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmchanpos.datasets.transforms import PlaceOnGrid
from mmchanpos.registry import MODELS
from tests.conftest import ROOT

FOLDERS = ('gapnet', 'permutenet', 'probe')
#: All but the segmentor whose encoder is probed: it sees whole images.
CONFIGS = sorted(
    p
    for f in FOLDERS
    for p in (ROOT / 'configs' / f).glob('*.py')
    if not p.stem.endswith('_voc12')
)


def places(cfg):
    for split in ('train', 'val', 'test'):
        for step in cfg[f'{split}_dataloader'].dataset.pipeline:
            if step.type == 'mmchanpos.PlaceOnGrid':
                yield split, step


@pytest.mark.parametrize('path', CONFIGS, ids=lambda p: p.stem)
def test_a_config_builds_and_its_parts_agree(path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    found = dict(places(cfg))
    assert set(found) == {'train', 'val', 'test'}
    for split, step in found.items():
        # A random crop without padding, as in the authors' code, is no crop.
        pipeline = cfg[f'{split}_dataloader'].dataset.pipeline
        assert not any('Crop' in part.type for part in pipeline)
        kwargs = {k: v for k, v in step.items() if k != 'type'}
        place = PlaceOnGrid(**kwargs)
        names = cfg.train_dataloader.dataset.get('classes', range(10))
        wanted = place.num_classes or len(names)
        assert cfg.model.head.num_classes == wanted
        assert place.mean.tolist() == pytest.approx(cfg.data_preprocessor.mean)
    if found['test'].grid > 1:
        assert found['test'].where == found['val'].where == 'seeded'
        assert 'where' not in found['train']
    # On the meta device shapes are known and nothing is computed.
    backbone = MODELS.build(cfg.model).backbone.to('meta')
    (latent,) = backbone(torch.zeros(1, 3, 96, 96, device='meta'))
    assert latent.shape[1] == cfg.model.head.in_channels


@pytest.mark.parametrize('n', [3, 5, 7, 9])
@pytest.mark.parametrize('task', ['location', 'object'])
def test_permutenet_is_gapnet_with_another_neck(n, task):
    pair = [
        Config.fromfile(
            ROOT / f'configs/{net}/{net}_resnet18_{task}-{n}x{n}_cifar10.py'
        ).to_dict()
        for net in FOLDERS[:2]
    ]
    assert pair[1]['model'].pop('neck')[1]['type'] == (
        'mmchanpos.PermuteChannel'
    )
    assert pair[1]['model']['head'].pop('kernel_size') == 1
    assert pair[1].pop('test_cfg')['redraws'] == 5
    assert pair[0].pop('test_cfg') == {}
    for word in ('permuted', 'redrawn'):  # the mix-in itself
        del pair[1][word]
    assert pair[0] == pair[1]


@pytest.mark.parametrize('folder', FOLDERS)
def test_metafile_and_readme_name_every_config(folder):
    where = ROOT / 'configs' / folder
    metafile = (where / 'metafile.yml').read_text()
    readme = (where / 'README.md').read_text()
    for path in where.glob('*.py'):
        assert f'Config: configs/{folder}/{path.name}\n' in metafile
        assert path.name in readme or folder != 'probe'
