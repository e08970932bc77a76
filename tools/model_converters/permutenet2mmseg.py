#!/usr/bin/env python
"""Convert a DeepLabv3-ResNet of the PermuteNet authors for mmsegmentation.

Their checkpoints hold "model_state" with the names of the DeepLabV3Plus-
Pytorch code; a bare state dict and torchvision's names are read as well. Test
the result with configs/attack/deeplabv3_r50-os16_*.py.
"""

from pathlib import Path

import torch

from mmchanpos.engine.checkpoint import read_safely
from mmchanpos.engine.cli import run_tool, tool_parser
from mmchanpos.files import atomic_path
from mmchanpos.models.converters.permutenet import convert

EXAMPLES = """example:
  python tools/model_converters/permutenet2mmseg.py best_deeplabv3.pth \\
      deeplabv3_r50-os16.pth
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('source', help='checkpoint of the authors')
    parser.add_argument('out', help='checkpoint to write')
    args = parser.parse_args()
    weights = convert(read_safely(args.source), args.source)
    with atomic_path(Path(args.out)) as tmp:
        torch.save({'state_dict': weights, 'meta': {}}, tmp)
    print(f'{len(weights)} tensors written to {args.out}')


if __name__ == '__main__':
    run_tool(main)
