import json
from hashlib import sha256

import cv2
import numpy as np
import pytest
from scipy.io import loadmat

from mmchanpos.datasets import ArrayDataset
from mmchanpos.datasets.citypersons_annotations import (
    read_annotations,
    to_json,
)
from mmchanpos.datasets.synthetic import (
    draw_objects,
    draw_street,
    write_objects,
    write_streets,
)
from mmchanpos.errors import InputError
from mmchanpos.files import read_json

COUNTS = {'train': 9, 'val': 5}


@pytest.fixture(scope='module')
def streets(tmp_path_factory):
    out = tmp_path_factory.mktemp('data') / 'streets'
    assert write_streets(out, COUNTS, seed=3, workers=2)
    return out


def digest(folder):
    return {
        str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob('*')
        if p.is_file() and p.suffix != '.mat'
    }


def test_files_hold_the_drawn_scenes(streets):
    images = sorted((streets / 'leftImg8bit/val/synthetic').iterdir())
    assert [p.name for p in images] == [
        f'synthetic_000001_{i:06d}_leftImg8bit.png' for i in range(5)
    ]
    for i, path in enumerate(images):
        scene = draw_street(i, seed=3, split='val')
        image = cv2.imread(str(path))
        np.testing.assert_array_equal(image[..., ::-1], scene.image)
        for kind, wanted in (
            ('labelTrainIds', scene.train_ids),
            ('labelIds', scene.label_ids),
            ('instanceIds', scene.instances),
        ):
            name = path.name.replace('leftImg8bit', f'gtFine_{kind}')
            found = cv2.imread(
                str(streets / 'gtFine/val/synthetic' / name),
                cv2.IMREAD_UNCHANGED,
            )
            np.testing.assert_array_equal(found, wanted)


def test_the_bytes_do_not_depend_on_the_workers(streets, tmp_path):
    write_streets(tmp_path / 'alone', COUNTS, seed=3, workers=1)
    assert digest(tmp_path / 'alone') == digest(streets)


def test_mat_reads_as_citypersons_does(streets):
    mat = loadmat(streets / 'annotations/anno_val.mat', mat_dtype=True)
    cells = mat['anno_val_aligned']
    assert cells.shape == (1, 5)
    for j in range(5):
        cell = cells[0, j][0, 0]
        name = f'synthetic_000001_{j:06d}_leftImg8bit.png'
        assert cell['cityname'][0] == 'synthetic'
        assert cell['im_name'][0] == name
        rows = draw_street(j, seed=3, split='val').people
        assert cell['bbs'].shape == rows.shape
        np.testing.assert_array_equal(cell['bbs'], rows)


def test_json_of_the_evaluator(streets):
    content = json.loads((streets / 'annotations/val_gt.json').read_text())
    assert [i['id'] for i in content['images']] == [1, 2, 3, 4, 5]
    assert {(i['height'], i['width']) for i in content['images']} == {
        (64, 128)
    }
    rows = np.concatenate(
        [draw_street(i, seed=3, split='val').people for i in range(5)]
    )
    found = content['annotations']
    assert len(found) == len(rows)
    for ours, row in zip(found, rows):
        assert ours['bbox'] == row[1:5].tolist()
        assert ours['vis_bbox'] == row[6:].tolist()
        assert ours['ignore'] == (row[0] != 1)
        assert ours['iscrowd'] == (row[0] == 5)


def test_mat_and_json_agree_on_the_size_and_so_on_the_sides(streets):
    folder = streets / 'annotations'
    images = read_annotations(folder / 'anno_val.mat')
    assert {(i.height, i.width) for i in images} == {(64, 128)}
    assert to_json(images) == read_json(folder / 'val_gt.json')
    (image, *_) = read_annotations(folder / 'anno_val.mat', (48, 80))
    assert (image.height, image.width) == (48, 80)


def test_an_unfinished_or_foreign_folder_is_left_alone(streets, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in streets.rglob('*')}
    assert not write_streets(streets, COUNTS, seed=3)
    with pytest.raises(InputError, match='other settings'):
        write_streets(streets, COUNTS, seed=4)
    assert before == {p: p.stat().st_mtime_ns for p in streets.rglob('*')}

    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/thesis.txt').write_text('do not delete')
    for overwrite in (False, True):
        with pytest.raises(InputError, match='left alone'):
            write_streets(tmp_path / 'mine', COUNTS, overwrite=overwrite)


def test_an_interrupt_leaves_nothing(tmp_path):
    def stop_at_the_third(scenes, split, count):
        for i, scene in enumerate(scenes):
            if i == 2:
                raise KeyboardInterrupt
            yield scene

    with pytest.raises(KeyboardInterrupt):
        write_streets(tmp_path / 'out', COUNTS, track=stop_at_the_third)
    assert not list(tmp_path.iterdir())


def test_overwriting_replaces_everything(tmp_path):
    write_streets(tmp_path / 'out', {'val': 3})
    write_streets(tmp_path / 'out', {'val': 2}, overwrite=True)
    assert len(list((tmp_path / 'out').rglob('*_leftImg8bit.png'))) == 2
    assert [p.name for p in tmp_path.iterdir()] == ['out']


def test_objects_are_read_by_split(tmp_path):
    path = tmp_path / 'objects.npz'
    write_objects(path, {'train': 12, 'val': 6}, size=16)
    for split, n in (('train', 12), ('val', 6)):
        dataset = ArrayDataset(path, split=split)
        images, labels = draw_objects(n, size=16, split=split)
        np.testing.assert_array_equal(dataset.images.numpy(), images)
        np.testing.assert_array_equal(dataset.get_gt_labels(), labels)
        assert dataset.CLASSES[0] == 'disc'


def test_mmseg_reads_it_by_data_root_alone(streets):
    pytest.importorskip('mmseg')
    from mmseg.datasets import CityscapesDataset
    from mmseg.utils import register_all_modules

    register_all_modules(init_default_scope=False)
    dataset = CityscapesDataset(
        data_root=str(streets),
        data_prefix=dict(
            img_path='leftImg8bit/train', seg_map_path='gtFine/train'
        ),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='mmseg.LoadAnnotations'),
        ],
    )
    assert len(dataset) == 9
    sample = dataset[4]
    scene = draw_street(4, seed=3)
    np.testing.assert_array_equal(sample['gt_seg_map'], scene.train_ids)
    np.testing.assert_array_equal(sample['img'][..., ::-1], scene.image)


def test_mmdet_reads_it_by_data_root_alone(streets):
    pytest.importorskip('mmdet')
    from mmdet.datasets import CityscapesDataset

    dataset = CityscapesDataset(
        data_root=str(streets),
        ann_file='annotations/instancesonly_filtered_gtFine_train.json',
        data_prefix=dict(img='leftImg8bit/train/'),
    )
    assert len(dataset) == 9
    names = dataset.metainfo['classes']
    for i in range(9):
        info = dataset.get_data_info(i)
        scene = draw_street(i, seed=3)
        cars = {names[row['bbox_label']]: 0 for row in info['instances']}
        assert ('car' in cars) == (scene.train_ids == 13).any()
        assert ('truck' in cars) == (scene.train_ids == 14).any()
        for row in info['instances']:
            x1, _, x2, _ = row['bbox']
            if names[row['bbox_label']] == 'truck':
                assert x2 <= 64
            if names[row['bbox_label']] == 'car':
                assert x1 >= 64
