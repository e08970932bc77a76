import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent import ChannelRanking
from mmchanpos.latent.agreement import agreement, split_half


def test_overlap_is_compared_with_chance():
    rng = np.random.default_rng(0)
    one, *others = (
        ChannelRanking('overall', rng.permutation(2048)) for _ in range(400)
    )
    found = [agreement(one, other, 100) for other in others]
    chance = found[0]['chance']
    assert chance == pytest.approx(4.88, abs=0.01)
    shared = [each['shared'] for each in found]
    assert np.mean(shared) == pytest.approx(chance, abs=0.4)
    itself = agreement(one, one, 100)
    assert itself['shared'] == 100
    assert itself['p_value'] < 1e-9


def test_halves_agree_on_signal_and_not_on_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 40))
    assert abs(split_half(noise)['spearman']) < 0.2
    assert split_half(noise + 5 * np.arange(40))['spearman'] > 0.99


def test_one_image_has_no_halves():
    with pytest.raises(InputError, match='in halves'):
        split_half(np.zeros((1, 4)))
