"""One ablation of a sweep and what the model scored with it."""

from typing import Optional, Sequence

import msgspec

from mmchanpos.errors import InputError


class Row(msgspec.Struct, omit_defaults=True):
    """One ablation and what the model scored with it.

    Attributes:
        kind (str): The ranking; ``'none'`` where nothing is off.
        start (int): First rank that is off; 0 for a top N.
        stop (int): End of the ranks that are off, not included.
        scores (dict): By region or setup; None where nothing can be scored.
        value (str): What replaced the channels.
        seed (int, optional): Tells draws apart.
        matches (str, optional): Of a matched draw, the ranking whose
            magnitudes it has. Defaults to the overall one.
        per_level (bool): N was counted on every level.
        metrics (dict): Every number that the metric gave, by its own name.
    """

    kind: str
    start: int
    stop: int
    scores: dict[str, Optional[float]]
    value: str = 'zero'
    seed: Optional[int] = None
    matches: Optional[str] = None
    per_level: bool = False
    metrics: dict[str, Optional[float]] = {}

    def is_of(self, kind: str, matches: Optional[str] = None) -> bool:
        """Whether the row switches channels of a ranking off."""
        return (
            self.kind == kind
            and self.stop > self.start
            and (matches is None or (self.matches or 'overall') == matches)
        )


def regions_of(rows: Sequence[Row]) -> list[str]:
    """Regions or setups that every row has a score of."""
    if not rows:
        raise InputError('it has no rows.')
    regions = list(rows[0].scores)
    for i, row in enumerate(rows):
        if list(row.scores) != regions:
            raise InputError(
                f'row {i} has the regions {list(row.scores)}, row 0 has '
                f'{regions}.'
            )
    return regions


def reference_of(rows: Sequence[Row]) -> int:
    """Number of the row that switches nothing off."""
    for i, row in enumerate(rows):
        if row.start == row.stop:
            return i
    raise InputError(
        'no row with stop equal to start: the score with nothing switched '
        'off is missing, to which all others are compared.'
    )
