"""Several views of one image that differ by a shift alone."""

from typing import Optional

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmchanpos.errors import InputError
from mmchanpos.registry import TRANSFORMS
from mmchanpos.shift import ShiftProtocol


@TRANSFORMS.register_module()
class ShiftViews(BaseTransform):
    """Make views in the data pipeline, for AugShift training.

    The same distribution as :class:`mmchanpos.ShiftViewsPreprocessor` makes
    on the device, for pipelines that go on with other steps per view. Steps
    before it, such as a flip, are shared by all views. Crops that differ in
    scale too are made by ``mmpretrain.MultiView``.

    .. code-block:: python

        train_pipeline = [
            dict(type='LoadImageFromFile'),
            # a canvas of 224 + 8, so that two crops share their scale
            dict(type='RandomResizedCrop', scale=232),
            dict(type='mmchanpos.ShiftViews', mode='crop', crop=224,
                 max_shift=8),
            dict(type='PackInputs')]

    Required and modified key: ``img`` (H, W, C), which becomes a list.

    Args:
        num_views (int): At least 2. Defaults to 2.
        max_shift (int): N: uniform shifts of -N..N in both directions, or
            windows at offsets of 0..N in mode ``crop``. Defaults to 4.
        mode (str): ``zero``, ``reflect``, ``replicate``, ``circular`` or
            ``crop``. Defaults to ``'zero'``.
        crop (int, optional): Side of the views in mode ``crop``.
    """

    def __init__(
        self,
        num_views: int = 2,
        max_shift: int = 4,
        mode: str = 'zero',
        crop: Optional[int] = None,
    ) -> None:
        if num_views < 2:
            raise InputError(
                f'num_views={num_views} of ShiftViews: AugShift compares '
                'views, so 2 or more were wanted.'
            )
        self.num_views = num_views
        self.shifts = ShiftProtocol.for_views(num_views, max_shift, mode, crop)

    def transform(self, results: dict) -> dict:
        """Replace ``img`` by a list of its views."""
        image = np.ascontiguousarray(results['img'])
        grid = self.shifts.grid()
        drawn = grid[np.random.randint(len(grid), size=self.num_views)]
        maps = torch.from_numpy(image).permute(2, 0, 1)[None]
        self.shifts.check(*image.shape[:2])
        views = self.shifts.apply(
            maps.expand(self.num_views, -1, -1, -1), drawn
        )
        results['img'] = list(views.permute(0, 2, 3, 1).numpy())
        results['img_shape'] = tuple(views.shape[2:])
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.shifts.describe()})'
