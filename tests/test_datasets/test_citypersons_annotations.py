import os

import numpy as np
import pytest
from scipy.io import savemat

from mmchanpos.datasets.citypersons_annotations import (
    read_annotations,
    to_json,
    visible_part,
)
from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json

#: Folder with anno_val.mat, val_gt.json and val_left.txt of CityPersons.
REAL = os.environ.get('MMCHANPOS_CITYPERSONS')


IMAGES = [
    ('bonn_000000_000002_leftImg8bit.png', []),
    (
        'aachen_000000_000001_leftImg8bit.png',
        [
            [1, 2000, 406, 60, 100, 24000, 2000, 407, 30, 100],
            [5, 10, 20, 300, 80, 0, 0, 0, 0, 0],
            [0, 1839, 382, 31, 71, 0, 1839, 382, 31, 71],
        ],
    ),
]


def test_mat_rows_become_boxes_in_order_of_names(tmp_path, write_mat):
    images = read_annotations(write_mat(tmp_path / 'anno_val.mat', IMAGES))
    first, second = images
    assert (first.id, second.id) == (1, 2)
    assert first.path == 'aachen/aachen_000000_000001_leftImg8bit.png'
    # The file stores uint16; x + w must not wrap around.
    assert first.boxes.dtype == np.float64
    assert first.boxes[0].tolist() == [2000, 406, 60, 100]
    assert first.ignore.tolist() == [False, True, True]
    assert first.crowd.tolist() == [False, True, False]
    assert first.visibility.tolist() == [0.5, 0.0, 1.0]
    assert second.boxes.shape == (0, 4)
    assert (first.height, first.width) == (1024, 2048)


def test_json_gives_the_same_images_as_the_mat(tmp_path, write_mat):
    images = read_annotations(write_mat(tmp_path / 'anno_val.mat', IMAGES))
    write_json(tmp_path / 'val.json', to_json(images))
    again = read_annotations(tmp_path / 'val.json')
    assert to_json(again) == to_json(images)
    row = to_json(images)['annotations'][1]
    assert row == {
        'id': 2,
        'image_id': 1,
        'category_id': 1,
        'iscrowd': 1,
        'ignore': 1,
        'bbox': [10, 20, 300, 80],
        'vis_bbox': [0, 0, 0, 0],
        'height': 80,
        'vis_ratio': 0.0,
    }


def test_training_json_stores_other_things_under_the_same_names(tmp_path):
    row = {'id': 1, 'image_id': 3, 'bbox': [1, 2, 20, 50], 'iscrowd': True}
    content = {
        'images': [
            {'id': 3, 'file_name': 'bonn/a.png', 'height': 64, 'width': 128}
        ],
        # "height" is the one of the image here.
        'annotations': [{**row, 'height': 64, 'vis_bbox': [1, 2, 20, 25]}],
    }
    write_json(tmp_path / 'train.json', content)
    (image,) = read_annotations(tmp_path / 'train.json')
    assert image.path == 'bonn/a.png'
    assert image.heights.tolist() == [50]
    assert image.visibility.tolist() == [0.5]
    assert image.ignore.tolist() == [True]


def test_visible_part_has_twelve_digits():
    got = visible_part(
        np.array([[0, 0, 30, 73.0]]), np.array([[0, 0, 14, 13]])
    )
    assert got.tolist() == [0.0831050228311]
    assert visible_part(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [0]


def test_files_of_something_else_are_named(tmp_path):
    other = tmp_path / 'digits.mat'
    savemat(str(other), {'x': np.zeros(3)})
    with pytest.raises(InputError, match=r"\['x'\].*another data set"):
        read_annotations(other)
    cells = np.empty((1, 1), dtype=object)
    cells[0, 0] = {'im_name': 'a.png', 'bbs': np.zeros((2, 4))}
    savemat(str(other), {'anno_val_aligned': cells})
    with pytest.raises(InputError, match='shape'):
        read_annotations(other)
    cells[0, 0] = {'nothing': 1}
    savemat(str(other), {'anno_val_aligned': cells})
    with pytest.raises(InputError, match='Cell 0'):
        read_annotations(other)
    other.write_bytes(b'MATLAB 5.0 but cut')
    with pytest.raises(InputError, match='not a readable'):
        read_annotations(other)
    with pytest.raises(InputError, match='does not exist'):
        read_annotations(tmp_path / 'missing.mat')
    with pytest.raises(InputError, match='neither'):
        read_annotations(tmp_path / 'a.txt')


def test_broken_json_is_named(tmp_path):
    path = tmp_path / 'a.json'
    write_json(path, [{'image_id': 1, 'bbox': [0, 0, 1, 1], 'score': 0.5}])
    with pytest.raises(InputError, match='object was wanted, array was found'):
        read_annotations(path)
    image = {'id': 1, 'im_name': 'a.png', 'height': 9, 'width': 9}
    row = {'id': 4, 'image_id': 2, 'bbox': [0, 0, 1, 1]}
    write_json(path, {'images': [image], 'annotations': [row]})
    with pytest.raises(InputError, match='Annotation 4'):
        read_annotations(path)
    row = {'id': 4, 'image_id': 1, 'bbox': [0, 0, 1]}
    write_json(path, {'images': [image], 'annotations': [row]})
    with pytest.raises(InputError, match=r'annotations\[0\].bbox.*length'):
        read_annotations(path)
    write_json(path, {'images': [image, image], 'annotations': []})
    with pytest.raises(InputError, match='twice'):
        read_annotations(path)


@pytest.mark.parametrize(
    ('place', 'wrong', 'said'),
    [
        ('annotations', 3, r'annotations\[0\]: object was wanted'),
        ('images', {'id': 'one'}, r'images\[0\].id: int was wanted'),
        ('images', {'height': 0}, 'height'),
        ('images', {'im_name': ''}, 'has no im_name'),
        ('annotations', {'bbox': '0000'}, 'bbox: array was wanted'),
        ('annotations', {'bbox': [0, 0, -3, 1]}, 'negative'),
        (
            'annotations',
            {'vis_ratio': -0.5, 'height': 1},
            'vis_ratio of .* is negative',
        ),
        ('annotations', {'vis_bbox': [0, 0, 1]}, r'\[0\].vis_bbox: .*length'),
        ('annotations', {'vis_ratio': 'all'}, 'vis_ratio'),
        ('annotations', {'image_id': 1.5}, 'image_id'),
    ],
)
def test_the_field_that_is_wrong_is_named(tmp_path, place, wrong, said):
    content = {
        'images': [{'id': 1, 'im_name': 'a.png', 'height': 9, 'width': 9}],
        'annotations': [{'id': 4, 'image_id': 1, 'bbox': [0, 0, 1, 1]}],
    }
    content[place] = (
        [{**content[place][0], **wrong}]
        if isinstance(wrong, dict)
        else [wrong]
    )
    write_json(tmp_path / 'a.json', content)
    with pytest.raises(InputError, match=said):
        read_annotations(tmp_path / 'a.json')


@pytest.mark.skipif(REAL is None, reason='MMCHANPOS_CITYPERSONS not set')
def test_real_files_agree_row_by_row():
    images = read_annotations(f'{REAL}/anno_val.mat')
    assert to_json(images) == read_json(f'{REAL}/val_gt.json')
    assert sum(len(image.boxes) for image in images) == 5795
