"""The result of a sweep, as the loop writes it and the report reads it.

``sweep.json`` holds one row per ablation::

    {
      "format": 1,
      "metric": "mIoU",                 name for tables and axes
      "higher_is_better": true,         false for a miss rate
      "channels": 2048,                 width of the latent
      "regions": {"overall": [0, 0, 1, 1], "left": [0, 0, 0.5, 1]},
      "rows": [
        {"kind": "none", "start": 0, "stop": 0, "value": "zero",
         "scores": {"overall": 74.0, "left": 73.1}},
        {"kind": "overall", "start": 0, "stop": 100, "value": "zero",
         "scores": {...}},
        {"kind": "random", "start": 0, "stop": 100, "value": "zero",
         "seed": 3, "scores": {...}},
        {"kind": "matched", "matches": "overall", "start": 0, "stop": 100,
         "value": "zero", "seed": 3, "scores": {...}}
      ],
      "images": ["frankfurt_000000_000294", ...],
      "per_image": "sweep.npz",
      "rankings": "rankings.json",      every ranking that was swept
      "examples": "examples.npz",
      "provenance": {"config": ..., "checkpoint_sha256": ..., ...}
    }

A row is what ``Ablation.as_dict()`` gives, with its scores by region (for a
detector, by setup: there are no boxes then, so ``regions`` is left out).
``start`` 0 is a top N; another ``start`` is a rank window. ``seed`` tells the
draws of ``random`` and ``matched`` apart; ``matches`` is the kind of ranking
whose magnitudes were matched (default: overall). The row that switches
nothing off (``stop`` equal to ``start``) is the reference. The last four keys
are optional; file names are relative to ``sweep.json``.

``per_image`` has, in the order of rows and of regions in ``scores``, either
``areas`` (rows, images, regions, 3, classes): intersection, prediction and
truth, in pixels, from which any subset's IoU follows, or ``values`` (rows,
images, regions) whose mean over images is the score, such as Top-1. Without
either, tests rest on the random draws alone.

``examples`` has ``image`` (n, H, W, 3), ``truth`` (n, H, W), ``prediction``
(n, T, H, W), ``top`` (T,), ``palette`` (classes, 3), and texts ``kind`` and
``region``: which ranking was switched off and which region to outline.
"""

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from mmchanpos.errors import InputError, nearest
from mmchanpos.files import PathLike, read_json, read_npz
from mmchanpos.latent.kinds import names

Row = Dict[str, Any]
#: Kinds that are drawn several times and make a band.
DRAWN = tuple(names(drawn=True))


