#!/usr/bin/env python
"""Train a config of mmpretrain, mmsegmentation, mmdetection or mmchanpos."""

from mmchanpos.engine.cli import (
    add_config_arguments,
    add_launcher_arguments,
    add_switches,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of
from mmchanpos.engine.launch import train

EXAMPLES = """examples:
  python tools/train.py configs/augshift/resnet18_cifar10.py
  python tools/train.py CONFIG --dry-run             two batches, no files
  python tools/train.py CONFIG --resume              go on from the latest
  python tools/train.py CONFIG --cfg-options train_cfg.max_epochs=2
  tools/dist_train.sh CONFIG 4                       four GPUs (or processes)
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    add_launcher_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from a checkpoint; without a name from the latest in '
        'the work folder',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train in mixed precision'
    )
    add_switches(parser, '--dry-run')
    args = parser.parse_args()
    cfg = config_of(args)
    train(cfg, args.launcher, args.resume, args.amp, args.dry_run)


if __name__ == '__main__':
    run_tool(main)
