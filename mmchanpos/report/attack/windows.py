"""Which ranks of a ranking hurt, one window at a time."""

from typing import Optional

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import DRAWN
from mmchanpos.report.figures import Figure, bars
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Table
from mmchanpos.statistics import rank_correlation

from .curves import cells, harm_name
from .trainings import Trainings


def window_section(trainings: Trainings) -> Optional[Section]:
    """Whether first ranks hurt more than later ones; None without windows."""
    sweep = trainings.sweep
    region = sweep.regions[0]
    kinds = [kind for kind in sweep.kinds if len(sweep.windows(kind)) > 1]
    if not kinds:
        return None
    columns = ['ranking', 'ranks', 'harm', 'more than random', 'p']
    table = Table(f'Harm of a window of ranks ({region}), in points', columns)
    sentences = []
    for kind in kinds:
        windows = sweep.windows(kind)
        harms = []
        for span in windows:
            harm = trainings.harm(kind, region, span)
            found = trainings.against_drawn(kind, 'random', region, [span])
            table.add(
                title_of(kind), '-'.join(map(str, span)), harm, *cells(found)
            )
            harms.append(harm.plain)
        first, *_, last = zip(windows, harms)
        text = ' and '.join(
            f'{harm:.2f} points for ranks {start}-{stop}'
            for (start, stop), harm in (first, last)
        )
        if len(harms) > 2 and np.isfinite(harms).all():  # two are in order
            agree = rank_correlation(np.arange(len(harms)), -np.array(harms))
            text += (
                '; order and harm agree with Spearman '
                f'{agree["spearman"]:+.2f} over {len(harms)} windows'
            )
        sentences.append(f'{title_of(kind).capitalize()}: harm is {text}.')
    return Section(
        'Do the first ranks matter most?',
        sentences,
        [window_figure(trainings, region)],
        [table],
        name='windows',
    )


def window_figure(trainings: Trainings, region: str) -> Figure:
    """Harm of one window of ranks at a time (Fig. 4, bottom row).

    What the bars scatter is over draws and trainings.
    """
    sweep = trainings.sweep
    kinds = [kind for kind in sweep.kinds if len(sweep.windows(kind)) > 1]
    groups: dict[str, dict] = {}
    for kind in (*kinds, *DRAWN):
        for start, stop in sweep.windows(kind):
            harms = [
                s.harm(row, region)
                for s in trainings.sweeps
                for row in s.find(kind, start, stop)
            ]
            spread = np.std(harms, ddof=1) if len(harms) > 1 else None
            group = groups.setdefault(f'{start}-{stop}', {})
            group[kind] = float(np.mean(harms)), spread
    figure = bars(
        'windows',
        groups,
        harm_name(trainings),
        f'{region}: one window of ranks switched off',
        'Each group switches off that window of ranks and nothing else. If '
        'the order means anything, first ranks hurt most.',
        labels={kind: title_of(kind) for kind in (*kinds, *DRAWN)},
    )
    figure.image.axes[0].set_xlabel('ranks switched off')
    return figure
