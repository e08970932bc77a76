"""``tools/train.py`` and ``tools/test.py`` as a user runs them."""

import json

import pytest
import torch

from mmchanpos.engine.checkpoint import read_checkpoint
from tests.conftest import tool


def weights(path):
    return read_checkpoint(path)['state_dict']


def test_test_prints_and_writes_the_score_of_training(tiny_run, tmp_path):
    config, checkpoint = tiny_run
    logs = list(checkpoint.parent.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in logs[0].read_text().splitlines()]
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


def test_a_dry_run_writes_nothing(tiny_config, tmp_path):
    before = sorted(tmp_path.rglob('*'))
    done = tool('train.py', tiny_config, '--dry-run', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'two batches of train and val went through' in done.stdout
    assert sorted(tmp_path.rglob('*')) == before


def test_a_dry_run_of_a_test_and_tta(tiny_run, tmp_path):
    words = *tiny_run, '--tta', '--dry-run'
    done = tool('test.py', *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'two batches of test' in done.stdout
    assert 'AverageClsScoreTTA' in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_config_in_its_own_work_folder_is_left_alone(tiny_run):
    config, checkpoint = tiny_run
    before = config.read_text()
    words = '--cfg-options', 'test_dataloader.batch_size=3'
    tool('test.py', config, checkpoint, *words).check_returncode()
    assert config.read_text() == before
    assert 'work_dir' in before


def test_predictions_are_dumped_as_the_hosts_do(tiny_run, tmp_path):
    import pickle

    out = tmp_path / 'pred.pkl'
    words = *tiny_run, '--out', out, '--work-dir', tmp_path
    tool('test.py', *words).check_returncode()
    assert len(pickle.loads(out.read_bytes())) == 31


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
def test_bad_input_gives_one_message_and_status_2(
    tiny_run, tmp_path, words, said
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
    done = tool('test.py', *words, '--work-dir', tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert 'Traceback' not in done.stderr
    assert metrics.read_text() == 'earlier'
    assert good.read_bytes() == before


def test_resuming_from_another_architecture_is_refused(tiny_run, tmp_path):
    config, good = tiny_run
    options = '--cfg-options', 'model.head.num_classes=5'
    words = '--resume', good, '--work-dir', tmp_path, *options
    done = tool('train.py', config, *words)
    assert done.returncode == 2
    assert 'head.fc.weight: (2, 8) in the checkpoint, (5, 8)' in done.stderr
