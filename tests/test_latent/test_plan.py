"""Which ablations a sweep makes."""

import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent import ChannelRanking
from mmchanpos.latent.plan import check_plan, plan_sweep

OVERALL = ChannelRanking.from_scores('overall', range(12))
NONE = dict(random=0, matched=0)
MAGNITUDE = ChannelRanking.from_scores('magnitude', range(12, 0, -1))


def test_a_window_that_is_a_top_n_too_is_made_once():
    plan = plan_sweep(
        [OVERALL], tops=[2, 4], windows=[(0, 4), (4, 8)], random=2, matched=0
    )
    made = [(a.ranking.kind, a.ranking.seed, *a.window) for a in plan[1:]]
    assert len(made) == len(set(made)) == 3 * 3
    assert ('overall', None, 0, 4) in made
    assert ('overall', None, 4, 8) in made


def test_draws_have_seeds_of_their_own_and_windows_only_where_random():
    plan = plan_sweep(
        [OVERALL, MAGNITUDE],
        kinds=['overall', 'magnitude'],
        tops=[3],
        windows=[(3, 6)],
        random=2,
        matched=2,
        seed=5,
    )
    seeds = {
        kind: sorted({a.ranking.seed for a in plan[1:] if is_a(a, kind)})
        for kind in ('random', 'matched')
    }
    assert seeds == {'random': [5, 6], 'matched': [5, 6]}
    assert not any(a.start for a in plan[1:] if is_a(a, 'matched'))
    # What is a control itself needs no control of its strength.
    matched = [a for a in plan[1:] if is_a(a, 'matched')]
    assert len(matched) == 2


def is_a(ablation, kind):
    return ablation.ranking.kind == kind


def test_by_default_n_is_counted_where_it_will_be_switched_off():
    pyramid = ChannelRanking('overall', range(12), widths=(8, 4), dead=[0])
    most = {
        each: max(a.top for a in plan_sweep([pyramid], per_level=each, **NONE))
        for each in (False, True)
    }
    assert most == {False: 8, True: 3}
    with pytest.raises(InputError, match='tops, windows or both'):
        plan_sweep([pyramid], tops=[], **NONE)


def test_what_a_sweep_will_refuse_is_refused_before_the_ranking():
    windows = dict(tops=None, windows=[(2, 4)])
    mean = dict(tops=[2], value='mean')
    for wanted in (dict(tops=[4]), windows, dict(tops=None), {}, mean):
        check_plan(['overall', 'magnitude'], (2, 2), kinds=None, **wanted)
    for wanted, said in (
        (dict(tops=[5]), '4 channels'),
        (dict(windows=[(2, 5)]), '4 channels'),
        (dict(kinds=['left']), 'no ranking "left"'),
        (dict(value='nil'), 'nil'),
        (dict(tops=[3], per_level=True), 'on every level'),
    ):
        with pytest.raises(InputError, match=said):
            check_plan(['overall'], (2, 2), **{'tops': [1], **wanted})
