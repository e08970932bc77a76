#!/usr/bin/env python
"""Print a complete config, and which file set each of its keys."""

from mmchanpos.engine.cli import add_config_arguments, run_tool, tool_parser
from mmchanpos.engine.config import config_origins, load_config
from mmchanpos.errors import InputError, nearest

EXAMPLES = """examples:
  python tools/misc/print_config.py configs/augshift/resnet18_cifar10.py
  python tools/misc/print_config.py mmseg::deeplabv3/NAME.py --origin
  python tools/misc/print_config.py CONFIG --origin --key optim_wrapper
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    add_config_arguments(parser)
    parser.add_argument(
        '--origin', action='store_true', help='name the file of each key'
    )
    parser.add_argument(
        '--key', default='', help='only keys that begin like this'
    )
    args = parser.parse_args()
    cfg = load_config(
        args.config,
        args.cfg_options,
        args.work_dir,
        check=False,
        builtin=args.builtin,
    )
    if not (args.origin or args.key):
        print(cfg.pretty_text)
        return
    if args.builtin:
        raise InputError('what --builtin changes comes from no file.')
    origins = config_origins(args.config, args.cfg_options)
    shown = [key for key in origins if key.startswith(args.key)]
    if not shown:
        raise InputError(
            f'no key begins with "{args.key}". {nearest(args.key, origins)}'
        )
    for key in shown:
        value, file = origins[key]
        print(f'{key} = {value!r}' + f'  # {file}' * args.origin)


if __name__ == '__main__':
    run_tool(main)
