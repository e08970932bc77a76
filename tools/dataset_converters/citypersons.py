#!/usr/bin/env python
"""Write CityPersons annotations as the JSON that its evaluator reads.

From anno_val.mat it makes val_gt.json as it is published, row by row. With
--lists it also writes which images have people on the left or right only.
"""

from pathlib import Path

from mmchanpos.datasets.citypersons_annotations import (
    read_annotations,
    to_json,
)
from mmchanpos.datasets.region_subset import ROWS, SIDES, people_subset
from mmchanpos.engine.cli import height_and_width, run_tool, tool_parser
from mmchanpos.errors import InputError
from mmchanpos.files import write_json, write_text

EXAMPLES = """examples:
  python tools/dataset_converters/citypersons.py anno_val.mat val_gt.json
  python tools/dataset_converters/citypersons.py anno_val.mat val_gt.json \\
      --lists data/cityscapes/annotations
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('annotations', help='.mat file, or JSON to rewrite')
    parser.add_argument('out', help='JSON file to write')
    parser.add_argument(
        '--image-size',
        type=height_and_width,
        help='HEIGHTxWIDTH of all images; default: what the file says, else '
        '1024x2048, as the .mat of CityPersons does not',
    )
    parser.add_argument(
        '--lists',
        metavar='FOLDER',
        help='also write OUT_left.txt and OUT_right.txt there',
    )
    parser.add_argument(
        '--rows',
        choices=sorted(ROWS),
        default='all',
        help='which rows decide on a side; default: all, as in the '
        'published list',
    )
    args = parser.parse_args()
    if not args.out.endswith('.json'):
        raise InputError(f'{args.out}: the name of a .json was wanted.')
    images = read_annotations(args.annotations, args.image_size)
    write_json(args.out, to_json(images), indent=None)
    rows = sum(len(image.boxes) for image in images)
    print(f'{args.out}: {rows} rows of {len(images)} images')
    for side in SIDES if args.lists else ():
        names = people_subset(args.out, side, args.rows)
        path = Path(args.lists) / f'{Path(args.out).stem}_{side}.txt'
        write_text(path, ''.join(f'{name}\n' for name in names))
        print(f'{path}: {len(names)} images')


if __name__ == '__main__':
    run_tool(main)
