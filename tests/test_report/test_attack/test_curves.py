"""Curves hold the scores, bands the draws."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from mmchanpos.report.attack import Trainings, curve_figure
from mmchanpos.report.attack.curves import verdict_figure


def test_curves_start_at_the_reference_and_bands_hold_the_draws(sweep):
    start = sweep.score(sweep.reference, 'left')
    rows = curve_figure(sweep, ['left']).data.rows
    for _, _, top, score, low, high in rows:
        assert low <= score <= high
        if top == 0:
            assert score == pytest.approx(start)
    drawn = [sweep.score(i, 'left') for i in sweep.find('random', 0, 10)]
    (row,) = [r for r in rows if r[1] == 'random channels' and r[2] == 10]
    assert row[3] == pytest.approx(np.mean(drawn))
    assert min(drawn) <= row[4] < row[5] <= max(drawn)


def test_every_ranking_has_the_band_of_its_own_strength(sweep):
    others = list(sweep.rows)
    for row in sweep.rows_of('matched'):
        twin = copy(row)
        twin.matches = 'left'
        twin.scores = {name: value - 1 for name, value in row.scores.items()}
        others.append(twin)
    sweep = replace(sweep, rows=others, per_image=None)
    figure = verdict_figure(Trainings(sweep), 'overall', ['overall', 'left'])
    matched = [r for r in figure.data.rows if 'same magnitude' in r[1]]
    at_ten = [row[3] for row in matched if row[2] == 10]
    assert at_ten[0] == pytest.approx(at_ten[1] + 1)
    titles = [axis.get_title(loc='left') for axis in figure.image.axes]
    assert titles[0] == 'overall channels'
