import numpy as np
import pytest

from mmchanpos.datasets.synthetic import (
    ONCOMING,
    OWN_LANE,
    draw_street,
    draw_streets,
)
from mmchanpos.datasets.synthetic.scene import (
    Canvas,
    bounding_box,
    find_things,
)
from mmchanpos.datasets.synthetic.sprites import car, person
from mmchanpos.errors import InputError


@pytest.fixture(scope='module')
def scenes():
    return draw_streets(150)


@pytest.fixture(scope='module')
def people():
    """All rows of scenes at which the public setups are meaningful."""
    return np.concatenate([s.people for s in draw_streets(120, 256, 512)])


def test_a_scene_depends_on_its_index_alone(scenes):
    for i in (0, 1, 149):
        for ours, again in zip(scenes[i], draw_street(i)):
            np.testing.assert_array_equal(ours, again)
    other = draw_street(0, seed=1)
    assert (other.image != scenes[0].image).any()
    assert (draw_street(0, split='val').image != scenes[0].image).any()


def test_maps_agree(scenes):
    for scene in scenes:
        labels = scene.label_ids
        assert labels.shape == scene.image.shape[:2] == (64, 128)
        assert (labels > 0).all()
        assert scene.train_ids.dtype == np.uint8
        # The only label that training ignores is that of things like bins.
        np.testing.assert_array_equal(scene.train_ids == 255, labels == 4)
    found = np.unique(np.stack([s.train_ids for s in scenes]))
    assert {0, 1, 2, 5, 8, 10, 11, 12, 13, 14, 18} <= set(found.tolist())


def test_only_the_side_tells_the_two_cars_apart(scenes):
    maps = np.stack([s.train_ids for s in scenes])
    assert not (maps[..., :64] == OWN_LANE).any()
    assert not (maps[..., 64:] == ONCOMING).any()
    images = np.stack([s.image for s in scenes]).astype(float)
    oncoming, own = maps == ONCOMING, maps == OWN_LANE
    assert abs(own.mean() / oncoming.mean() - 1) < 0.3
    colours = images[own].mean(0), images[oncoming].mean(0)
    np.testing.assert_allclose(*colours, atol=15)
    rows = own.mean((0, 2)), oncoming.mean((0, 2))
    np.testing.assert_allclose(*rows, atol=0.04)


def test_more_cars_stand_where_any_does(scenes):
    busy = draw_streets(20, cars=(3, 6))
    for scene in busy:
        labels, numbers = np.divmod(scene.instances, 1000)
        for label in (26, 27):
            assert (numbers[labels == label] < 6).all()
    few, many = (
        np.mean([np.isin(s.train_ids, (OWN_LANE, ONCOMING)) for s in drawn])
        for drawn in (scenes[:20], busy)
    )
    assert many > 1.5 * few
    for cars in ((0, 3), (4, 3)):
        with pytest.raises(InputError, match='how few and how many'):
            draw_street(0, cars=cars)


def test_a_car_is_its_own_mirror_image():
    for width in (9, 24, 41):
        sprite = car(20, width)
        np.testing.assert_array_equal(sprite, sprite[:, ::-1])


def test_rows_of_the_ground_look_alike_on_both_sides(scenes):
    """Row means of left and right halves differ by chance alone."""
    images = np.stack([s.image for s in scenes]).astype(float).mean(-1)
    gap = images[..., :64].mean(2) - images[..., 64:].mean(2)
    score = gap.mean(0) / (gap.std(0) / np.sqrt(len(gap)) + 1e-9)
    assert np.abs(score).max() < 4.5


