"""What a mirrored (or shifted) image changes in each channel, per image.

One pass over a data set keeps, for every tap, the pooled latent GAP(z) of
each image and of its variants. Every ranking is arithmetic on these rows, so
a new question costs no new pass.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

import numpy as np

from mmchanpos.errors import InputError, nearest
from mmchanpos.files import PathLike, read_npz, write_npz

from .cell_maps import CellMaps
from .moments import TARGETS, Moments
from .tap import Tap
from .tap_record import SQUARES


def plain_stem(name: str) -> str:
    """Name of an image without folders and the suffix of an image file.

    Example:
        >>> plain_stem('val/town_3.5.PNG')
        'town_3.5'
    """
    name = re.split(r'[/\\]', str(name))[-1]
    kinds = 'png|jpe?g|bmp|tiff?|ppm|pgm|npy|webp|gif|jp2'
    return re.sub(rf'\.({kinds})$', '', name, flags=re.I)


def _folder(name: str) -> str:
    return ''.join(f'/{part}' for part in re.split(r'[/\\]', str(name))[:-1])


def _one_of(rows: dict[str, int], name: str) -> int:
    """Row of the one of several images, by name, that a folder means."""
    seen = list(rows)
    if len(seen) > 1:
        seen = [s for s in seen if _folder(s).endswith(_folder(name))]
    if len(seen) != 1:
        raise InputError(
            f'"{name}" may be any of {list(rows)[:3]}: list images with '
            'their folders, by which these differ.'
        )
    return rows[seen[0]]


@dataclass(frozen=True, eq=False)
class Deltas:
    """What every ranking of one tap is computed from, without another pass.

    It holds the pooled latent of every image, plain and changed.

    Args:
        tap (Tap): Where they were read.
        widths (tuple[int, ...]): Channels of each level.
        vectors (dict): Variant name to rows (n, C).
        index (ndarray): Place of each image in the data set, (n,).
        names (Sequence[str]): Name of each image.
        about (dict): Provenance: data set, config, checkpoint.
        maps (Sequence[CellMaps]): Sums of the unpooled maps, one per level.
            Defaults to none.
        moments (Sequence[Moments]): Covariances over images and places, of
            two halves of the images. Defaults to none.
    """

    tap: Tap
    widths: tuple[int, ...]
    vectors: dict[str, np.ndarray]
    index: np.ndarray
    names: Sequence[str]
    about: dict[str, Any] = field(default_factory=dict)
    maps: Sequence[CellMaps] = ()
    moments: Sequence[Moments] = ()

    def __len__(self) -> int:
        return len(self.index)

    @property
    def recorded(self) -> list[str]:
        """Names of what scores may need: variants, and ``'maps'``.

        Scores of maps compare blocks of images, so one block is too few.
        """
        counts = [part.arrays.get('count', np.zeros(1)) for part in self.maps]
        several = min(map(np.count_nonzero, counts), default=0) > 1
        return [*self.vectors, *(['maps'] if several else [])]

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

    @property
    def dead(self) -> np.ndarray:
        """Channels that are 0 for every image in every variant."""
        strongest = np.zeros(sum(self.widths))
        for name, rows in self.vectors.items():
            size = np.abs(rows).max(axis=0)
            size = np.sqrt(size) if name in SQUARES else size
            strongest = np.maximum(strongest, size)
        # What rounding leaves of a 0 is none of the channel's doing.
        return np.flatnonzero(strongest <= 1e-6 * strongest.mean())

    def rows_of(
        self, names: Sequence[str], stem: Callable[[str], str] = plain_stem
    ) -> np.ndarray:
        """Which rows belong to the images of a list, such as val-left.

        Args:
            names (Sequence[str]): Image names; all must have been seen. Where
                images of several folders share a name, the folder has to be
                there too.
            stem (Callable): What is to be equal in a listed and in a seen
                name. Defaults to the name without folders and suffix.
        """
        # A set may show the same image several times; one row is enough.
        places: dict[str, dict[str, int]] = {}
        for row, name in enumerate(self.names):
            places.setdefault(stem(name), {})[name] = row
        missing = [s for s in map(stem, names) if s not in places]
        if missing:
            raise InputError(
                f'{len(missing)} of the {len(names)} listed images were not '
                f'in the data set, such as "{missing[0]}". '
                f'{nearest(missing[0], places)}'
            )
        if not len(names):
            raise InputError('the list of images is empty.')
        return np.array([_one_of(places[stem(n)], n) for n in names])

    def save(self, path: PathLike) -> None:
        """Write everything into one ``.npz``."""
        head = {
            'format': 1,
            'tap': self.tap.as_dict(),
            'widths': list(self.widths),
            'names': list(self.names),
            'about': self.about,
            'targets': [t for m in self.moments[:1] for t in m.targets],
        }
        rows = {f'gap_{name}': rows for name, rows in self.vectors.items()}
        rows.update(_packed('map', self.maps))
        rows.update(_packed('moment', self.moments))
        text = np.array(json.dumps(head))
        write_npz(path, head=text, index=self.index, **rows)

    @classmethod
    def load(cls, path: PathLike) -> 'Deltas':
        """Read what :meth:`save` wrote."""
        arrays = read_npz(path)
        try:
            head = json.loads(str(arrays['head']))
            targets = head.get('targets') or TARGETS
            return cls(
                Tap.of(head['tap']),
                tuple(head['widths']),
                _under('gap_', arrays),
                arrays['index'],
                head['names'],
                head['about'],
                [CellMaps(part) for part in _unpacked('map', arrays)],
                [Moments(targets, p) for p in _unpacked('moment', arrays)],
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
                if all(name in p.vectors for p in parts)
            },
            index,
            [names[row] for row in rows],
            parts[0].about,
            _merged(CellMaps, [part.maps for part in parts]),
            _merged(Moments, [part.moments for part in parts]),
        )


def _packed(kind: str, parts: Sequence[Any]) -> dict[str, np.ndarray]:
    return {
        f'{kind}_{i}_{name}': array
        for i, part in enumerate(parts)
        for name, array in part.arrays.items()
    }


def _unpacked(
    kind: str, arrays: dict[str, np.ndarray]
) -> list[dict[str, np.ndarray]]:
    found = (_under(f'{kind}_{i}_', arrays) for i in range(len(arrays)))
    return list(filter(None, found))


def _under(head: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {k[len(head) :]: v for k, v in arrays.items() if k.startswith(head)}


def _merged(kind: Any, found: Sequence[Sequence[Any]]) -> list[Any]:
    # Images of several sizes, seen by one process alone, leave it none.
    if len({len(parts) for parts in found}) > 1:
        return []
    try:
        return [kind.merge(parts) for parts in zip(*found)]
    except InputError:
        return []
