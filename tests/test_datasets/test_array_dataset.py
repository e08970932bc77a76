import numpy as np
import pytest
import torch
from mmengine.dataset import RepeatDataset, pseudo_collate
from torch.utils.data import DataLoader

from mmchanpos.datasets import ArrayDataset
from mmchanpos.errors import InputError
from mmchanpos.files import write_npz
from mmchanpos.registry import DATASETS


def some_images(n=12, **shape):
    return np.random.default_rng(n).integers(
        0, 256, (n, 6, 8, 3), dtype=np.uint8
    )


def some_labels(n=12):
    return np.arange(n) % 3


class Double:
    """A step that works on stacked batches and on single samples."""

    def __init__(self):
        self.batches = 0

    def __call__(self, results):
        return {**results, 'img': results['img'] // 2}

    def transform_batch(self, results):
        self.batches += 1
        return self(results)


def test_samples_are_the_given_ones():
    images, labels = some_images(), some_labels()
    dataset = ArrayDataset(images, labels, classes='abc')
    assert len(dataset) == 12
    assert dataset.metainfo['classes'] == ('a', 'b', 'c')
    for i in (0, 5, -1):
        sample = dataset[i]
        np.testing.assert_array_equal(sample['img'], images[i])
        assert sample['gt_label'] == labels[i]
        assert sample['sample_idx'] == i % 12
        assert sample['img_shape'] == sample['ori_shape'] == (6, 8)
    np.testing.assert_array_equal(dataset.get_gt_labels(), labels)
    assert dataset.get_cat_ids(4) == [1]
    with pytest.raises(IndexError):
        dataset[12]


def test_samples_may_be_written_to():
    images = some_images()
    dataset = ArrayDataset(images, some_labels())
    before = dataset[3]['img'].copy()
    dataset[3]['img'][:] = 0
    dataset.fetch([3])['img'][:] = 0
    np.testing.assert_array_equal(dataset[3]['img'], before)


def test_a_batch_equals_its_samples():
    step = Double()
    # The second step has no batched form, so from there on samples go alone.
    plain = dict(type='mmcv.RandomFlip', prob=0.0)
    dataset = ArrayDataset(
        some_images(), some_labels(), pipeline=[step, plain]
    )
    batch = dataset.__getitems__([7, 2, 2])
    assert step.batches == 1
    for sample, i in zip(batch, [7, 2, 2]):
        alone = dataset[i]
        assert sample.keys() == alone.keys()
        np.testing.assert_array_equal(sample['img'], alone['img'])
        assert sample['gt_label'] == alone['gt_label']
        assert sample['sample_idx'] == alone['sample_idx'] == i


def test_a_sample_that_a_step_drops_is_replaced_in_training_only():
    def drop_zero(results):
        return None if results['gt_label'] == 0 else results

    dataset = ArrayDataset(some_images(), some_labels(), pipeline=[drop_zero])
    assert all(s['gt_label'] for s in dataset.__getitems__([0, 1, 3]))
    strict = ArrayDataset(
        some_images(), some_labels(), pipeline=[drop_zero], test_mode=True
    )
    with pytest.raises(Exception, match='None'):
        strict.__getitems__([0])


@pytest.mark.parametrize(
    ('names', 'options'),
    [
        (('images', 'labels'), {}),
        (('x_train', 'y_train'), dict(split='train')),
        (('val_images', 'val_labels'), dict(split='val')),
        (('a', 'b'), dict(images_key='a', labels_key='b')),
    ],
)
def test_npz_conventions(tmp_path, names, options):
    images, labels = some_images(), some_labels()
    arrays = {names[0]: images, names[1]: labels, 'other': labels}
    write_npz(
        tmp_path / 'set.npz', classes=np.array(['p', 'q', 'r']), **arrays
    )
    dataset = ArrayDataset('set.npz', data_root=str(tmp_path), **options)
    np.testing.assert_array_equal(dataset.images.numpy(), images)
    np.testing.assert_array_equal(dataset.get_gt_labels(), labels)
    assert dataset.CLASSES == ('p', 'q', 'r')


def test_an_npz_needs_no_labels(tmp_path):
    write_npz(tmp_path / 'set.npz', images=some_images())
    dataset = ArrayDataset(tmp_path / 'set.npz')
    assert len(dataset) == 12
    assert 'gt_label' not in dataset[3]


def test_npy_is_mapped_and_not_written_to(tmp_path):
    images = some_images()
    np.save(tmp_path / 'i.npy', images)
    np.save(tmp_path / 'l.npy', some_labels()[:, None])
    dataset = ArrayDataset('i.npy', 'l.npy', data_root=str(tmp_path))
    np.testing.assert_array_equal(dataset[4]['img'], images[4])
    assert dataset[4]['gt_label'] == 1
    dataset.images[0] = 0
    np.testing.assert_array_equal(np.load(tmp_path / 'i.npy'), images)


def test_grey_images_get_a_channel():
    dataset = ArrayDataset(some_images()[..., 0])
    assert dataset[0]['img'].shape == (6, 8, 1)
    assert 'gt_label' not in dataset[0]
    with pytest.raises(InputError, match='no labels'):
        dataset.get_gt_labels()


def test_subsets_share_the_images():
    dataset = ArrayDataset(some_images(), some_labels())
    subset = dataset.get_subset([5, -1])
    assert len(subset) == 2
    assert len(dataset) == 12
    assert subset.images.data_ptr() == dataset.images.data_ptr()
    np.testing.assert_array_equal(subset[1]['img'], dataset[11]['img'])
    assert subset[1]['sample_idx'] == 1
    assert len(subset.get_subset(1)) == 1
    assert len(ArrayDataset(some_images(), indices=4)) == 4
    last = ArrayDataset(some_images(), some_labels(), indices=-2)
    assert last.get_gt_labels().tolist() == some_labels()[-2:].tolist()


@pytest.mark.parametrize('context', ['fork', 'spawn'])
def test_workers_share_the_images(context):
    """A spawned worker is handed the memory of the parent, not a copy."""
    images = torch.from_numpy(some_images())
    dataset = ArrayDataset(images, some_labels())
    loader = DataLoader(
        dataset,
        batch_size=5,
        num_workers=1,
        collate_fn=pseudo_collate,
        multiprocessing_context=context,
    )
    found = np.concatenate([b['sample_idx'] for b in loader])
    assert found.tolist() == list(range(12))
    assert dataset.images.is_shared() == (context == 'spawn')


def test_as_a_registered_set_inside_a_wrapper():
    dataset = DATASETS.build(
        dict(
            type='mmchanpos.ArrayDataset',
            images=some_images(),
            labels=some_labels(),
            lazy_init=True,
        )
    )
    repeated = RepeatDataset(dataset, times=2)
    assert len(repeated) == 24
    np.testing.assert_array_equal(repeated[13]['img'], dataset[1]['img'])


def test_packed_for_mmpretrain():
    pytest.importorskip('mmpretrain')
    dataset = ArrayDataset(
        some_images(),
        some_labels(),
        pipeline=[dict(type='mmpretrain.PackInputs')],
    )
    batch = pseudo_collate(dataset.__getitems__([4, 0]))
    assert batch['inputs'][0].shape == (3, 6, 8)
    assert batch['data_samples'][0].gt_label.tolist() == [1]
    assert batch['data_samples'][1].sample_idx == 0


@pytest.mark.parametrize(
    ('images', 'labels', 'words'),
    [
        (some_images().astype('float32'), None, 'uint8'),
        (some_images()[0, 0], None, 'shape'),
        (some_images().transpose(0, 3, 1, 2), None, 'channels first'),
        (some_images()[:0], None, 'no image'),
        (some_images(), [0, 1], '12 images but 2 labels'),
        (some_images(), np.full(12, 0.5), 'whole numbers'),
        (some_images(), np.full(12, -1), 'start at 0'),
        (some_images(), np.full(12, 3), 'only 3 classes'),
        ('set.txt', None, 'neither'),
        ('sett.npz', None, '"set.npz"'),
        ('set.npz', None, 'images_a'),
        ('cut.npz', None, 'cut off'),
        ('cut.npy', None, 'cut off'),
        ('torn.npy', None, 'cut off'),
        ('nothing.npy', None, 'does not exist'),
    ],
)
def test_bad_input(tmp_path, images, labels, words):
    write_npz(tmp_path / 'set.npz', images_a=some_images(), b=some_labels())
    np.save(tmp_path / 'cut.npy', some_images())
    for name, source in (('cut.npz', 'set.npz'), ('cut.npy', 'cut.npy')):
        content = (tmp_path / source).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    # The last file, and a header that does not end.
    (tmp_path / 'torn.npy').write_bytes(content.replace(b'), }', b'   }'))
    with pytest.raises(InputError, match=words):
        ArrayDataset(images, labels, classes='abc', data_root=str(tmp_path))


@pytest.mark.parametrize(
    'options',
    [
        dict(split='train'),
        dict(images_key='wrong'),
        dict(images_key='images_a', labels_key='labels'),
    ],
)
def test_missing_arrays(tmp_path, options):
    path = tmp_path / 'set.npz'
    write_npz(path, images_a=some_images(), b=some_labels())
    with pytest.raises(InputError, match='images_a|"labels"'):
        ArrayDataset(path, **options)


@pytest.mark.parametrize('indices', [0, [], [12], [-13]])
def test_empty_or_impossible_subsets(indices):
    with pytest.raises(InputError, match='indices'):
        ArrayDataset(some_images(), some_labels(), indices=indices)


def test_a_split_of_arrays_makes_no_sense():
    with pytest.raises(InputError, match='split'):
        ArrayDataset(some_images(), some_labels(), split='train')


def test_labels_of_an_unusual_name_are_asked_for(tmp_path):
    images = np.zeros((3, 2, 2, 3), np.uint8)
    for shape in ((3,), (3, 1)):
        fine = np.arange(3).reshape(shape)
        np.savez(tmp_path / 'a.npz', images=images, fine=fine)
        with pytest.raises(InputError, match='fine'):
            len(ArrayDataset(tmp_path / 'a.npz'))
    np.savez(tmp_path / 'b.npz', images=images, mean=np.zeros(2))
    assert len(ArrayDataset(tmp_path / 'b.npz')) == 3
