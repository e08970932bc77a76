"""Make shifted views on the device, for a whole batch at once."""

from dataclasses import replace
from typing import Any, Optional

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.logging import MessageHub
from mmpretrain.models import ClsDataPreprocessor
from torch import Tensor

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS
from mmchanpos.shift import ShiftProtocol, hashed


@MODELS.register_module()
class ShiftViewsPreprocessor(ClsDataPreprocessor):
    """Normalise, flip and shift images; several views of each, if wanted.

    With ``mode='zero'`` a view is what ``RandomCrop`` with padding gives:
    uniform shifts of -N..N in both directions. With ``mode='crop'`` the
    pipeline delivers a larger canvas, of at least ``crop + max_shift``
    pixels, and views are windows of it at uniform offsets 0..N: crops of one
    scale. Flips are shared by the views of an image.

    Draws depend on seed, iteration and sample index alone. A resumed
    training therefore sees the views that an uninterrupted one sees, and no
    worker repeats the draws of another. Images that the pipeline has already
    made views of are only normalised.

    Args:
        num_views (int): Views per image; 1 is plain augmentation. Defaults
            to 2.
        max_shift (int): N. Defaults to 4.
        mode (str): ``zero``, ``reflect``, ``replicate``, ``circular`` or
            ``crop``. Defaults to ``'zero'``.
        crop (int, optional): Side of the views in mode ``crop``.
        flip (float): Probability of a horizontal flip. Defaults to 0.5.
        seed (int, optional): Defaults to the runner's.
        channels_last (bool): Hand the images on in the memory format that
            convolutions in half precision are fastest in. Defaults to False.
        **kwargs: Those of :class:`mmpretrain.models.ClsDataPreprocessor`.
    """

    def __init__(
        self,
        *args: Any,
        num_views: int = 2,
        max_shift: int = 4,
        mode: str = 'zero',
        crop: Optional[int] = None,
        flip: float = 0.5,
        seed: Optional[int] = None,
        channels_last: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if num_views < 1:
            raise InputError(f'num_views={num_views}: at least 1 was wanted.')
        if not 0 <= flip <= 1:
            raise InputError(f'flip={flip}: a probability was wanted.')
        if self.batch_augments is not None and num_views > 1:
            raise InputError(
                'Mixing images (train_cfg.augments) and comparing views of '
                'one image exclude each other: drop one of them.'
            )
        self.num_views, self.flip, self.seed = num_views, flip, seed
        self.channels_last = channels_last
        self.shifts = ShiftProtocol.for_views(num_views, max_shift, mode, crop)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise, and make the views when training.

        Args:
            data (dict): ``inputs`` and ``data_samples`` of a batch.
            training (bool): Whether to augment. Defaults to False.

        Returns:
            dict: ``inputs``: (B, C, H, W), or a list of ``num_views`` such;
            and ``data_samples``.
        """
        inputs = data['inputs']
        # From a pipeline that makes views come several batches.
        if isinstance(inputs, Tensor) or getattr(inputs[0], 'ndim', 4) == 3:
            out = super().forward(data, training)
            views = [out['inputs']]
            if training:
                keys = _sample_indices(out['data_samples'], len(views[0]))
                views = self.make_views(views[0], keys)
        else:
            one = super().forward
            made = [one({**data, 'inputs': v}, training) for v in inputs]
            out, views = made[0], [m['inputs'] for m in made]
        if self.channels_last:
            last = torch.channels_last
            views = [view.contiguous(memory_format=last) for view in views]
        out['inputs'] = views if len(views) > 1 else views[0]
        return out

    def make_views(self, images: Tensor, indices: np.ndarray) -> list[Tensor]:
        """Flip and shift normalised images.

        Args:
            images (Tensor): Shape (B, C, H, W).
            indices (np.ndarray): Sample indices, shape (B,).

        Returns:
            list[Tensor]: ``num_views`` batches, each (B, C, H, W).
        """
        hub = MessageHub.get_current_instance()
        seed = hub.get_info('seed', 0) if self.seed is None else self.seed
        seed = int(hashed(seed, hub.get_info('iter', 0)))
        if self.flip:
            draws = hashed(seed, indices, -1).astype(np.float64) / 2.0**64
            flipped = torch.as_tensor(draws < self.flip, device=images.device)
            images = torch.where(
                flipped[:, None, None, None], images.flip(-1), images
            )
        shifts = replace(self.shifts, seed=seed).draw(indices)
        black = None
        if self._enable_normalize:
            black = (-self.mean / self.std).flatten()
        return [
            self.shifts.apply(images, shifts[:, view], black)
            for view in range(self.num_views)
        ]


def _sample_indices(data_samples: Any, batch: int) -> np.ndarray:
    indices = [s.get('sample_idx') for s in data_samples or ()]
    if len(indices) == batch and None not in indices:
        return np.asarray(indices)
    # Unnamed samples: no two of a batch, on any process, share their draws.
    return np.arange(batch) + batch * get_rank()
