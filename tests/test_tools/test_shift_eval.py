"""``tools/shift_eval.py`` as a user runs it, and an interrupted training."""

import json
import time

import pytest
import torch

from mmchanpos.engine.checkpoint import read_checkpoint
from mmchanpos.errors import InputError
from mmchanpos.files import read_json
from mmchanpos.testing.segmentor import write_tiny
from tests.conftest import TINY, start_tool, tool

AUGSHIFT = """
model['type'] = 'mmchanpos.AugShiftClassifier'
model['augshift'] = dict(type='mmchanpos.AugShiftLoss', warm_up=20)
data_preprocessor.update(type='mmchanpos.ShiftViewsPreprocessor', max_shift=1)
train_cfg.update(max_epochs=9, val_interval=9)
param_scheduler['T_max'] = 9
default_hooks['checkpoint']['max_keep_ckpts'] = 1
"""


@pytest.fixture(scope='module')
def evaluated(tiny_run, tmp_path_factory):
    """What the tool left after an exhaustive test."""
    out = tmp_path_factory.mktemp('shift-eval')
    done = tool(
        'shift_eval.py', *tiny_run, '--mode', 'zero', '--max-shift', 2,
        '--exhaustive', '--out', out, '--work-dir', out / 'work',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out, done


def test_it_prints_and_writes_all_that_was_promised(evaluated):
    out, done = evaluated
    report = read_json(out / 'zero2.json')
    assert f'{report["consistency"]:.2f}' in done.stdout
    for word in (
        'Top-1 under shift', '95 % interval', 'fidelity', 'worst case',
        'latent MSE', 'latent invariance',
    ):  # fmt: skip
        assert word in done.stdout
    assert (out / 'zero2.npz').is_file()
    written = {p.name for p in (out / 'report').iterdir()}
    assert {
        'report.html', 'results.json', 'table-1.csv', 'shift-size.png',
        'accuracy-consistency.csv', 'zero2-map.png', 'zero2-fragile.png',
    } <= written  # fmt: skip
    rows = json.loads((out / 'report' / 'shift-size.json').read_text())['rows']
    assert [row[1] for row in rows] == [1, 2]


def test_the_test_of_any_classifier_stands_beside_earlier_ones(
    evaluated, tiny_run, call_tool, tmp_path
):
    earlier, _ = evaluated
    call_tool(
        'shift_eval.py', *tiny_run, '--mode', 'circular', '--max-shift', 1,
        '--num-shifts', 3, '--seed', 4, '--work-dir', tmp_path,
        '--beside', f'before={earlier}',
    )  # fmt: skip
    report = read_json(tmp_path / 'shift' / 'circular1.json')
    assert (report['test']['num_shifts'], report['test']['seed']) == (3, 4)
    points = tmp_path / 'shift' / 'report' / 'accuracy-consistency.csv'
    assert 'before,zero2,' in points.read_text()


def test_a_config_changes_its_own_tests_and_no_others(
    tiny_run, call_tool, tmp_path
):
    words = (
        *(*tiny_run, '--work-dir', tmp_path, '--num-shifts', 3),
        *('--cfg-options', 'test_cfg.type=mmchanpos.ShiftConsistencyLoop'),
        *('test_cfg.tests.mode=zero', 'test_cfg.max_shift=1'),
    )
    call_tool('shift_eval.py', *words)
    assert (tmp_path / 'shift/zero1.json').is_file()
    call_tool('shift_eval.py', *words, '--preset', 'cell-3')
    report = read_json(tmp_path / 'shift/cell-3.json')
    assert report['test']['max_shift'] == 3


def test_a_segmentor_gets_a_profile(call_tool, tmp_path):
    pytest.importorskip('mmseg')
    config, checkpoint = write_tiny(tmp_path / 'tiny', 2)
    words = 'shift_eval.py', config, checkpoint, '--work-dir', tmp_path
    call_tool(*words, '--preset', 'cell-2', '--out', tmp_path / 'plain')
    said = call_tool(
        *(*words, '--preset', 'cell-2', '--out', tmp_path / 'again'),
        *('--beside', f'before={tmp_path / "plain"}'),
    )
    report = read_json(tmp_path / 'again' / 'cell-2.json')
    assert f'{report["consistency"]:.2f} [' in said
    written = {p.name for p in (tmp_path / 'again' / 'report').iterdir()}
    assert {
        'report.html', 'cell-2-phases.png', 'cell-2-right.csv',
        'cell-2-flips.png', 'cell-2-fragile.png', 'table-2.csv',
    } <= written  # fmt: skip
    lines = (tmp_path / 'again' / 'report' / 'cell-2-right.csv').read_text()
    assert 'before,' in lines


def test_list_names_every_published_test(call_tool):
    said = call_tool('shift_eval.py', '--list')
    for name in ('zhang-imagenet', 'islam-cons8', 'islam-s2/64', 'aps-cifar'):
        assert name in said


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--preset', 'zang-imagenet'], 'Did you mean "zhang-imagenet"'),
        (['--mode', 'zero', '--max-shift', '9'], 'at most 7'),
        (['--mode', 'zero', '--preset', 'cifar-zero8'], 'exclude each other'),
        (['--beside', 'x'], 'NAME=FOLDER'),
        (['--beside', 'x=nowhere'], 'nowhere'),
        (['--mode', 'zero', '--max-shift', '2', '--num-shifts', '1'], 'few'),
    ],
)
def test_bad_input_is_told(tiny_run, call_tool, tmp_path, words, said):
    words = *tiny_run, *words, '--work-dir', tmp_path
    with pytest.raises(InputError, match=said):
        call_tool('shift_eval.py', *words)
    assert not (tmp_path / 'shift').exists()


