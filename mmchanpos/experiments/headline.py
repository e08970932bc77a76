"""The headline, repeated: other seeds, and rounding as other machines do it.

Libraries choose their kernels by what a processor can do, and the last bits
of a sum depend on the choice and on the number of threads. After hundreds of
steps of training that is another net, so the same seed on another machine is
another training. One machine can pass for several: a setting tells the
libraries that it can do less.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Mapping, Sequence

from mmchanpos.engine.config import home
from mmchanpos.engine.processes import run_logged
from mmchanpos.errors import InputError, nearest
from mmchanpos.files import PathLike
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report import Table
from mmchanpos.report.attack.judge import Judge
from mmchanpos.statistics import Comparison, over_trainings, p_text

from .papers.attacks import SMALL

#: What a process is told about its processor.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    'one-thread': dict(OMP_NUM_THREADS='1'),
    'two-threads': dict(OMP_NUM_THREADS='2'),
    'avx2': dict(
        OMP_NUM_THREADS='1',
        ATEN_CPU_CAPABILITY='avx2',
        ONEDNN_MAX_CPU_ISA='AVX2',
    ),
    'sse41': dict(
        OMP_NUM_THREADS='1',
        ATEN_CPU_CAPABILITY='default',
        ONEDNN_MAX_CPU_ISA='SSE41',
    ),
}
_TOPS = ('--tops', '6', '12', '20', '32')
#: The two attacks of a training: Fig. 4 with both controls, and Fig. 6.
_ATTACKS: Mapping[str, Sequence[str]] = {
    'fig4': (
        *_TOPS,
        '--kinds',
        'overall',
        '--random',
        '10',
        '--matched',
        '10',
    ),
    'fig6': (
        *(*_TOPS, '--sides', 'car+truck', '--random', '10', '--matched', '0'),
        *('--kinds', 'left', 'right', 'contrast', 'contrast_right'),
    ),
}
_SIDES = {'left': ('left', 'right'), 'right': ('right', 'left')}


@dataclass(frozen=True)
class Training:
    """What the attacks on one training say.

    Args:
        setting (str): One of :data:`SETTINGS`.
        seed (int): Of the training.
        base (float): mIoU with nothing switched off.
        answers (Dict[str, Comparison]): How much more harm Eq. 2 does than
            ``random`` and ``matched`` channels, and channels of the ``left``
            and ``right`` do to their own half than to the other, beyond
            random ones.
    """

    setting: str
    seed: int
    base: float
    answers: Dict[str, Comparison]


def repeat(
    out: PathLike, seeds: Sequence[int], settings: Sequence[str]
) -> List[Training]:
    """Train and attack the built-in segmentor; what is there is kept.

    Args:
        out (PathLike): Folder of everything.
        seeds (Sequence[int]): One training each, in every setting.
        settings (Sequence[str]): Some of :data:`SETTINGS`.

    Returns:
        List[Training]: By setting, then by seed.
    """
    for name in settings:
        if name not in SETTINGS:
            raise InputError(
                f'there is no setting "{name}". {nearest(name, SETTINGS)}'
            )
    out = Path(out).absolute()
    data = out / 'data'
    if not data.exists():
        out.mkdir(parents=True, exist_ok=True)
        words = ['misc/make_synthetic.py', '--out', data, '--cars', '3-6']
        _tool(words, {}, out / 'data.log')
    for setting in settings:
        for seed in seeds:
            _train_and_attack(out / setting / f'seed-{seed}', seed, data)
    return read(out, seeds, settings)


def read(
    out: PathLike, seeds: Sequence[int], settings: Sequence[str]
) -> List[Training]:
    """Judge what :func:`repeat` left in a folder."""
    found = []
    for setting in settings:
        for seed in seeds:
            folder = Path(out) / setting / f'seed-{seed}'
            fig4, fig6 = (
                Judge(Sweep.load(folder / name / 'sweep/sweep.json'))
                for name in _ATTACKS
            )
            answers = {
                drawn: fig4.against_drawn('overall', drawn, 'overall')
                for drawn in ('random', 'matched')
            }
            for side, halves in _SIDES.items():
                answers[side] = fig6.against_drawn(side, 'random', halves)
            base = fig4.sweep.score(fig4.sweep.reference, 'overall')
            found.append(Training(setting, seed, base, answers))
    return found


def tables(found: Sequence[Training]) -> List[Table]:
    """Every training, and what they say together in each setting."""
    titles = {
        'random': 'more than random',
        'matched': 'more than as strong',
        'left': 'left: own half',
        'right': 'right: own half',
    }
    each = Table(
        'Every training', ['setting', 'seed', 'base', *titles.values()]
    )
    for one in found:
        said = [one.answers[name] for name in titles]
        cells = [f'{a.difference:+.1f} ({p_text(a.p_value)})' for a in said]
        each.add(one.setting, str(one.seed), f'{one.base:.1f}', *cells)
    whole = Table('Over trainings', ['setting', 'question', 'p < .05', 'mean'])
    for setting in dict.fromkeys(one.setting for one in found):
        group = [one for one in found if one.setting == setting]
        for name, title in titles.items():
            trend = over_trainings([one.answers[name] for one in group])
            whole.add(setting, title, trend.in_trainings(), trend.interval())
    return [each, whole]


def _train_and_attack(folder: Path, seed: int, data: Path) -> None:
    environment = SETTINGS[folder.parent.name]
    weights = folder / 'iter_340.pth'
    folder.mkdir(parents=True, exist_ok=True)
    root = data / 'streets'
    if not weights.exists():
        words = [
            'train.py',
            SMALL.config,
            '--work-dir',
            folder,
            '--cfg-options',
        ]
        words += [f'{x}_dataloader.dataset.data_root={root}' for x in _LOADERS]
        words += [f'randomness.seed={seed}']
        _tool(words, environment, folder / 'train.log')
    for name, how in _ATTACKS.items():
        if not (folder / name / 'sweep/sweep.json').exists():
            words = [
                'attack.py',
                SMALL.config,
                weights,
                '--out',
                folder / name,
            ]
            words += ['--data-root', root, '--work-dir', folder / 'log', *how]
            _tool(words, environment, folder / f'{name}.log')


_LOADERS = ('train', 'val', 'test')


def _tool(words: Sequence, environment: Mapping[str, str], log: Path) -> None:
    told = [f'{name}={value}' for name, value in environment.items()]
    tool, *others = map(str, words)
    line = ['env', *told, sys.executable, str(home() / 'tools' / tool)]
    run_logged([*line, *others], log)