class Sweep:
    """Scores by ranking, number of channels, draw and region.

    Args:
        content (Mapping): What ``sweep.json`` holds.
        folder (Path): Where the files lie that it names.
    """

    def __init__(self, content: Mapping[str, Any], folder: PathLike = '.'):
        folder = Path(folder)
        self.rows = _checked(content)
        self.metric = content.get('metric', 'score')
        self.higher_is_better = content.get('higher_is_better', True)
        self.channels = content.get('channels')
        self.boxes = content.get('regions', {})
        self.provenance = dict(content.get('provenance', {}))
        self.regions = list(self.rows[0]['scores'])
        self.reference = self._find_reference()
        self.per_image = self._read_per_image(content, folder)
        self.rankings = _optional(content, 'rankings', folder)
        self.examples = _optional(content, 'examples', folder)

    @classmethod
    def load(cls, source: Union['Sweep', Mapping, PathLike]) -> 'Sweep':
        """Read a sweep from its file, or take what was read already."""
        if isinstance(source, cls):
            return source
        if isinstance(source, Mapping):
            return cls(source)
        content = read_json(source)
        try:
            return cls(content, Path(source).parent)
        except InputError as e:
            raise InputError(f'{source} is not a sweep: {e}') from e

    @property
    def kinds(self) -> List[str]:
        """Rankings that were swept, drawn ones left out."""
        known = dict.fromkeys(r['kind'] for r in self.rows)
        return [k for k in known if k not in (*DRAWN, 'none')]

    def tops(self, kind: str) -> List[int]:
        """Every N for which the top N of a ranking was switched off."""
        found = {r['stop'] for r in self.rows_of(kind) if r['start'] == 0}
        return sorted(found - {0})

    def windows(self, kind: str) -> List[Tuple[int, int]]:
        """Rank windows of a ranking; the first may be a top N as well."""
        rows = self.rows_of(kind)
        inner = {(r['start'], r['stop']) for r in rows if r['start'] > 0}
        widths = {stop - start for start, stop in inner}
        first = {(0, r['stop']) for r in rows if r['start'] == 0}
        return sorted(inner | {w for w in first if w[1] in widths})

    def rows_of(self, kind: str, matches: Optional[str] = None) -> List[Row]:
        """Rows of a ranking; ``matches`` picks among the matched ones."""
        return [r for r in self.rows if _is_of(r, kind, matches)]

    def find(
        self, kind: str, start: int, stop: int, matches: Optional[str] = None
    ) -> List[int]:
        """Numbers of the rows of an ablation: one, or one per draw."""
        return [
            i
            for i, r in enumerate(self.rows)
            if (r['start'], r['stop']) == (start, stop)
            and _is_of(r, kind, matches)
        ]

    def score(self, row: int, region: str) -> float:
        """Score of a row; NaN where there is none."""
        value = self.rows[row]['scores'][region]
        return float('nan') if value is None else float(value)

    def harm(self, row: int, region: str) -> float:
        """How much worse than the reference, positive if it is worse."""
        change = self.score(row, region) - self.score(self.reference, region)
        return -change if self.higher_is_better else change

    def _find_reference(self) -> int:
        for i, row in enumerate(self.rows):
            if row['start'] == row['stop']:
                return i
        raise InputError(
            'no row with stop equal to start: the score with nothing '
            'switched off is missing, to which all others are compared.'
        )

    def _read_per_image(
        self, content: Mapping, folder: Path
    ) -> Optional[Tuple[str, np.ndarray]]:
        arrays = _optional(content, 'per_image', folder)
        if arrays is None:
            return None
        for name, axes in (('areas', 5), ('values', 3)):
            if name not in arrays:
                continue
            found = arrays[name]
            wanted = (len(self.rows), found.shape[1], len(self.regions))
            if found.ndim != axes or found.shape[:3] != wanted:
                raise InputError(
                    f'"{name}" of {content["per_image"]} has shape '
                    f'{found.shape}; (rows, images, regions) were wanted to '
                    f'be {wanted}.'
                )
            return name, found
        raise InputError(
            f'{content["per_image"]} holds {sorted(arrays)}; "areas" or '
            '"values" was wanted.'
        )


def _is_of(row: Row, kind: str, matches: Optional[str]) -> bool:
    return (
        row['kind'] == kind
        and row['stop'] > row['start']
        and (matches is None or row.get('matches', 'overall') == matches)
    )


def _checked(content: Any) -> List[Row]:
    if not isinstance(content, Mapping) or not content.get('rows'):
        raise InputError('an object with "rows" was wanted.')
    if content.get('format', 1) != 1:
        raise InputError(
            f'format {content["format"]} was found, 1 was wanted; '
            'a newer mmchanpos may have written it.'
        )
    rows = [dict(row) for row in content['rows']]
    needed = ('kind', 'start', 'stop', 'scores')
    for i, row in enumerate(rows):
        for key in needed:
            if key not in row:
                raise InputError(
                    f'row {i} has no "{key}". {nearest(key, row)}'
                )
        if list(row['scores']) != list(rows[0]['scores']):
            raise InputError(
                f'row {i} has the regions {list(row["scores"])}, row 0 has '
                f'{list(rows[0]["scores"])}.'
            )
    return rows


def _optional(content: Mapping, key: str, folder: Path) -> Any:
    name = content.get(key)
    if not name:
        return None
    file = folder / name
    return read_npz(file) if file.suffix == '.npz' else file
