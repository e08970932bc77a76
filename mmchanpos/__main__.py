"""Run any script with mmengine mended first.

``python -m mmchanpos SCRIPT [ARGUMENTS]`` is for a host's own
``tools/test.py`` with a config that names nothing of ours: it loads
checkpoints on current torch and knows ``mmchanpos::`` bases. Where the config
names ``mmchanpos.X``, the script alone does.
"""

import runpy
import sys
from pathlib import Path

from .engine.cli import run_tool
from .errors import InputError
from .registry import repair


def main() -> None:
    """Mend, then run the script as if it had been called itself."""
    if sys.argv[1:2] in (['-h'], ['--help']):
        print(__doc__.strip())
        return
    if len(sys.argv) < 2:
        raise InputError('usage: python -m mmchanpos SCRIPT [ARGUMENTS]')
    script = Path(sys.argv[1])
    if not script.is_file():
        raise InputError(f'the script {script} does not exist.')
    repair()
    del sys.argv[0]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name='__main__')


if __name__ == '__main__':
    run_tool(main)