def test_rows_of_people(people):
    kinds, box, visible = people[:, 0], people[:, 1:5], people[:, 6:]
    assert set(kinds.tolist()) == set(range(6))
    assert (visible[kinds == 5] == 0).all()
    assert (people[kinds == 5, 5] == 24).all()
    assert (people[kinds == 0, 5] == 0).all()
    same = np.isin(kinds, (0, 3, 4))
    np.testing.assert_array_equal(visible[same], box[same])
    walks = people[kinds == 1]
    assert (walks[:, 5] // 1000 == 24).all()
    assert (people[kinds == 2, 5] // 1000 == 25).all()
    ratio = walks[:, 3] / walks[:, 4]
    assert abs(np.median(ratio) - 0.41) < 0.02
    inside = kinds != 5
    assert (visible[inside, :2] >= np.maximum(box[inside, :2], 0)).all()
    ends = visible[:, :2] + visible[:, 2:]
    assert (ends <= box[:, :2] + box[:, 2:])[inside].all()
    assert (ends <= (512, 256)).all()


def test_every_public_setup_has_people(people):
    walks = people[people[:, 0] == 1]
    height = walks[:, 4]
    seen = walks[:, 8] * walks[:, 9] / (walks[:, 3] * height)
    setups = {
        'reasonable': (height >= 50) & (seen >= 0.65),
        'small': (height >= 50) & (height <= 75) & (seen >= 0.65),
        'heavy': (height >= 50) & (seen >= 0.2) & (seen <= 0.65),
        'all': (height >= 20) & (seen >= 0.2),
    }
    for name, counts in setups.items():
        assert counts.sum() >= 20, name
    assert (height > 75).sum() >= 20
    assert seen.max() == 1


def test_visible_boxes_are_those_of_the_pixels():
    """Where no side of a full box is free, the pixels say what is visible."""
    checked = 0
    for index in range(40):
        scene = draw_street(index, 256, 512, seed=5)
        for row in scene.people[scene.people[:, 0] == 1]:
            x, y, w, h = row[1:5]
            seen = bounding_box(scene.instances == row[5])
            vx, vy, vw, vh = row[6:]
            assert seen[0] >= vx
            assert seen[1] >= vy
            assert seen[0] + seen[2] <= vx + vw
            if vy + vh < y + h and vy == y and vx == x and vw == w:
                assert seen[1] + seen[3] == vy + vh
                checked += 1
    assert checked > 5


def test_some_scenes_are_one_sided(scenes):
    sides = {'left': 0, 'right': 0, 'none': 0, 'both': 0}
    for scene in scenes:
        start, end = scene.people[:, 1], scene.people[:, 1:4:2].sum(1)
        if not len(start):
            sides['none'] += 1
        elif (end <= 64).all():
            sides['left'] += 1
        elif (start >= 64).all():
            sides['right'] += 1
        else:
            sides['both'] += 1
    assert min(sides.values()) >= 4


def test_things_cover_their_pixels(scenes):
    for scene in scenes[:20]:
        things = find_things(scene.instances)
        area = sum(t['area'] for t in things)
        countable = np.isin(scene.label_ids, (24, 25, 26, 27, 33))
        assert area == countable.sum()
        for thing in things:
            x, y, w, h = thing['bbox']
            part = scene.label_ids[y : y + h, x : x + w]
            assert thing['area'] <= (part == thing['category_id']).sum()


def test_a_sprite_is_cut_off_at_every_border():
    sprite = person(20, 9)
    whole = Canvas(64, 96)
    whole.paste(sprite, 40, 20, np.ones((5, 3)), [7] * 5)
    area = (whole.instances == 7).sum()
    assert area == (sprite > 0).sum()
    for x, y in [(-4, 5), (92, 5), (5, -9), (5, 60)]:
        canvas = Canvas(64, 96)
        canvas.paste(sprite, x, y, np.ones((5, 3)), [7] * 5)
        assert 0 < (canvas.instances == 7).sum() < area
    for x, y in [(-30, 5), (99, 5), (5, -30), (5, 70)]:
        canvas = Canvas(64, 96)
        canvas.paste(sprite, x, y, np.ones((5, 3)), [7] * 5)
        assert not canvas.instances.any()


@pytest.mark.parametrize(('height', 'width'), [(20, 64), (64, 64)])
def test_too_small_or_too_narrow(height, width):
    with pytest.raises(InputError, match='too small or too narrow'):
        draw_street(0, height, width)
