#!/usr/bin/env python
"""Rank the channels of a network's latent by how much they depend on position.

One pass over the test set of the config writes OUT/ranking.json, all rankings
with their error bars, and OUT/deltas.npz, what the mirrored image changed in
each channel of each image; with several taps, into a folder for each.
"""

from mmchanpos.engine.cli import (
    SEED,
    add_config_arguments,
    add_launcher_arguments,
    add_rerun_arguments,
    add_skip_broken,
    name,
    number,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import load_config
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.engine.launch import test

EXAMPLES = """examples:
  python tools/rank_channels.py CONFIG CKPT
  python tools/rank_channels.py CONFIG CKPT --taps backbone.layer3 backbone \\
      --kernel-flip --shift 0 32
  python tools/rank_channels.py CONFIG CKPT --content mixture --erasers
  python tools/rank_channels.py CONFIG CKPT --left left.txt --right right.txt
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    add_launcher_arguments(parser)
    add_skip_broken(parser)
    add_rerun_arguments(parser)
    parser.add_argument(
        '--taps',
        nargs='+',
        type=name,
        metavar='MODULE',
        help='modules whose outputs are ranked; default: what the head reads',
    )
    parser.add_argument(
        '--kernel-flip',
        action='store_true',
        help='also with mirrored kernels (Kernel-Flip* and **)',
    )
    parser.add_argument(
        '--shift',
        nargs=2,
        type=number(-(10**6), 10**6),
        metavar=('ROWS', 'COLUMNS'),
        help='also with images rolled by so many pixels',
    )
    parser.add_argument(
        '--grid',
        type=number(2, 64),
        metavar='N',
        help='also with images, small, in every cell of an N x N grid',
    )
    parser.add_argument(
        '--sides',
        metavar='SOURCE',
        help='how images with objects on one side only are told, for the '
        'left and right rankings: CityPersons annotations (.mat, .json) or '
        'classes of the data set, as in person or car+truck',
    )
    for side in ('left', 'right'):
        parser.add_argument(
            f'--{side}',
            metavar='FILE',
            help=f'names of the {side} images, one per line, instead',
        )
    parser.add_argument(
        '--content',
        metavar='KIND',
        help='show images without a scene instead: mixture, patches, '
        'uniform, gaussian, pink, gradient or constant',
    )
    parser.add_argument(
        '--erasers',
        action='store_true',
        help='also write erasers.npz: the directions that say where things '
        'are, for --eraser of an attack',
    )
    parser.add_argument(
        '--draws',
        type=number(1),
        default=200,
        help='resamples for the error bars; default: 200',
    )
    parser.add_argument(
        '--seed', type=SEED, default=0, help='of the resamples'
    )
    parser.add_argument('--out', help='folder; default: WORK_DIR/rank')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='build everything, run two batches, write nothing',
    )
    args = parser.parse_args()
    cfg = load_config(
        args.config, args.cfg_options, args.work_dir, builtin=args.builtin
    )
    if args.skip_broken:
        leave_out_broken(cfg)
    cfg.test_cfg = dict(
        type='mmchanpos.RankingLoop',
        taps=args.taps,
        kernel_flip=args.kernel_flip,
        shift=args.shift,
        grid=args.grid,
        sides=args.sides,
        left=args.left,
        right=args.right,
        content=args.content,
        erasers=args.erasers,
        draws=args.draws,
        seed=args.seed,
        out=args.out,
        fresh=args.fresh,
        overwrite=args.overwrite,
        fp16=bool((cfg.get('test_cfg') or {}).get('fp16')),
    )
    test(cfg, args.checkpoint, args.launcher, dry_run=args.dry_run)


if __name__ == '__main__':
    run_tool(main)
