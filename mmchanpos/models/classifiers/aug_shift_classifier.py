"""Any classifier of mmpretrain, trained on several shifted views."""

from typing import Any, Optional, Sequence, Union

import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor

from mmchanpos.errors import InputError, one_of
from mmchanpos.models.losses import pooled
from mmchanpos.registry import MODELS


@MODELS.register_module()
class AugShiftClassifier(ImageClassifier):
    """Classifier that is trained to give one latent for all shifts.

    The loss is l1 + l2 + lambda * MSE(z1, z2) (Eq. 1), with one l for every
    view. All views pass the network in one forward, so its batch statistics
    are those of all of them. At test time this is the plain classifier.

    Args:
        augshift (dict): Config of the loss between the views, such as
            :class:`mmchanpos.AugShiftLoss`.
        align (str): Which latents it compares: ``gap`` or ``logits``.
            Defaults to ``'gap'``.
        **kwargs: Those of :class:`mmpretrain.models.ImageClassifier`.
    """

    def __init__(
        self,
        *args: Any,
        augshift: Optional[dict] = None,
        align: str = 'gap',
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        one_of(('gap', 'logits'), align, 'AugShiftClassifier: no align')
        if not self.with_head:
            raise InputError('AugShiftClassifier needs a head.')
        views = getattr(self.data_preprocessor, 'num_views', None)
        if views == 1:
            raise InputError(
                'AugShift compares views, but the data preprocessor makes '
                'one: set num_views=2 or more.'
            )
        self.align = align
        self.augshift = MODELS.build(
            augshift or dict(type='mmchanpos.AugShiftLoss')
        )

    def loss(
        self,
        inputs: Union[Tensor, Sequence[Tensor]],
        data_samples: list[DataSample],
    ) -> dict[str, Tensor]:
        """Losses of all views and the one between them.

        Args:
            inputs (Sequence[Tensor]): One batch per view, each (B, C, H, W).
            data_samples (list[DataSample]): Labels of the B images.

        Returns:
            dict[str, Tensor]: The head's losses, summed over the views as in
            Eq. 1; ``loss_augshift``; and ``latent_norm`` for the log.
        """
        if isinstance(inputs, Tensor) or len(inputs) < 2:
            raise InputError(
                'AugShiftClassifier was given a single view of every image. '
                'Make more in the pipeline (mmchanpos.ShiftViews or '
                'mmpretrain.MultiView) or on the device '
                '(mmchanpos.ShiftViewsPreprocessor).'
            )
        views = len(inputs)
        feats = self.extract_feat(torch.cat(list(inputs)))
        split = _split(feats, views)
        losses: dict[str, Tensor] = {}
        for feat in split:
            for name, value in self.head.loss(feat, data_samples).items():
                if 'loss' not in name:
                    # mmpretrain gives accuracies as one-item lists.
                    if not isinstance(value, Tensor):
                        value = torch.stack(list(value))
                    value = value.mean() / views
                losses[name] = losses.get(name, 0) + value
        if self.align == 'gap':
            latents = [pooled(_last(feat)) for feat in split]
        else:
            latents = [self.head(feat) for feat in split]
        losses['loss_augshift'] = self.augshift(latents)
        norms = torch.cat([z.detach().norm(dim=1) for z in latents])
        losses['latent_norm'] = norms.mean()
        return losses


def _split(feats: Any, views: int) -> list[Any]:
    """Cut tensors, however nested, into the views again."""
    if isinstance(feats, Tensor):
        return list(feats.chunk(views))
    parts = [_split(feat, views) for feat in feats]
    return [type(feats)(part) for part in zip(*parts)]


def _last(feat: Any) -> Tensor:
    while not isinstance(feat, Tensor):
        feat = feat[-1]
    return feat
