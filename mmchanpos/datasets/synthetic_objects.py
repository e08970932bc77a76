"""The small objects that we draw, as a data set for classifiers."""

from typing import Any, Sequence

import numpy as np

from mmchanpos.registry import DATASETS

from .drawn import Drawn
from .synthetic import OBJECTS, draw_objects


@DATASETS.register_module()
class SyntheticObjects(Drawn):
    """Plane figures on cluttered grounds, drawn when the set is built.

    Needs no file and no network. See
    :func:`mmchanpos.datasets.synthetic.draw_objects` for what is drawn.

    Args:
        num (int): How many images. Defaults to 5000.
        size (int): Their height and width. Defaults to 32.
        classes (Sequence[str]): Figures, one class each. Defaults to all ten.
        seed (int): Seed of the set. Defaults to 0.
        split (str): ``train``, ``val`` or ``test``: independent images.
        spread (float): How far from the middle objects lie; 0 centres all.
            Defaults to 0.32.
        noise (float): Range of the noise of pixels. Defaults to 0.12.
        **kwargs: Of :class:`.drawn.Drawn`.

    Example:
        >>> dataset = SyntheticObjects(num=20, size=16, split='val')
        >>> dataset[0]['img'].shape, dataset.metainfo['classes'][:3]
        ((16, 16, 3), ('disc', 'ring', 'square'))
    """

    def __init__(
        self,
        num: int = 5000,
        size: int = 32,
        classes: Sequence[str] = OBJECTS,
        seed: int = 0,
        split: str = 'train',
        spread: float = 0.32,
        noise: float = 0.12,
        **kwargs: Any,
    ) -> None:
        self._drawing = num, size, classes, seed, split, spread, noise
        super().__init__(classes=classes, **kwargs)

    def load_arrays(self) -> tuple[np.ndarray, np.ndarray, None]:
        """Draw the images (N, H, W, 3) and labels (N, ); names were given."""
        return (*draw_objects(*self._drawing), None)
