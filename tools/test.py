#!/usr/bin/env python
"""Test a checkpoint with a config of any host, or of mmchanpos."""

from mmchanpos.engine.cli import (
    add_config_arguments,
    add_launcher_arguments,
    add_skip_broken,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import load_config
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.engine.launch import test

EXAMPLES = """examples:
  python tools/test.py configs/augshift/resnet18_cifar10.py CKPT
  python tools/test.py mmseg::deeplabv3/NAME.py CKPT --out metrics.json
  tools/dist_test.sh CONFIG CKPT 2                   two GPUs (or processes)
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    add_launcher_arguments(parser)
    add_skip_broken(parser)
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='.json: the metrics; .pkl: the predictions',
    )
    parser.add_argument(
        '--show-dir', help='folder for pictures of the predictions'
    )
    parser.add_argument(
        '--tta', action='store_true', help='test-time augmentation'
    )
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
    test(
        cfg,
        args.checkpoint,
        args.launcher,
        args.tta,
        args.out,
        args.show_dir,
        args.dry_run,
    )


if __name__ == '__main__':
    run_tool(main)
