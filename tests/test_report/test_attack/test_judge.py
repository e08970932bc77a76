"""A ranking is compared with draws, whatever is known of the images."""

from dataclasses import replace

import numpy as np
import pytest

from mmchanpos.latent.iou import percent_iou
from mmchanpos.report.attack import Judge, attack_sections
from tests.known_sweep import known_sweep


def test_the_difference_is_what_the_areas_say(sweep):
    def harm(row):
        before, after = (
            percent_iou(sweep.per_image[i].mean(axis=0))[1]
            for i in (sweep.reference, row)
        )
        return before - after

    (one,) = sweep.find('left', 0, 5)
    others = [harm(i) for i in sweep.find('random', 0, 5)]
    found = Judge(sweep).against_drawn('left', 'random', 'left', [(0, 5)])
    assert found.difference == pytest.approx(harm(one) - np.mean(others))
    assert found.answer == 'more'


@pytest.mark.parametrize('per_image', [True, False])
def test_a_random_draw_is_found_unlike_the_others_one_time_in_twenty(
    per_image,
):
    draws = 60
    sweep = known_sweep(per_image=per_image, draws=draws, windows=())
    rows = sweep.rows_of('random')
    found = 0
    for seed in range(draws):
        for row in rows:
            row.kind = 'case' if row.seed == seed else 'random'
        judge = Judge(sweep, draws=50)
        found += judge.against_drawn('case', 'random', 'left').p_value < 0.05
    assert found <= 0.1 * draws


def test_without_values_per_image_the_draws_decide():
    sweep = known_sweep(per_image=False)
    judge = Judge(sweep)
    found = judge.against_drawn('overall', 'random', 'overall')
    assert (found.answer, found.draws, found.reached) == ('more', 8, 0)
    # A draw is not unlike the other draws.
    (one, *others) = sweep.find('random', 0, 10)
    sweep.rows[one].kind = 'chance'
    found = judge.against_drawn('chance', 'random', 'overall', [(0, 10)])
    assert (found.answer, found.draws) == ('not more', 7)
    assert found.low < 0 < found.high
    assert judge.between_regions('left', 'left', 'right') is None


def test_one_draw_is_too_few_to_tell():
    judge = Judge(known_sweep(per_image=False, draws=1))
    found = judge.against_drawn('overall', 'random', 'overall')
    assert found.answer == 'not more'


def test_only_draws_that_cover_the_curve_are_used(sweep):
    rows = [
        r for r in sweep.rows if (r.kind, r.stop, r.seed) != ('random', 10, 3)
    ]
    judge = Judge(replace(sweep, rows=rows, per_image=None))
    found = judge.against_drawn('overall', 'random', 'overall')
    assert found.draws == 7


@pytest.mark.parametrize('kind', ['overall', 'random'])
def test_what_has_no_score_is_left_out(kind):
    """A detector that finds nothing has none, as of the top 10 here."""
    sweep = known_sweep(per_image=False)
    whole = Judge(sweep).against_drawn('overall', 'random', 'left', [(0, 5)])
    for row in sweep.rows_of(kind):
        if row.stop == 10:
            row.scores['left'] = None
    judge = Judge(sweep)
    assert judge.against_drawn('overall', 'random', 'left') == whole
    pair = judge.against_drawn('overall', 'random', ('left', 'right'))
    assert np.isfinite(pair.difference)
    for row in sweep.rows_of(kind):
        row.scores['left'] = None
    assert Judge(sweep).against_drawn('overall', 'random', 'left') is None
    said = attack_sections(sweep)['verdict'].remarks
    assert not any('nan' in text for text in said)
