"""One random stream per sample, so that order and workers do not matter."""

import numpy as np

from mmchanpos.errors import InputError, nearest

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
    if split not in SPLITS:
        raise InputError(
            f'There is no split "{split}". {nearest(split, SPLITS)}'
        )
    return np.random.default_rng([seed, SPLITS.index(split), index])
