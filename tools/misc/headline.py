#!/usr/bin/env python
"""Repeat the headline: more trainings, and rounding as on other machines.

Trains the built-in segmentor for every seed in every setting, switches its
position channels off, and states what the trainings say. What is there
already is kept, so a stopped run goes on when the command is given again.
"""

from pathlib import Path

from rich.console import Console

from mmchanpos.engine.cli import SEED, run_tool, tool_parser
from mmchanpos.experiments.headline import SETTINGS, repeat, tables
from mmchanpos.files import write_text

EXAMPLES = """examples:
  python tools/misc/headline.py --seeds 0 1 2 3 4 5 6 7 8 9
  python tools/misc/headline.py --settings one-thread two-threads avx2 sse41
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('--out', default='work_dirs/headline')
    parser.add_argument('--seeds', nargs='+', type=SEED, default=[0, 1, 2])
    parser.add_argument(
        '--settings',
        nargs='+',
        default=['one-thread'],
        metavar='SETTING',
        help=f'some of: {", ".join(SETTINGS)}; default: one-thread',
    )
    args = parser.parse_args()
    found = tables(repeat(args.out, args.seeds, args.settings))
    console = Console(highlight=False)
    for table in found:
        console.print(table.rich())
    path = Path(args.out) / 'headline.md'
    write_text(path, '\n'.join(table.markdown() for table in found))
    console.print(f'{path} written', markup=False)


if __name__ == '__main__':
    run_tool(main)
