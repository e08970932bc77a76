#!/usr/bin/env python
"""Test a checkpoint with a config of any host, or of mmchanpos."""

from mmchanpos.engine.cli import add_test_arguments, run_tool, tool_parser
from mmchanpos.engine.config import config_of
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.engine.launch import test

EXAMPLES = """examples:
  python tools/test.py configs/augshift/resnet18_cifar10.py CKPT
  python tools/test.py mmseg::deeplabv3/NAME.py CKPT --out metrics.json
  tools/dist_test.sh CONFIG CKPT 2                   two GPUs (or processes)
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_test_arguments(parser, '--skip-broken', '--dry-run')
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
    args = parser.parse_args()
    cfg = config_of(args)
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
