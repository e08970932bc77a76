import numpy as np
import pytest

from mmchanpos.errors import InputError

pytest.importorskip('mmdet')
import cv2
from mmdet.registry import DATASETS

from mmchanpos.datasets.citypersons import CityPersonsDataset, clip_boxes

NAMES = [f'aachen_000000_00000{i}_leftImg8bit.png' for i in range(3)]
ROWS = [
    [
        [1, 10, 10, 41, 100, 24000, 10, 10, 41, 100],
        [1, 70, 10, 16, 40, 24001, 70, 10, 16, 40],
        [2, 90, 10, 41, 100, 25000, 90, 10, 41, 100],
        [1, 300, 10, 41, 100, 24002, 300, 10, 41, 100],
    ],
    [],
    [[0, 10, 10, 41, 100, 0, 10, 10, 41, 100]],
]


@pytest.fixture
def root(tmp_path, write_mat):
    folder = tmp_path / 'leftImg8bit/val/aachen'
    folder.mkdir(parents=True)
    for name in NAMES:
        cv2.imwrite(str(folder / name), np.zeros((128, 256, 3), np.uint8))
    write_mat(tmp_path / 'anno_val.mat', list(zip(NAMES, ROWS)))
    return tmp_path


def build(root, **kwargs):
    return CityPersonsDataset(
        data_root=str(root),
        ann_file='anno_val.mat',
        data_prefix=kwargs.pop('data_prefix', {'img': 'leftImg8bit/val'}),
        pipeline=kwargs.pop('pipeline', []),
        **kwargs,
    )


def test_training_ignores_the_short_and_those_who_are_no_pedestrians(root):
    data = build(root)
    rows = data.get_data_info(0)['instances']
    # The fourth person stands outside of the image and has no area in it.
    assert [row['ignore_flag'] for row in rows] == [0, 1, 1]
    assert rows[0]['bbox'] == [10, 10, 51, 110]
    assert len(data) == 3
    assert len(build(root, filter_cfg={'filter_empty_gt': True})) == 1
    assert [
        r['ignore_flag'] for r in build(root, min_height=20)[0]['instances']
    ] == [0, 0, 1]


def test_evaluation_gets_every_row_as_annotated(root):
    rows = build(root, test_mode=True).get_data_info(0)['instances']
    assert [row['full_box'][0] for row in rows] == [10, 70, 90, 300]
    assert [row['never_counts'] for row in rows] == [False, False, True, False]
    assert rows[1]['height'] == 40


def test_pipeline_of_mmdet_packs_ignored_people_apart(root):
    data = DATASETS.build(
        {
            'type': 'mmchanpos.CityPersonsDataset',
            'data_root': str(root),
            'ann_file': 'anno_val.mat',
            'data_prefix': {'img': 'leftImg8bit/val'},
            'pipeline': [
                {'type': 'LoadImageFromFile'},
                {'type': 'mmdet.LoadAnnotations', 'with_bbox': True},
                {'type': 'mmdet.PackDetInputs'},
            ],
        }
    )
    sample = data[0]['data_samples']
    assert len(sample.gt_instances) == 1
    assert len(sample.ignored_instances) == 2
    assert len(data[1]['data_samples'].gt_instances) == 0
    assert data.metainfo['classes'] == ('pedestrian',)


def test_missing_images_are_counted_and_named(root):
    (root / 'leftImg8bit/val/aachen' / NAMES[1]).unlink()
    with pytest.raises(InputError, match=f'1 of 3 .*aachen/{NAMES[1]}'):
        build(root)
    assert len(build(root, check_images=False)) == 3
    small = build(root, check_images=False, image_size=(64, 64))
    assert small.get_data_info(0)['instances'][0]['bbox'][3] == 64


def test_images_that_are_elsewhere_have_the_size_that_the_file_says(root):
    folder = root / 'leftImg8bit/val/aachen'
    for name in NAMES:
        (folder / name).write_bytes(b'')
    with pytest.raises(InputError, match='none of the 3 images'):
        build(root)
    for name in NAMES:
        (folder / name).unlink()
    info = build(root, check_images=False).get_data_info(0)
    assert (info['height'], info['width']) == (1024, 2048)
    assert len(info['instances']) == 4


def test_images_that_are_behind_an_address_keep_it(root):
    there = 's3://bucket/leftImg8bit/val'
    data = build(root, check_images=False, data_prefix={'img': there})
    path = data.get_data_info(0)['img_path']
    assert path == f'{there}/aachen/{NAMES[0]}'


def test_clip_boxes():
    boxes = np.array([[-5.0, -5.0, 300.0, 20.0]])
    assert clip_boxes(boxes, 128, 256).tolist() == [[0, 0, 256, 15]]


@pytest.mark.parametrize('size', ['128x256', (0, 5), (64,), (1.5, 2), 64])
def test_a_size_that_is_none_is_told(root, size):
    with pytest.raises(InputError, match='height and width'):
        build(root, check_images=False, image_size=size)
