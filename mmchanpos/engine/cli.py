"""What every tool shares: arguments, and how it ends.

A tool is argparse, one library call, and :func:`run_tool`.
"""

import argparse
import errno
import os
import sys
from typing import Callable, Tuple

from mmengine.config import DictAction

# Flags of the processor hold for threads that start after this.
from mmchanpos import registry  # noqa: F401
from mmchanpos.errors import InputError

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def tool_parser(description: str, epilog: str = '') -> argparse.ArgumentParser:
    """A parser that keeps the line breaks of its examples.

    Args:
        description (str): What the tool does, in a sentence or two.
        epilog (str): Examples, shown as they are.

    Returns:
        argparse.ArgumentParser: The parser, still without arguments.
    """
    return argparse.ArgumentParser(
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``config``, ``--cfg-options``, ``--work-dir`` and ``--builtin``."""
    parser.add_argument(
        'config',
        help='config file: a path, or "pkg::folder/name.py" for one that an '
        'installed package ships (mmseg::, mmdet::, mmpretrain::, '
        'mmchanpos::)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change settings of the config, e.g. train_cfg.max_epochs=2 '
        'or key="[(a,b),(c,d)]" (quoted, without white space)',
    )
    parser.add_argument(
        '--work-dir',
        help='folder of logs and results; default: work_dir of the config, '
        'else work_dirs/<name of the config>',
    )
    add_builtin_argument(parser)


def add_builtin_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--builtin``."""
    parser.add_argument(
        '--builtin',
        action='store_true',
        help='a few drawn images in place of the data of the config, in the '
        'same layout and size, untrained weights in place of downloads, and '
        'two epochs or iterations: to see that all of it runs',
    )


def add_launcher_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher`` and what launchers themselves pass on."""
    parser.add_argument(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='who started the processes; default: none (a single process)',
    )
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, help=argparse.SUPPRESS
    )


def height_and_width(text: str, option: str) -> Tuple[int, int]:
    """Read ``HEIGHTxWIDTH``.

    Args:
        text (str): As the user typed it.
        option (str): Its option, for the message.

    Example:
        >>> height_and_width('64x128', '--size')
        (64, 128)
    """
    height, _, width = text.partition('x')
    if not (height.isdigit() and width.isdigit()):
        raise InputError(
            f'{option} is HEIGHTxWIDTH in pixels, like 64x128, not "{text}".'
        )
    return int(height), int(width)


def say(line: str) -> None:
    """Print a line, once where there are several processes.

    Args:
        line (str): What happens, and why.
    """
    if os.environ.get('RANK', '0') == '0':
        print(line, flush=True)


def run_tool(main: Callable[[], None]) -> None:
    """Run a tool's ``main`` and end the process as a user would expect.

    What the user can mend is told in one message, with status 2; an
    interrupt ends with 130, as shells do; a bug keeps its traceback.

    Args:
        main (Callable[[], None]): Parses the command line and does the work.
    """
    try:
        main()
    except (InputError, FileNotFoundError, PermissionError) as e:
        _fail(e)
    except OSError as e:
        if e.errno != errno.ENOSPC:
            raise
        _fail(
            f'the disk is full ({e.filename or "while writing"}). Results '
            'written earlier are whole; make room and run the command again.'
        )
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(130)


def _fail(message: object) -> None:
    rank = os.environ.get('RANK', '0')
    where = '' if rank == '0' else f' (process {rank})'
    print(f'error{where}: {message}', file=sys.stderr)
    sys.exit(2)
