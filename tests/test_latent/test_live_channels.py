"""A latent of 256 channels of which 175 are always 0, from pass to plan."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import (
    Ablation,
    ChannelRanking,
    Regions,
    collect,
    load_rankings,
    matched_ranking,
    random_ranking,
    rank,
    save_rankings,
)
from mmchanpos.latent.agreement import agreement
from mmchanpos.latent.plan import plan_sweep, usual_tops

CHANNELS, DEAD = 256, 175
LIVE = CHANNELS - DEAD
SOME = Regions(['0', '1', '2'], ['3', '4'])


@pytest.fixture(scope='module')
def dead():
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(CHANNELS, DEAD, replace=False))


@pytest.fixture(scope='module')
def rankings(dead):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, CHANNELS, 3, stride=2), nn.ReLU()).eval()
    with torch.no_grad():
        net[0].bias.fill_(0.5)
        net[0].bias[dead] = -100
    images = [torch.rand(6, 3, 9, 8)]
    (deltas,) = collect(net, images, ['1'], shift=(0, 2))
    kinds = ('overall', 'left', 'shift', 'magnitude')
    return {kind: rank(deltas, kind, SOME) for kind in kinds}


def test_the_pass_finds_them_and_every_ranking_puts_them_last(rankings, dead):
    for ranking in rankings.values():
        assert ranking.live == LIVE
        assert ranking.dead == tuple(dead)
        assert set(ranking.order[LIVE:]) == set(dead)
    # A signed score is below 0 for some live ones, which come first still.
    left = rankings['left']
    assert left.scores[left.order[:LIVE]].min() < 0


def test_default_n_stay_below_the_live_ones(rankings):
    tops = usual_tops(rankings['overall'].live)
    assert max(tops) < LIVE
    plan = plan_sweep(list(rankings.values()), ['overall'], tops)
    for ablation in plan[1:]:
        off = set(ablation.indices((CHANNELS,)))
        assert not off & set(rankings['overall'].dead)
        assert ablation.excess == ''


def test_draws_come_from_the_live_ones(rankings, dead):
    overall, magnitude = rankings['overall'], rankings['magnitude'].scores
    drawn = [
        random_ranking(CHANNELS, seed, **overall.about()) for seed in range(3)
    ]
    drawn += [matched_ranking(overall, magnitude, seed) for seed in range(3)]
    for ranking in drawn:
        assert sorted(ranking.order) == list(range(CHANNELS))
        assert ranking.live == LIVE
        assert not set(ranking.top(LIVE)) & set(dead)


def test_a_top_beyond_the_live_ones_warns(rankings):
    overall = rankings['overall']
    assert Ablation(overall, top=LIVE).excess == ''
    excess = Ablation(overall, top=100).excess
    assert '"' not in excess
    assert excess.startswith('overall top 100 goes beyond the 81 channels')
    assert '175 of 256 are always 0' in excess
    assert Ablation(overall, start=70, stop=90).excess
    assert not Ablation(channels=[int(overall.order[-1])]).excess
    assert not Ablation(top=200).excess


def test_levels_are_counted_one_by_one():
    ranking = ChannelRanking('overall', range(6), widths=(4, 2), dead=[5, 0])
    assert ranking.live_widths == (3, 1)
    assert Ablation(ranking, top=1, per_level=True).excess == ''
    two = Ablation(ranking, top=2, per_level=True)
    assert 'beyond the 1 channels of some level' in two.excess


def test_agreement_counts_live_channels_alone(rankings):
    rng = np.random.default_rng(0)
    about = rankings['overall'].about()
    found = []
    for seed in range(40):
        pair = [random_ranking(CHANNELS, s, **about) for s in (seed, 99)]
        found.append(agreement(*pair)['spearman'])
    # Over all channels the order of the dead, the same in both, says .9.
    assert abs(np.mean(found)) < 0.1
    one = agreement(rankings['overall'], rankings['overall'])
    assert one['spearman'] == pytest.approx(1)
    assert (one['top'], one['shared']) == (4, 4)
    assert one['chance'] == 16 / LIVE
    # The live ones by themselves are as many, and so is what chance gives.
    live = rankings['overall'].order[:LIVE].argsort()
    other = rng.permutation(live)
    pair = [ChannelRanking('overall', order) for order in (live, other)]
    assert agreement(*pair, 4)['chance'] == one['chance']


def test_a_file_that_does_not_know_works_and_the_other_one_knows(
    rankings, tmp_path
):
    path = tmp_path / 'ranking.json'
    save_rankings(path, list(rankings.values()))
    assert [r.live for r in load_rankings(path)] == [LIVE] * 4
    content = json.loads(path.read_text())
    for part in content['rankings']:
        del part['dead']
        # As it was written then: by descending score, dead ones between.
        part['order'] = ChannelRanking.from_scores(
            part['kind'], part['scores']
        ).order.tolist()
    path.write_text(json.dumps(content))
    old = load_rankings(path)[0]
    assert (old.dead, old.live) == (None, CHANNELS)
    assert Ablation(old, top=100).excess == ''
    assert agreement(old, rankings['shift'])['chance'] == 16 / LIVE


def test_scores_of_halves_are_compared_over_live_channels(rankings):
    # The dead ones alone would agree to .8 and more, whatever the live do.
    stability = rankings['left'].notes['stability']['spearman']
    assert -1 <= stability < 0.6


@pytest.mark.parametrize('dead', [[3], [-1], [0, 0], [0.5], ['a'], [[0]]])
def test_a_wrong_list_is_refused(dead):
    with pytest.raises(InputError, match='no list of some of its channels'):
        ChannelRanking('overall', range(3), dead=dead)


def test_a_latent_that_is_all_0_can_be_ranked():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()).eval()
    nn.init.constant_(net[0].bias, -100)
    (deltas,) = collect(net, [torch.rand(3, 3, 4, 4)], ['1'])
    ranking = rank(deltas, 'overall')
    assert (ranking.live, ranking.order.tolist()) == (0, [0, 1, 2, 3])