def test_bad_input_ends_with_one_message_and_status_2(tiny_run, tmp_path):
    words = '--preset', 'cifar-zero8', '--work-dir', tmp_path
    done = tool('shift_eval.py', *tiny_run, *words)
    assert done.returncode == 2, done.stderr
    assert '8x8' in done.stderr.splitlines()[-1]
    assert 'Traceback' not in done.stderr


def test_a_plain_checkpoint_does_not_pass_for_an_antialiased_one(
    tiny_run, call_tool, tmp_path
):
    config, checkpoint = tiny_run
    converted = tmp_path / 'antialiased.py'
    text = (
        config.read_text()
        + """
model['backbone'] = dict(
    type='mmchanpos.AntialiasedBackbone', backbone=model['backbone'])
model['backbone']['backbone']['type'] = 'mmpretrain.ResNet_CIFAR'
"""
    )
    converted.write_text(text)
    words = converted, checkpoint, '--work-dir', tmp_path
    with pytest.raises(InputError, match='without anti-aliasing.*filt=3'):
        call_tool('test.py', *words)


def test_killed_training_resumes_to_the_weights_of_an_unbroken_one(
    tmp_path, tiny_npz
):
    def config(name):
        path = tmp_path / f'{name}.py'
        work = str(tmp_path / name)
        path.write_text(
            TINY.format(work_dir=work, npz=str(tiny_npz)) + AUGSHIFT
        )
        return path

    whole, broken = config('whole'), config('broken')
    tool('train.py', whole).check_returncode()
    folder = tmp_path / 'broken'
    process = start_tool('train.py', broken, said=tmp_path)
    pointer = folder / 'last_checkpoint'
    while process.is_alive() and not pointer.exists():
        time.sleep(0.02)
    process.kill()
    process.join()
    assert not (folder / 'epoch_9.pth').exists()
    done = tool('train.py', broken, '--resume')
    assert done.returncode == 0, done.stderr
    assert 'resumed epoch' in done.stdout + done.stderr
    one, other = (
        read_checkpoint(tmp_path / name / 'epoch_9.pth')
        for name in ('whole', 'broken')
    )
    one, other = one['state_dict'], other['state_dict']
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_test_is_done_once_until_something_changes(
    tiny_run, call_tool, tmp_path
):
    out = tmp_path / 'out'
    tool = 'shift_eval.py', *tiny_run, '--out', out
    tool = *tool, '--work-dir', tmp_path / 'log'
    words = *tool, '--mode', 'zero', '--max-shift'
    call_tool(*words, 1)
    whole = (out / 'zero1.json').read_bytes()
    # ".5" was taken for a suffix, and zero1.json overwritten.
    test = dict(mode='zero', max_shift=1.5, step=0.5)
    test = [f'test_cfg.tests.{key}={value}' for key, value in test.items()]
    loop = 'test_cfg.type=mmchanpos.ShiftConsistencyLoop'
    call_tool(*tool, '--cfg-options', loop, *test)
    assert (out / 'zero1.json').read_bytes() == whole
    assert (out / 'zero1.5.json').is_file()
    assert 'are there already' in call_tool(*words, 1)
    other = '--cfg-options', 'data_preprocessor.mean=[250,0,0]'
    assert 'the settings changed' in call_tool(*words, 1, *other)
    # Nothing of the old settings is left beside the new.
    assert not (out / 'zero1.5.json').exists()
    assert (out / 'zero1.json').read_bytes() != whole
    call_tool(*words, 1, '--fresh')
    assert (out / 'zero1.json').read_bytes() == whole
    (out / 'zero1.npz').unlink()
    call_tool(*words, 1)
    assert (out / 'zero1.npz').is_file()
