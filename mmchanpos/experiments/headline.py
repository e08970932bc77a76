"""The headline, repeated: other seeds, and rounding as other machines do it.

Libraries choose their kernels by what a processor can do, and the last bits
of a sum depend on the choice and on the number of threads. After hundreds of
steps of training that is another net, so the same seed on another machine is
another training. One machine can pass for several: a setting tells the
libraries that it can do less.
"""

import sys
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

from mmchanpos.engine.config import home
from mmchanpos.engine.processes import run_logged
from mmchanpos.errors import one_of
from mmchanpos.files import PathLike
from mmchanpos.report import Table
from mmchanpos.report.attack import Trainings
from mmchanpos.report.attack.trainings import Answer
from mmchanpos.statistics import over_trainings, p_text

from .papers.attacks import SMALL
from .run.setting import Setting, check_seeds

#: What a process is told about its processor.
SETTINGS: Mapping[str, str] = {
    'one-thread': 'OMP_NUM_THREADS=1',
    'two-threads': 'OMP_NUM_THREADS=2',
    'avx2': 'OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=avx2 '
    'ONEDNN_MAX_CPU_ISA=AVX2',
    'sse41': 'OMP_NUM_THREADS=1 ATEN_CPU_CAPABILITY=default '
    'ONEDNN_MAX_CPU_ISA=SSE41',
}
#: The two attacks of a training: Fig. 4 with both controls, and Fig. 6.
_ATTACKS = {
    'fig4': '--kinds overall --random 10 --matched 10',
    'fig6': '--kinds left right contrast contrast_right --sides car+truck '
    '--random 10 --matched 0',
}
#: What is asked: its title; the attack, the ranking, its control, and where.
_QUESTIONS = {
    'more than random': ('fig4', 'overall', 'random', 'overall'),
    'more than as strong': ('fig4', 'overall', 'matched', 'overall'),
    'left: own half': ('fig6', 'left', 'random', ('left', 'right')),
    'right: own half': ('fig6', 'right', 'random', ('right', 'left')),
}


class Headline(NamedTuple):
    """What all trainings of a setting say.

    Attributes:
        seeds (Sequence[int]): Of the trainings.
        base (list[float]): mIoU of each with nothing switched off.
        answers (dict[str, Answer]): How much more harm Eq. 2 does than random
            and equally strong channels, and channels of the left and right do
            to their own half than to the other, beyond random ones.
    """

    seeds: Sequence[int]
    base: list[float]
    answers: dict[str, Answer]


def repeat(
    out: PathLike, seeds: Sequence[int], settings: Sequence[str]
) -> dict[str, Headline]:
    """Train and attack the built-in segmentor; what is there is kept.

    Args:
        out (PathLike): Folder of everything.
        seeds (Sequence[int]): One training each, in every setting.
        settings (Sequence[str]): Some of :data:`SETTINGS`.
    """
    check_seeds(seeds)
    for name in settings:
        one_of(SETTINGS, name, 'there is no setting')
    out = Path(out).absolute()
    out.mkdir(parents=True, exist_ok=True)
    words = ['--out', out / 'data', *SMALL.drawn]
    _tool('misc/make_synthetic.py', words, '', out / 'data.log')
    root = out / 'data/streets'
    for setting in settings:
        for seed in seeds:
            folder = out / setting / f'seed-{seed}'
            _train_and_attack(folder, seed, root, SETTINGS[setting])
    return {setting: read(out / setting, seeds) for setting in settings}


def read(folder: PathLike, seeds: Sequence[int]) -> Headline:
    """Judge what :func:`repeat` left of a setting."""
    folders = [Path(folder) / f'seed-{seed}' for seed in seeds]
    found = {
        name: Trainings([f / name / 'sweep/sweep.json' for f in folders])
        for name in _ATTACKS
    }
    base = [s.score(s.reference, 'overall') for s in found['fig4'].sweeps]
    answers = {
        title: found[attack].against_drawn(*asked)
        for title, (attack, *asked) in _QUESTIONS.items()
    }
    return Headline(seeds, base, answers)


def tables(found: Mapping[str, Headline]) -> list[Table]:
    """Every training, and what they say together in each setting."""
    each = Table('Every training', ['setting', 'seed', 'base', *_QUESTIONS])
    whole = Table('Over trainings', ['setting', 'question', 'p < .05', 'mean'])
    for setting, (seeds, base, answers) in found.items():
        for i, seed in enumerate(seeds):
            said = [answer.each[i] for answer in answers.values()]
            cells = [
                f'{a.difference:+.1f} ({p_text(a.p_value)})' for a in said
            ]
            each.add(setting, str(seed), f'{base[i]:.1f}', *cells)
        for title, answer in answers.items():
            trend = over_trainings(answer.each)
            whole.add(setting, title, trend.in_trainings(), trend.interval())
    return [each, whole]


def _train_and_attack(
    folder: Path, seed: int, root: Path, setting: str
) -> None:
    weights = folder / 'iter_340.pth'
    folder.mkdir(parents=True, exist_ok=True)
    if not weights.exists():
        words = [SMALL.config, '--work-dir', folder, '--cfg-options']
        options = {**Setting.data_options(str(root)), 'randomness.seed': seed}
        words += [f'{key}={value}' for key, value in options.items()]
        _tool('train.py', words, setting, folder / 'train.log')
    for name, how in _ATTACKS.items():
        if not (folder / name / 'sweep/sweep.json').exists():
            words = [SMALL.config, weights, '--out', folder / name]
            words += ['--data-root', root, '--work-dir', folder / 'log']
            words += ['--tops', *SMALL.tops, *how.split()]
            _tool('attack.py', words, setting, folder / f'{name}.log')


def _tool(tool: str, words: Sequence[Any], setting: str, log: Path) -> None:
    line = ['env', *setting.split(), sys.executable, home() / 'tools' / tool]
    run_logged([*map(str, line), *map(str, words)], log)
