"""Constants that hurt least in the place of a model's channels."""

from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from mmchanpos.errors import InputError
from mmchanpos.latent import Tap, unwrap
from mmchanpos.latent.importance import Kept, optimal_constants
from mmchanpos.latent.replay import LatentReplay


def constants_of(
    model: BaseModel,
    tap: Tap,
    loader: DataLoader,
    images: int = 8,
    steps: int = 60,
) -> np.ndarray:
    """What to put in the place of any of a model's channels.

    The model's own loss of the first test images decides, one by one, so
    that neither batches nor processes do. Their encoder is run once.

    Args:
        model (BaseModel): A segmentor or a classifier.
        tap (Tap): Where its latent is, of one level.
        loader (DataLoader): Its test images.
        images (int): How many, if there are. Defaults to 8.
        steps (int): Of the descent. Defaults to 60.

    Returns:
        ndarray: One constant per channel, (C,).
    """
    model = unwrap(model)
    dataset, collate = loader.dataset, loader.collate_fn
    kept: list[Kept] = [
        _kept(model, tap, collate([dataset[i]]))
        for i in range(min(images, len(dataset)))
    ]
    channels = range(kept[0][0].shape[1])
    return optimal_constants(kept, channels, steps)


def _kept(model: BaseModel, tap: Tap, batch: dict) -> Kept:
    data = model.data_preprocessor(batch, False)
    sample = data['data_samples'][0]
    if not ('gt_sem_seg' in sample or 'gt_label' in sample):
        raise InputError(
            'value="optimal" asks for the loss of test images, which is known '
            'of a segmentor and of a classifier; take another value.'
        )
    replay = LatentReplay(model, tap)

    def run() -> Any:
        return model.parse_losses(model(**data, mode='loss'))[0]

    replay.record(run)
    (latent,) = replay.latents
    if not isinstance(latent, Tensor) or tap.channel_dim != 1:
        raise InputError(
            f'value="optimal" takes a latent of one level with channels '
            f'first; that of "{tap}" is none.'
        )

    def loss(changed: Tensor) -> Tensor:
        with (
            replay.memo.replaying(),
            tap.replace(model, lambda _: changed),
            torch.enable_grad(),
        ):
            return run()[None]

    return latent, loss
