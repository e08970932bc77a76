"""Several trainings are asked as one."""

from dataclasses import replace

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.report.attack import Trainings, attack_sections
from mmchanpos.report.attack.trainings import Answer
from mmchanpos.statistics import one_against_sample
from tests.known_sweep import known_sweep


def test_several_trainings_are_judged_by_what_they_share():
    def trained(shift):
        sweep = known_sweep(per_image=False)
        for row in sweep.rows_of('overall'):
            row.scores = {k: v + shift for k, v in row.scores.items()}
        return sweep

    alike = attack_sections([trained(0), trained(0.5), trained(-0.5)])
    rows = {row[0]: row for row in alike['verdict'].tables[0].rows}
    assert '(in 3 of 3)' in rows['overall channels'][2]
    assert rows['overall channels'][4] == 'more than both'
    assert '3 trainings' in alike['verdict'].sentences[1]
    # One that goes the other way, and nothing is established any more.
    apart = attack_sections([trained(0), trained(0), trained(30)])
    rows = {row[0]: row for row in apart['verdict'].tables[0].rows}
    assert '✗' in rows['overall channels'][2]
    assert '(in 2 of 3)' in rows['overall channels'][2]
    alone = attack_sections(trained(0))
    assert 'one training' in alone['verdict'].sentences[1]


def without_kind(sweep, kind):
    """The same without one of the rankings."""
    kept = [i for i, row in enumerate(sweep.rows) if row.kind != kind]
    rows = [sweep.rows[i] for i in kept]
    return replace(sweep, rows=rows, per_image=sweep.per_image[kept])


def test_trainings_that_were_attacked_otherwise_are_refused(sweep):
    with pytest.raises(InputError, match='of the same kinds'):
        Trainings([sweep, without_kind(sweep, 'overall')])
    with pytest.raises(InputError, match='same lower_is_better'):
        Trainings([sweep, replace(sweep, lower_is_better=True)])
    with pytest.raises(InputError, match='the same ranks'):
        Trainings([sweep, known_sweep(tops=(5, 20))])
    with pytest.raises(InputError, match='no sweep'):
        Trainings([])


def test_a_comparison_with_one_draw_has_no_interval():
    answer = Answer((one_against_sample(np.array([3.0])),))
    assert answer.span() == '+3.00'
    assert 'nan' not in answer.interval()
