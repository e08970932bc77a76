'''What we claim about speed, measured as ratios in one and the same run.

To declare one, write ``benchmarks/<name>.py`` with a function ``measure``;
``tools/benchmark.py <name>`` finds and runs it, as it does
``tools/benchmark.py path/to/mine.py``::

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
the docstring is the claim. A ``measure(repeats, device='cpu')`` can be run on
a GPU too.
'''

from functools import partial
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Callable, Optional

from mmchanpos.errors import InputError
from mmchanpos.experiments.experiment import find_module, title_of

from .ratio import Ratio, compare

__all__ = ['Ratio', 'claims', 'compare', 'load']


def claims() -> dict[str, str]:
    """Name and claim of every benchmark."""
    return {name: title_of(_module(name)) for name in _names()}


def load(name: str, device: str = 'cpu') -> Optional[Callable[[int], Ratio]]:
    """Import one benchmark.

    Args:
        name (str): One of :func:`claims`, or a file that defines ``measure``.
        device (str): Where its networks are to run. Defaults to 'cpu'.

    Returns:
        Callable: ``measure(repeats)``, which gives a :class:`Ratio`; None
        where it can do nothing on that device.
    """
    measure = _module(name).measure
    if device == 'cpu':
        return measure
    import torch

    if not torch.cuda.is_available():
        raise InputError(
            f'--device {device}: torch sees no GPU here '
            f'(torch {torch.__version__}).'
        )
    if 'device' not in signature(measure).parameters:
        return None
    return partial(measure, device=device)


def _module(name: str) -> ModuleType:
    return find_module(name, _names(), __name__, 'benchmark', ['measure'])


def _names() -> list[str]:
    files = sorted(Path(__file__).parent.glob('*.py'))
    return [f.stem for f in files if '\ndef measure(' in f.read_text('utf8')]
