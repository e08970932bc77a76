"""An image classifier with the options of the position experiments."""

from typing import Optional, Union

import torch
from mmpretrain.models.classifiers import ImageClassifier
from torch import nn

from mmchanpos.latent import find_module
from mmchanpos.latent.padding import set_padding_mode
from mmchanpos.models.necks import PermuteChannel
from mmchanpos.registry import MODELS


@MODELS.register_module()
class GridClassifier(ImageClassifier):
    """The host's classifier, with its padding, order or freedom taken away.

    Args:
        padding (str): How every layer, backbone and head, meets the border:
            ``zero``, ``reflect``, ``replicate``, ``circular``, ``partial`` or
            ``none``. Defaults to ``'zero'``, which changes nothing.
        permute (dict, optional): Permute the channels that enter a module:
            ``dict(before='backbone.layer3', mode=..., seed=...)``, see
            :class:`~mmchanpos.models.necks.PermuteChannel`. Defaults to None.
        freeze (bool): Train the head alone: the backbone keeps its weights
            and its statistics. Defaults to False.
        **kwargs: As in :class:`mmpretrain.models.ImageClassifier`.
    """

    def __init__(
        self,
        backbone: Union[dict, nn.Module],
        padding: str = 'zero',
        permute: Optional[dict] = None,
        freeze: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(backbone, **kwargs)
        if padding != 'zero':
            set_padding_mode(self, padding)
        if permute is not None:
            options = dict(permute)
            module = find_module(self, options.pop('before', ''))
            self.permute = PermuteChannel(**options)
            module.register_forward_pre_hook(self._permute_inputs)
        self.freeze = freeze
        if freeze:
            self.backbone.requires_grad_(False)

    def _permute_inputs(self, module: nn.Module, inputs: tuple) -> tuple:
        return (self.permute(inputs[0]), *inputs[1:])

    def train(self, mode: bool = True) -> 'GridClassifier':
        """Set the mode; a frozen backbone stays in evaluation."""
        super().train(mode)
        if self.freeze:
            self.backbone.eval()
        return self

    def extract_feat(self, inputs: torch.Tensor, stage: str = 'neck'):
        """Features of the host's stages; no graph through what is frozen."""
        if not self.freeze or stage != 'neck':
            return super().extract_feat(inputs, stage)
        with torch.no_grad():
            feats = super().extract_feat(inputs, 'backbone')
        return self.neck(feats) if self.with_neck else feats
