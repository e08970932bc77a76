#!/usr/bin/env python
"""Write the built-in data: street scenes and small objects, from a seed.

Below --out it makes streets/, in the layouts of Cityscapes and CityPersons,
and objects.npz, for mmchanpos.ArrayDataset. A run that finds its own work
done changes nothing; one that is stopped leaves nothing behind.
"""

import os
import re
from pathlib import Path

from rich.progress import track

from mmchanpos.datasets.synthetic import write_objects, write_streets
from mmchanpos.engine.cli import (
    SEED,
    height_and_width,
    number,
    run_tool,
    tool_parser,
)
from mmchanpos.errors import InputError

EXAMPLES = """examples:
  python tools/misc/make_synthetic.py
  python tools/misc/make_synthetic.py --out data/traffic --cars 3-6
  python tools/misc/make_synthetic.py --out data/people --size 256x512 \\
      --num-train 500 --num-val 150
"""


def range_of(text: str, name: str) -> tuple:
    found = re.fullmatch('([0-9]{1,4})-([0-9]{1,4})', text)
    if not found:
        raise InputError(f'{name} takes MIN-MAX, such as 3-6: {text}')
    return int(found[1]), int(found[2])


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument(
        '--out', default='data/synthetic', help='default: data/synthetic'
    )
    parser.add_argument(
        '--size',
        type=height_and_width,
        default='64x128',
        help='of the scenes; default: 64x128',
    )
    parser.add_argument(
        '--num-train', type=number(1), default=600, help='scenes; default: 600'
    )
    parser.add_argument(
        '--num-val', type=number(1), default=150, help='scenes; default: 150'
    )
    parser.add_argument(
        '--cars',
        default='1-3',
        metavar='MIN-MAX',
        help='on a side that has any; default: 1-3',
    )
    parser.add_argument('--seed', type=SEED, default=0)
    parser.add_argument(
        '--workers',
        type=number(1, 256),
        default=min(8, os.cpu_count() or 1),
        help='processes that draw; the files are the same for any number',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace scenes and objects that are there',
    )
    args = parser.parse_args()
    height, width = args.size
    counts = {'train': args.num_train, 'val': args.num_val}
    streets = Path(args.out) / 'streets'
    objects = streets.with_name('objects.npz')
    if objects.exists() and not (streets.exists() or args.overwrite):
        raise InputError(
            f'{objects} is there without streets beside it and left alone. '
            'Give another folder, or allow to overwrite it (--overwrite).'
        )
    written = write_streets(
        streets,
        counts,
        height,
        width,
        seed=args.seed,
        workers=args.workers,
        overwrite=args.overwrite,
        cars=range_of(args.cars, '--cars'),
        track=lambda scenes, split, n: track(
            scenes, f'{split} scenes', total=n
        ),
    )
    print(f'{streets} {"written" if written else "is up to date"}')
    if written or not objects.exists():
        counts = {'train': 5000, 'val': 1000}
        write_objects(objects, counts, seed=args.seed)
        print(f'{objects} written')


if __name__ == '__main__':
    run_tool(main)
