"""``tools/train.py`` and ``tools/test.py`` as a user runs them."""

import json
import pickle
import re
from pathlib import Path

import pytest
import torch

from mmchanpos.engine.checkpoint import read_checkpoint
from mmchanpos.errors import InputError
from tests.conftest import tool

#: What ``run_tool`` makes one message of.
TOLD = (InputError, FileNotFoundError)


def weights(path):
    return read_checkpoint(path)['state_dict']


def test_test_prints_and_writes_the_score_of_training(tiny_run, tmp_path):
    config, checkpoint = tiny_run
    # Other tests may have left logs there too.
    logs = checkpoint.parent.glob('*/vis_data/scalars.json')
    (text,) = (t for t in map(Path.read_text, logs) if '"loss"' in t)
    rows = [json.loads(line) for line in text.splitlines()]
    trained = [row['accuracy/top1'] for row in rows if 'accuracy/top1' in row]
    out = tmp_path / 'metrics.json'
    words = '--out', out, '--work-dir', tmp_path
    done = tool('test.py', config, checkpoint, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())['accuracy/top1'] == trained[-1]
    assert f'accuracy/top1: {trained[-1]:.4f}' in done.stdout + done.stderr


def test_resume_ends_with_the_weights_of_an_uninterrupted_run(
    tiny_run, tmp_path
):
    config, checkpoint = tiny_run
    half = tmp_path / 'epoch_1.pth'
    half.write_bytes((checkpoint.parent / 'epoch_1.pth').read_bytes())
    words = '--work-dir', tmp_path, '--resume', half
    done = tool('train.py', config, *words)
    assert done.returncode == 0, done.stderr
    resumed, whole = weights(tmp_path / 'epoch_2.pth'), weights(checkpoint)
    assert resumed.keys() == whole.keys()
    assert all(resumed[k].equal(whole[k]) for k in whole)


def test_a_dry_run_writes_nothing(
    tiny_config, call_tool, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob('*'))
    said = call_tool('train.py', tiny_config, '--dry-run')
    assert 'two batches of train and val went through' in said
    assert sorted(tmp_path.rglob('*')) == before


def test_a_dry_run_of_a_test_and_tta(
    tiny_run, call_tool, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    said = call_tool('test.py', *tiny_run, '--tta', '--dry-run')
    assert 'two batches of test' in said
    assert 'AverageClsScoreTTA' in said
    assert not list(tmp_path.iterdir())


def test_a_dry_run_draws_nothing_either(
    tiny_run, call_tool, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    call_tool(
        'test.py', *tiny_run, '--dry-run', '--show-dir', 'shown',
        '--cfg-options', 'visualizer.type=UniversalVisualizer',
        'default_hooks.visualization.type=VisualizationHook',
        'default_hooks.visualization.interval=1',
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_config_in_its_own_work_folder_is_left_alone(tiny_run, call_tool):
    config, checkpoint = tiny_run
    before = config.read_text()
    words = '--cfg-options', 'test_dataloader.batch_size=3'
    call_tool('test.py', config, checkpoint, *words)
    assert config.read_text() == before
    assert 'work_dir' in before


def test_predictions_are_dumped_as_the_hosts_do(tiny_run, call_tool, tmp_path):
    out = tmp_path / 'pred.pkl'
    words = *tiny_run, '--out', out, '--work-dir', tmp_path
    call_tool('test.py', *words)
    assert len(pickle.loads(out.read_bytes())) == 31


def test_a_dump_that_fails_leaves_the_earlier_one(
    tiny_run, call_tool, tmp_path, monkeypatch
):
    out = tmp_path / 'pred.pkl'
    out.write_bytes(b'of an earlier test')

    def full(results, path):
        Path(path).write_bytes(b'half')
        raise OSError(28, 'No space left on device', path)

    monkeypatch.setattr('mmengine.evaluator.metric.dump', full)
    words = *tiny_run, '--out', out, '--work-dir', tmp_path / 'work'
    with pytest.raises(OSError, match='No space left'):
        call_tool('test.py', *words)
    assert out.read_bytes() == b'of an earlier test'
    assert {p.name for p in tmp_path.iterdir()} == {'pred.pkl', 'work'}


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['{config}', 'nothing.pth'], 'does not exist'),
        (['{config}', '{cut}'], 'cannot be read'),
        (['{config}', '{other}'], 'another architecture'),
        (['{config}', '{evil}'], 'refused'),
        (['{config}', '{good}', '--out', 'x.txt'], '.json (metrics)'),
        (['{config}', '{good}', '--launcher', 'pytorch'], 'not started by'),
        (['nothing.py', '{good}'], 'config nothing.py does not exist'),
        (
            ['{config}', '{good}', '--cfg-options', 'test_cfg=None'],
            'has no test_cfg',
        ),
        (
            [
                '{config}',
                '{good}',
                '--cfg-options',
                'test_dataloader.dataset.images=gone.npz',
            ],
            'gone.npz',
        ),
    ],
)
def test_bad_input_is_told_and_harms_nothing(
    tiny_run, call_tool, tmp_path, words, said
):
    config, good = tiny_run
    files = {'config': config, 'good': good}
    for name in ('cut', 'other', 'evil'):
        files[name] = tmp_path / f'{name}.pth'
    files['cut'].write_bytes(good.read_bytes()[:5000])
    state = weights(good)
    state['head.fc.weight'] = torch.ones(9, 9)
    torch.save({'state_dict': state}, files['other'])
    torch.save({'state_dict': state, 'x': print}, files['evil'])
    metrics = tmp_path / 'metrics.json'
    metrics.write_text('earlier')
    before = good.read_bytes()

    words = [word.format(**files) for word in words]
    words += [] if '--out' in words else ['--out', metrics]
    with pytest.raises(TOLD, match=re.escape(said)):
        call_tool('test.py', *words, '--work-dir', tmp_path)
    assert metrics.read_text() == 'earlier'
    assert good.read_bytes() == before


def test_bad_input_ends_with_one_message_and_status_2(tiny_run, tmp_path):
    config, good = tiny_run
    options = '--cfg-options', 'model.head.num_classes=5'
    words = '--resume', good, '--work-dir', tmp_path, *options
    done = tool('train.py', config, *words)
    assert done.returncode == 2
    assert 'head.fc.weight: (2, 8) in the checkpoint, (5, 8)' in done.stderr
    assert 'Traceback' not in done.stderr
