"""Every metric says, or has it said for it, what it is."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.evaluator import BaseMetric
from mmpretrain.evaluation import Accuracy
from mmseg.evaluation import IoUMetric

from mmchanpos.errors import InputError
from mmchanpos.evaluation import CityPersonsMissRate
from mmchanpos.evaluation.measured import keep_small, measured
from mmchanpos.evaluation.region_iou import RegionIoUMetric
from mmchanpos.latent.iou import percent_iou


class Blur(BaseMetric):
    """Says nothing of itself."""

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return {'blur': float(np.mean(results)), 'other': 7.0}


class Better(Blur):
    """Says everything."""

    score_name = 'sharpness'
    lower_is_better = True

    def scores(self, metrics):
        return {'near': metrics['blur'], 'far': None}

    def per_image(self, results):
        return np.array(results)[:, None]


def test_an_unknown_metric_counts_by_its_first_number():
    found = measured(Blur())
    assert found.scores({'blur': 3.0, 'other': 7.0}) == {'overall': 3.0}
    assert (found.score_name, found.lower_is_better) == ('blur', False)
    assert found.per_image([1.0]) is None
    assert measured(Blur(), lower_is_better=True).lower_is_better
    with pytest.raises(InputError, match='Blur gave no number'):
        found.scores({})


def test_what_a_metric_says_of_itself_is_used():
    found = measured(Better())
    assert found.scores({'blur': 3.0}) == {'near': 3.0, 'far': None}
    assert (found.score_name, found.lower_is_better) == ('sharpness', True)
    assert found.per_image([1.0, 2.0]).tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize('regions', [False, True])
def test_mean_areas_per_image_give_the_iou(regions):
    metric = (
        RegionIoUMetric(regions=['overall', 'left'], digits=None)
        if regions
        else IoUMetric()
    )
    metric.dataset_meta = dict(classes=list('abc'))
    generator = torch.Generator().manual_seed(0)
    for _ in range(4):
        prediction, truth = torch.randint(3, (2, 8, 8), generator=generator)
        sample = dict(
            pred_sem_seg=dict(data=prediction[None]),
            gt_sem_seg=dict(data=truth[None]),
        )
        metric.process({}, [sample])
    found = measured(metric)
    areas = found.per_image(metric.results)
    scores = found.scores(metric.compute_metrics(metric.results))
    assert found.score_name == 'mIoU'
    assert percent_iou(areas.mean(axis=0)) == pytest.approx(
        list(scores.values()), abs=0.006
    )
    assert list(scores) == ['overall', 'left'][: 1 + regions]


def test_an_iou_metric_without_iou_counts_by_what_it_gives():
    found = measured(IoUMetric(iou_metrics=['mFscore']))
    assert found.scores({'mFscore': 4.0}) == {'overall': 4.0}
    assert found.per_image([(1, 2, 3, 4)]) is None
    text = measured(IoUMetric(iou_metrics='mDice'))
    assert text.scores({'aAcc': 1.0, 'mDice': 4.0}) == {'overall': 4.0}
    filled = measured(IoUMetric(nan_to_num=0))
    assert filled.scores({'aAcc': 1.0, 'mIoU': 4.0}) == {'overall': 4.0}
    assert filled.per_image([(1, 2, 3, 4)]) is None


def test_ablations_share_their_annotations():
    def evaluator(api):
        metric = CocoMetric.__new__(CocoMetric)
        metric._coco_api = api
        return SimpleNamespace(metrics=[metric, IoUMetric()])

    first, second, lazy = evaluator('a'), evaluator('b'), evaluator(None)
    keep_small(first)
    keep_small(second, first)
    keep_small(lazy, first)
    apis = [one.metrics[0]._coco_api for one in (first, second, lazy)]
    assert apis == ['a', 'a', None]


def test_accuracy_is_that_of_single_images():
    images = [
        dict(pred_label=torch.tensor([1]), gt_label=torch.tensor([1])),
        dict(pred_score=torch.tensor([0.9, 0.1]), gt_label=torch.tensor([1])),
    ]
    found = measured(Accuracy(topk=1))
    assert found.score_name == 'Top-1'
    assert found.scores({'top1': 50.0}) == {'overall': 50.0}
    assert found.per_image(images).tolist() == [[100.0], [0.0]]
    fifth = measured(Accuracy(topk=(5,)))
    assert (fifth.score_name, fifth.per_image(images)) == ('Top-5', None)


def test_average_precision_is_in_percent_and_by_size(tmp_path):
    metric = CocoMetric.__new__(CocoMetric)
    found = measured(metric)
    scores = found.scores(
        dict(
            car_precision=0.9,
            bbox_mAP=0.5,
            bbox_mAP_50=0.6,
            bbox_mAP_s=-1.0,
            bbox_mAP_l=0.25,
        )
    )
    assert scores == {'overall': 50.0, 'small': None, 'large': 25.0}
    assert found.score_name == 'bbox mAP'
    assert not found.lower_is_better


def test_a_subclass_of_a_miss_rate_keeps_its_direction():
    class Renamed(CityPersonsMissRate):
        pass

    found = measured(Renamed())
    assert found.lower_is_better
    assert found.scores({'MR_All': 40.0, 'MR_Heavy': -100.0, 'AP_All': 9}) == {
        'All': 40.0,
        'Heavy': None,
    }
    found = measured(Renamed(by='AP'))
    assert (found.score_name, found.lower_is_better) == ('AP', False)
    assert found.scores({'MR_All': 40.0, 'AP_All': 9.0}) == {'All': 9.0}
    with pytest.raises(InputError, match='by is MR or AP, got "F1"'):
        Renamed(by='F1')
