from mmchanpos.latent import Regions
from mmchanpos.latent.scores.magnitude import magnitude
from tests.test_latent.test_scores.by_hand import deltas


def test_the_sign_does_not_count():
    data = deltas(plain=[[-2, 1], [4, 0]])
    assert magnitude(data, Regions()).value().tolist() == [3, 0.5]
