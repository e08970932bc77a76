"""Every config parses, its types exist, and its folder is described."""

import pytest
import yaml
from mmengine.registry import HOOKS

from mmchanpos.engine.config import load_config
from mmchanpos.latent import ChannelRanking, save_rankings
from tests.conftest import ROOT

CONFIGS = ROOT / 'configs'
LEAVES = sorted(
    path.relative_to(CONFIGS)
    for path in CONFIGS.glob('*/**/*.py')
    if '_base_' not in path.parts
)
MIXINS = sorted(
    path.name
    for path in (CONFIGS / '_base_/attack').glob('*.py')
    if 'sweep' not in path.name
)
FOLDERS = sorted({leaf.parts[0] for leaf in LEAVES})


@pytest.mark.parametrize('leaf', LEAVES, ids=str)
def test_a_leaf_is_complete_and_all_its_types_exist(leaf):
    cfg = load_config(str(CONFIGS / leaf))
    assert cfg.get('default_scope')
    assert cfg.get('model')
    assert cfg.get('train_cfg') or cfg.get('test_cfg')
    # One without a backend keeps no curve of a training.
    assert 'visualizer' not in cfg or cfg.visualizer.get('vis_backends')


@pytest.fixture
def rankings(tmp_path):
    """A file of all the rankings that attacks ask for."""
    kinds = 'overall', 'left', 'right', 'contrast', 'magnitude'
    path = tmp_path / 'ranking.json'
    save_rankings(
        path,
        [
            ChannelRanking.from_scores(kind, range(400), tap='neck')
            for kind in kinds
        ],
    )
    return path


@pytest.mark.parametrize('mixin', MIXINS)
def test_an_attack_keeps_the_hooks_of_its_host(mixin, rankings, tmp_path):
    host = CONFIGS / 'pedestrians/csp_r50_citypersons.py'
    mine = tmp_path / 'mine.py'
    mine.write_text(
        f"_base_ = ['{host}', 'mmchanpos::_base_/attack/{mixin}']\n"
        'default_hooks = dict(channel_zeroing=_base_.channel_zeroing)\n'
    )
    cfg = load_config(str(mine))
    before = load_config(str(host))
    assert cfg.custom_hooks == before.custom_hooks
    assert [hook.type for hook in cfg.custom_hooks] == ['EMAHook']
    added = cfg.default_hooks.pop('channel_zeroing')
    assert cfg.default_hooks == before.default_hooks
    # As complete as its name says: a file of rankings is all it lacks.
    hook = HOOKS.build(dict(added, ranking=rankings))
    kind, _, window = mixin[: -len('.py')].partition('-')
    window = window.replace('top', 'top ').replace('rank', '')
    assert hook.ablation.name == f'{kind} {window}'


@pytest.mark.parametrize('name', ['faster', 'cascade'])
def test_both_rcnns_are_trained_as_in_pedestron(name):
    file = f'pedestrians/{name}-rcnn_hrnetv2p-w32_citypersons.py'
    cfg = load_config(str(CONFIGS / file))
    assert cfg.model.train_cfg.rpn.allowed_border == 0
    steps = cfg.train_dataloader.dataset.pipeline
    (crop,) = [step for step in steps if step.type == 'MinIoURandomCrop']
    assert crop.min_ious == tuple(i / 10 for i in range(1, 10))


@pytest.mark.parametrize('what', ['', '_overall-top100', '_sweep'])
def test_the_papers_model_is_tested_at_the_size_of_the_images(what):
    """At 2049 x 1025 the Kernel-Flip controls rank as Eq. 2 does."""
    file = f'attack/deeplabv3_r50-os16{what}_cityscapes.py'
    cfg = load_config(str(CONFIGS / file), check=False)
    steps = cfg.test_dataloader.dataset.pipeline
    assert [step.type for step in steps if 'Res' in step.type] == []


def test_no_two_trainings_write_to_one_folder():
    # work_dirs/NAME of a config; the rankings write to folders of their own.
    names = [leaf.stem for leaf in LEAVES if leaf.parts[0] != 'rank']
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('folder', FOLDERS)
def test_a_folder_is_described_in_the_hosts_style(folder):
    assert (CONFIGS / folder / 'README.md').is_file()
    metafile = CONFIGS / folder / 'metafile.yml'
    content = yaml.safe_load(metafile.read_text())
    names = {c['Name'] for c in content.get('Collections', [])}
    for model in content.get('Models', []):
        assert model['In Collection'] in names
        assert (ROOT / model['Config']).is_file(), model['Config']


def test_the_model_index_lists_every_metafile():
    index = ROOT / 'mmchanpos/.mim/model-index.yml'
    listed = yaml.safe_load(index.read_text())['Import']
    found = [f'configs/{folder}/metafile.yml' for folder in FOLDERS]
    assert sorted(listed) == found
