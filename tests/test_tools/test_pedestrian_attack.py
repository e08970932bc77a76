"""From drawn streets to the report of an attack on a detector."""

import json

import pytest
import torch

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.errors import InputError
from tests.conftest import ROOT, tool

LOADERS = ('train', 'val', 'test')


@pytest.fixture(scope='module')
def options(tmp_path_factory):
    root = tmp_path_factory.mktemp('people') / 'streets'
    write_streets(root, {'train': 8, 'val': 6}, 144, 288)
    return [
        *(f'{x}_dataloader.dataset.data_root={root}' for x in LOADERS),
        *(f'{x}_dataloader.num_workers=0' for x in LOADERS),
        *(f'{x}_dataloader.persistent_workers=False' for x in LOADERS),
        'train_cfg.max_epochs=1',
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'levels'), [('csp_r18', 1), ('faster-rcnn_r18', 3)]
)
def test_train_and_attack(name, levels, options, tmp_path):
    config = ROOT / f'configs/pedestrians/{name}_synthetic.py'
    words = ['--work-dir', tmp_path, '--cfg-options', *options]
    done = tool('train.py', config, *words)
    assert done.returncode == 0, done.stderr[-2000:]
    out = tmp_path / 'attack'
    done = tool(
        'attack.py',
        config,
        tmp_path / 'epoch_1.pth',
        *('--out', out, '--tap', 'neck', '--per-level', '--tops', 2),
        *('--random', 2, '--matched', 1, *words),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert 'LOWER is better' in done.stdout
    assert (out / 'report.html').is_file()
    sweep = json.loads((out / 'sweep/sweep.json').read_text())
    assert not sweep['higher_is_better']
    assert list(sweep['rows'][0]['scores']) == [
        *('Reasonable', 'Small', 'Heavy', 'All')
    ]
    kinds = [row['kind'] for row in sweep['rows']]
    assert kinds.count('random') == 2
    (ranking, *_) = json.loads((out / 'sweep/rankings.json').read_text())[
        'rankings'
    ]
    assert ranking['widths'] == [96 // levels if levels > 1 else 48] * levels


def test_a_ranking_that_is_missing_is_told_before_anything_runs(
    call_tool, options, tmp_path
):
    checkpoint = tmp_path / 'some.pth'
    torch.save({'state_dict': {'weight': torch.zeros(1)}}, checkpoint)
    config = ROOT / 'configs/pedestrians/csp_r18-small_synthetic.py'
    hook = 'default_hooks.channel_zeroing'
    words = [
        f'{hook}.type=mmchanpos.ChannelZeroingHook',
        f'{hook}.tap=neck',
        f'{hook}.ranking={tmp_path}/ranking.json',
        f'{hook}.top=2',
        *options[:-1],
    ]
    words = config, checkpoint, '--work-dir', tmp_path, '--cfg-options', *words
    with pytest.raises(InputError, match='ranking.json does not exist'):
        call_tool('test.py', *words)
