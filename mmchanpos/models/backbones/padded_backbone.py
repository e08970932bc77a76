"""Any host's backbone with another padding, or none, from the start."""

from typing import Any

from torch import nn

from mmchanpos.latent.padding import set_padding_mode
from mmchanpos.registry import MODELS


@MODELS.register_module(name='PaddedBackbone')
def padded_backbone(
    backbone: dict[str, Any], padding: str = 'zero'
) -> nn.Module:
    """Build a backbone whose layers meet the border in another way.

    What is returned is the backbone itself, not a wrapper, so taps and weights
    that name its layers stay valid.

    .. code-block:: python

        backbone=dict(
            type='mmchanpos.PaddedBackbone',
            backbone=dict(type='mmpretrain.VGG', depth=16),
            padding='none')

    Args:
        backbone (dict): Config of any backbone of mmpretrain, mmseg or mmdet.
        padding (str): A mode of
            :func:`~mmchanpos.latent.padding.set_padding_mode`. Defaults to
            ``'zero'``: as it is.

    Returns:
        nn.Module: The backbone.
    """
    body = MODELS.build(backbone)
    if padding != 'zero':
        set_padding_mode(body, padding)
    return body
