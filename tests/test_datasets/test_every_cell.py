import numpy as np
import pytest
from mmengine.dataset import BaseDataset

from mmchanpos.datasets import EveryCell, SyntheticObjects
from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS

PLACE = dict(type='mmchanpos.PlaceOnGrid', grid=2, canvas='black')


@DATASETS.register_module()
class ListOfImages(BaseDataset):
    """As the hosts' data sets are: one dictionary per image."""

    def load_data_list(self):
        rng = np.random.default_rng(0)
        images = rng.integers(1, 255, (3, 4, 4, 3), np.uint8)
        return [dict(img=image, gt_label=7) for image in images]


@pytest.mark.parametrize(
    'inner',
    [
        dict(type='mmchanpos.SyntheticObjects', num=3, size=8),
        dict(type='mmchanpos.ListOfImages'),
    ],
)
def test_each_image_comes_once_in_each_cell(inner):
    dataset = EveryCell(dict(inner, pipeline=[PLACE]))
    samples = [dataset[i] for i in range(len(dataset))]
    assert len(samples) == 12
    assert [s['gt_label'] for s in samples] == [0, 1, 2, 3] * 3
    assert [s['sample_idx'] for s in samples] == list(range(12))
    side = samples[0]['img'].shape[0] // 2
    for i, sample in enumerate(samples):
        row, col = divmod(sample['location'], 2)
        patch = sample['img'][side * row :, side * col :][:side, :side]
        raw = dataset.dataset.get_data_info(i // 4)['img']
        assert np.array_equal(patch, raw)
    with pytest.raises(IndexError):
        dataset[12]


def test_the_object_task_keeps_the_class():
    place = dict(PLACE, task='object')
    inner = SyntheticObjects(num=2, size=8, pipeline=[place])
    labels = [EveryCell(inner)[i]['gt_label'] for i in range(8)]
    assert labels == np.repeat(inner.get_gt_labels(), 4).tolist()


def test_a_pipeline_without_a_grid_is_refused():
    with pytest.raises(InputError, match='0 steps PlaceOnGrid'):
        EveryCell(dict(type='mmchanpos.SyntheticObjects', num=2, size=8))
