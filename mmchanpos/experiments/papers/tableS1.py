"""Table S1: pedestrian detectors miss more without position channels."""

from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Sequence,
    Tuple,
)

from mmchanpos.experiments.run.runs import Train
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step, Tool
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report import Number, Section, Table, bars

SETUPS = ('Reasonable', 'Small', 'Heavy', 'All')
ROWS = ('nothing', 'random', 'overall')


class Detector(NamedTuple):
    """A detector of the table.

    Attributes:
        name (str): In steps and rows.
        config (str): Below ``configs/pedestrians/``.
        top (int): Channels that are switched off, on each level of the neck.
        taps (Tuple[str, ...]): Latents; the paper does not say which of them
            it took for the two R-CNNs.
        epochs (int): Of a training.
        seconds (float): Of a training.
    """

    name: str
    config: str
    top: int
    taps: Tuple[str, ...]
    epochs: int
    seconds: float


_DAY = 86400.0
_RCNN_TAPS = ('neck', 'neck.reduction_conv')
FULL = (
    Detector(
        'Faster R-CNN',
        'faster-rcnn_hrnetv2p-w32_citypersons.py',
        top=100,
        taps=_RCNN_TAPS,
        epochs=20,
        seconds=20 * _DAY,
    ),
    Detector(
        'Cascade R-CNN',
        'cascade-rcnn_hrnetv2p-w32_citypersons.py',
        top=100,
        taps=_RCNN_TAPS,
        epochs=20,
        seconds=20 * _DAY,
    ),
    Detector(
        'CSP',
        'csp_r50_citypersons.py',
        top=100,
        taps=('neck',),
        epochs=240,
        seconds=60 * _DAY,
    ),
)
#: The same shares of smaller latents: 100 of 256, and 100 of 768.
QUICK = (
    Detector(
        'Faster R-CNN',
        'faster-rcnn_r18-small_synthetic.py',
        top=12,
        taps=_RCNN_TAPS,
        epochs=8,
        seconds=240,
    ),
    Detector(
        'CSP',
        'csp_r18-small_synthetic.py',
        top=6,
        taps=('neck',),
        epochs=8,
        seconds=200,
    ),
)
STORY = (QUICK[1]._replace(epochs=5, seconds=110),)
#: Miss rates of the paper by detector and what is switched off.
PAPER: Mapping[str, Mapping[str, Tuple[float, ...]]] = {
    'Faster R-CNN': {
        'nothing': (10.3, 11.59, 33.07, 30.34),
        'random': (10.83, 11.87, 33.78, 31.92),
        'overall': (12.51, 12.77, 36.95, 34.36),
    },
    'Cascade R-CNN': {
        'nothing': (7.55, 8.55, 27.47, 26.89),
        'random': (7.85, 8.39, 28.31, 27.17),
        'overall': (8.44, 9.3, 30.59, 28.57),
    },
    'CSP': {
        'nothing': (11.05, 14.76, 41.35, 37.57),
        'random': (11.05, 15.0, 41.3, 38.05),
        'overall': (11.14, 16.7, 41.24, 38.82),
    },
}


def steps(setting: Setting) -> Iterator[Step]:
    """Draw streets if quick; train each detector, then attack it."""
    root = setting.data_root
    if setting.quick and not root:
        words = ['--out', '{data}', '--size', '256x512']
        yield Tool('data', 'misc/make_synthetic.py', words, seconds=60)
        root = '{data}/streets'
    for detector in _detectors(setting):
        config = f'configs/pedestrians/{detector.config}'
        options = _data_options(root)
        if setting.story:
            options['train_cfg.max_epochs'] = detector.epochs
            options['train_cfg.val_interval'] = detector.epochs
        train = _step(detector.name)
        yield Train(
            train,
            config,
            options,
            seed=setting.seeds[0],
            test=False,
            seconds=detector.seconds,
        )
        for tap in detector.taps:
            yield _attack(setting, detector, config, train, tap, root)


