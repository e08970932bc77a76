"""Redo a table or figure of the papers, with our numbers beside theirs."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from rich.console import Console

from mmchanpos.engine.cli import (
    SEED,
    add_switches,
    name,
    number,
    picked,
    run_tool,
    tool_parser,
)
from mmchanpos.errors import InputError
from mmchanpos.experiments import (
    Experiment,
    Setting,
    dry_run,
    load,
    reproduce,
    titles,
)
from mmchanpos.experiments.papers import LEAD, TITLE
from mmchanpos.report import Page

EXAMPLES = """examples:
  python tools/reproduce.py --list
  python tools/reproduce.py table1 --quick
  python tools/reproduce.py table2 --data-root data/cifar10 --gpus 4
  python tools/reproduce.py fig4 --dry-run
  python tools/reproduce.py fig4 --builtin           that all of it runs
  python tools/reproduce.py fig4 --checkpoint deeplabv3.pth
  python tools/reproduce.py table2 --checkpoint imagenet-baseline=resnet18.pth
  python tools/reproduce.py path/to/my_experiment.py --quick

An interrupted run goes on where it stopped when the command is given again.
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add(
        'names',
        nargs='*',
        metavar='NAME',
        help='an experiment of --list, or a file that declares one',
    )
    add('--list', action='store_true', help='show what there is')
    add(
        '--quick',
        action='store_true',
        help='a smaller setting on built-in data, minutes on two cores',
    )
    add(
        '--story',
        action='store_true',
        help='the smallest that still shows it: what tools/quickstart.sh runs',
    )
    add('--data-root', type=name, help='folder of the data set')
    add_switches(parser, '--builtin')
    add(
        '--gpus',
        type=number(1, 1024),
        default=1,
        help='processes per run; default: 1',
    )
    add(
        '--jobs',
        type=number(0, 256),
        default=0,
        help='steps at a time; default: 1, if quick one per core (at most 4)',
    )
    add(
        '--seeds',
        type=SEED,
        nargs='+',
        default=(),
        help='one training per seed; default: as many as the experiment takes',
    )
    add(
        '--checkpoint',
        nargs='+',
        default=(),
        metavar='[ROLE=]FILE',
        help='weights that take the place of trainings; several of a role '
        'are several trainings',
    )
    add(
        '--work-dir',
        default='work_dirs/reproduce',
        help='folder of results; default: work_dirs/reproduce',
    )
    add('--page', help='HTML file with the results of all names together')
    add(
        '--dry-run',
        action='store_true',
        help='print the commands and an estimate of the time, run nothing',
    )
    add('--fresh', action='store_true', help='forget stored results')
    args = parser.parse_args()
    if not args.names and not args.list:
        parser.error('give the NAME of an experiment, or --list')
    if args.builtin and (args.quick or args.story or args.data_root):
        parser.error('--builtin is in full, on drawn images of its own')
    return args


def checkpoints_of(
    words: Sequence[str], experiments: Sequence[Experiment], setting: Setting
) -> dict[str, list[str]]:
    """Files by role; the role may be left out where there is only one."""
    given: dict[str, list[str]] = {}
    for word in words:
        role, named, file = word.partition('=')
        roles = {r for e in experiments for r in e.roles(setting)}
        if len(roles) == 1 and (not named or '/' in role):
            role, file = roles.pop(), word
        elif not named:
            known = ', '.join(sorted(roles)) or 'none here'
            raise InputError(
                f'--checkpoint {word}: ROLE=FILE was wanted; roles: {known}.'
            )
        given.setdefault(role, []).append(file)
    return given


def main():
    args = parse_args()
    # A step that runs in this process redirects what it prints, not this.
    console = Console(highlight=False, file=sys.stdout)
    if args.list:
        for name, title in titles().items():
            console.print(f'{name:10} {title}', markup=False, soft_wrap=True)
        return
    experiments = [load(name) for name in args.names]
    shared = 'quick', 'story', 'builtin', 'data_root', 'gpus', 'jobs'
    setting = Setting(
        **picked(args, *shared),
        seeds=tuple(args.seeds),
        work_dir=Path(args.work_dir),
    )
    given = checkpoints_of(args.checkpoint, experiments, setting)
    setting = replace(setting, checkpoints=given)

    def save(sections):
        if args.page:
            Page(TITLE, LEAD, sections).save(args.page)

    if args.dry_run:
        for experiment in experiments:
            print('\n'.join(dry_run(experiment, setting)))
        return
    reproduce(experiments, setting, console, args.fresh, save)
    if args.page:
        console.print(f'\nThe whole story: {args.page}', markup=False)


if __name__ == '__main__':
    run_tool(main)
