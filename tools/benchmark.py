"""Measure what we claim about speed, as ratios taken in one run."""

from statistics import median

from rich.console import Console

from mmchanpos.engine.cli import number, run_tool, tool_parser
from mmchanpos.engine.hosts import versions
from mmchanpos.experiments.benchmarks import claims, load
from mmchanpos.files import write_json
from mmchanpos.report import Table, provenance

EXAMPLES = """examples:
  python tools/benchmark.py --list
  python tools/benchmark.py sweep --json work_dirs/sweep.json
  python tools/benchmark.py spc probe --repeats 9
  python tools/benchmark.py sweep ranking --device cuda
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add('names', nargs='*', metavar='NAME')
    add('--list', action='store_true', help='show what there is')
    add(
        '--repeats',
        type=number(1),
        default=5,
        help='pairs to time; default: 5',
    )
    add(
        '--device',
        choices=['cpu', 'cuda'],
        default='cpu',
        help='where networks run; what has none is left out on a GPU; '
        'default: cpu',
    )
    add('--json', help='also write everything to this file')
    args = parser.parse_args()
    if not args.names and not args.list:
        parser.error('give the NAME of a benchmark, or --list')
    return args


def main():
    args = parse_args()
    console = Console(highlight=False)
    if args.list:
        for name, claim in claims().items():
            console.print(f'{name:12} {claim}', markup=False, soft_wrap=True)
        return
    measures = {name: load(name, args.device) for name in args.names}
    ratios, rows = {}, []
    for name, measure in measures.items():
        if measure is None:
            console.print(f'{name} has no network to run on a GPU')
            continue
        ratio = measure(args.repeats)
        ratios[name] = ratio.json()
        low, high = ratio.spread
        seconds = map(median, (ratio.top_seconds, ratio.bottom_seconds))
        claim = ratio.claim()
        if claim:
            claim += ': holds' if ratio.met else ': missed'
        rows.append(
            [
                f'{name}: {ratio.top} / {ratio.bottom}',
                f'{ratio.value:.3g}',
                f'{low:.3g} to {high:.3g}',
                claim,
                ' / '.join(f'{s:.3g}' for s in seconds),
                '' if ratio.bare is None else f'{ratio.bare:.3g}',
            ]
        )
        if args.json:
            machine = provenance(**versions()).json()['rows']
            write_json(args.json, dict(ratios, machine=dict(machine)))
    columns = ['benchmark', 'ratio', 'spread', 'claim', 'seconds', 'forward']
    # A pass of the bare network, where there is one.
    shown = len(columns) - (not any(row[-1] for row in rows))
    table = Table('Ratios, median over the repetitions', columns[:shown])
    for row in rows:
        table.add(*row[:shown])
    console.print(table.rich())


if __name__ == '__main__':
    run_tool(main)
