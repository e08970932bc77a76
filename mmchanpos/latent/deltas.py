"""What a mirrored (or shifted) image changes in each channel, per image.

One pass over a data set keeps, for every tap, the pooled latent GAP(z) of
each image and of its variants. Every ranking is arithmetic on these rows, so
a new question costs no new pass.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError, nearest
from mmchanpos.files import PathLike, read_npz, write_npz

from .tap import Latent, Tap, levels


def gap(latent: Latent, channel_dim: int = 1) -> Tensor:
    """Global average pooling of a latent, its levels side by side.

    Args:
        latent (Tensor or tuple of Tensor): Maps (B, C, H, W), vectors (B, C)
            or tokens (B, N, C), one or several.
        channel_dim (int): Axis of the channels. Defaults to 1.

    Returns:
        Tensor: (B, C) in double precision, C counted through all levels.

    Example:
        >>> gap(torch.ones(2, 3, 4, 4)).shape
        torch.Size([2, 3])
    """
    pooled = []
    for level in levels(latent):
        moved = level.movedim(channel_dim, 1)
        if moved.ndim > 2:
            moved = moved.flatten(2).mean(dim=2, dtype=torch.float64)
        pooled.append(moved.double())
    return torch.cat(pooled, dim=1)


@dataclass(frozen=True, eq=False)
class Deltas:
    """Pooled latents of one tap for every image, plain and changed.

    Args:
        tap (Tap): Where they were read.
        widths (tuple of int): Channels of each level.
        vectors (dict): Variant name to rows (n, C).
        index (ndarray): Place of each image in the data set, (n,).
        names (sequence of str): Name of each image.
        about (dict): Provenance: data set, config, checkpoint.
    """

    tap: Tap
    widths: Tuple[int, ...]
    vectors: Dict[str, np.ndarray]
    index: np.ndarray
    names: Sequence[str]
    about: Dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.index)

    def variant(self, name: str) -> np.ndarray:
        """Rows (n, C) of one variant, in double precision."""
        if name not in self.vectors:
            raise InputError(
                f'the pass over the data recorded {sorted(self.vectors)} at '
                f'"{self.tap}", but not "{name}"; ask for it in another pass.'
            )
        return self.vectors[name].astype(np.float64)

    def difference(
        self, one: str = 'plain', other: str = 'flip'
    ) -> np.ndarray:
        """GAP(z) of one variant minus that of another, (n, C)."""
        return self.variant(one) - self.variant(other)

    def rows_of(self, names: Sequence[str]) -> np.ndarray:
        """Which rows belong to the images of a list, such as val-left.

        Args:
            names (sequence of str): Image names, with or without folders and
                suffixes; all must have been seen.
        """
        place = {_key(name): row for row, name in enumerate(self.names)}
        wanted = [_key(name) for name in names]
        missing = [name for name in wanted if name not in place]
        if missing:
            raise InputError(
                f'{len(missing)} of the {len(wanted)} listed images were not '
                f'in the data set, such as "{missing[0]}". '
                f'{nearest(missing[0], place)}'
            )
        if not wanted:
            raise InputError('the list of images is empty.')
        return np.array([place[name] for name in wanted])

    def save(self, path: PathLike) -> None:
        """Write everything into one ``.npz``."""
        head = {
            'format': 1,
            'tap': self.tap.as_dict(),
            'widths': list(self.widths),
            'names': list(self.names),
            'about': self.about,
        }
        rows = {f'gap_{name}': rows for name, rows in self.vectors.items()}
        head = np.array(json.dumps(head))
        write_npz(path, head=head, index=self.index, **rows)

    @classmethod
    def load(cls, path: PathLike) -> 'Deltas':
        """Read what :meth:`save` wrote."""
        arrays = read_npz(path)
        try:
            head = json.loads(str(arrays['head']))
            vectors = {
                name[len('gap_') :]: rows
                for name, rows in arrays.items()
                if name.startswith('gap_')
            }
            return cls(
                Tap.of(head['tap']),
                tuple(head['widths']),
                vectors,
                arrays['index'],
                head['names'],
                head['about'],
            )
        except (KeyError, ValueError) as e:
            raise InputError(
                f'{path} does not hold channel differences ({e}); '
                'tools/rank_channels.py writes such files.'
            ) from e

    @classmethod
    def merge(cls, parts: Sequence['Deltas']) -> 'Deltas':
        """Join what several processes saw; images seen twice count once."""
        index = np.concatenate([part.index for part in parts])
        index, rows = np.unique(index, return_index=True)
        names = [name for part in parts for name in part.names]
        return cls(
            parts[0].tap,
            parts[0].widths,
            {
                name: np.concatenate([p.vectors[name] for p in parts])[rows]
                for name in parts[0].vectors
            },
            index,
            [names[row] for row in rows],
            parts[0].about,
        )


def _key(name: str) -> str:
    stem = re.split(r'[/\\]', str(name))[-1]
    stem = re.sub(r'\.(png|jpe?g|bmp|tiff?|ppm|npy)$', '', stem, flags=re.I)
    return re.sub(r'_(leftImg8bit|gtFine_labelTrainIds|gtFine)$', '', stem)
