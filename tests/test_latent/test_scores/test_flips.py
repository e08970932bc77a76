from mmchanpos.latent import Regions, find_kind
from tests.test_latent.test_scores.by_hand import deltas

DATA = deltas(
    plain=[[4, 1, 0], [2, 1, 0]],
    flip=[[1, 1, 0], [3, -1, 0]],
    kernel=[[0, 0, 7], [0, 0, 7]],
    kernel_flip=[[0, 6, 7], [4, 0, 7]],
    shift=[[4, 2, 0], [2, 0, 0]],
)


def scores(kind):
    return find_kind(kind).score(DATA, Regions()).value().tolist()


def test_changes_are_averaged_without_their_sign():
    assert scores('overall') == [2, 1, 0]
    assert scores('kernel_flip') == [2, 3, 0]
    assert scores('kernel_flip_pair') == [3, 1, 7]
    assert scores('shift') == [0, 1, 0]


def test_scale_free_divides_by_the_size_and_leaves_the_dead_at_zero():
    assert scores('scale_free') == [2 / 3, 1, 0]


def test_faint_is_told_beside_live_channels_however_many_are_dead():
    # A 40th of the only other live channel is clear, a 400th is faint.
    for dead in (0, 99):
        rows = [[40.0, 1.0, *[0.0] * dead]]
        data = deltas(plain=rows, flip=[[0.0] * (2 + dead)])
        found = find_kind('scale_free').score(data, Regions()).value()
        assert found[:2].tolist() == [1, 1]
        rows[0][1] = 0.1
        data = deltas(plain=rows, flip=[[0.0] * (2 + dead)])
        found = find_kind('scale_free').score(data, Regions()).value()
        assert found[:2].tolist() == [1, 0]


def test_the_sign_of_a_response_does_not_count_for_its_strength():
    data = deltas(plain=[[-2, 1], [4, 0]])
    score = find_kind('magnitude').score(data, Regions())
    assert score.value().tolist() == [3, 0.5]
