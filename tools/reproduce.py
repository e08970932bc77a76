"""Redo a table or figure of the papers, with our numbers beside theirs."""

import sys
from pathlib import Path

from rich.console import Console

from mmchanpos.engine.cli import run_tool, tool_parser
from mmchanpos.experiments import (
    Setting,
    dry_run,
    load,
    reproduce,
    tell,
    titles,
)

EXAMPLES = """examples:
  python tools/reproduce.py --list
  python tools/reproduce.py table1 --quick
  python tools/reproduce.py table2 --data-root data/cifar10 --gpus 4
  python tools/reproduce.py fig4 --dry-run

An interrupted run goes on where it stopped when the command is given again.
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument(
        '--list', action='store_true', help='show what there is'
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='a smaller setting on built-in data, minutes on two cores',
    )
    parser.add_argument(
        '--story',
        action='store_true',
        help='the smallest that still shows it: what tools/quickstart.sh runs',
    )
    parser.add_argument('--data-root', help='folder of the data set')
    parser.add_argument(
        '--gpus', type=int, default=1, help='processes per run; default: 1'
    )
    parser.add_argument(
        '--jobs',
        type=int,
        default=0,
        help='steps at a time; default: 1, if quick one per core (at most 4)',
    )
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=(), help='one run per seed'
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/reproduce',
        help='folder of results; default: work_dirs/reproduce',
    )
    parser.add_argument(
        '--page', help='HTML file with the results of all names together'
    )
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='print the commands and an estimate of the time, run nothing',
    )
    parser.add_argument(
        '--fresh', action='store_true', help='forget stored results'
    )
    args = parser.parse_args()
    if not args.names and not args.list:
        parser.error('give the NAME of an experiment, or --list')
    return args


def main():
    args = parse_args()
    # A step that runs in this process redirects what it prints, not this.
    console = Console(highlight=False, file=sys.stdout)
    if args.list:
        for name, title in titles().items():
            console.print(f'{name:10} {title}', markup=False, soft_wrap=True)
        return
    setting = Setting(
        quick=args.quick,
        story=args.story,
        data_root=args.data_root,
        gpus=args.gpus,
        jobs=args.jobs,
        seeds=tuple(args.seeds),
        work_dir=Path(args.work_dir),
    )
    experiments = [load(name) for name in args.names]
    if args.dry_run:
        for experiment in experiments:
            print('\n'.join(dry_run(experiment, setting)))
    elif args.page:
        tell(args.names, setting, Path(args.page), console, args.fresh)
    else:
        reproduce(experiments, setting, console, args.fresh)


if __name__ == '__main__':
    run_tool(main)
