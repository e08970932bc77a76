"""Rank, sweep and report through the tools, on all hosts."""

import json

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.latent import load_rankings
from mmchanpos.testing.segmentor import write_tiny
from tests.conftest import tool


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    # Of eight images one has people on the left only, one on the right.
    return write_tiny(tmp_path_factory.mktemp('tiny'), images=8)


def attacked(out):
    """What a sweep wrote, beside a page that fetches nothing."""
    sweep = json.loads((out / 'sweep/sweep.json').read_text())
    page = (out / 'report.html').read_text()
    assert 'http://' not in page.replace('http://www.w3.org', '')
    return sweep


def test_one_command_ranks_sweeps_and_reports(tiny, call_tool, tmp_path):
    data = tiny[0].parent / 'streets'
    words = (
        *('--sides', data / 'annotations/anno_val.mat'),
        *('--tops', '2', '8', '--windows', '0-4', '4-8', '--random', '2'),
        *('--matched', '1', '--kinds', 'overall', 'contrast'),
    )
    words = *tiny, '--out', tmp_path, *words
    result = tool('attack.py', *words)
    assert result.returncode == 0, result.stderr[-2000:]
    sweep = attacked(tmp_path)
    kinds = {row['kind'] for row in sweep['rows']}
    assert kinds == {'none', 'overall', 'contrast', 'random', 'matched'}
    assert list(sweep['rows'][0]['scores']) == [
        'overall',
        'left',
        'center',
        'right',
    ]
    assert 'switched off' in result.stdout
    written = {path.name for path in tmp_path.rglob('*') if path.is_file()}
    assert {'ranking.json', 'deltas.npz', 'sweep.npz', 'results.md'} <= written
    assert 'is there already' in call_tool('attack.py', *words)
    assert attacked(tmp_path) == sweep


def test_an_untouched_config_of_mmsegmentation(tiny, call_tool, tmp_path):
    name = 'mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py'
    cfg = load_config(name)
    init_default_scope('mmseg')
    checkpoint = tmp_path / 'random.pth'
    model = MODELS.build(cfg.model)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    call_tool(
        *('attack.py', name, checkpoint, '--out', tmp_path / 'out'),
        *('--images', 1, '--random', 1, '--matched', 0, '--tops', 10),
        *('--data-root', tiny[0].parent / 'streets'),
        *('--work-dir', tmp_path / 'work'),
    )
    sweep = attacked(tmp_path / 'out')
    assert len(sweep['rows']) == 3
    assert sweep['metric'] == 'mIoU'
    assert len(sweep['images']) == 1


def test_a_classifier_is_attacked_by_top_1(tiny_run, call_tool, tmp_path):
    words = *tiny_run, '--out', tmp_path, '--tops', 1, 4, 8
    call_tool('attack.py', *words, '--random', 2, '--matched', 2)
    sweep = attacked(tmp_path)
    assert sweep['metric'] == 'Top-1'
    values = np.load(tmp_path / 'sweep/sweep.npz')['values']
    assert values.shape == (len(sweep['rows']), 31, 1)
    scores = [row['scores']['overall'] for row in sweep['rows']]
    np.testing.assert_allclose(values.mean((1, 2)), scores, atol=1e-4)
    assert scores[0] > min(scores)


def test_rank_channels_takes_several_taps(tiny, call_tool, tmp_path):
    call_tool(
        *('rank_channels.py', *tiny, '--out', tmp_path, '--taps'),
        *('backbone.layer2', 'backbone', '--kernel-flip', '--draws', 20),
    )
    rankings = load_rankings(tmp_path / 'backbone.layer2/ranking.json')
    assert {r.channels for r in rankings} == {16}
    assert 'kernel_flip_pair' in {r.kind for r in rankings}


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--tops', '999'], 'has 32 channels'),
        (['--tap', 'bakbone'], 'Did you mean "backbone"'),
        (['--windows', '10'], 'START-STOP'),
        (['--regions', 'lef'], 'Did you mean "left"'),
        (['--data-root', 'nowhere'], 'does not exist'),
        (['--images', '0'], 'at least 1'),
        (['--sides', 'zebra'], 'no class "zebra"'),
        (['--left', 'nowhere.txt'], 'does not exist'),
    ],
)
def test_what_a_user_can_get_wrong(tiny, call_tool, tmp_path, words, message):
    if message == 'has 32 channels':
        words = [*words, '--images', '2']
    with pytest.raises(InputError, match=message):
        call_tool('attack.py', *tiny, '--out', tmp_path, *words)
    assert not (tmp_path / 'sweep').exists()


def test_a_foreign_checkpoint_is_refused(tiny, tmp_path):
    checkpoint = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'x': torch.zeros(1)}}, checkpoint)
    result = tool('attack.py', tiny[0], checkpoint, '--out', tmp_path / 'o')
    assert result.returncode == 2
    assert 'another architecture' in result.stderr
