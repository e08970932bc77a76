#!/usr/bin/env python
"""Show samples of a config's data set in one picture.

Images with their classes, label maps, boxes (full and visible), and, for
CityPersons, the half to which the left/right rule assigns an image.
"""

from mmengine.registry import init_default_scope

from mmchanpos.datasets.contact_sheet import draw_sheet, panel_of
from mmchanpos.datasets.pictures import write_picture
from mmchanpos.engine.cli import (
    add_config_arguments,
    number,
    run_tool,
    tool_parser,
)
from mmchanpos.engine.config import config_of
from mmchanpos.engine.nested import bare_dataset
from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS

EXAMPLES = """examples:
  python tools/misc/browse_dataset.py CONFIG --out sheet.png
  python tools/misc/browse_dataset.py CONFIG --split train --number 40
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='val'
    )
    parser.add_argument('--number', type=number(1), default=16)
    parser.add_argument('--start', type=number(0), default=0)
    parser.add_argument('--columns', type=number(1, 100), default=4)
    parser.add_argument(
        '--width', type=number(8, 4096), default=320, help='of a panel'
    )
    parser.add_argument('--out', default='sheet.png', help='picture to write')
    args = parser.parse_args()
    cfg = config_of(args)
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    dataset = DATASETS.build(bare_dataset(cfg, args.split))
    chosen = range(args.start, min(args.start + args.number, len(dataset)))
    if not chosen:
        raise InputError(
            f'No sample from {args.start} on: there are {len(dataset)}.'
        )
    panels = [panel_of(dataset, i) for i in chosen]
    sheet = draw_sheet(panels, args.columns, args.width)
    write_picture(args.out, sheet)
    print(f'{args.out}: {len(chosen)} of {len(dataset)} samples')


if __name__ == '__main__':
    run_tool(main)
