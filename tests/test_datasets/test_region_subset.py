"""val-left and val-right are the images that the authors' rule gives."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import BaseDataset, ConcatDataset
from mmengine.registry import init_default_scope

from mmchanpos.datasets.citypersons_annotations import read_annotations
from mmchanpos.datasets.region_subset import (
    RegionSubset,
    class_subset,
    indices_of,
    people_subset,
    read_names,
    side_of,
)
from mmchanpos.errors import InputError
from mmchanpos.files import write_text
from mmchanpos.latent.deltas import plain_stem
from mmchanpos.registry import DATASETS

#: Rows as x, width, ignore, height, on images 200 wide.
PEOPLE = {
    'a_left': [(0, 50, 0, 80), (60, 40, 1, 30)],
    'b_touches': [(0, 101, 0, 80)],
    'c_right': [(100, 10, 0, 80), (150, 50, 0, 40)],
    'd_left_but_for_an_ignored_one': [(10, 20, 0, 80), (150, 20, 1, 80)],
    'e_empty': [],
    'f_only_ignored': [(10, 20, 1, 80)],
    'g_left_if_reasonable': [(10, 20, 0, 80), (150, 20, 0, 40)],
}


@pytest.fixture
def annotations(tmp_path):
    content = dict(images=[], annotations=[])
    for i, (name, rows) in enumerate(PEOPLE.items(), 1):
        image = dict(id=i, im_name=f'{name}.png', height=100, width=200)
        content['images'].append(image)
        for x, width, ignore, height in rows:
            box = [x, 5, width, height]
            content['annotations'].append(
                dict(
                    id=len(content['annotations']) + 1,
                    image_id=i,
                    bbox=box,
                    vis_bbox=box,
                    ignore=ignore,
                    iscrowd=0,
                    height=height,
                    vis_ratio=1.0,
                )
            )
    path = tmp_path / 'gt.json'
    path.write_text(json.dumps(content))
    return str(path)


def named(letters):
    return [n for n in PEOPLE if n[0] in letters]


@pytest.mark.parametrize(
    ('rows', 'left', 'right'),
    [
        ('all', 'af', 'c'),
        ('pedestrians', 'ad', 'c'),
        ('reasonable', 'adg', 'c'),
    ],
)
def test_every_row_decides_unless_told_otherwise(
    annotations, rows, left, right
):
    assert people_subset(annotations, 'left', rows) == named(left)
    assert people_subset(annotations, 'right', rows) == named(right)


def test_mirrored_people_swap_the_sides(annotations):
    for image in read_annotations(annotations):
        x, width = image.boxes[:, 0], image.boxes[:, 2]
        side = side_of(x, x + width, 200)
        mirrored = side_of(200 - x - width, 200 - x, 200)
        swap = dict(left='right', right='left')
        assert mirrored == swap.get(side, side)


def test_lists_survive_a_file(annotations, tmp_path):
    names = people_subset(annotations, 'left')
    write_text(tmp_path / 'left.txt', ''.join(f'{n}\n' for n in names))
    assert read_names(tmp_path / 'left.txt') == names
    (tmp_path / 'own.txt').write_text('\nmy photo.png \r\n\nb.png')
    assert read_names(tmp_path / 'own.txt') == ['my photo.png', 'b.png']
    (tmp_path / 'a.png').write_bytes(b'\x89PNG\xff')
    with pytest.raises(InputError, match='a.png is no list of images'):
        read_names(tmp_path / 'a.png')


class Listed(BaseDataset):
    METAINFO = dict(classes=('road', 'car'))

    def load_data_list(self):
        return [{'img_path': f'val/{n}.png', 'n': n} for n in PEOPLE]


def test_a_subset_is_the_whole_set_seen_through_the_list(annotations):
    whole = Listed()
    part = RegionSubset(whole, 'left', annotations=annotations)
    assert len(part) == 2
    assert [part[i]['n'] for i in range(2)] == named('af')
    assert part.get_data_info(1)['n'] == named('f')[0]
    assert part.metainfo['classes'] == ('road', 'car')
    backwards = RegionSubset(whole, names=['c_right.png', 'val/a_left.png'])
    assert [part['n'] for part in backwards] == named('ac')


@pytest.fixture
def streets(tmp_path):
    """Maps of classes 0 and 1; the class 1 lies left, right, both, nowhere."""
    pytest.importorskip('mmseg')
    init_default_scope('mmseg')
    columns = dict(a=[0, 4], b=[5, 9], c=[0, 9], d=[], e=[3])
    for folder in ('img', 'seg'):
        (tmp_path / folder).mkdir()
    for name, painted in columns.items():
        truth = np.zeros((6, 10), np.uint8)
        truth[2, painted] = 1
        cv2.imwrite(str(tmp_path / 'img' / f'{name}.jpg'), truth)
        cv2.imwrite(str(tmp_path / 'seg' / f'{name}.png'), truth)

    def build(**kwargs):
        return DATASETS.build(
            dict(
                type='mmseg.BaseSegDataset',
                data_root=str(tmp_path),
                data_prefix=dict(img_path='img', seg_map_path='seg'),
                metainfo=dict(classes=('road', 'car')),
                pipeline=[dict(type='LoadAnnotations')],
                **kwargs,
            )
        )

    return build


def test_a_class_on_one_side_of_the_maps(streets):
    dataset = streets()
    assert class_subset(dataset, 'car', 'left') == ['a', 'e']
    assert class_subset(dataset, 'car', 'right') == ['b']
    wrapped = dict(type='mmchanpos.RegionSubset', side='right')
    wrapped.update(class_name='car', dataset=dataset)
    assert len(DATASETS.build(wrapped)) == 1


def test_several_classes_count_as_one(streets, tmp_path):
    truth = np.zeros((6, 10), np.uint8)
    truth[2, 8] = 2
    cv2.imwrite(str(tmp_path / 'seg' / 'a.png'), truth + (truth == 2))
    cv2.imwrite(str(tmp_path / 'seg' / 'd.png'), truth)
    dataset = streets()
    dataset._metainfo['classes'] = ('road', 'car', 'truck', 'a+b')
    assert class_subset(dataset, 'car+truck', 'left') == ['e']
    assert class_subset(dataset, 'car+truck', 'right') == ['b', 'd']
    assert class_subset(dataset, 'a+b', 'right') == ['a']
    with pytest.raises(InputError, match='no class "truk".*"truck"'):
        class_subset(dataset, 'car+truk', 'left')


def test_maps_are_read_as_the_set_reads_them(streets):
    dataset = streets(reduce_zero_label=True)
    assert class_subset(dataset, 'road', 'left') == ['a', 'e']


def test_an_empty_subset_says_what_there_is(streets, annotations, tmp_path):
    with pytest.raises(InputError, match='0 left, 0 right, 5 mixed, 0 empty'):
        class_subset(streets(), 'road', 'left')
    none = tmp_path / 'none.json'
    content = json.loads(Path(annotations).read_text())
    none.write_text(json.dumps(dict(content, annotations=[])))
    with pytest.raises(InputError, match='7 empty of 7'):
        people_subset(none, 'right')


JOINED = ConcatDataset([Listed(), Listed()])


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda a: people_subset(a, 'up'), 'no side "up".*"left", "right"'),
        (lambda a: people_subset(a, 'left', 'pedestrian'), '"pedestrians"'),
        (lambda a: RegionSubset(Listed(), 'left'), 'exactly one'),
        (lambda a: RegionSubset(Listed(), annotations=a), 'side=None'),
        (lambda a: RegionSubset(Listed(), 'left', names=['x']), 'none with'),
        (lambda a: RegionSubset(Listed(), names=[]), 'empty'),
        (lambda a: RegionSubset(Listed(), names='no.txt'), 'not exist'),
        (lambda a: indices_of(Listed(), ['a_lefd']), 'mean "a_left"'),
        (lambda a: class_subset(Listed(), 'cat', 'left'), '"car"'),
        (lambda a: class_subset(Listed(), 'car', 'left'), 'LoadAnnotations'),
        (lambda a: class_subset(JOINED, 'car', 'left'), 'LoadAnnotations'),
    ],
)
def test_wrong_input_is_told(call, message, annotations):
    with pytest.raises(InputError, match=message):
        call(annotations)


class Twins(Listed):
    def load_data_list(self):
        names = ['a/x.png', 'a/town_3.5.png', 'b/x.png', 'b/town_3.7.png']
        return [{'img_path': name, 'n': name} for name in names]


def test_equal_names_in_two_folders_are_told_where_they_are_listed():
    part = RegionSubset(Twins(), names=['town_3.7', 'town_3.5.png'])
    assert [p['n'] for p in part] == ['a/town_3.5.png', 'b/town_3.7.png']
    with pytest.raises(InputError, match='two images "x".*b/x.png'):
        RegionSubset(Twins(), names=['x'])


def test_a_side_is_that_of_one_image(streets, tmp_path):
    for folder, suffix in (('img', '.jpg'), ('seg', '.png')):
        (tmp_path / folder / 'sub').mkdir()
        other = tmp_path / folder / f'b{suffix}'
        other.rename(tmp_path / folder / 'sub' / f'a{suffix}')
    with pytest.raises(InputError, match='two images "a"'):
        class_subset(streets(), 'car', 'left')


def test_keys_are_names_without_folder_and_suffix():
    assert plain_stem('val/town_3.5') == 'town_3.5'
    assert plain_stem('a/b_leftImg8bit.png') == plain_stem('b_leftImg8bit')
