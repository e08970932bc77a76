import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmchanpos.datasets import ArrayDataset
from mmchanpos.datasets.transforms import PlaceOnGrid, RandomFlip
from mmchanpos.datasets.transforms.place_on_grid import seeded_cells
from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS

MEAN = [125.307, 122.961, 113.8575]
STD = [51.5865, 50.847, 51.255]


def patches(count=40, height=4, width=6):
    rng = np.random.default_rng(0)
    return rng.integers(1, 255, (count, height, width, 3), np.uint8)


def slowly_placed(patch, n, location, fill):
    """One canvas, written as the paper tells it."""
    height, width = patch.shape[:2]
    canvas = np.empty((n * height, n * width, 3), np.float32)
    canvas[:] = fill
    row, col = location // n, location % n
    top, left = row * height, col * width
    canvas[top : top + height, left : left + width] = patch
    return canvas


@pytest.mark.parametrize('n', [1, 2, 3, 5, 9])
@pytest.mark.parametrize('canvas', ['mean', 'black'])
def test_equals_the_literal_placement_one_by_one_and_by_the_batch(n, canvas):
    images = patches()
    place = PlaceOnGrid(n, canvas=canvas, mean=MEAN, where='seeded', seed=3)
    batch = dict(img=images, gt_label=np.zeros(40), sample_idx=np.arange(40))
    placed = place.transform_batch(batch)
    fill = MEAN if canvas == 'mean' else 0
    for i, patch in enumerate(images):
        single = place(dict(img=patch, gt_label=0, sample_idx=i))
        wanted = slowly_placed(patch, n, single['location'], fill)
        assert np.array_equal(single['img'], wanted)
        assert np.array_equal(placed['img'][i], wanted)
        assert single['gt_label'] == placed['gt_label'][i]
        assert single['img_shape'] == wanted.shape[:2]
    assert set(placed['gt_label']) == set(range(n * n)) or n > 3


