import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent import Regions, Score, rank, rankable
from tests.test_latent.test_scores.by_hand import deltas


def test_a_score_is_a_function_of_the_mean_over_images():
    score = Score(np.array([[1.0, 4.0], [3.0, 0.0]]), lambda mean: mean**2)
    assert score.value().tolist() == [4.0, 4.0]
    assert Score(np.array([[1.0, 4.0], [3.0, 0.0]])).value().tolist() == [2, 2]


def test_a_ranking_carries_what_its_data_say():
    found = rank(
        deltas(plain=[[1, 5], [3, 5]], flip=[[1, 4], [2, 8]]), 'overall'
    )
    assert found.scores.tolist() == [0.5, 2.0]
    assert found.order.tolist() == [1, 0]
    assert found.means.tolist() == [2.0, 5.0]
    assert found.images == 2
    assert found.notes['draws'] == 200


def test_regions_know_their_sides_and_rows():
    data = deltas(plain=[[1], [2], [3]], flip=[[0], [0], [0]])
    regions = Regions(right=['image_2', 'image_0'])
    assert regions.known == ['right']
    assert regions.rows('right', data).tolist() == [2, 0]
    with pytest.raises(InputError, match='left images must be known'):
        rank(data, 'left', regions)
    assert 'right' in rankable(data, regions)
    assert not {'left', 'contrast'} & set(rankable(data, regions))


def test_kinds_without_a_score_and_unrecorded_variants_are_refused():
    data = deltas(plain=[[1]], flip=[[0]])
    with pytest.raises(InputError, match='not computed from a pass'):
        rank(data, 'random')
    with pytest.raises(InputError, match='but not "shift"'):
        rank(data, 'shift')
    with pytest.raises(InputError, match='but not "cell_0"'):
        rank(data, 'location')
    with pytest.raises(InputError, match='"overall"'):
        rank(data, 'overal')
