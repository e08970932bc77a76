"""A set of single images, and the same set as one array."""

import cv2
import numpy as np
import pytest

from mmchanpos.datasets.array_dataset import ArrayDataset
from mmchanpos.datasets.stacked import stack
from mmchanpos.errors import InputError

CONFIG = """
default_scope = 'mmpretrain'
train_dataloader = dict(
    dataset=dict(
        type='CustomDataset', data_root={root!r}, data_prefix='train',
        pipeline=[dict(type='LoadImageFromFile')]))
test_dataloader = dict(
    dataset=dict(
        type='CustomDataset', data_root={root!r}, data_prefix='test',
        pipeline=[dict(type='LoadImageFromFile')]))
"""


@pytest.fixture
def folders(tmp_path):
    """Three images to train on and two to test, of two classes."""
    rng = np.random.default_rng(0)
    for split, count in (('train', 3), ('test', 2)):
        for i in range(count):
            folder = tmp_path / 'images' / split / ('cat', 'dog')[i % 2]
            folder.mkdir(parents=True, exist_ok=True)
            image = rng.integers(0, 256, (5, 6, 3), np.uint8)
            cv2.imwrite(str(folder / f'{i}.png'), image)
    (tmp_path / 'config.py').write_text(
        CONFIG.format(root=str(tmp_path / 'images'))
    )
    return tmp_path


def test_the_file_is_the_data_set(folders, call_tool):
    out = folders / 'images.npz'
    said = call_tool(
        'dataset_converters/arrays.py', folders / 'config.py', out
    )
    assert '3 images of train' in said
    assert '2 images of test' in said
    train = ArrayDataset(out, split='train')
    assert train.metainfo['classes'] == ('cat', 'dog')
    assert [s['gt_label'] for s in train] == [0, 0, 1]
    for name, sample in zip(('cat/0', 'cat/2', 'dog/1'), train):
        image = cv2.imread(str(folders / f'images/train/{name}.png'))
        np.testing.assert_array_equal(sample['img'], image[..., ::-1])
    assert len(ArrayDataset(out, split='test')) == 2


def test_what_is_no_array_is_refused(folders, call_tool):
    def refused(out, words):
        with pytest.raises(InputError, match=words):
            call_tool(
                'dataset_converters/arrays.py', folders / 'config.py', out
            )
        assert not out.exists()

    refused(folders / 'x.npy', 'name of an .npz was wanted')
    odd = folders / 'images/train/cat/0.png'
    cv2.imwrite(str(odd), np.zeros((5, 7, 3), np.uint8))
    refused(folders / 'x.npz', r'image 1 has the shape \(5, 6, 3\)')
    odd.write_bytes(b'no picture')
    refused(folders / 'x.npz', '0.png is missing or is no image')


def test_images_without_classes_are_refused():
    with pytest.raises(InputError, match='sample 0 has no class'):
        stack(ArrayDataset(np.zeros((1, 2, 2, 3), np.uint8)))
