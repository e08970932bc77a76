#!/usr/bin/env python
"""Ask any model which of its layers and channels know where things are.

No data are needed: images without a scene are drawn. Writes OUT/audit.json
and a page, OUT/report.html.
"""

import shlex
import sys
from pathlib import Path

from rich.console import Console

from mmchanpos.engine.audit import audit, read_audit, subject
from mmchanpos.engine.cli import (
    SEED,
    height_and_width,
    number,
    run_tool,
    tool_parser,
)
from mmchanpos.errors import InputError
from mmchanpos.files import write_json
from mmchanpos.latent.contents import CONTENTS
from mmchanpos.report import Page, provenance
from mmchanpos.report.audit_section import audit_section, compare_section

EXAMPLES = """examples:
  python tools/audit.py torchvision:resnet18
  python tools/audit.py mmseg::segformer/NAME.py CKPT --out work_dirs/audit
  python tools/audit.py my_package.nets:make_net --size 128x256
  python tools/audit.py --compare a/audit.json b/audit.json
"""


def parse_args():
    parser = tool_parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add(
        'model',
        nargs='?',
        help='a config, torchvision:NAME, timm:NAME, or package.module:NAME',
    )
    add('checkpoint', nargs='?', help='default: random')
    add(
        '--size',
        type=height_and_width,
        metavar='HxW',
        help='of the images; default: 224x224 or so',
    )
    add('--images', type=number(4), default=16, help='how many; default: 16')
    add(
        '--content',
        default='mixture',
        choices=['mixture', *CONTENTS],
        help='what images are drawn from; default: mixture',
    )
    add('--seed', type=SEED, default=0, help='of the images')
    add(
        '--compare',
        nargs='+',
        metavar='JSON',
        help='earlier audits, to show side by side (with MODEL, if given)',
    )
    add('--out', help='folder; default: work_dirs/audit/MODEL')
    return parser.parse_args()


def main():
    args = parse_args()
    found = [read_audit(file) for file in args.compare or ()]
    if args.model is None and len(found) < 2:
        raise InputError('give a MODEL to audit, or --compare A.json B.json.')
    name, sections = 'compare', []
    if args.model is not None:
        what = subject(args.model, args.checkpoint, args.size, args.seed)
        console = Console(stderr=True)
        with console.status('building') as status:
            found.append(
                audit(
                    what, args.images, args.content, args.seed, status.update
                )
            )
        sections.append(audit_section(found[-1]))
        name = args.model.replace(':', '_')
        if name.endswith('.py'):
            name = Path(name).stem
    out = Path(args.out or Path('work_dirs/audit') / name)
    if args.model is not None:
        write_json(out / 'audit.json', found[-1])
    if len(found) > 1:
        sections.append(compare_section(found))
    sections[0].command = shlex.join(['python', *sys.argv])
    sections[-1].details = [provenance()]
    Page(sections[0].title, sections=sections).save(out / 'report.html')
    for section in sections:
        print('\n'.join(section.sentences))
    print(f'Saved in {out} (open report.html).')


if __name__ == '__main__':
    run_tool(main)
