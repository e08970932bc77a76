"""One random stream per sample, so that order and workers do not matter."""

import numpy as np

from mmchanpos.errors import one_of

SPLITS = ('train', 'val', 'test')


def sample_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """Random numbers of one sample and of no other.

    Args:
        seed (int): Seed of the whole set.
        split (str): ``train``, ``val`` or ``test``.
        index (int): Number of the sample in its split.

    Returns:
        np.random.Generator: Always the same for the same three.

    Example:
        >>> a = sample_rng(0, 'val', 7).random()
        >>> a == sample_rng(0, 'val', 7).random()
        True
        >>> a == sample_rng(0, 'train', 7).random()
        False
    """
    one_of(SPLITS, split, 'There is no split')
    return np.random.default_rng([seed, SPLITS.index(split), index])
