"""What every tool shares: arguments, and how it ends.

A tool is argparse, one library call, and :func:`run_tool`.
"""

import argparse
import hashlib
import math
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable, Tuple

from mmengine.config import DictAction

# Flags of the processor hold for threads that start after this.
from mmchanpos import registry  # noqa: F401
from mmchanpos.errors import InputError

from .gate import told


class _Options(DictAction):
    """``KEY=VALUE``, with a message where mmengine has a traceback."""

    def __call__(self, parser: Any, *args: Any) -> None:
        try:
            super().__call__(parser, *args)
        except Exception:
            parser.error(
                f'--cfg-options takes KEY=VALUE, not {" ".join(args[1])[:200]}'
            )


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
        action=_Options,
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


def add_skip_broken(parser: argparse.ArgumentParser) -> None:
    """Add ``--skip-broken``."""
    parser.add_argument(
        '--skip-broken',
        action='store_true',
        help='look at all images first and leave out the broken ones, at '
        'most 1%%',
    )


def add_rerun_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--fresh`` and ``--overwrite``."""
    parser.add_argument(
        '--fresh',
        action='store_true',
        help='use nothing of an earlier run of the same command',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='take over a folder with results of another config, checkpoint '
        'or data set; they are removed',
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


def number(
    least: float, most: float = math.inf, whole: bool = True
) -> Callable[[str], float]:
    """A type for argparse: a number within bounds.

    Args:
        least (float): The smallest that is taken.
        most (float): The largest. Defaults to no bound.
        whole (bool): Whether it has no decimals. Defaults to True.

    Returns:
        Callable: From text to number; NaN and infinity are refused.

    Example:
        >>> number(1)('12'), number(0, 1, whole=False)('.5')
        (12, 0.5)
        >>> number(1)('0')
        Traceback (most recent call last):
        ...
        argparse.ArgumentTypeError: a whole number, 1 or more, was wanted...
    """
    bounds = f'{least} or more' if most == math.inf else f'{least} to {most}'
    kind = 'whole number' if whole else 'number'
    # Python's own also read "1_000", " 1", "nan" and digits of all scripts.
    form = r'-?[0-9]{1,20}' if whole else r'[-+.0-9e]{1,40}'

    def read(text: str) -> float:
        try:
            value = (int if whole else float)(text)
        except ValueError:
            value = math.nan
        if re.fullmatch(form, text) and least <= value <= most:
            return value
        raise argparse.ArgumentTypeError(
            f'a {kind}, {bounds}, was wanted, not "{text[:40]}"'
        )

    return read


#: Seeds as numpy takes them.
SEED = number(0, 2**32 - 1)


def ranks(text: str) -> Tuple[int, int]:
    """A type for argparse: ``START-STOP``, a rank window.

    Example:
        >>> ranks('100-200')
        (100, 200)
    """
    found = re.fullmatch(r'([0-9]{1,9})-([0-9]{1,9})', text)
    if not found or int(found[1]) >= int(found[2]):
        raise argparse.ArgumentTypeError(
            f'START-STOP was wanted, such as 0-100, not "{text[:40]}"'
        )
    return int(found[1]), int(found[2])


def name(text: str) -> str:
    """A type for argparse: any text but none."""
    if not text.strip():
        raise argparse.ArgumentTypeError('a name was wanted, not ""')
    return text


def height_and_width(text: str, option: str) -> Tuple[int, int]:
    """Read ``HEIGHTxWIDTH``.

    Args:
        text (str): As the user typed it.
        option (str): Its option, for the message.

    Example:
        >>> height_and_width('64x128', '--size')
        (64, 128)
    """
    found = re.fullmatch(r'([1-9][0-9]{0,5})x([1-9][0-9]{0,5})', text)
    if not found:
        raise InputError(
            f'{option} is HEIGHTxWIDTH in pixels, like 64x128, not "{text}".'
        )
    return int(found[1]), int(found[2])


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
    interrupt ends with 130, as shells do; a bug keeps its traceback. With
    ``MMCHANPOS_TRACEBACK=1`` in the environment everything does.

    Args:
        main (Callable[[], None]): Parses the command line and does the work.
    """
    try:
        main()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(130)
    except Exception as e:
        message = told(e)
        if message is None or os.environ.get('MMCHANPOS_TRACEBACK') == '1':
            raise
        if _first_to_say(message):
            print(f'error: {message}', file=sys.stderr, flush=True)
        sys.exit(2)


def _first_to_say(message: str) -> bool:
    """Whether no other process of a launch has said this already."""
    theirs = os.environ.get('TORCHELASTIC_ERROR_FILE')
    if not theirs:
        return True
    # torchrun's own folder, which all its processes share and it removes.
    digest = hashlib.sha256(message.encode()).hexdigest()[:16]
    try:
        Path(theirs).parents[1].joinpath(f'said-{digest}').touch(
            exist_ok=False
        )
    except FileExistsError:
        return False
    except (OSError, IndexError):
        return os.environ.get('RANK', '0') == '0'
    return True
