"""The DeepLabv3 head of torchvision, which the paper attacks."""

from typing import Any

from mmcv.cnn import ConvModule
from mmseg.models.decode_heads import ASPPHead
from torch import nn

from mmchanpos.registry import MODELS


@MODELS.register_module()
class ProjectASPPHead(ASPPHead):
    """ASPP, then a 1x1 and a 3x3 convolution before the classifier.

    mmsegmentation's ``ASPPHead`` has one 3x3 convolution in their place. This
    is the head of torchvision and of the PermuteNet authors' DeepLabv3, whose
    weights ``tools/model_converters/permutenet2mmseg.py`` converts.

    .. code-block:: python

        decode_head=dict(
            type='mmchanpos.ProjectASPPHead', in_channels=2048, in_index=3,
            channels=256, dilations=(1, 6, 12, 18), num_classes=19)

    Args:
        dropout_ratio (float): Of the dropout between the two convolutions;
            there is none before the classifier. Defaults to 0.1.
        **kwargs: Of ``ASPPHead``.
    """

    def __init__(self, dropout_ratio: float = 0.1, **kwargs: Any) -> None:
        super().__init__(dropout_ratio=0, **kwargs)
        layer = dict(
            conv_cfg=self.conv_cfg,
            norm_cfg=self.norm_cfg,
            act_cfg=self.act_cfg,
        )
        branches = len(self.dilations) + 1
        self.bottleneck = nn.Sequential(
            ConvModule(branches * self.channels, self.channels, 1, **layer),
            nn.Dropout(dropout_ratio),
            ConvModule(self.channels, self.channels, 3, padding=1, **layer),
        )
