"""What Fig. 4, Fig. 6 and the supplement share: a segmentor and its attack."""

from typing import Any, Iterator, List, Sequence, Tuple

from mmchanpos.experiments.run.runs import Train
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step, Tool
from mmchanpos.latent.sweep import Sweep

QUICK = 'configs/attack/fcn_plain_synthetic.py'
FULL = 'configs/attack/deeplabv3_r50-os16_cityscapes.py'
#: Experiments on streets share the drawn images and the trained segmentor.
SHARED = 'streets'


def attack_steps(
    setting: Setting,
    tops: Sequence[int],
    words: Sequence[Any] = (),
    shared: str = '',
) -> Iterator[Step]:
    """Draw streets if quick, train a segmentor, rank and sweep it.

    Args:
        setting (Setting): What the user chose.
        tops (sequence of int): Numbers of channels.
        words (sequence): More for ``tools/attack.py``.
        shared (str): Where experiments keep one attack together.

    Yields:
        Step: The last one, ``attack``, leaves ``sweep/sweep.json``.
    """
    root = setting.data_root or 'data/cityscapes'
    if setting.quick and not setting.data_root:
        yield Tool(
            'data',
            'misc/make_synthetic.py',
            ['--out', '{data}', '--cars', '3-6'],
            seconds=15,
            shared=SHARED,
        )
        root = '{data}/streets'
    config = setting.pick(quick=QUICK, full=FULL)
    loaders = ('train', 'val', 'test')
    options = {f'{x}_dataloader.dataset.data_root': root for x in loaders}
    yield Train(
        'train',
        config,
        options,
        seed=setting.seeds[0],
        test=False,
        seconds=setting.pick(quick=180, full=2 * 86400),
        shared=SHARED,
    )
    weights = setting.pick(quick='iter_340.pth', full='iter_40000.pth')
    line: List[Any] = [config, f'{{train}}/{weights}']
    line += ['--out', '{attack}', '--data-root', root]
    line += ['--work-dir', '{attack}/log', '--tops', *tops, *words]
    yield Tool(
        'attack',
        'attack.py',
        line,
        result='{attack}/sweep/sweep.json',
        seconds=setting.pick(quick=120, full=86400),
        needs=['train'],
        shared=shared,
    )


def sweep_of(context: Context) -> Sweep:
    """The sweep that the last step wrote."""
    return Sweep.load(context.folders['attack'] / 'sweep' / 'sweep.json')


def mean_score(
    sweep: Sweep, kind: str, window: Tuple[int, int], region: str
) -> float:
    """Mean score of an ablation over its draws; NaN where there is none."""
    matches = 'overall' if kind == 'matched' else None
    rows = sweep.find(kind, *window, matches)
    scores = [sweep.score(row, region) for row in rows]
    return sum(scores) / len(scores) if scores else float('nan')
