"""The host's random flip, for a whole batch at once as well."""

from typing import Any

import numpy as np
from mmcv.transforms import RandomFlip as HostRandomFlip

from mmchanpos.errors import InputError
from mmchanpos.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomFlip(HostRandomFlip):
    """Flip images left to right with a probability.

    Sample by sample this is mmcv's ``RandomFlip``. A stacked batch, as
    :class:`~mmchanpos.datasets.ArrayDataset` hands over, is flipped in one
    piece, each image by its own draw.

    Args:
        prob (float): Probability of a flip. Defaults to 0.5.

    Example:
        >>> images = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
        >>> flip = RandomFlip(prob=1.0)
        >>> flip.transform_batch(dict(img=images))['img'][0, ..., 0]
        array([[1, 0],
               [3, 2]], dtype=uint8)
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise InputError(f'prob={prob} is no probability (0 to 1).')
        super().__init__(prob=float(prob), direction='horizontal')

    def transform_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Flip a stacked batch (B, H, W, C)."""
        images = results['img']
        chosen = np.random.random(len(images)) < self.prob
        results['img'] = images.copy()
        results['img'][chosen] = images[chosen, :, ::-1]
        results['flip'] = chosen
        return results
