"""Weights of the PermuteNet authors, by the names of mmsegmentation.

Their DeepLabv3 is torchvision's ResNet with torchvision's head; the rules
below, and the order of the branches of ASPP, are all that differs.
"""

import re
from typing import Mapping

import torch
from torch import Tensor

from mmchanpos.errors import InputError

#: Pattern to name, tried in turn; ``classifier.classifier`` is the authors'.
RULES: list[tuple[str, str]] = [
    (r'backbone\.(.+)', r'backbone.\1'),
    (r'head\.0\.convs\.4\.1\.(.+)', r'decode_head.image_pool.1.conv.\1'),
    (r'head\.0\.convs\.4\.2\.(.+)', r'decode_head.image_pool.1.bn.\1'),
    (r'head\.0\.convs\.(\d)\.0\.(.+)', r'decode_head.aspp_modules.\1.conv.\2'),
    (r'head\.0\.convs\.(\d)\.1\.(.+)', r'decode_head.aspp_modules.\1.bn.\2'),
    (r'head\.0\.project\.0\.(.+)', r'decode_head.bottleneck.0.conv.\1'),
    (r'head\.0\.project\.1\.(.+)', r'decode_head.bottleneck.0.bn.\1'),
    (r'head\.1\.(.+)', r'decode_head.bottleneck.2.conv.\1'),
    (r'head\.2\.(.+)', r'decode_head.bottleneck.2.bn.\1'),
    (r'head\.4\.(.+)', r'decode_head.conv_seg.\1'),
]


def convert(checkpoint: Mapping, path: str = '') -> dict[str, Tensor]:
    """Rename the weights of a DeepLabv3 for mmsegmentation.

    Args:
        checkpoint (Mapping): With ``model_state``, ``state_dict`` or the
            weights themselves.
        path (str): Its file, for messages.

    Returns:
        dict[str, Tensor]: Fits ``mmchanpos.ProjectASPPHead`` on a ``ResNet``.
    """
    weights = checkpoint if isinstance(checkpoint, Mapping) else {}
    for key in ('model_state', 'state_dict'):
        weights = weights.get(key, weights)
    found, unknown = {}, []
    for name, tensor in weights.items():
        # torchvision's own models carry an auxiliary head, unused at test.
        plain = re.sub(r'^module\.', '', name)
        if plain.startswith(('aux_classifier.', 'backbone.fc.')):
            continue
        plain = re.sub(r'^classifier(\.classifier)?\.(?=\d)', 'head.', plain)
        for pattern, target in RULES:
            if re.fullmatch(pattern, plain):
                found[re.sub(pattern, target, plain)] = tensor
                break
        else:
            unknown.append(name)
    if unknown or not {_PROJECT, 'decode_head.conv_seg.weight'} <= set(found):
        shown = ', '.join(map(str, unknown[:4])) or 'no classifier'
        raise InputError(
            f'{path} is not a DeepLabv3 of the PermuteNet authors: {shown} '
            'was found; "backbone.*" and "classifier.classifier.*" were '
            'wanted.'
        )
    found[_PROJECT] = _pooling_first(found[_PROJECT])
    return found


_PROJECT = 'decode_head.bottleneck.0.conv.weight'


def _pooling_first(weight: Tensor) -> Tensor:
    # torchvision joins the pooled branch last, mmsegmentation first.
    branch = weight.shape[0]
    return torch.cat([weight[:, -branch:], weight[:, :-branch]], dim=1)
