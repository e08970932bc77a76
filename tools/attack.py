#!/usr/bin/env python
"""Find the channels that say where things are, and switch them off.

Any config of mmsegmentation, mmdetection or mmpretrain: ranks the channels of
its latent, tests it with the top N off beside random channels and random
channels as strongly active, and writes a report. A run that was stopped goes
on where it was when the command is given again.
"""

import shlex
import sys
from pathlib import Path

from mmengine.dist import is_main_process
from rich.console import Console

from mmchanpos.engine.attack import (
    REGIONS,
    run_attack,
    use_data_root,
    use_images,
    use_regions,
    use_zones,
)
from mmchanpos.engine.cli import (
    RANKINGS,
    SEED,
    add_ranking_arguments,
    add_test_arguments,
    name,
    number,
    picked,
    ranks,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.errors import InputError
from mmchanpos.files import read_json
from mmchanpos.latent.kinds import find_kind, scored
from mmchanpos.latent.values import VALUES
from mmchanpos.report.attack import write_attack_report

EXAMPLES = """examples:
  python tools/attack.py CONFIG CKPT --out work_dirs/attack
  python tools/attack.py mmseg::deeplabv3/NAME.py CKPT --data-root data/city \\
      --sides person --tops 50 100 200 500 --windows 0-100 100-200
  python tools/attack.py CONFIG CKPT --kinds overall scale_free --images 100
  python tools/attack.py DETECTOR CKPT --zones
"""

#: Options that ``SweepLoop`` takes as they are.
SWEEP = ('kinds', 'tops', 'windows', 'random', 'matched', 'seed', 'value')
SWEEP += ('per_level', 'lower_is_better', 'together')


def parse():
    parser = tool_parser(__doc__, EXAMPLES)
    add_test_arguments(parser, '--skip-broken', '--fresh', '--overwrite')
    add = parser.add_argument
    add('--out', help='folder; default: WORK_DIR/attack')
    add(
        '--data-root',
        type=name,
        help="folder of the data set; default: the config's",
    )
    add('--images', type=number(1), help='only so many images; default: all')
    what = parser.add_argument_group('what is switched off')
    add = what.add_argument
    add(
        '--tap',
        type=name,
        help='module; default: what the head of the model reads',
    )
    add(
        '--kinds',
        nargs='+',
        metavar='KIND',
        help=f'rankings, some of: {", ".join(scored())}, or one that a file '
        'named by custom_imports of CONFIG registers; default: overall, and '
        'left, right and contrast where the sides are known',
    )
    add(
        '--tops',
        nargs='+',
        type=number(1),
        metavar='N',
        help='numbers of channels',
    )
    add(
        '--windows',
        nargs='+',
        default=[],
        type=ranks,
        metavar='START-STOP',
        help='ranks',
    )
    add('--random', type=number(0), default=5, help='draws; default: 5')
    add(
        '--matched',
        type=number(0),
        default=5,
        help='draws of channels as active as those of a ranking; default: 5',
    )
    add('--seed', type=SEED, default=0, help='of the draws')
    add(
        '--value',
        default='zero',
        help=f'what replaces them: {", ".join(VALUES)}, or what a file of '
        'custom_imports enters; default: zero',
    )
    add(
        '--erase',
        nargs='+',
        type=number(1),
        metavar='N',
        help='also take N directions that position is read from away, by '
        'LEACE, RASA and SVD, beside random ones; 1 2 is usual',
    )
    add('--per-level', action='store_true', help='N on each pyramid level')
    where = parser.add_argument_group('how it is measured')
    add = where.add_argument
    add(
        '--regions',
        nargs='+',
        help='of a segmentor; default: those of the config, else '
        f'{" ".join(REGIONS)}',
    )
    add(
        '--zones',
        action='store_true',
        help='measure five rings from the border to the middle beside the '
        'whole image, of a segmentor or detector, and their variance; of a '
        'miss rate the average precision, as zones have few people',
    )
    add(
        '--lower-is-better',
        action='store_true',
        help="a drop of the metric is a gain; the hosts' metrics and ours "
        'need not be told',
    )
    add(
        '--together',
        type=number(1),
        default=1,
        metavar='K',
        help='run K ablations of an image as one batch, as 8, for a GPU that '
        'is not busy with one; of test batches of one image; default: 1',
    )
    add_ranking_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse()
    cfg = config_of(args)
    for kind in args.kinds or ():
        find_kind(kind)
    if args.data_root:
        use_data_root(cfg, args.data_root)
    if args.images is not None:
        use_images(cfg, args.images)
    if args.skip_broken:
        leave_out_broken(cfg)
    if args.zones and args.regions:
        raise InputError('--zones and --regions exclude each other.')
    if args.zones:
        use_zones(cfg)
    else:
        use_regions(cfg, args.regions)
    out = Path(args.out or Path(cfg.work_dir) / 'attack')
    result = run_attack(
        cfg,
        args.checkpoint,
        out,
        ranking=dict(picked(args, *RANKINGS), erasers=bool(args.erase)),
        sweep=dict(picked(args, *SWEEP), ranks=args.erase or ()),
        **picked(args, 'tap', 'launcher', 'fresh', 'overwrite'),
    )
    if is_main_process():
        command = shlex.join(['python', 'tools/attack.py', *sys.argv[1:]])
        sections = write_attack_report(result, out, command=command)
        verdict = sections['verdict']
        print('\n'.join(verdict.sentences))
        Console(highlight=False).print(verdict.tables[0].rich())
        weights = read_json(result)['provenance'].get('weights')
        if weights:
            print(f'checkpoint: {weights}')
        print(f'report: {out / "report.html"}')


if __name__ == '__main__':
    run_tool(main)
