"""What Fig. 4, Fig. 6 and the supplement share: a segmentor and its attack."""

from typing import Any, Iterator, NamedTuple, Optional, Sequence

from mmchanpos.experiments import Context, Setting, Step, Tool, Train
from mmchanpos.report import Number
from mmchanpos.report.attack import Trainings


class Net(NamedTuple):
    """The segmentor of a scale, and how much of its latent is switched off.

    Attributes:
        config (str): How it is trained.
        channels (int): Width of its latent.
        tops (tuple[int, ...]): Numbers of channels that are switched off.
        width (int): Of a window of ranks.
        seconds (float): Of a training.
        share (dict[int, int]): N to the same share of the paper's latent.
        drawn (tuple[str, ...]): How the streets are that it is trained on.
    """

    config: str
    channels: int
    tops: tuple[int, ...]
    width: int
    seconds: float
    share: dict[int, int]
    drawn: tuple[str, ...] = ()


SMALL = Net(
    'configs/attack/fcn_plain_synthetic.py',
    channels=128,
    tops=(6, 12, 20, 32),
    width=12,
    seconds=80,
    share={0: 0, 6: 100, 32: 500},
    drawn=('--cars', '3-6'),
)
FULL = Net(
    'configs/attack/deeplabv3_r50-os16_cityscapes.py',
    channels=2048,
    tops=(50, 100, 200, 300, 400, 500),
    width=100,
    seconds=2 * 86400,
    share={n: n for n in (0, 100, 500)},
)
NEEDS = (
    'Cityscapes, and weights of the DeepLabv3 or GPUs to train it. The '
    'weights that the paper attacked are on a link that asks for a login.'
)
#: What the net is called in ``--checkpoint``.
ROLE = 'segmentor'
#: Experiments on streets share the drawn images and the trained segmentors.
SHARED = 'streets'


def net_of(setting: Setting) -> Net:
    """The segmentor that is attacked."""
    return setting.pick(quick=SMALL, full=FULL)


def seeds_of(setting: Setting) -> Sequence[int]:
    """Seeds of its trainings: the headline takes three at every scale."""
    return setting.trainings(ROLE, story=3)


def draw_streets(*words: str, **others: Any) -> Tool:
    """The step that draws the images a small net is trained on."""
    return Tool(
        'data',
        tool='misc/make_synthetic.py',
        arguments=['--out', '{data}', *words],
        **others,
    )


def train_steps(setting: Setting, own: Optional[Net] = None) -> Iterator[Step]:
    """Draw streets if quick, and train segmentors."""
    net, needs = own or net_of(setting), []
    if setting.quick and not setting.data_root:
        yield draw_streets(*net.drawn, seconds=15, shared=SHARED)
        needs = ['data']
    for seed in seeds_of(setting):
        yield Train(
            f'train-seed{seed}',
            config=net.config,
            options=setting.data_options(streets(setting)),
            seed=seed,
            role=ROLE,
            test=False,
            needs=needs,
            seconds=net.seconds,
            shared='' if own else SHARED,
        )


def attack(
    setting: Setting,
    name: str,
    train: Train,
    words: Sequence[Any],
    root: Optional[str] = None,
    **others: Any,
) -> Tool:
    """Rank and sweep a net that a step trains."""
    line: list[Any] = [train.config, f'{{{train.name}:checkpoint}}']
    line += ['--out', f'{{{name}}}', '--work-dir', f'{{{name}}}/log', *words]
    if root and not setting.builtin:
        line += ['--data-root', root]
    needs = [*train.needs, train.name]
    return Tool(name, needs, tool='attack.py', arguments=line, **others)


def street_steps(
    setting: Setting, *attacks: tuple[str, Sequence[Any]], shared: str = ''
) -> Iterator[Step]:
    """Train segmentors, then rank and sweep each of them."""
    for step in train_steps(setting):
        yield step
        for name, words in attacks if isinstance(step, Train) else ():
            yield attack(
                setting,
                f'{name}-seed{step.seed}',
                step,
                words,
                streets(setting),
                seconds=setting.pick(quick=100, full=86400),
                shared=shared,
            )


def streets(setting: Setting) -> str:
    """Where the images lie."""
    drawn = setting.pick(quick='{data}/streets', full='data/cityscapes')
    return setting.data_root or drawn


def trainings_of(
    context: Context,
    name: str = 'attack-seed{}',
    role: str = ROLE,
    story: int = 3,
) -> Trainings:
    """What the sweeps of all trainings say together."""
    seeds = context.setting.trainings(role, story=story)
    folders = [context.folders[name.format(seed)] for seed in seeds]
    return Trainings([folder / 'sweep/sweep.json' for folder in folders])


def mean_score(
    trainings: Trainings, kind: str, top: int, region: str, **known: Any
) -> Number:
    """Score with the top N off: mean over draws, then over trainings."""
    matches = 'overall' if kind == 'matched' else None
    if not top:
        each = [[s.score(s.reference, region)] for s in trainings.sweeps]
    else:
        each = trainings.scores(kind, 0, top, region, matches)
    if not all(each):
        return Number(None, **known)
    means = [sum(draws) / len(draws) for draws in each]
    return Number.over(means, digits=2, **known)