def read(context: Context) -> Section:
    """Miss rates beside the paper's, one table per latent."""
    quick = context.setting.quick
    tables, figures = [], []
    for detector in _detectors(context.setting):
        for tap in detector.taps:
            step = _step(detector.name, tap)
            file = context.folders[step] / 'sweep/sweep.json'
            numbers = _numbers(detector, Sweep.load(file))
            title = f'{detector.name}, top {detector.top} of "{tap}"'
            title += ', built-in streets' * quick
            tables.append(_table(title, numbers))
            figures.append(_figure(step.replace('.', '-'), title, numbers))
    sentences = [
        'Miss rates (MR^-2 in percent, so LOWER is better) with nothing, with '
        f'random channels ({_draws(context.setting)} draws, mean and '
        'standard deviation; the paper does not say how many it took) and '
        'with the channels that depend most on position switched off.',
        'An attack tells something where the last row lies outside of the '
        'spread of the random draws; seeds alone move a trained CSP by about '
        'one point.',
    ]
    if quick:
        sentences.append(
            'Ours are small detectors on built-in streets and the paper has '
            'CityPersons, so compare what happens from row to row and not the '
            'numbers themselves.'
        )
    return Section(
        'Do pedestrian detectors rely on position channels?',
        sentences,
        figures=figures,
        tables=tables,
    )


def _attack(
    setting: Setting,
    detector: Detector,
    config: str,
    train: str,
    tap: str,
    root: str,
) -> Tool:
    name = _step(detector.name, tap)
    weights = f'{{{train}}}/epoch_{detector.epochs}.pth'
    words: List[Any] = [config, weights]
    words += ['--out', f'{{{name}}}', '--tap', tap, '--per-level']
    words += ['--kinds', 'overall', '--tops', detector.top]
    draws = _draws(setting)
    words += ['--random', draws, '--matched', draws]
    if root:
        words += ['--data-root', root]
    return Tool(
        name,
        'attack.py',
        words,
        result=f'{{{name}}}/sweep/sweep.json',
        seconds=setting.pick(quick=120, full=3600),
        needs=[train],
    )


def _detectors(setting: Setting) -> Sequence[Detector]:
    return setting.pick(story=STORY, quick=QUICK, full=FULL)


def _draws(setting: Setting) -> int:
    return setting.pick(story=3, quick=5, full=10)


def _step(detector: str, tap: str = '') -> str:
    name = detector.lower().replace(' ', '-')
    return f'{name}-{tap}' if tap else name


def _data_options(root: str) -> Dict[str, Any]:
    loaders = ('train', 'val', 'test') if root else ()
    return {f'{x}_dataloader.dataset.data_root': root for x in loaders}


def _numbers(detector: Detector, sweep: Sweep) -> Dict[str, List[Number]]:
    """Miss rates of every setup, by what is switched off."""
    found = {}
    for row in (*ROWS, 'matched'):
        paper = PAPER[detector.name].get(row, (None,) * len(SETUPS))
        rows = _rows(sweep, row, detector.top)
        found[row] = [
            Number.over(
                [sweep.score(r, setup) for r in rows], paper=known, digits=2
            )
            for setup, known in zip(SETUPS, paper)
        ]
    return found


def _table(title: str, numbers: Mapping[str, List[Number]]) -> Table:
    note = 'Miss rate in percent, lower is better.'
    table = Table(f'Table S1, {title}', ['switched off', *SETUPS], note=note)
    for row, cells in numbers.items():
        table.add(row, *cells)
    return table


def _figure(name: str, title: str, numbers: Mapping[str, List[Number]]):
    groups = {
        setup: {row: (n[i].value, n[i].spread) for row, n in numbers.items()}
        for i, setup in enumerate(SETUPS)
    }
    caption = 'Lower is better; lines are the deviation over random draws.'
    return bars(name, groups, 'miss rate (%)', title, caption)


def _rows(sweep: Sweep, row: str, top: int) -> List[int]:
    if row == 'nothing':
        return [sweep.reference]
    return sweep.find(row, 0, top)
