#!/usr/bin/env python
"""Rank the channels of a network's latent by how much they depend on position.

One pass over the test set of the config writes OUT/ranking.json, all rankings
with their error bars, and OUT/deltas.npz, what the mirrored image changed in
each channel of each image; with several taps, into a folder for each.
"""

from mmchanpos.engine.cli import (
    RANKINGS,
    SEED,
    add_ranking_arguments,
    add_test_arguments,
    name,
    number,
    picked,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of
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
    switches = ('--skip-broken', '--fresh', '--overwrite', '--dry-run')
    add_test_arguments(parser, *switches)
    add = parser.add_argument
    add(
        '--taps',
        nargs='+',
        type=name,
        metavar='MODULE',
        help='modules whose outputs are ranked; default: what the head reads',
    )
    add_ranking_arguments(parser)
    add(
        '--content',
        metavar='KIND',
        help='show images without a scene instead: mixture, patches, '
        'uniform, gaussian, pink, gradient or constant',
    )
    add(
        '--erasers',
        action='store_true',
        help='also write erasers.npz: the directions that say where things '
        'are, for --erase of an attack',
    )
    add(
        '--draws',
        type=number(1),
        default=200,
        help='resamples for the error bars; default: 200',
    )
    add('--seed', type=SEED, default=0, help='of the resamples')
    add('--out', help='folder; default: WORK_DIR/rank')
    args = parser.parse_args()
    cfg = config_of(args)
    if args.skip_broken:
        leave_out_broken(cfg)
    cfg.test_cfg = dict(
        type='mmchanpos.RankingLoop',
        **picked(args, *RANKINGS, 'taps', 'content', 'erasers', 'draws'),
        **picked(args, 'seed', 'out', 'fresh', 'overwrite'),
        fp16=bool((cfg.get('test_cfg') or {}).get('fp16')),
    )
    test(cfg, args.checkpoint, args.launcher, dry_run=args.dry_run)


if __name__ == '__main__':
    run_tool(main)
