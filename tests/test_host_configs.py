"""One config of each algorithm folder of the hosts: see host_configs.py."""

import pytest

from tests import host_configs
from tests.conftest import ROOT

#: What once needed more than other models do.
NEEDY = (
    'mmpretrain/arcface',  # its backbone lies in another model
    'mmpretrain/conformer',  # two branches
    'mmpretrain/dinov2',  # no default_scope
    'mmpretrain/vision_transformer',
    'mmseg/dpt',  # pairs of map and class token
    'mmseg/segnext',  # its head draws random numbers
    'mmseg/mask2former',
    'mmseg/maskformer',
    'mmseg/segformer',
    'mmdet/faster_rcnn',
    'mmdet/detr',
    'mmdet/conditional_detr',
    'mmdet/deformable_detr',
    'mmdet/dino',
    'mmdet/rtmdet',
)


@pytest.mark.parametrize('host', host_configs.HOSTS)
def test_every_folder_has_one_config(host):
    pytest.importorskip(host)
    found = host_configs.configs(host)
    assert len(found) > 40
    for key, name in found.items():
        assert name.startswith(key.replace('/', '::') + '/')


def test_what_differs_beyond_rounding_is_seen():
    one = [{'scores': [0.5, 100.0], 'label': 3}]
    near = [{'scores': [0.5, 100.01], 'label': 3}]
    assert host_configs._differ(one, near) is None
    far = [{'scores': [0.5, 101.0], 'label': 3}]
    assert 'scores.1' in host_configs._differ(one, far)
    assert 'label' in host_configs._differ(one, [{'scores': [0.5, 100.0]}])
    assert host_configs._differ([], []) == 'nothing was predicted'
    endless = [{'boxes': [float('inf'), 1.0]}]
    assert host_configs._differ(endless, endless) is None
    assert 'boxes.0' in host_configs._differ(endless, [{'boxes': [2.0, 1.0]}])


def test_counts_are_of_each_host():
    row = dict(config='mmseg::fcn/a.py', outcome='passes', why='')
    other = dict(config='mmseg::ann/b.py', outcome='fails', why='a|b')
    said = host_configs.table({'mmseg/fcn': row, 'mmseg/ann': other})
    assert '| mmseg | 2 | 1 | 1 | 0 | 0 | 0 |' in said
    assert 'fails: a/b' in said


@pytest.mark.slow
@pytest.mark.parametrize('name', host_configs.TAPS)
def test_a_tap_of_the_readme_is_ranked_and_attacked(name):
    tap = host_configs.TAPS[name]
    assert f'`{tap}`' in (ROOT / 'README.md').read_text()
    found = host_configs.in_fork(name, limit=200, gigabytes=7, tap=tap)
    assert found['outcome'] == 'passes', found['why']


@pytest.mark.slow
@pytest.mark.parametrize('key', NEEDY)
def test_a_config_is_ranked_and_attacked_untouched(key):
    name = host_configs.configs(key.split('/')[0])[key]
    found = host_configs.in_fork(name, limit=200, gigabytes=7)
    assert found['outcome'] == 'passes', found['why']
