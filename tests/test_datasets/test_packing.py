"""A batch that is packed in one piece is what its samples are, packed."""

import pickle

import numpy as np
import pytest
import torch

from mmchanpos.datasets import ArrayDataset
from mmchanpos.datasets.packing import can_pack
from mmchanpos.registry import TRANSFORMS

pytest.importorskip('mmpretrain')


def images(count=5):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 6, 8, 3), np.uint8)


def packer(**options):
    return TRANSFORMS.build(dict(type='mmpretrain.PackInputs', **options))


class Own(type(packer())):
    """Somebody's own step, which packs sample by sample."""


def same(one, other):
    assert one.keys() == other.keys() == {'inputs', 'data_samples'}
    assert torch.equal(one['inputs'], other['inputs'])
    assert one['inputs'].is_contiguous()
    found, wanted = one['data_samples'], other['data_samples']
    assert type(found) is type(wanted)
    assert found.metainfo == wanted.metainfo
    assert list(found.keys()) == list(wanted.keys())
    for one, other in zip(found.values(), wanted.values()):
        assert torch.equal(one, other)
        assert one.dtype == other.dtype


@pytest.mark.parametrize(
    'pipeline',
    [
        [],
        [dict(type='mmchanpos.RandomFlip', prob=1.0)],
        [dict(type='mmchanpos.PlaceOnGrid', grid=2, canvas='black')],
    ],
    ids=['alone', 'flipped', 'placed'],
)
@pytest.mark.parametrize('labels', [[0, 1, 2, 1, 0], None])
def test_a_batch_is_packed_as_the_host_does(pipeline, labels):
    if labels is None and pipeline and 'Place' in pipeline[0]['type']:
        labels = [0] * 5
    batches = []
    for last in (packer(), Own()):
        np.random.seed(0)
        dataset = ArrayDataset(images(), labels, pipeline=[*pipeline, last])
        batches.append(dataset.__getitems__([3, 0, 3]))
    for one, other in zip(*batches):
        same(one, other)


def test_the_samples_of_a_batch_share_no_label_and_no_place():
    dataset = ArrayDataset(images(), [0] * 5, pipeline=[packer()])
    first, second = dataset.__getitems__([1, 1])
    first['inputs'].zero_()
    first['data_samples'].gt_label += 7
    same(second, dataset[1])
    # What is stored of one sample does not hold the labels of the batch.
    many = dataset.__getitems__([1] * 200)[0]['data_samples']
    few = dataset.__getitems__([1])[0]['data_samples']
    assert len(pickle.dumps(many)) == len(pickle.dumps(few))


@pytest.mark.parametrize(
    ('step', 'batch'),
    [
        (packer(algorithm_keys=['extra']), {}),
        (packer(input_key='other'), {}),
        (packer(), {'mask': [1] * 5}),
        (packer(), {'img': list(images())}),
        (Own(), {}),
    ],
    ids=['more keys', 'another input', 'a mask', 'a list', 'a subclass'],
)
def test_all_else_is_left_to_the_step(step, batch):
    assert can_pack(packer(), {'img': images()})
    assert not can_pack(step, {'img': images(), **batch})
