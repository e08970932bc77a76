#!/usr/bin/env python
"""Read location out of every layer of a frozen model (supplement S1)."""

from pathlib import Path

from mmchanpos.engine.cli import (
    SEED,
    Options,
    add_config_arguments,
    add_switches,
    name,
    number,
    picked,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of, load_config
from mmchanpos.engine.hosts import versions
from mmchanpos.engine.probe import BASELINES, probe_once
from mmchanpos.models.readouts.probe import Recipe
from mmchanpos.report import provenance
from mmchanpos.report.probe_section import probe_section

EXAMPLES = """examples:
  python tools/probe.py \\
      configs/probe/resnet18-small_location-3x3_synthetic.py CKPT
  python tools/probe.py mmpretrain::resnet/resnet18_8xb32_in1k.py CKPT \\
      --data configs/probe/resnet18-small_location-3x3_synthetic.py
  python tools/probe.py CONFIG CKPT --layers backbone.layer2 backbone.layer4
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    add_switches(parser, '--fresh', '--overwrite')
    add = parser.add_argument
    add(
        'checkpoint',
        nargs='?',
        help='weights of the model; without, an untrained net is probed',
    )
    add(
        '--data',
        help='config whose dataloaders place images on a grid; default: '
        'CONFIG itself',
    )
    add(
        '--data-options',
        nargs='+',
        action=Options,
        metavar='KEY=VALUE',
        help='change settings of the config of --data',
    )
    add(
        '--layers',
        nargs='+',
        type=name,
        default=(),
        help='modules to probe; default: the stages of the backbone',
    )
    add(
        '--baselines',
        nargs='*',
        default=BASELINES,
        help=f'nets to compare with; default: {" ".join(BASELINES)}',
    )
    add('--epochs', type=number(1), default=20)
    add('--lr', type=number(0, 1e3, whole=False), default=0.001)
    add('--seed', type=SEED, default=0)
    add('--bgr', action='store_true', help='the net was trained on BGR images')
    return parser.parse_args()


def main():
    args = parse_args()
    cfg = config_of(args)
    data = cfg
    if args.data or args.data_options:
        changes = {} if args.data else dict(args.cfg_options or {})
        changes.update(args.data_options or {})
        data = load_config(
            args.data or args.config, changes, builtin=args.builtin
        )
    folder = Path(cfg.work_dir) / 'probe'
    result = probe_once(
        folder,
        cfg,
        args.checkpoint,
        data,
        recipe=Recipe(**picked(args, 'epochs', 'lr', 'seed')),
        **picked(args, 'fresh', 'overwrite', 'layers', 'baselines', 'bgr'),
    )
    section = probe_section(result)
    section.details = [provenance(seeds=str(args.seed), **versions())]
    section.save(folder)
    print(section.markdown())
    print(f'Saved in {folder}.')


if __name__ == '__main__':
    run_tool(main)
