import io
import logging
import subprocess
import sys

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope

from mmchanpos.engine import preflight
from mmchanpos.engine.cli import run_tool
from mmchanpos.errors import InputError, nearest
from mmchanpos.registry import DATASETS, MODELS


def test_nearest_names_a_close_candidate_before_listing():
    names = [f'layer{i}' for i in range(20)]
    assert nearest('layer_3', names).startswith('Did you mean "layer3"')
    listed = nearest('qqq', names)
    assert listed.count('"') == 16
    assert 'and 12 more' in listed


@pytest.mark.parametrize(
    ('error', 'status', 'said'),
    [
        (InputError('wrong top'), 2, 'error: wrong top'),
        (FileNotFoundError(2, 'No such file', 'x.png'), 2, 'x.png'),
        (OSError(28, 'No space left on device', 'out.json'), 2, 'out.json'),
        (OSError(30, 'Read-only file system', 'x.json'), 2, 'x.json: read-on'),
        (NotADirectoryError(20, 'Not a directory', 'a/b'), 2, 'a/b: not a d'),
        (OSError(36, 'File name too long', 'x' * 999), 2, 'xx...xx'),
        (RuntimeError('[enforce] unexpected pos 64 vs 0'), 2, 'disk is full'),
        (RuntimeError('[gloo] Timed out waiting 9000ms'), 2, 'did not answer'),
        (KeyboardInterrupt(), 130, 'interrupted'),
    ],
)
def test_a_tool_ends_with_one_message(error, status, said, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as end:
        run_tool(main)
    assert end.value.code == status
    message = capsys.readouterr().err
    assert said in message
    assert 'Traceback' not in message


def test_a_tool_whose_output_nobody_reads_on_ends_in_silence():
    code = (
        'from mmchanpos.engine.cli import run_tool\n'
        'run_tool(lambda: [print("x" * 999) for _ in range(9999)])'
    )
    line = f"set -o pipefail; '{sys.executable}' -c '{code}' | head -1"
    done = subprocess.run(['bash', '-c', line], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (141, '')
    assert done.stdout == 'x' * 999 + '\n'


def test_a_bug_keeps_its_traceback():
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_tool(main)


@pytest.mark.parametrize('asked', [False, True])
def test_what_a_user_can_mend_has_a_traceback_only_if_asked(
    asked, monkeypatch
):
    monkeypatch.setenv('MMCHANPOS_TRACEBACK', str(int(asked)))

    def main():
        raise InputError('wrong top')

    with pytest.raises(InputError if asked else SystemExit):
        run_tool(main)


@pytest.mark.parametrize('asked', [False, True])
def test_a_log_that_a_full_disk_does_not_take_is_no_traceback(
    asked, monkeypatch, capsys
):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr(logging, 'raiseExceptions', True)
    monkeypatch.setenv('MMCHANPOS_TRACEBACK', str(int(asked)))
    log = logging.Logger('full')
    log.addHandler(logging.StreamHandler(Full()))
    run_tool(lambda: log.warning('a line'))
    assert ('Traceback' in capsys.readouterr().err) == asked


def test_processes_of_one_launch_say_the_same_thing_once(
    tmp_path, monkeypatch, capsys
):
    for rank in range(3):
        file = tmp_path / 'attempt_0' / str(rank) / 'error.json'
        file.parent.mkdir(parents=True)
        monkeypatch.setenv('TORCHELASTIC_ERROR_FILE', str(file))
        wrong = InputError('wrong top' if rank < 2 else 'another thing')
        with pytest.raises(SystemExit):
            run_tool(lambda error=wrong: (_ for _ in ()).throw(error))
    lines = capsys.readouterr().err.splitlines()
    assert lines == ['error: wrong top', 'error: another thing']


@pytest.mark.parametrize(
    ('settings', 'said'),
    [
        (
            dict(type='mmpretrain.GlobalAveragePoolin'),
            'mean "GlobalAveragePooling"',
        ),
        (
            dict(type='mmpretrain.GlobalAveragePooling', dims=3),
            "argument 'dims'",
        ),
        (dict(typ='GlobalAveragePooling'), 'type'),
        (dict(type='GlobalAveragePooling'), 'mmpretrain.GlobalAveragePooling'),
    ],
)
def test_a_config_that_cannot_be_built_is_told(settings, said, capsys):
    preflight.import_host('mmpretrain')

    def main():
        # Another test may have left the scope of a host behind.
        with DefaultScope.overwrite_default_scope('mmchanpos'):
            MODELS.build(settings)

    with pytest.raises(SystemExit) as end:
        run_tool(main)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_a_data_set_that_is_built_of_nothing_is_told(capsys):
    class EmptySet(BaseDataset):
        def load_data_list(self):
            return []

    with pytest.raises(SystemExit):
        run_tool(lambda: DATASETS.build(dict(type=EmptySet)))
    assert 'the data set is empty' in capsys.readouterr().err


def test_the_message_of_a_loader_process_is_told_without_its_traceback(capsys):
    data = torch.utils.data.DataLoader(Broken(), num_workers=1)
    with pytest.raises(SystemExit):
        run_tool(lambda: list(data))
    assert capsys.readouterr().err == 'error: image 3 is empty\n'


class Broken(torch.utils.data.Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise InputError('image 3 is empty')


def parsed(tool, words, call_tool, capsys):
    with pytest.raises(SystemExit) as end:
        call_tool(tool, *words)
    assert end.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ('tool', 'words'),
    [
        ('attack.py', ['--random', '-1']),
        ('attack.py', ['--matched', '-3']),
        ('attack.py', ['--tap', '']),
        ('attack.py', ['--tops', '٣']),
        ('attack.py', ['--seed', '-1']),
        ('attack.py', ['--windows', '8-4']),
        ('attack.py', ['--cfg-options', 'foo']),
        ('probe.py', ['--lr', 'nan']),
        ('probe.py', ['--lr', 'inf']),
        ('probe.py', ['--epochs', '-1']),
        ('shift_eval.py', ['--max-shift', '1e400']),
        ('misc/browse_dataset.py', ['--columns', '0']),
        ('misc/make_synthetic.py', ['--num-val', '0']),
    ],
)
def test_numbers_out_of_range_are_told_before_anything_is_read(
    tool, words, call_tool, capsys
):
    given = [] if 'synthetic' in tool else ['none.py', 'none.pth']
    given = given[:1] if 'browse' in tool else given
    said = parsed(tool, [*given, *words], call_tool, capsys)
    assert words[0] in said
    assert 'wanted' in said or 'takes KEY=VALUE' in said


def test_the_face_of_the_package_imports_no_openmmlab():
    code = (
        'import sys, mmchanpos, mmchanpos.latent, mmchanpos.shift\n'
        'print([m for m in sys.modules if m[:2] == "mm" '
        'and not m.startswith("mmchanpos") and m != "mmap"])'
    )
    out = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert out.stdout.strip() == '[]', out.stderr
