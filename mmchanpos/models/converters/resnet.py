"""ResNets of torchvision and antialiased-cnns, by the names of mmpretrain.

Those of torchvision only lack the names of the parts. The published
anti-aliased ones carry their blurs in the state dict, which moves the
convolutions behind them: ``layer2.0.conv2.1.weight`` is ``conv2`` of ours.
"""

import re
from typing import Any, Mapping

import torch
from torch import Tensor

from mmchanpos.errors import InputError


def convert_resnet(checkpoint: Any, path: str = '') -> dict[str, Tensor]:
    """Rename the weights of a ResNet for mmpretrain's classifier.

    Args:
        checkpoint (Mapping): With ``state_dict``, or the weights themselves.
        path (str): Its file, for messages.

    Returns:
        dict[str, Tensor]: Fits ``ResNet`` with a ``LinearClsHead``; with
        blurs, ``mmchanpos.AntialiasedBackbone`` with their ``filt`` and
        ``max_pool=2``.
    """
    known = checkpoint if isinstance(checkpoint, Mapping) else {}
    given = known.get('state_dict', known)
    weights = {re.sub(r'^module\.', '', str(k)): v for k, v in given.items()}
    if not {'conv1.weight', 'layer4.0.conv1.weight', 'fc.weight'} <= {
        *weights
    }:
        shown = ', '.join(list(weights)[:4]) or 'no tensor'
        raise InputError(
            f'{path} is not a ResNet of torchvision or antialiased-cnns: '
            f'{shown} was found; "conv1.weight", "layer1.0.conv1.weight" to '
            '"fc.weight" were wanted.'
        )
    blurs = {k[:-5]: v for k, v in weights.items() if k.endswith('.filt')}
    found = {}
    for name, tensor in weights.items():
        if name.endswith('.filt'):
            continue
        inner = re.fullmatch(r'(.+)\.(\d+)\.(\w+)', name)
        if inner and f'{inner[1]}.0' in blurs:
            name = f'{inner[1]}.{int(inner[2]) - 1}.{inner[3]}'
            # A convolution stands alone without its blur.
            if not inner[1].endswith('downsample'):
                name = f'{inner[1]}.{inner[3]}'
        part = 'head' if name.startswith('fc.') else 'backbone'
        found[f'{part}.{name}'] = tensor
    if blurs:
        found[f'backbone.{_mark(blurs, path)}'] = torch.ones(())
    return found


def _mark(blurs: Mapping[str, Tensor], path: str) -> str:
    """The entry by which our anti-aliased backbones know each other."""
    sides = {int(kernel.shape[-1]) for kernel in blurs.values()}
    if len(sides) > 1 or 'maxpool.1' not in blurs or 'maxpool.0' in blurs:
        raise InputError(
            f'{path} has blurs of the sides {sorted(sides)} at '
            f'{", ".join(sorted(blurs))}; those of antialiased-cnns have one '
            'side, and one blur behind the max pool of the stem.'
        )
    return f'antialiased_by_BlurPool_filt{sides.pop()}_max2'
