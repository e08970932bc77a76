"""Every config parses, its types exist, and its folder is described."""

import pytest
import yaml

from mmchanpos.engine.config import load_config
from tests.conftest import ROOT

CONFIGS = ROOT / 'configs'
LEAVES = sorted(
    path.relative_to(CONFIGS)
    for path in CONFIGS.glob('*/**/*.py')
    if '_base_' not in path.parts
)
FOLDERS = sorted({leaf.parts[0] for leaf in LEAVES})


@pytest.mark.parametrize('leaf', LEAVES, ids=str)
def test_a_leaf_is_complete_and_all_its_types_exist(leaf):
    cfg = load_config(str(CONFIGS / leaf))
    assert cfg.get('default_scope')
    assert cfg.get('model')
    assert cfg.get('train_cfg') or cfg.get('test_cfg')


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
