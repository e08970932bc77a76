"""What an attack measured, as the sweep writes it and the report reads it.

``sweep.json`` holds one row per ablation::

    {
      "format": 1,
      "metric": "mIoU",                 name for tables and axes
      "higher_is_better": true,         false for a miss rate
      "channels": 2048,                 width of the latent
      "regions": {"overall": [0, 0, 1, 1], "left": [0, 0, 0.5, 1]},
      "rows": [
        {"kind": "none", "start": 0, "stop": 0,
         "scores": {"overall": 74.0, "left": 73.1}},
        {"kind": "overall", "start": 0, "stop": 100, "scores": {...}},
        {"kind": "random", "start": 0, "stop": 100, "seed": 3,
         "scores": {...}},
        {"kind": "matched", "matches": "overall", "start": 0, "stop": 100,
         "seed": 3, "scores": {...}}
      ],
      "images": ["frankfurt_000000_000294", ...],
      "per_image": "sweep.npz",
      "rankings": "rankings.json",      every ranking that was swept
      "examples": "examples.npz",
      "atlas": "atlas.npz",             see latent/atlas.py
      "provenance": {"config": ..., "checkpoint_sha256": ..., ...}
    }

Scores go by region, or by setup for a detector, which has no boxes then. The
last six keys are optional; file names are relative to ``sweep.json``.

``sweep.npz`` has, in the order of rows and of regions in ``scores``, either
``areas`` (rows, images, regions, 3, classes): intersection, prediction and
truth in pixels, from which any subset's IoU follows, or ``values`` (rows,
images, regions) whose mean over images is the score, such as Top-1. Without
it, tests rest on the random draws alone.

``examples.npz`` has ``image`` (n, H, W, 3), ``truth`` (n, H, W),
``prediction`` (n, T, H, W), ``top`` and ``off`` (T,): how many channels of
which kind were off, ``palette`` (classes, 3), and texts ``kind`` and
``region``: which ranking it is about and which region to outline.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Callable, Literal, Mapping, Optional, Sequence, Union

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, clean, read_npz, write_json, write_npz
from mmchanpos.formats import read_typed

from .atlas import Atlas
from .iou import percent_iou
from .kinds import names
from .ranking import ChannelRanking
from .ranking_file import load_rankings, save_rankings
from .sweep_row import Row, reference_of, regions_of

#: Kinds that are drawn several times and make a band.
DRAWN = tuple(names(drawn=True))
#: What the report may find in ``sweep.npz``, and how many axes it has.
_PER_IMAGE = {'areas': 5, 'values': 3}


@dataclass
class Sweep:
    """Scores by ranking, number of channels, draw and region.

    The engine makes one and saves it; the report loads it and asks. It holds
    what the module's docstring lists, and of files their content: ``boxes``
    are the ``regions``, x1, y1, x2, y2 as fractions of the image, and
    ``per_image`` the ``areas`` or ``values``, told apart by their axes.

    Args:
        rows (Sequence[Row]): One per ablation. The row that switches
            nothing off is the reference.
        lower_is_better (bool): Direction of the metric.
        fingerprint (str): Of all that decides the result.
        decided_by (mapping): The parts of that, each with its own.

    Example:
        >>> rows = [Row('none', 0, 0, {'all': 30.0}),
        ...         Row('overall', 0, 5, {'all': 34.0})]
        >>> Sweep(rows, 'miss rate', lower_is_better=True).harm(1, 'all')
        4.0
    """

    rows: Sequence[Row]
    metric: str = 'score'
    lower_is_better: bool = False
    channels: Optional[int] = None
    boxes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    images: Sequence[str] = ()
    per_image: Optional[np.ndarray] = None
    rankings: Sequence[ChannelRanking] = ()
    examples: Optional[Mapping[str, np.ndarray]] = None
    atlas: Optional[Atlas] = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ''
    decided_by: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.regions = regions_of(self.rows)
        self.reference = reference_of(self.rows)
        if self.per_image is not None:
            self._check_per_image(self.per_image)

    @classmethod
    def load(cls, source: Union['Sweep', PathLike]) -> 'Sweep':
        """Read a sweep from its ``sweep.json``, or take what is one."""
        if isinstance(source, Sweep):
            return source
        about = msgspec.structs.asdict(read_typed(source, _File))
        del about['format']
        about['lower_is_better'] = not about.pop('higher_is_better')
        about['boxes'] = about.pop('regions')
        try:
            for name, (_, read, _) in _BESIDE.items():
                file = about.pop(name)
                if file:
                    about[name] = read(Path(source).parent / file)
            return cls(**about)
        except InputError as e:
            raise InputError(f'{source} is not a sweep: {e}') from e

    def save(self, folder: PathLike) -> Path:
        """Write ``sweep.json``, last, and the files that it names.

        Returns:
            Path: The ``sweep.json``.
        """
        folder = Path(folder)
        about = {f.name: getattr(self, f.name) for f in fields(self)}
        about['higher_is_better'] = not about.pop('lower_is_better')
        about['regions'] = about.pop('boxes')
        for name, (file, _, write) in _BESIDE.items():
            value = about.pop(name)
            if value is not None and (name != 'rankings' or value):
                write(folder / file, value)
                about[name] = file
        content = clean(msgspec.to_builtins({'format': 1, **about}))
        write_json(folder / 'sweep.json', content)
        return folder / 'sweep.json'

    @property
    def kinds(self) -> list[str]:
        """Rankings that were swept, drawn ones left out."""
        known = dict.fromkeys(row.kind for row in self.rows)
        return [kind for kind in known if kind not in (*DRAWN, 'none')]

    @property
    def dead(self) -> int:
        """How many channels are always 0, as far as the rankings know."""
        return max((r.channels - r.live for r in self.rankings), default=0)

    def tops(self, kind: str) -> list[int]:
        """Every N for which the top N of a ranking was switched off."""
        return sorted({r.stop for r in self.rows_of(kind) if r.start == 0})

    def windows(self, kind: str) -> list[tuple[int, int]]:
        """Rank windows of a ranking; the first may be a top N as well."""
        spans = {(row.start, row.stop) for row in self.rows_of(kind)}
        widths = {stop - start for start, stop in spans if start > 0}
        return sorted(s for s in spans if s[0] > 0 or s[1] in widths)

    def rows_of(self, kind: str, matches: Optional[str] = None) -> list[Row]:
        """Rows of a ranking; ``matches`` picks among the matched ones."""
        return [row for row in self.rows if row.is_of(kind, matches)]

    def find(
        self, kind: str, start: int, stop: int, matches: Optional[str] = None
    ) -> list[int]:
        """Numbers of the rows of an ablation: one, or one per draw."""
        return [
            i
            for i, row in enumerate(self.rows)
            if (row.start, row.stop) == (start, stop)
            and row.is_of(kind, matches)
        ]

    def score(self, row: int, region: str) -> float:
        """Score of a row; NaN where there is none."""
        value = self.rows[row].scores[region]
        return float('nan') if value is None else float(value)

    def harm(self, row: int, region: str) -> float:
        """How much worse than the reference, positive if it is worse."""
        change = self.score(row, region) - self.score(self.reference, region)
        return change if self.lower_is_better else -change

    def resampled(self, row: int, weights: np.ndarray) -> np.ndarray:
        """Scores of a row with the images weighted anew.

        Args:
            row (int): Its number.
            weights (ndarray): One row per resample, each summing to 1,
                (draws, images).

        Returns:
            ndarray: (draws, regions); only where values per image are known.
        """
        if self.per_image is None:
            raise InputError('the sweep has no values per image.')
        samples = self.per_image[row].astype(np.float64)
        means = weights @ samples.reshape(len(samples), -1)
        means = means.reshape(-1, *samples.shape[1:])
        return means if means.ndim == 2 else percent_iou(means)

    def _check_per_image(self, values: np.ndarray) -> None:
        name = _per_image_name(values)
        wanted = (len(self.rows), values.shape[1], len(self.regions))
        if values.shape[:3] != wanted:
            raise InputError(
                f'"{name}" per image have shape {values.shape}; (rows, '
                f'images, regions) were wanted to be {wanted}.'
            )
        images = values.shape[1]
        (found,) = self.resampled(
            self.reference, np.full((1, images), 1 / images)
        )
        for value, region in zip(found, self.regions):
            stated = self.score(self.reference, region)
            if abs(value - stated) > 0.02 * max(1.0, abs(stated) / 100):
                raise InputError(
                    f'the values per image give {value:.3f} for "{region}" '
                    f'with nothing switched off, but the sweep says '
                    f'{stated:.3f}: they belong to different runs.'
                )


class _File(msgspec.Struct):
    """``sweep.json``."""

    rows: list[Row]
    metric: str = 'score'
    higher_is_better: bool = True
    channels: Optional[int] = None
    regions: dict[str, list[float]] = {}
    images: list[str] = []
    per_image: Optional[str] = None
    rankings: Optional[str] = None
    examples: Optional[str] = None
    atlas: Optional[str] = None
    provenance: dict[str, Any] = {}
    fingerprint: str = ''
    decided_by: dict[str, str] = {}
    format: Literal[1] = 1


def _per_image_name(values: np.ndarray) -> str:
    for name, axes in _PER_IMAGE.items():
        if values.ndim == axes:
            return name
    raise InputError(
        f'values per image of shape {values.shape} are neither areas (rows, '
        'images, regions, 3, classes) nor values (rows, images, regions).'
    )


def _read_per_image(file: Path) -> np.ndarray:
    arrays = read_npz(file)
    for name in _PER_IMAGE:
        if name in arrays:
            return arrays[name]
    raise InputError(
        f'{file} holds {sorted(arrays)}; "areas" or "values" was wanted.'
    )


def _write_per_image(file: Path, values: np.ndarray) -> None:
    write_npz(file, **{_per_image_name(values): values})


#: What lies beside ``sweep.json``: where, and how it is read and written.
_BESIDE: dict[str, tuple[str, Callable, Callable]] = {
    'rankings': ('rankings.json', load_rankings, save_rankings),
    'per_image': ('sweep.npz', _read_per_image, _write_per_image),
    'examples': ('examples.npz', read_npz, lambda f, v: write_npz(f, **v)),
    'atlas': (
        'atlas.npz',
        lambda file: Atlas.of(read_npz(file)),
        lambda file, atlas: write_npz(file, **atlas.arrays()),
    ),
}
#: What :meth:`Sweep.save` writes.
FILES = ('sweep.json', *(file for file, _, _ in _BESIDE.values()))
