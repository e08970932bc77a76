"""Table S1: pedestrian detectors miss more without position channels."""

from typing import Iterator, Mapping, NamedTuple, Sequence

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Number, Section, Table, bars
from mmchanpos.report.attack import Trainings

from .attacks import attack, draw_streets, mean_score, trainings_of

NEEDS = (
    'Cityscapes with the annotations of CityPersons, and weights of the '
    'three detectors or months of training. The weights that the paper '
    'attacked are those of Pedestron, whose nets differ from these in detail.'
)
SETUPS = ('Reasonable', 'Small', 'Heavy', 'All')
ROWS = ('nothing', 'random', 'overall')


class Detector(NamedTuple):
    """A detector of the table.

    Attributes:
        name (str): In steps and rows.
        config (str): Below ``configs/pedestrians/``.
        top (int): Channels that are switched off, on each level of the neck.
        seconds (float): Of a training.
    """

    name: str
    config: str
    top: int
    seconds: float

    @property
    def role(self) -> str:
        """What ``--checkpoint`` and the steps call it."""
        return self.name.lower().replace(' r-cnn', '-rcnn')

    @property
    def taps(self) -> list[str]:
        """Latents; the paper does not say which it took for R-CNNs."""
        return ['neck'] + ['neck.reduction_conv'] * ('R-CNN' in self.name)


FULL = [
    Detector(name, f'{net}_citypersons.py', 100, days * 86400.0)
    for name, net, days in (
        ('Faster R-CNN', 'faster-rcnn_hrnetv2p-w32', 20),
        ('Cascade R-CNN', 'cascade-rcnn_hrnetv2p-w32', 20),
        ('CSP', 'csp_r50', 60),
    )
]
#: The same shares of smaller latents: 100 of 256, and 100 of 768.
QUICK = [
    Detector('Faster R-CNN', 'faster-rcnn_r18-small_synthetic.py', 12, 400),
    Detector('CSP', 'csp_r18-small_synthetic.py', 6, 340),
]
STORY = [QUICK[1]._replace(seconds=110)]
#: Of the training that the quickstart has time for.
STORY_EPOCHS = 5
#: Miss rates of the paper by detector and what is switched off.
PAPER: Mapping[str, Mapping[str, tuple[float, ...]]] = {
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
    root, needs = setting.data_root, []
    if setting.quick and not root:
        yield draw_streets('--size', '256x512', seconds=60)
        root, needs = '{data}/streets', ['data']
    options = setting.data_options(root)
    if setting.story:
        options['train_cfg.max_epochs'] = STORY_EPOCHS
        options['train_cfg.val_interval'] = STORY_EPOCHS
    draws = _draws(setting)
    for detector in _detectors(setting):
        for train in Train.each(
            setting,
            detector.role,
            role=detector.role,
            config=f'configs/pedestrians/{detector.config}',
            options=options,
            test=False,
            needs=needs,
            seconds=detector.seconds,
        ):
            yield train
            for tap in detector.taps:
                words = ['--tap', tap, '--per-level', '--kinds', 'overall']
                words += ['--tops', detector.top, '--random', draws]
                yield attack(
                    setting,
                    _attacked(detector, tap).format(train.seed),
                    train,
                    [*words, '--matched', draws],
                    root,
                    seconds=setting.pick(quick=120, full=3600),
                )


def read(context: Context) -> Section:
    """Miss rates beside the paper's, one table per latent."""
    quick = context.setting.quick
    tables, figures, verdicts = [], [], []
    for detector in _detectors(context.setting):
        for tap in detector.taps:
            trainings = trainings_of(
                context, _attacked(detector, tap), detector.role, story=1
            )
            numbers = _numbers(detector, trainings)
            title = f'{detector.name}, top {detector.top} of "{tap}"'
            title += ', built-in streets' * quick
            tables.append(_table(title, numbers))
            name = f'{detector.role}-{tap}'.replace('.', '-')
            figures.append(_figure(name, title, numbers))
            verdicts.append(_verdict(title, trainings))
    sentences = [
        'Miss rates (MR^-2 in percent, so LOWER is better) with nothing, with '
        f'random channels ({_draws(context.setting)} draws in every training; '
        'the paper does not say how many it took) and with the channels that '
        'depend most on position switched off. Numbers are means and standard '
        'deviations over trainings.',
        *verdicts,
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


def _detectors(setting: Setting) -> Sequence[Detector]:
    return setting.pick(story=STORY, quick=QUICK, full=FULL)


def _draws(setting: Setting) -> int:
    return setting.pick(story=3, quick=5, full=10, builtin=2)


def _attacked(detector: Detector, tap: str) -> str:
    return f'{detector.role}-seed{{}}-{tap}'


def _numbers(
    detector: Detector, trainings: Trainings
) -> dict[str, list[Number]]:
    """Miss rates of every setup, by what is switched off."""
    found = {}
    for row in (*ROWS, 'matched'):
        top = 0 if row == 'nothing' else detector.top
        papers = PAPER[detector.name].get(row, (None,) * len(SETUPS))
        found[row] = [
            mean_score(trainings, row, top, setup, paper=paper)
            for setup, paper in zip(SETUPS, papers)
        ]
    return found


def _verdict(title: str, trainings: Trainings) -> str:
    """Whether it costs more than chance, and than strength, in one setup."""
    told = []
    for drawn, words in (
        ('random', 'random channels'),
        ('matched', 'channels of the same magnitude'),
    ):
        found = trainings.against_drawn('overall', drawn, SETUPS[0])
        if found is not None:
            told.append(
                f'{found.difference:+.2f} points more than {words} '
                f'({found.interval()})'
            )
    # Intervals over several trainings say themselves how many there are.
    one = f' {trainings.counted()}' * (len(trainings) == 1)
    return f'{title}, {SETUPS[0]}: {"; ".join(told)}.{one}'


def _table(title: str, numbers: Mapping[str, list[Number]]) -> Table:
    note = 'Miss rate in percent, lower is better.'
    table = Table(f'Table S1, {title}', ['switched off', *SETUPS], note=note)
    for row, cells in numbers.items():
        table.add(row, *cells)
    return table


def _figure(name: str, title: str, numbers: Mapping[str, list[Number]]):
    groups = {
        setup: {row: (n[i].value, n[i].spread) for row, n in numbers.items()}
        for i, setup in enumerate(SETUPS)
    }
    caption = 'Lower is better; lines are the deviation over trainings.'
    return bars(name, groups, 'miss rate (%)', title, caption)
