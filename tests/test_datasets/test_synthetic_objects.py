import numpy as np
import pytest

from mmchanpos.datasets import SyntheticObjects
from mmchanpos.datasets.synthetic import OBJECTS, draw_objects
from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS


def test_an_image_depends_on_its_index_alone():
    images, labels = draw_objects(300, size=16)
    again, _ = draw_objects(300, size=16)
    first, first_labels = draw_objects(7, size=16)
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(images[:7], first)
    np.testing.assert_array_equal(labels[:7], first_labels)


@pytest.mark.parametrize('other', [dict(seed=1), dict(split='val')])
def test_seeds_and_splits_differ(other):
    images, _ = draw_objects(20, size=16)
    others, _ = draw_objects(20, size=16, **other)
    same = (images == others).all(axis=(1, 2, 3))
    assert not same.any()


def test_all_classes_come_about_equally_often():
    _, labels = draw_objects(2000, size=8)
    counts = np.bincount(labels, minlength=len(OBJECTS))
    assert counts.min() > 140
    assert counts.max() < 260


def test_spread_and_noise():
    plain, labels = draw_objects(200, size=24, spread=0, noise=0)
    noisy, same = draw_objects(200, size=24, spread=0, noise=0.5)
    np.testing.assert_array_equal(labels, same)
    # Uniform noise of range r has variance r * r / 12, less what is clipped.
    noise = noisy.astype(float) - plain
    assert 0.12 < noise.std() / 255 < 0.5 / 12**0.5
    # In the middle objects leave the rim to the ground; far out they do not.
    near, far = (
        draw_objects(200, size=24, spread=spread, noise=0)[0]
        for spread in (0.05, 1)
    )
    np.testing.assert_array_equal(plain[:, :2], near[:, :2])
    assert (plain[:, :2] != far[:, :2]).any(axis=(1, 2, 3)).mean() > 0.2


def test_colours_do_not_tell_the_class():
    """Mean colours of two classes differ no more than chance lets them."""
    images, labels = draw_objects(
        400, size=32, classes=['disc', 'ring'], seed=3
    )
    means = images.mean(axis=(1, 2))
    gap = np.abs(means[labels == 0].mean(0) - means[labels == 1].mean(0))
    spread = means.std(0) * np.sqrt(4 / 400)
    assert (gap < 4 * spread).all()


def test_registered_and_independent_of_the_length():
    build = dict(type='mmchanpos.SyntheticObjects', size=16, split='val')
    small = DATASETS.build({**build, 'num': 10})
    large = DATASETS.build({**build, 'num': 20, 'indices': 10})
    assert len(small) == len(large) == 10
    np.testing.assert_array_equal(small[9]['img'], large[9]['img'])
    assert small.metainfo['classes'] == OBJECTS


def test_a_classifier_can_eat_it():
    pytest.importorskip('mmpretrain')
    dataset = SyntheticObjects(
        num=4,
        classes=['star', 'disc', 'cross'],
        pipeline=[dict(type='mmpretrain.PackInputs')],
    )
    sample = dataset[0]
    assert sample['inputs'].shape == (3, 32, 32)
    assert 0 <= int(sample['data_samples'].gt_label) < 3


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(num=0), 'at least 1'),
        (dict(size=4), '8 or more'),
        (dict(classes=['disc', 'rign']), '"ring"'),
        (dict(classes=['disc']), 'two different'),
        (dict(classes=['disc', 'disc']), 'two different'),
        (dict(split='trian'), '"train"'),
        (dict(spread=1.5), '0 to 1'),
        (dict(noise=-0.1), '0 or more'),
    ],
)
def test_bad_input(options, words):
    with pytest.raises(InputError, match=words):
        SyntheticObjects(**{'num': 4, **options})


def test_a_file_is_not_taken_for_what_is_drawn():
    for name in ('data_root', 'labels', 'images_key'):
        with pytest.raises(TypeError, match=name):
            SyntheticObjects(num=2, size=16, **{name: 'mine'})
