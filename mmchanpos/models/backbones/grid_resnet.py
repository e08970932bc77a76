"""ResNet with the stem that GAPNet is built on."""

from typing import Optional

from mmpretrain.models.backbones import ResNet
from torch import nn

from mmchanpos.registry import MODELS


@MODELS.register_module()
class GridResNet(ResNet):
    """ResNet with a 7x7 stride-2 stem and no max-pooling (Sec. 3.1).

    The host's ResNet pools after the stem and its CIFAR variant has no
    stride there; the authors' net lies between the two, so that the latent
    of a 96x96 canvas is 6x6. As theirs, it starts from torch's own weights
    and its residual branches are not zero at the start.

    Args:
        depth (int): 18, 34, 50, 101 or 152.
        zero_init_residual (bool): Defaults to False.
        init_cfg (dict, optional): Defaults to None, torch's own weights.
        **kwargs: As in :class:`mmpretrain.models.ResNet`.
    """

    def __init__(
        self,
        depth: int,
        zero_init_residual: bool = False,
        init_cfg: Optional[dict] = None,
        **kwargs,
    ) -> None:
        super().__init__(
            depth,
            zero_init_residual=zero_init_residual,
            init_cfg=init_cfg,
            **kwargs,
        )
        self.maxpool = nn.Identity()