@pytest.mark.parametrize('where', [0, 5, 7])
def test_targets_count_row_by_row(where):
    place = PlaceOnGrid(3, canvas='black', where=where)
    placed = place(dict(img=patches(1)[0], gt_label=8))
    rows, cols = np.nonzero(placed['img'].sum(2))
    assert placed['gt_label'] == (rows[0] // 4) * 3 + cols[0] // 6 == where


def test_the_object_task_keeps_the_class():
    place = PlaceOnGrid(3, task='object', canvas='black')
    batch = dict(img=patches(), gt_label=np.arange(40))
    placed = place.transform_batch(dict(batch))
    assert np.array_equal(placed['gt_label'], batch['gt_label'])
    assert len(set(placed['location'])) > 5
    assert place(dict(img=patches(1)[0], gt_label=4))['gt_label'] == 4
    assert (place.num_classes, PlaceOnGrid(3, mean=MEAN).num_classes) == (
        None,
        9,
    )


@pytest.mark.parametrize(('canvas', 'zeros'), [('mean', True), ('black', 0)])
def test_only_the_mean_canvas_is_zero_for_the_model(canvas, zeros):
    init_default_scope('mmpretrain')
    place = PlaceOnGrid(3, canvas=canvas, mean=MEAN, where=4)
    image = place(dict(img=patches(1)[0], gt_label=0))['img']
    inputs = torch.from_numpy(image.copy()).permute(2, 0, 1)[None]
    preprocess = MODELS.build(
        dict(type='mmpretrain.ClsDataPreprocessor', mean=MEAN, std=STD)
    )
    seen = preprocess(dict(inputs=inputs))['inputs'][0]
    seen[:, 4:8, 6:12] = 0
    assert bool((seen == 0).all()) == bool(zeros)


def test_a_small_patch_lies_in_the_middle_of_its_cell():
    place = PlaceOnGrid(2, canvas='black', where=3, cell=(8, 8))
    image = place(dict(img=patches(1)[0], gt_label=0))['img']
    rows, cols = np.nonzero(image.sum(2))
    assert image.shape == (16, 16, 3)
    assert (rows.min(), rows.max()) == (8 + 2, 8 + 5)
    assert (cols.min(), cols.max()) == (8 + 1, 8 + 6)


def test_seeded_cells_depend_on_the_sample_alone_and_spread_evenly():
    numbers = np.arange(20000)
    cells = seeded_cells(numbers, 9, seed=1)
    shuffled = np.random.default_rng(0).permutation(numbers)
    assert np.array_equal(seeded_cells(shuffled, 9, 1), cells[shuffled])
    assert not np.array_equal(cells, seeded_cells(numbers, 9, seed=2))
    assert np.abs(np.bincount(cells) / 20000 - 1 / 9).max() < 0.01
    after = np.histogram2d(cells[1:], cells[:-1], bins=9)[0] / 20000
    assert np.abs(after - 1 / 81).max() < 0.004


def test_random_cells_are_drawn_anew_and_follow_the_seed():
    place = PlaceOnGrid(9, canvas='black')
    images = patches(40)
    first = place.transform_batch(dict(img=images))['location']
    assert not np.array_equal(
        first, place.transform_batch(dict(img=images))['location']
    )
    np.random.seed(5)
    drawn = place.transform_batch(dict(img=images))['location']
    np.random.seed(5)
    again = place.transform_batch(dict(img=images))['location']
    assert np.array_equal(drawn, again)


def test_a_given_location_is_used():
    placed = PlaceOnGrid(3, canvas='black')(
        dict(img=patches(1)[0], location=6)
    )
    assert placed['gt_label'] == 6


def test_array_dataset_places_whole_batches():
    init_default_scope('mmpretrain')
    place = dict(
        type='mmchanpos.PlaceOnGrid', grid=3, mean=MEAN, where='seeded'
    )
    pack = dict(type='mmpretrain.PackInputs')
    labels = np.arange(40) % 10
    dataset = ArrayDataset(patches(), labels, pipeline=[place, pack])
    for i, sample in enumerate(dataset.__getitems__(range(40))):
        single = dataset[i]
        assert torch.equal(sample['inputs'], single['inputs'])
        assert sample['inputs'].shape == (3, 12, 18)
        assert sample['data_samples'].gt_label == (
            single['data_samples'].gt_label
        )
        assert sample['data_samples'].img_shape == (12, 18)


def test_a_batch_is_flipped_image_by_image():
    images = patches(400)
    flipped = RandomFlip(0.3).transform_batch(dict(img=images))
    mirrored = images[:, :, ::-1]
    for image, new, mirror, flag in zip(
        images, flipped['img'], mirrored, flipped['flip']
    ):
        assert np.array_equal(new, mirror if flag else image)
    assert 0.2 < flipped['flip'].mean() < 0.4
    single = RandomFlip(1.0)(dict(img=images[0]))
    assert np.array_equal(single['img'], mirrored[0])


@pytest.mark.parametrize(
    ('wrong', 'said'),
    [
        (dict(grid=0), 'grid=0'),
        (dict(grid=2.5), 'grid=2.5'),
        (dict(task='place'), 'no task "place".*"location"'),
        (dict(canvas='blck'), '"black"'),
        (dict(canvas='mean'), 'mean='),
        (dict(where='seed'), 'where: .*"seed".*"seeded"'),
        (dict(where=9), '0 to 8'),
    ],
)
def test_wrong_arguments_are_refused_when_built(wrong, said):
    with pytest.raises(InputError, match=said):
        PlaceOnGrid(**{**dict(grid=3, canvas='black'), **wrong})


def test_a_black_canvas_is_of_the_type_of_the_image():
    image = np.full((2, 2, 3), 0.25, np.float32)
    place = PlaceOnGrid(2, canvas='black', where=0)
    placed = place(dict(img=image, gt_label=0))['img']
    assert placed.dtype == np.float32
    assert np.array_equal(placed[:2, :2], image)


def test_patches_that_do_not_fit_are_refused():
    place = PlaceOnGrid(3, canvas='black', cell=(4, 4))
    with pytest.raises(InputError, match='4x6 pixels.*4x4'):
        place(dict(img=patches(1)[0], gt_label=0))
    with pytest.raises(InputError, match='for a grey one'):
        PlaceOnGrid(3, canvas='black')(dict(img=patches(1)[0, ..., 0]))
    with pytest.raises(InputError, match='3 channels'):
        PlaceOnGrid(3, mean=[1.0, 2.0])(dict(img=patches(1)[0]))
    with pytest.raises(InputError, match='sample_idx'):
        PlaceOnGrid(3, canvas='black', where='seeded')(dict(img=patches(1)[0]))
    with pytest.raises(InputError, match='prob=2'):
        RandomFlip(2)
