import subprocess
import sys

import pytest

from mmchanpos.engine.cli import run_tool
from mmchanpos.errors import InputError, nearest


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


def test_a_bug_keeps_its_traceback():
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_tool(main)


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
