"""Images without a file: constant, noise, and the built-in scenes."""

from typing import Any, Callable, Optional, Sequence

import numpy as np

from mmchanpos.errors import InputError, one_of
from mmchanpos.registry import DATASETS

from .drawn import Drawn
from .synthetic import draw_objects, draw_streets

Draw = Callable[[int, int, int], np.ndarray]


def _gaussian(num: int, size: int, seed: int) -> np.ndarray:
    # Cut off at black, with the mean (25) and the deviation (24) of the noise
    # image that was released with PosENet.
    values = np.random.default_rng(seed).normal(20, 30, (num, size, size, 3))
    return values.clip(0, 255).astype(np.uint8)


def _streets(num: int, size: int, seed: int) -> np.ndarray:
    # Scenes are twice as wide as high; pairs of columns become one.
    scenes = draw_streets(num, size, 2 * size, seed=seed)
    images = np.stack([scene.image for scene in scenes])
    pairs = images.reshape(num, size, size, 2, 3)
    return pairs.mean(3).astype(np.uint8)


CONTENTS: dict[str, Draw] = {
    'black': lambda n, size, _: np.zeros((n, size, size, 3), np.uint8),
    'white': lambda n, size, _: np.full((n, size, size, 3), 255, np.uint8),
    'gaussian': _gaussian,
    'uniform': lambda n, size, seed: np.random.default_rng(seed).integers(
        0, 256, (n, size, size, 3), np.uint8
    ),
    'objects': lambda n, size, seed: draw_objects(n, size, seed=seed)[0],
    'streets': _streets,
}


@DATASETS.register_module()
class DrawnImages(Drawn):
    """Images that probe an encoder, drawn from a seed when the set is built.

    Args:
        content (str): ``black``, ``white``, ``gaussian`` or ``uniform``
            noise, ``objects`` (small figures anywhere) or ``streets``.
        num (int): How many. Constant images are all alike. Defaults to 1.
        size (int): Height and width. Defaults to 224.
        seed (int): Seed of the set. Defaults to 0.
        source (str, optional): Name under which scores are reported. Defaults
            to None: ``content``.
        **kwargs: Of :class:`.drawn.Drawn`.

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
        **kwargs: Any,
    ) -> None:
        one_of(CONTENTS, content, 'there are no drawn images of')
        if num < 1 or size < 1:
            raise InputError(
                f'num={num} images of size={size} are none at all; both must '
                'be positive.'
            )
        self.content = content
        self.source = source or content
        self._drawing = num, size, seed
        super().__init__(**kwargs)

    def load_arrays(self) -> tuple[np.ndarray, None, None]:
        """Draw the images (N, H, W, 3); they have no labels."""
        return CONTENTS[self.content](*self._drawing), None, None

    def _samples(self, batch: dict[str, Any]) -> Sequence[dict]:
        samples = super()._samples(batch)
        return [{**sample, 'source': self.source} for sample in samples]
