"""The one table of every kind of ranking.

Each kind says all that is to be known of it once, in the file that computes
it, and everything else asks here. A new score is one function::

    from mmchanpos.latent import Score, kind

    @kind('doubled', title='channels that change twice', needs=('flip',))
    def doubled(deltas, regions):
        return Score(2 * abs(deltas.difference()))

That file may lie outside the package: importing it is enough, and a config
does so by ``custom_imports = dict(imports=['my_scores'])``.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional

from mmchanpos.errors import InputError, choose

from .changes import Change

if TYPE_CHECKING:
    from .deltas import Deltas
    from .scores.score import Regions, Score

#: From the deltas and the images of each side to a score.
ScoreFunction = Callable[['Deltas', 'Regions'], 'Score']

#: Colours of kinds that name none, none of which another kind has.
_SPARE = (
    '#7f6d00',
    '#b2182b',
    '#35978f',
    '#6a51a3',
    '#8c510a',
    '#4d9221',
    '#c51b7d',
    '#2166ac',
    '#e08214',
    '#525252',
)


@dataclass(frozen=True)
class Kind:
    """All that the package has to know about one kind of ranking.

    Args:
        name (str): As in ranking files, options and tables.
        title (str): What sentences and figures call its channels, such as
            ``'left channels'``. Defaults to the name.
        colour (str): Of its lines, as ``'#0072b2'``; no other kind's.
        line (str): Its style, in matplotlib's words. Defaults to solid.
        score (Callable, optional): From the deltas and the regions to a
            :class:`Score`. Kinds that are drawn or made elsewhere have none.
        needs (tuple[str, ...]): Variants of the images that must be recorded,
            beside the plain ones.
        changes (mapping): Those of them that the kind brings along, by name:
            functions from image to image that the pass then records too.
        regions (tuple[str, ...]): Sides whose images must be known.
        side (str, optional): ``'left'`` or ``'right'`` where the ranking is
            made for the one side of images.
        control (bool): No claim about position, but something to compare a
            claim with.
        drawn (bool): Drawn at random, several times, to make a band.
        usual (bool): Swept where nothing else is asked for.
    """

    name: str
    title: str = ''
    colour: str = ''
    line: str = '-'
    score: Optional[ScoreFunction] = None
    needs: tuple[str, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    side: Optional[str] = None
    control: bool = False
    drawn: bool = False
    usual: bool = False


#: Every kind of ranking by its name, as :func:`register` entered it.
KINDS: dict[str, Kind] = {}


def register(new: Kind) -> Kind:
    """Enter a kind into the table, with a title and colour if it has none.

    A file that is imported anew replaces its own kind.
    """
    others = [k for k in KINDS.values() if k.name != new.name]
    old = KINDS.get(new.name)
    if old is not None and _home(old) != _home(new):
        raise InputError(
            f'there is a kind of ranking "{new.name}" already '
            f'({_home(old)}): take another name.'
        )
    taken = {k.colour.lower() for k in others}
    if new.colour.lower() in taken:
        raise InputError(
            f'{new.colour}, the colour of the ranking "{new.name}", is that '
            'of another kind: leave it out to get a free one.'
        )
    free = [c for c in _SPARE if c not in taken]
    about = dict(vars(new))
    about['title'] = new.title or f'{new.name} channels'
    about['colour'] = new.colour or (free or _SPARE)[0]
    KINDS[new.name] = Kind(**about)
    return KINDS[new.name]


def kind(*args: Any, **about: Any) -> Callable:
    """Decorate the function that scores a :class:`Kind` of these arguments."""

    def enter(score: ScoreFunction) -> ScoreFunction:
        register(replace(Kind(*args, **about), score=score))
        return score

    return enter


def find_kind(name: str) -> Kind:
    """The kind of that name, or an error that lists all."""
    hint = ' If a file of yours makes it, import that file first.'
    return choose(KINDS, name, 'there is no kind of ranking', hint)


def title_of(name: str) -> str:
    """Plain words for a kind, also for one that nobody registered here.

    Example:
        >>> title_of('matched'), title_of('theirs')
        ('random channels of the same magnitude', 'theirs channels')
    """
    return KINDS[name].title if name in KINDS else f'{name} channels'


def side_of(name: str) -> Optional[str]:
    """The side that a kind is made for, None where it is for none.

    Example:
        >>> side_of('contrast_right'), side_of('overall'), side_of('theirs')
        ('right', None, None)
    """
    return KINDS[name].side if name in KINDS else None


def names(**wanted: Any) -> list[str]:
    """Names of the kinds with the given properties.

    Example:
        >>> names(side='left'), names(drawn=True)
        (['left', 'contrast'], ['random', 'matched'])
    """
    return [
        known.name
        for known in KINDS.values()
        if all(getattr(known, key) == value for key, value in wanted.items())
    ]


def scored() -> list[str]:
    """Names of the kinds that a pass over the data can be ranked by."""
    return [known.name for known in KINDS.values() if known.score]


def _home(known: Kind) -> str:
    return getattr(known.score, '__module__', '')
