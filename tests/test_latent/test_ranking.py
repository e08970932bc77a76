import json

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent import (
    ChannelRanking,
    load_rankings,
    random_ranking,
    save_rankings,
)


def test_a_ranking_comes_back_from_its_file_as_it_went(tmp_path):
    ranking = ChannelRanking.from_scores(
        'left',
        [0.5, -1.0, 2.0],
        tap='neck',
        output=(0, 1),
        widths=(1, 2),
        means=[1, 2, 3],
        images=42,
        dataset='cityscapes',
        checkpoint_sha256='ab' * 32,
        notes={'stability': 0.9},
    )
    ranking.save(tmp_path / 'r.json')
    again = ChannelRanking.load(tmp_path / 'r.json')
    assert again.as_dict() == ranking.as_dict()
    assert again.order.tolist() == [2, 0, 1]
    assert again.output == (0, 1)


def test_equal_scores_keep_the_channels_order():
    ranking = ChannelRanking.from_scores('overall', [1.0, 2.0] * 50)
    assert ranking.order.tolist() == [*range(1, 100, 2), *range(0, 100, 2)]


def test_the_authors_files_load_and_save(tmp_path):
    order = np.random.default_rng(0).permutation(2048).tolist()
    path = tmp_path / 'authors.json'
    path.write_text(json.dumps({'overall': order}))
    ranking = ChannelRanking.load(path)
    assert ranking.kind == 'overall'
    assert ranking.top(2048) == order
    ranking.save(tmp_path / 'ours.json')
    assert ChannelRanking.load(tmp_path / 'ours.json').top(2048) == order


def test_one_file_holds_several_rankings_by_kind(tmp_path):
    path = tmp_path / 'all.json'
    rankings = [
        ChannelRanking.from_scores('overall', [1, 2]),
        ChannelRanking.from_scores('left', [2, 1]),
    ]
    save_rankings(path, rankings)
    assert [r.kind for r in load_rankings(path)] == ['overall', 'left']
    assert ChannelRanking.load(path, 'left').top(1) == [0]
    with pytest.raises(InputError, match='say which'):
        ChannelRanking.load(path)
    with pytest.raises(InputError, match='Did you mean "left"'):
        ChannelRanking.load(path, 'lef')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], 'object was wanted, array was found'),
        ({}, 'an object with'),
        ({'format': 1, 'kind': 'overall'}, 'missing required field order'),
        ({'format': 2, 'kind': 'overall', 'order': [0]}, 'format.* 2'),
        ({'format': 1, 'kind': 'overal', 'order': [0]}, '"overall"'),
        ({'overall': [0, 1, 1]}, r'channels \[2\] are missing'),
        ({'overall': [0, 3, 1]}, r'channels \[2\] are missing'),
        ({'overall': [0, -1]}, '>= 0'),
        ({'overall': []}, 'no channels'),
        ({'overall': [0.5, 1]}, 'int was wanted, float was found'),
        ({'overall': [[0], [1, 2]]}, 'int was wanted, array was found'),
        (
            {'format': 1, 'kind': 'left', 'order': [0, 1], 'channels': 3},
            'says 3 channels',
        ),
        (
            {'format': 1, 'kind': 'left', 'order': [0, 1], 'scores': [1]},
            'do not fit the 2 channels',
        ),
        (
            {'format': 1, 'kind': 'left', 'order': [0], 'scores': ['x']},
            r'scores\[0\]: float was wanted, str was found',
        ),
        (
            {'format': 1, 'kind': 'left', 'order': [0, 1], 'widths': [1, 2]},
            'make 3',
        ),
        ({'format': '1', 'kind': 'left', 'order': [0]}, 'format: int was'),
        ({'format': 1, 'kind': 'left', 'order': [10**30]}, 'order'),
        ({'format': 1, 'kind': 'left', 'order': [10**400]}, 'order'),
        (
            {'format': 1, 'kind': 'left', 'order': [0], 'widths': [2, -1]},
            '>= 1',
        ),
        (
            {'format': 1, 'kind': 'left', 'order': [0, 1], 'scores': [1, 2]},
            'contradicts its scores: channel 0',
        ),
        (
            {'format': 1, 'rankings': [{'kind': 'left', 'order': [True]}]},
            r'rankings\[0\].order\[0\]: int was wanted, bool was found',
        ),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path, content, message):
    path = tmp_path / 'broken.json'
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as error:
        ChannelRanking.load(path)
    assert 'broken.json' in str(error.value)


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match=r'channels \[1\] are not finite'):
        ChannelRanking.from_scores('overall', [1.0, float('nan')])


def test_a_window_beyond_the_channels_is_refused():
    ranking = random_ranking(10)
    for start, stop in ((0, 11), (5, 4), (-1, 3)):
        with pytest.raises(InputError, match='has 10 channels'):
            ranking.top(stop, start)
