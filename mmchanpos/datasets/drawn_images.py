"""Images without a file: constant, noise, and the built-in scenes."""

from typing import Any, Callable, Dict, Optional, Sequence, Tuple, Union

import numpy as np

from mmchanpos.errors import InputError, nearest
from mmchanpos.registry import DATASETS

from .array_dataset import ArrayDataset
from .synthetic import draw_objects, draw_streets

Draw = Callable[[int, int, int], np.ndarray]


def _black(num: int, size: int, seed: int) -> np.ndarray:
    return np.zeros((num, size, size, 3), np.uint8)


def _white(num: int, size: int, seed: int) -> np.ndarray:
    return np.full((num, size, size, 3), 255, np.uint8)


def _gaussian(num: int, size: int, seed: int) -> np.ndarray:
    # Cut off at black, with the mean (25) and the deviation (24) of the noise
    # image that was released with PosENet.
    values = np.random.default_rng(seed).normal(20, 30, (num, size, size, 3))
    return values.clip(0, 255).astype(np.uint8)


def _uniform(num: int, size: int, seed: int) -> np.ndarray:
    shape = num, size, size, 3
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def _objects(num: int, size: int, seed: int) -> np.ndarray:
    return draw_objects(num, size, seed=seed)[0]


def _streets(num: int, size: int, seed: int) -> np.ndarray:
    # Scenes are twice as wide as high; pairs of columns become one.
    scenes = draw_streets(num, size, 2 * size, seed=seed)
    images = np.stack([scene.image for scene in scenes])
    pairs = images.reshape(num, size, size, 2, 3)
    return pairs.mean(3).astype(np.uint8)


CONTENTS: Dict[str, Draw] = {
    'black': _black,
    'white': _white,
    'gaussian': _gaussian,
    'uniform': _uniform,
    'objects': _objects,
    'streets': _streets,
}


@DATASETS.register_module()
class DrawnImages(ArrayDataset):
    """Images that probe an encoder, drawn from a seed when the set is built.

    Args:
        content (str): ``black``, ``white``, ``gaussian`` or ``uniform``
            noise, ``objects`` (small figures anywhere) or ``streets``.
        num (int): How many. Constant images are all alike. Defaults to 1.
        size (int): Height and width. Defaults to 224.
        seed (int): Seed of the set. Defaults to 0.
        source (str, optional): Name under which scores are reported. Defaults
            to None: ``content``.
        metainfo (dict, optional): As in :class:`ArrayDataset`.
        indices (int | Sequence[int], optional): As in :class:`ArrayDataset`.
        pipeline (Sequence[dict]): As in :class:`ArrayDataset`.
        test_mode (bool): As in mmengine.
        lazy_init (bool): Whether to draw nothing until the first use.

    Example:
        >>> sample = DrawnImages('white', num=2, size=8)[1]
        >>> sample['img'].shape, int(sample['img'].min()), sample['source']
        ((8, 8, 3), 255, 'white')
    """

    def __init__(
        self,
        content: str,
        num: int = 1,
        size: int = 224,
        seed: int = 0,
        source: Optional[str] = None,
        metainfo: Optional[dict] = None,
        indices: Union[int, Sequence[int], None] = None,
        pipeline: Sequence[Any] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        if content not in CONTENTS:
            raise InputError(
                f'there are no drawn images of "{content}". '
                f'{nearest(content, CONTENTS)} All: {", ".join(CONTENTS)}.'
            )
        if num < 1 or size < 1:
            raise InputError(
                f'num={num} images of size={size} are none at all; both must '
                'be positive.'
            )
        self.content = content
        self.source = source or content
        self._drawing = num, size, seed
        super().__init__(
            (),
            metainfo=metainfo,
            indices=indices,
            pipeline=pipeline,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def load_arrays(self) -> Tuple[np.ndarray, None, None]:
        """Draw the images (N, H, W, 3); they have no labels."""
        return CONTENTS[self.content](*self._drawing), None, None

    def _samples(self, batch: Dict[str, Any]) -> Sequence[dict]:
        samples = super()._samples(batch)
        return [{**sample, 'source': self.source} for sample in samples]
