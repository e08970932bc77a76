"""What every tool shares: arguments, and how it ends.

A tool is argparse, one library call, and :func:`run_tool`.
"""

import argparse
import hashlib
import logging
import math
import os
import re
import select
import sys
from pathlib import Path
from typing import Any, Callable

from mmengine.config import DictAction

# Flags of the processor hold for threads that start after this.
from mmchanpos import registry  # noqa: F401

from .gate import message_of


class Options(DictAction):
    """``KEY=VALUE``, with a message where mmengine has a traceback."""

    def __call__(self, parser: Any, *args: Any) -> None:
        """Read what was typed."""
        try:
            super().__call__(parser, *args)
        except Exception:
            parser.error(
                f'{self.option_strings[0]} takes KEY=VALUE, not '
                f'{" ".join(args[1])[:200]}'
            )

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        # mmengine takes white space out of paths too.
        val = val.strip('\'"')
        plain = ',' not in val and not val.startswith(('(', '['))
        if plain:
            return DictAction._parse_int_float_bool(val)
        return DictAction._parse_iterable(val)


#: What several tools can be told to do, in the words of their help.
SWITCHES = {
    '--builtin': 'a few drawn images in place of the data of the config, in '
    'the same layout and size, untrained weights in place of downloads, and '
    'two epochs or iterations: to see that all of it runs',
    '--skip-broken': 'look at all images first and leave out the broken '
    'ones, at most 1%%',
    '--dry-run': 'build everything, run two batches, write nothing',
    '--fresh': 'use nothing of an earlier run of the same command',
    '--overwrite': 'take over a folder with results of another config, '
    'checkpoint or data set; they are removed',
}


def tool_parser(description: str, epilog: str = '') -> argparse.ArgumentParser:
    """A parser that keeps the line breaks of its examples."""
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
        action=Options,
        metavar='KEY=VALUE',
        help='change settings of the config, e.g. train_cfg.max_epochs=2 '
        'or key="[(a,b),(c,d)]" (quoted, without white space)',
    )
    parser.add_argument(
        '--work-dir',
        help='folder of logs and results; default: work_dir of the config, '
        'else work_dirs/<name of the config>',
    )
    add_switches(parser, '--builtin')


def add_switches(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add some of :data:`SWITCHES`."""
    for name in names:
        parser.add_argument(name, action='store_true', help=SWITCHES[name])


def add_test_arguments(
    parser: argparse.ArgumentParser, *switches: str
) -> None:
    """Add what is asked of every tool that tests a checkpoint."""
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    add_launcher_arguments(parser)
    add_switches(parser, *switches)


#: Options of :func:`add_ranking_arguments`, which ``RankingLoop`` takes.
RANKINGS = ('kernel_flip', 'shift', 'grid', 'sides', 'left', 'right')


def add_ranking_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which rankings are made beside the overall one."""
    add = parser.add_argument_group('more rankings').add_argument
    add('--kernel-flip', action='store_true', help='Kernel-Flip* and **')
    add(
        '--shift',
        nargs=2,
        type=number(-(10**6), 10**6),
        metavar=('ROWS', 'COLUMNS'),
        help='with images rolled by so many pixels',
    )
    add(
        '--grid',
        type=number(2, 64),
        metavar='N',
        help='with images, small, in every cell of an N x N grid',
    )
    add(
        '--sides',
        metavar='SOURCE',
        help='left and right ones; how images with objects on one side only '
        'are told: CityPersons annotations (.mat, .json) or classes of the '
        'data set, as in person or car+truck',
    )
    for side in ('left', 'right'):
        what = f'names of the {side} images, one per line, instead of --sides'
        add(f'--{side}', metavar='FILE', help=what)


def picked(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Some of what was asked for, to be handed on under the same names."""
    return {name: getattr(args, name) for name in names}


def add_launcher_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher`` and what launchers themselves pass on."""
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
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

    NaN and infinity are refused, and decimals where it is to be ``whole``.

    Example:
        >>> number(1)('12'), number(0, 1, whole=False)('5E-1')
        (12, 0.5)
        >>> number(1)('0')
        Traceback (most recent call last):
        ...
        argparse.ArgumentTypeError: a whole number, 1 or more, was wanted...
    """
    bounds = f'{least} or more' if most == math.inf else f'{least} to {most}'
    kind = 'whole number' if whole else 'number'
    # Python's own also read "1_000", " 1", "nan" and digits of all scripts.
    form = r'-?[0-9]{1,20}' if whole else r'[-+.0-9eE]{1,40}'

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


def ranks(text: str) -> tuple[int, int]:
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


def height_and_width(text: str) -> tuple[int, int]:
    """A type for argparse: ``HEIGHTxWIDTH`` in pixels.

    Example:
        >>> height_and_width('64x128')
        (64, 128)
    """
    found = re.fullmatch(r'([1-9][0-9]{0,5})x([1-9][0-9]{0,5})', text)
    if not found:
        raise argparse.ArgumentTypeError(
            f'HEIGHTxWIDTH in pixels was wanted, like 64x128, not '
            f'"{text[:40]}"'
        )
    return int(found[1]), int(found[2])


def say(line: str) -> None:
    """Print a line, once where there are several processes."""
    if os.environ.get('RANK', '0') == '0':
        print(line, flush=True)


def run_tool(main: Callable[[], None]) -> None:
    """Run a tool's ``main`` and end the process as a user would expect.

    What the user can mend is told in one message, with status 2; an
    interrupt ends with 130, as shells do; a bug keeps its traceback. With
    ``MMCHANPOS_TRACEBACK=1`` in the environment everything does.
    """
    told = os.environ.get('MMCHANPOS_TRACEBACK') != '1'
    # On a full disk each line of a log would come with one. That results
    # cannot be written is told once, by what writes them.
    logging.raiseExceptions = not told
    try:
        main()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(130)
    except Exception as e:
        if isinstance(e, BrokenPipeError) and _is_left():
            sys.exit(141)  # as of any tool whose output goes to "head"
        message = message_of(e)
        if message is None or not told:
            raise
        if _first_to_say(message):
            print(f'error: {message}', file=sys.stderr, flush=True)
        sys.exit(2)


def _is_left() -> bool:
    """Whether nobody reads standard output any more; then it goes nowhere."""
    output, poll = sys.stdout.fileno(), select.poll()
    poll.register(output, 0)
    left = any(event & select.POLLERR for _, event in poll.poll(0))
    if left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return left


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
