#!/usr/bin/env python
"""Convert a ResNet of torchvision or antialiased-cnns for mmpretrain.

These are the baseline and the BlurPool row of Table 2 on ImageNet, most
likely: their published accuracies are those of the paper. Test the result
with configs/augshift/resnet*_{baseline,blurpool}_imagenet.py, or give it to
tools/reproduce.py table2 --checkpoint.
"""

from pathlib import Path

import torch

from mmchanpos.engine.checkpoint import read_safely
from mmchanpos.engine.cli import run_tool, tool_parser
from mmchanpos.files import atomic_path
from mmchanpos.models.converters.resnet import convert_resnet

EXAMPLES = """examples:
  python tools/model_converters/resnet2mmpretrain.py resnet18.pth baseline.pth
  python tools/model_converters/resnet2mmpretrain.py resnet18_lpf2.pth \\
      blurpool.pth
"""


def main() -> None:
    parser = tool_parser(__doc__, EXAMPLES)
    parser.add_argument('source', help='checkpoint of the publishers')
    parser.add_argument('out', help='checkpoint to write')
    args = parser.parse_args()
    weights = convert_resnet(read_safely(args.source), args.source)
    with atomic_path(Path(args.out)) as tmp:
        torch.save({'state_dict': weights, 'meta': {}}, tmp)
    print(f'{len(weights)} tensors written to {args.out}')


if __name__ == '__main__':
    run_tool(main)
