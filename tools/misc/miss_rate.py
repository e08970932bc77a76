#!/usr/bin/env python
"""Evaluate a CityPersons result file: MR^-2 and AP of every setup.

The result file is the public one, a JSON list of image_id, category_id, bbox
and score; CityPersonsMissRate(outfile_prefix=...) writes it too.
"""

from rich.console import Console

from mmchanpos.datasets.citypersons_annotations import read_annotations
from mmchanpos.engine.cli import run_tool, tool_parser
from mmchanpos.errors import InputError
from mmchanpos.evaluation.citypersons_miss_rate import curves
from mmchanpos.evaluation.miss_rate import VARIANTS, miss_rates
from mmchanpos.evaluation.miss_rate_results import read_results
from mmchanpos.evaluation.miss_rate_setups import resolve_setup, with_sides
from mmchanpos.report import Number, Table
from mmchanpos.report.miss_rate_curves import miss_rate_curves

EXAMPLES = """examples:
  python tools/misc/miss_rate.py val_gt.json results.bbox.json
  python tools/misc/miss_rate.py val_gt.json results.bbox.json \\
      --setups Reasonable Bare Partial --sides left right --out work_dirs/mr
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('annotations', help='.mat or .json')
    parser.add_argument('results', help='.json')
    parser.add_argument(
        '--setups', nargs='+', default=['Reasonable', 'Small', 'Heavy', 'All']
    )
    parser.add_argument('--sides', nargs='+', default=[])
    parser.add_argument('--variant', choices=VARIANTS, default='official')
    parser.add_argument(
        '--strict',
        action='store_true',
        help='no recall where the curve has no point, unlike public scripts',
    )
    parser.add_argument(
        '--out', help='also write OUT.csv, OUT.json and OUT_curves.png'
    )
    args = parser.parse_args()
    images = read_annotations(args.annotations)
    found = miss_rates(
        images,
        read_results(args.results, [image.id for image in images]),
        with_sides([resolve_setup(s) for s in args.setups], args.sides),
        args.variant,
        args.strict,
    )
    if not any(rate.people for rate in found.values()):
        raise InputError(
            f'{args.annotations} has nobody to be found in '
            f'{", ".join(found)}: no rate can be told.'
        )
    columns = ['setup', 'people', 'MR (%)', 'AP (%)']
    table = Table('Miss rate, lower is better', columns)
    for name, rate in found.items():
        table.add(
            name,
            rate.people,
            Number(100 * rate.value, digits=2),
            Number(100 * rate.ap, digits=2),
        )
    Console(highlight=False).print(table.rich())
    if args.out:
        table.save(args.out)
        miss_rate_curves(curves(found)).save(f'{args.out}_curves')


if __name__ == '__main__':
    run_tool(main)
