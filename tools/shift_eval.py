#!/usr/bin/env python
"""Measure how consistent predictions are when images are shifted.

Of a classifier, how often labels agree; of a segmentor or detector, which
pixels keep their class and which objects are kept, lost and found.

Writes OUT/TEST.json and the cache OUT/TEST.npz of every test, and tables,
figures and a page in OUT/report.
"""

import shlex
import sys
from dataclasses import fields
from pathlib import Path

from mmengine.dist import is_main_process
from rich.console import Console

from mmchanpos.engine.cli import (
    SEED,
    add_test_arguments,
    number,
    picked,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.engine.hosts import pictures_of, predicts, versions
from mmchanpos.engine.launch import test
from mmchanpos.errors import InputError
from mmchanpos.report import Page, provenance
from mmchanpos.report.profile_section import profile_section, read_profiles
from mmchanpos.report.shift_section import read_reports, shift_section
from mmchanpos.shift import MODES, PRESETS, ShiftProtocol, resolve

EXAMPLES = """examples:
  python tools/shift_eval.py --list
  python tools/shift_eval.py CONFIG CKPT --preset cifar-zero8
  python tools/shift_eval.py CONFIG CKPT --preset cifar-zero8 --exhaustive
  python tools/shift_eval.py CONFIG CKPT --preset islam-cons8 islam-cons16
  python tools/shift_eval.py CONFIG CKPT --mode reflect --max-shift 3
  python tools/shift_eval.py SEGMENTOR CKPT --preset cell-8
  python tools/shift_eval.py DETECTOR CKPT --mode zero --max-shift 32
  python tools/shift_eval.py CONFIG CKPT --beside plain=work_dirs/plain/shift
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    switches = ('--skip-broken', '--fresh', '--overwrite', '--dry-run')
    add_test_arguments(parser, *switches)
    add = parser.add_argument
    add('--list', action='store_true', help='show the presets, and stop')
    add(
        '--preset',
        nargs='+',
        metavar='NAME',
        help='published or own tests; default: those of the config',
    )
    add('--mode', choices=MODES, help='an own test: how images are shifted')
    add('--max-shift', type=number(0, 4096, whole=False), metavar='N')
    add(
        '--exhaustive',
        action='store_true',
        default=None,  # then that of the config
        help='every shift instead of draws: the exact value',
    )
    add('--num-shifts', type=number(1), metavar='K', help='draws per image')
    add('--seed', type=SEED, help='of the draws')
    add(
        '--beside',
        nargs='+',
        default=[],
        metavar='NAME=OUT',
        help='earlier results to show in the same figure',
    )
    add('--out', help='folder; default: WORK_DIR/shift')
    return parser.parse_args()


def shift_cfg(args, cfg):
    """The loop that the command line asks for, and its tests."""
    loop = dict(cfg.get('test_cfg') or {})
    labels = predicts(cfg.model) == 'labels'
    kind = 'ShiftConsistencyLoop' if labels else 'ShiftProfileLoop'
    if loop.get('type') != f'mmchanpos.{kind}':
        loop = dict(fp16=bool(loop.get('fp16')))
    loop['type'] = f'mmchanpos.{kind}'
    if args.preset and args.mode:
        raise InputError('--preset and --mode exclude each other.')
    changed = picked(args, 'max_shift', 'num_shifts', 'seed', 'exhaustive')
    changed = {k: v for k, v in changed.items() if v is not None}
    known = {field.name for field in fields(ShiftProtocol)}
    if args.mode or args.preset:
        # What the config changes of its own tests is not meant for these.
        loop = {k: v for k, v in loop.items() if k not in known}
        loop['tests'] = args.preset or dict(mode=args.mode)
    loop.update(
        changed,
        out=args.out or str(Path(cfg.work_dir) / 'shift'),
        **picked(args, 'fresh', 'overwrite'),
    )
    tests = loop.setdefault('tests', 'cifar-zero8' if labels else 'cell-8')
    return loop, resolve(tests, **{k: loop[k] for k in known & loop.keys()})


def main():
    if '--list' in sys.argv[1:]:
        for name in PRESETS:
            for key, shifts in resolve(name).items():
                print(f'{key:24} {shifts.describe()}')
        return
    args = parse_args()
    for entry in args.beside:
        if '=' not in entry:
            raise InputError(f'--beside {entry}: NAME=FOLDER was wanted.')
    beside = dict(entry.split('=', 1) for entry in args.beside)
    cfg = config_of(args)
    if args.skip_broken:
        leave_out_broken(cfg)
    cfg.test_cfg, names = shift_cfg(args, cfg)
    labels = cfg.test_cfg.type == 'mmchanpos.ShiftConsistencyLoop'
    for earlier in beside.values():
        (read_reports if labels else read_profiles)(earlier)
    done = test(cfg, args.checkpoint, args.launcher, dry_run=args.dry_run)
    if done is None or not is_main_process():
        return
    folder = Path(cfg.test_cfg.out)
    section = (shift_section if labels else profile_section)(
        folder,
        pictures_of(cfg),
        beside,
        [name.replace('/', '-') for name in names],
    )
    section.command = shlex.join(['python', *sys.argv])
    section.details = [provenance(**versions())]
    section.save(folder / 'report')
    Page(section.title, sections=[section]).save(
        folder / 'report' / 'report.html'
    )
    console = Console(highlight=False)
    console.print(section.tables[0].rich())
    console.print(f'Saved in {folder} (report/report.html).', markup=False)


if __name__ == '__main__':
    run_tool(main)
