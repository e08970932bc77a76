#!/usr/bin/env python
"""Show samples of a config's data set in one picture.

Images with their classes, label maps, boxes (full and visible), and, for
CityPersons, the half to which the left/right rule assigns an image.
"""

import cv2
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope

from mmchanpos.datasets.contact_sheet import draw_sheet, panel_of
from mmchanpos.engine.cli import add_config_arguments, run_tool, tool_parser
from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.files import atomic_path
from mmchanpos.registry import DATASETS

EXAMPLES = """examples:
  python tools/misc/browse_dataset.py CONFIG --out sheet.png
  python tools/misc/browse_dataset.py CONFIG --split train --number 40
"""


def dataset_of(cfg: ConfigDict, split: str) -> ConfigDict:
    """Config of the innermost data set, whatever wraps it."""
    key = f'{split}_dataloader'
    if not cfg.get(key):
        raise InputError(f'The config has no {key}.')
    dataset = cfg[key].dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return {**dataset, 'pipeline': []}


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val'
    )
    parser.add_argument('--number', type=int, default=16)
    parser.add_argument('--start', type=int, default=0)
    parser.add_argument('--columns', type=int, default=4)
    parser.add_argument('--width', type=int, default=320, help='of a panel')
    parser.add_argument('--out', default='sheet.png', help='picture to write')
    args = parser.parse_args()
    cfg = load_config(args.config, args.cfg_options, args.work_dir)
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    dataset = DATASETS.build(dataset_of(cfg, args.split))
    chosen = range(args.start, min(args.start + args.number, len(dataset)))
    if not chosen:
        raise InputError(
            f'No sample from {args.start} on: there are {len(dataset)}.'
        )
    panels = [panel_of(dataset, i) for i in chosen]
    sheet = draw_sheet(panels, args.columns, args.width)
    with atomic_path(args.out) as path:
        cv2.imwrite(str(path), sheet[..., ::-1])
    print(f'{args.out}: {len(chosen)} of {len(dataset)} samples')


if __name__ == '__main__':
    run_tool(main)
