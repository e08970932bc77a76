"""PosENet: read absolute position maps out of a frozen encoder."""

from typing import Any, Mapping, Optional, Sequence, Union

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS

from .frozen_encoder import align
from .posenet_bank import ReadoutBank
from .posenet_loss import UpsampledMSE, enlarge
from .posenet_spec import ReadoutSpec, expand
from .position_maps import position_map


@MODELS.register_module()
class PosENet(BaseModel):
    """Position encoding network of "How Much Position Information Do
    Convolutional Neural Networks Encode?" (ICLR 2020).

    The stages of a frozen encoder are resized to 28x28 and concatenated; one
    to three convolutions read a position map out of them. Without an encoder
    they see the resized image, which is the paper's "PosENet alone". Many
    read-outs are trained in one pass, each as if it were alone.

    Args:
        readouts (dict | Sequence[dict]): What to read; every field may be
            a list, see :func:`~.posenet_spec.expand`.
        encoder (dict, optional): A :class:`FrozenEncoder`. Defaults to None:
            PosENet alone.
        formulas (dict, optional): Position maps of one's own, by name, see
            :func:`~.position_maps.position_map`.
        value_range (Sequence[float]): Least and greatest value of the maps.
            Defaults to (0, 1).
        norm (bool): Batch normalization in the read-outs. Defaults to True.
        sigmoid (bool, optional): Sigmoid at their end. Defaults to None:
            where the maps lie in [0, 1].
        image_size (int | Sequence[int]): Height and width of the images,
            at which the loss and the scores are taken. Defaults to 224.
        feature_size (int): Side of the features. Defaults to 28.
        data_preprocessor (dict, optional): As in mmengine.

    A config::

        model = dict(
            type='mmchanpos.PosENet',
            encoder=dict(
                type='mmchanpos.FrozenEncoder',
                backbone=dict(
                    type='mmpretrain.ResNet',
                    depth=152,
                    out_indices=(0, 1, 2, 3),
                ),
                checkpoint='resnet152.pth',
            ),
            readouts=dict(map=['H', 'V', 'G'], kernel=[1, 3, 7]),
        )
    """

    def __init__(
        self,
        readouts: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]],
        encoder: Optional[Mapping[str, Any]] = None,
        formulas: Optional[Mapping[str, Any]] = None,
        value_range: Sequence[float] = (0, 1),
        norm: bool = True,
        sigmoid: Optional[bool] = None,
        image_size: Union[int, Sequence[int]] = 224,
        feature_size: int = 28,
        data_preprocessor: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        inside = value_range[0] >= 0 and value_range[1] <= 1
        if sigmoid and not inside:
            raise InputError(
                f'a sigmoid cannot reach maps in {tuple(value_range)}: set '
                'sigmoid=False, or value_range=(0, 1).'
            )
        specs = expand(readouts)
        square = isinstance(image_size, int)
        self.image_size = (image_size,) * 2 if square else tuple(image_size)
        self.truths = {
            name: position_map(name, self.image_size, value_range, formulas)
            for name in dict.fromkeys(spec.map for spec in specs)
        }
        sizes = {'image_size': self.image_size, 'feature_size': feature_size}
        self.encoder = None
        channels: tuple[int, ...] = (3,)
        if encoder is not None:
            self.encoder = MODELS.build(dict(encoder), default_args=sizes)
            channels = self.encoder.channels
            feature_size = self.encoder.feature_size
        self.feature_size = feature_size
        shapes: dict[tuple, list[ReadoutSpec]] = {}
        for spec in specs:
            shapes.setdefault(spec.shape, []).append(spec)
        sigmoid = inside if sigmoid is None else sigmoid
        self.banks = nn.ModuleList()
        self.losses = nn.ModuleList()
        for group in shapes.values():
            bank = ReadoutBank(group, channels, norm, sigmoid)
            truth = torch.stack([self.truths[spec.map] for spec in group])
            self.banks.append(bank)
            self.losses.append(UpsampledMSE(truth, bank.size(feature_size)))

    def forward(
        self,
        inputs: Tensor,
        data_samples: Optional[Sequence[BaseDataElement]] = None,
        mode: str = 'tensor',
    ) -> Union[dict[str, Tensor], list[BaseDataElement], list[Tensor]]:
        """Read maps out of images.

        Args:
            inputs (Tensor): (B, 3, H, W).
            data_samples (Sequence, optional): Their meta information.
            mode (str): ``loss``, ``predict`` or ``tensor``.

        Returns:
            dict, list of BaseDataElement, or list of Tensor: Losses; samples
            with ``position_maps``, a (H, W) prediction per read-out, and
            ``position_truths``; or the small maps (B, R, h, w) of each bank.
        """
        if tuple(inputs.shape[-2:]) != self.image_size:
            raise InputError(
                f'images of {tuple(inputs.shape[-2:])} came to a PosENet with '
                f'image_size={self.image_size}: resize them in the pipeline, '
                'or set image_size.'
            )
        stages = self.stages(inputs)
        small = [bank(stages) for bank in self.banks]
        if mode == 'tensor':
            return small
        if mode == 'loss':
            return self._loss(small)
        if mode == 'predict':
            return self._predict(small, data_samples)
        raise InputError(
            f'mode="{mode}"; wanted is "loss", "predict" or "tensor".'
        )

    @property
    def specs(self) -> list[ReadoutSpec]:
        """All read-outs, in the order of the banks."""
        return [spec for bank in self.banks for spec in bank.specs]

    def init_weights(self) -> None:
        """Initialize the encoder; read-outs start from their own seeds."""
        if self.encoder is not None:
            self.encoder.init_weights()

    def stages(self, images: Tensor) -> tuple[Tensor, ...]:
        """Aligned features (B, C, S, S), or the resized image alone."""
        if self.encoder is None:
            return (align(images, self.feature_size),)
        return self.encoder(images)

    def _loss(self, small: list[Tensor]) -> dict[str, Tensor]:
        each = [loss(maps).mean(0) for loss, maps in zip(self.losses, small)]
        # A sum, so that the gradient of each is what it would be alone.
        total = torch.stack([errors.sum() for errors in each]).sum()
        if not torch.isfinite(total):
            raise InputError(
                'the loss of PosENet is not finite: the encoder gives NaN or '
                'infinity for some image, or lr is too high.'
            )
        return {'loss': total, 'mse': total.detach() / len(self.specs)}

    def _predict(
        self,
        small: list[Tensor],
        data_samples: Optional[Sequence[BaseDataElement]],
    ) -> list[BaseDataElement]:
        large = torch.cat([enlarge(m, self.image_size) for m in small], 1)
        names = [spec.name for spec in self.specs]
        samples = []
        for i, maps in enumerate(large):
            given = data_samples[i].metainfo if data_samples else {}
            sample = BaseDataElement(metainfo=given)
            sample.position_maps = dict(zip(names, maps))
            sample.position_truths = self.truths
            samples.append(sample)
        return samples
