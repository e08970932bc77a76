"""Files of rankings: ours, with one or several, and the authors' own."""

from typing import Annotated, Any, Literal, Optional, Sequence, Union

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, write_json
from mmchanpos.formats import as_typed, read_typed

from .ranking import ChannelRanking


def save_rankings(path: PathLike, rankings: Sequence[ChannelRanking]) -> None:
    """Write several rankings into one JSON file."""
    content = [ranking.as_dict() for ranking in rankings]
    write_json(path, {'format': 1, 'rankings': content})


_Channel = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
_Width = Annotated[int, msgspec.Meta(ge=1, le=2**31)]


class _File(msgspec.Struct):
    """What a file of ours holds of one ranking; defaults are for old ones."""

    kind: str
    order: list[_Channel]
    scores: Optional[list[float]] = None
    tap: Optional[str] = None
    output: Union[int, str, list[Union[int, str]], None] = None
    channel_dim: int = 1
    tokens: Optional[list[int]] = None
    channels: Optional[_Channel] = None
    widths: Optional[list[_Width]] = None
    means: Optional[list[float]] = None
    optimal: Optional[list[float]] = None
    dead: Optional[list[_Channel]] = None
    images: Optional[_Channel] = None
    dataset: Optional[str] = None
    config: Optional[str] = None
    checkpoint_sha256: Optional[str] = None
    seed: Optional[int] = None
    notes: dict[str, Any] = {}
    created_by: str = 'unknown'
    format: Literal[1] = 1


class _Files(msgspec.Struct):
    rankings: list[_File]
    format: Literal[1] = 1


def load_rankings(path: PathLike) -> list[ChannelRanking]:
    """Read every ranking of a JSON file, ours or the PermuteNet authors'."""
    content = read_typed(path, dict[str, Any])
    try:
        if not content:
            raise InputError('an object with "kind" and "order" was wanted.')
        if 'rankings' in content:
            parts = as_typed(content, _Files, 'it').rankings
            return [_ranking(part) for part in parts]
        if {'format', 'kind', 'order'} & set(content):
            return [_ranking(as_typed(content, _File, 'it'))]
        orders = as_typed(content, dict[str, list[_Channel]], 'it')
        return [ChannelRanking(k, np.array(v)) for k, v in orders.items()]
    except InputError as e:
        raise InputError(f'{path} is not a ranking: {e}') from e


def _ranking(part: _File) -> ChannelRanking:
    about = msgspec.structs.asdict(part)
    del about['format'], about['channels']
    ranking = ChannelRanking(**about)
    if part.channels not in (None, ranking.channels):
        raise InputError(
            f'it says {part.channels} channels, but orders {ranking.channels}.'
        )
    if ranking.scores is None:
        return ranking
    # Dead channels come last, whatever their scores.
    live = ranking.order[: ranking.live]
    rises = np.flatnonzero(np.diff(ranking.scores[live]) > 0)
    if len(rises):
        first, second = live[rises[0] : rises[0] + 2]
        raise InputError(
            f'the order of the ranking "{ranking.kind}" contradicts its '
            f'scores: channel {first} stands before {second}, the higher.'
        )
    return ranking
