'''What we claim about speed, measured as ratios in one and the same run.

To declare one, write ``benchmarks/<name>.py`` with a function ``measure``;
``tools/benchmark.py <name>`` finds and runs it::

    """A read-out per map costs no more than one read-out."""

    from .ratio import Ratio, compare


    def measure(repeats):
        """Time ten read-outs together against one."""
        import torch  # hosts too are imported in here

        ...
        return compare(
            'ten read-outs', lambda: train(ten),
            'one read-out', lambda: train(one),
            repeats=repeats,
            at_most=2.0,
        )

``compare`` runs both in turn, ``repeats`` times, so that a busy machine slows
both; the ratio is the median over the pairs. Whoever has to time differently
fills a :class:`Ratio` with the seconds of each repetition. The first line of
the docstring is the claim.
'''

from pathlib import Path
from typing import Callable, Dict

from mmchanpos.experiments.run.catalogue import declared, load_declared

from .ratio import Ratio, compare

__all__ = ['Ratio', 'claims', 'compare', 'load']


def claims() -> Dict[str, str]:
    """Name and claim of every benchmark, found without importing them."""
    return declared(Path(__file__).parent, {'measure'})


def load(name: str) -> Callable[[int], Ratio]:
    """Import one benchmark.

    Args:
        name (str): One of :func:`claims`.

    Returns:
        Callable: ``measure(repeats)``, which gives a :class:`Ratio`.
    """
    return load_declared(name, claims(), 'benchmark', __name__).measure
