"""Regions are cut where the paper cuts them, and count as mmseg counts."""

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmchanpos.errors import InputError
from mmchanpos.evaluation.areas import (
    REGIONS,
    RegionAreas,
    Truths,
    named_boxes,
    pixels,
)
from mmchanpos.registry import METRICS

pytest.importorskip('mmseg')

CLASSES = ('road', 'car', 'sky', 'pole')


def build(**kwargs):
    metric = METRICS.build(dict(type='mmchanpos.RegionIoUMetric', **kwargs))
    metric.dataset_meta = dict(classes=CLASSES)
    return metric


def host(**kwargs):
    from mmseg.evaluation import IoUMetric

    metric = IoUMetric(**kwargs)
    metric.dataset_meta = dict(classes=CLASSES)
    return metric


def sample(height=13, width=17, seed=0, ignore=0.1, absent=None):
    rng = torch.Generator().manual_seed(seed)
    shape = (1, height, width)
    truth = torch.randint(0, 4, shape, generator=rng)
    if absent is not None:
        truth[truth == absent] = 0
    truth[torch.rand(shape, generator=rng) < ignore] = 255
    wrong = torch.rand(shape, generator=rng) < 0.4
    guess = torch.randint(0, 4, shape, generator=rng)
    pred = torch.where(wrong | (truth == 255), guess, truth)
    return dict(pred_sem_seg=dict(data=pred), gt_sem_seg=dict(data=truth))


def scores(metric, samples):
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def outside_ignored(sample, x1, x2):
    truth = torch.full_like(sample['gt_sem_seg']['data'], 255)
    truth[..., x1:x2] = sample['gt_sem_seg']['data'][..., x1:x2]
    return dict(sample, gt_sem_seg=dict(data=truth))


@pytest.mark.parametrize('metrics', ['mIoU', ['mIoU', 'mDice', 'mFscore']])
@pytest.mark.parametrize('absent', [None, 3])
def test_whole_image_equals_the_host(metrics, absent):
    samples = [sample(seed=s, absent=absent) for s in range(3)]
    ours = scores(build(regions=['overall'], iou_metrics=metrics), samples)
    theirs = scores(host(iou_metrics=metrics), samples)
    assert ours == pytest.approx(theirs, abs=0.005)
    assert list(ours) == list(theirs)


@pytest.mark.parametrize(
    ('region', 'x1', 'x2'),
    [('left', 0, 16), ('center', 8, 24), ('right', 16, 32)],
)
def test_a_region_equals_the_host_with_the_rest_ignored(region, x1, x2):
    samples = [sample(width=32, seed=s) for s in range(3)]
    ours = scores(build(), samples)
    theirs = scores(host(), [outside_ignored(s, x1, x2) for s in samples])
    for name, value in theirs.items():
        assert ours[f'{region}/{name}'] == pytest.approx(value, abs=0.005)


def test_columns_of_a_cityscapes_image_are_the_papers():
    truth = torch.zeros(4, 2048, dtype=torch.uint8)
    boxes = named_boxes(['left', 'center', 'right'])
    areas = RegionAreas(truth, boxes, 2)
    for first, last in ((0, 1023), (512, 1535), (1024, 2047)):
        pred = torch.ones_like(truth)
        pred[:, first : last + 1] = 0
        region = [(0, 1023), (512, 1535), (1024, 2047)].index((first, last))
        hits = areas.of(pred)[region, 0, 0]
        assert hits == 4 * 1024 == areas.of(pred)[region, 2, 0]


def test_every_cell_of_many_regions_is_counted_as_a_slice_would_be():
    boxes = dict(REGIONS, patch=(0.3, 0.2, 0.55, 0.9))
    one = sample(31, 45, seed=7)
    truth = one['gt_sem_seg']['data'][0]
    pred = one['pred_sem_seg']['data'][0]
    counts = RegionAreas(truth, boxes, 4).of(pred)
    for region, box in enumerate(boxes.values()):
        x1, y1, x2, y2 = pixels(box, 31, 45)
        part, guess = truth[y1:y2, x1:x2], pred[y1:y2, x1:x2]
        guess = guess[part != 255]
        part = part[part != 255]
        for c in range(4):
            slow = [
                ((part == c) & (guess == c)).sum(),
                (guess == c).sum(),
                (part == c).sum(),
            ]
            assert counts[region, :, c].tolist() == slow


def test_halves_share_no_pixel_and_miss_none_for_any_width():
    for width in range(2, 40):
        truth = torch.zeros(3, width)
        boxes = named_boxes(['overall', 'left', 'right'])
        overall, left, right = RegionAreas(truth, boxes, 1).of(truth)
        assert torch.equal(left + right, overall)


def test_foreign_classes_count_as_wrong_like_in_the_host():
    truth = torch.tensor([[0, 1, 7, 2]])
    pred = torch.tensor([[0, 9, 1, -1]])
    counts = RegionAreas(truth, named_boxes(['overall']), 4).of(pred)[0]
    hit, _, predicted, labelled = host().intersect_and_union(
        pred, truth, 4, 255
    )
    assert counts.tolist() == [hit.tolist(), predicted.tolist()] + [
        labelled.tolist()
    ]


def test_counts_stay_exact_beyond_single_precision():
    metric = build(regions=['overall'], digits=None)
    image = torch.zeros(1, 3, 4, dtype=torch.int64)
    image[:, :, 0] = 2**24
    image[0, 0, 0] -= 1
    many = metric.compute_metrics([image] * 64)
    share = (2**24 - 1) / (2**24 + 1)
    assert many['mIoU'] == pytest.approx(100 * share, abs=1e-9)


def test_what_the_hosts_tools_add_is_tolerated(tmp_path):
    metric = build(output_dir=str(tmp_path / 'out'), keep_results=True)
    one = dict(sample(), img_path='a/frankfurt.png')
    scores(metric, [one])
    assert (tmp_path / 'out' / 'frankfurt.png').exists()


def test_a_class_absent_from_a_region_does_not_count_there():
    truth = torch.zeros(1, 2, 8, dtype=torch.int64)
    truth[..., 4:] = 1
    one = dict(pred_sem_seg=dict(data=truth), gt_sem_seg=dict(data=truth))
    found = scores(build(), [one])
    assert found['left/mIoU'] == found['mIoU'] == 100
    only_ignored = torch.full_like(truth, 255)
    one['gt_sem_seg'] = dict(data=only_ignored)
    assert np.isnan(scores(build(), [one])['left/mIoU'])


def test_it_is_found_by_its_prefixed_name():
    from mmengine.evaluator import Evaluator

    init_default_scope('mmseg')
    Evaluator(dict(type='mmchanpos.RegionIoUMetric'))


@pytest.mark.parametrize(
    ('regions', 'message'),
    [
        (['lefft'], 'Did you mean "left"'),
        ([], 'empty'),
        (dict(sky=(0, 0, 1)), 'four numbers'),
        (dict(sky=(0, 0, 1, 1.2)), 'fractions'),
        (dict(sky=(0.5, 0, 0.5, 1)), 'x1 < x2'),
        (dict(sky=3), 'four numbers'),
    ],
)
def test_wrong_regions_are_told_when_built(regions, message):
    with pytest.raises(InputError, match=message):
        build(regions=regions)


def test_no_image_is_an_error():
    with pytest.raises(InputError, match='empty'):
        build().compute_metrics([])


def test_a_prediction_of_another_size_is_an_error():
    areas = RegionAreas(torch.zeros(4, 4), named_boxes(['left']), 2)
    with pytest.raises(InputError, match=r'\(4, 5\).*\(4, 4\)'):
        areas.of(torch.zeros(4, 5))


def test_all_who_see_one_truth_have_it_made_ready_once(monkeypatch):
    made = []

    class Counted(RegionAreas):
        def __init__(self, *args):
            made.append(args)
            super().__init__(*args)

    monkeypatch.setattr('mmchanpos.evaluation.region_iou.RegionAreas', Counted)
    batch = [sample(seed=seed) for seed in (1, 2)]
    others = [
        dict(one, pred_sem_seg=dict(data=other['pred_sem_seg']['data']))
        for one, other in zip(batch, batch[::-1])
    ]
    found = [scores(build(), samples) for samples in (batch, others, batch)]
    assert len(made) == 2
    assert found[0] == found[2] != found[1]
    # What is written to is another truth.
    batch[0]['gt_sem_seg']['data'][..., :5] = 255
    assert scores(build(), batch) != found[0]
    assert len(made) == 3


def test_no_more_truths_are_held_than_were_asked_for():
    truths = Truths(pixels=100)

    def areas(truth):
        boxes = named_boxes(['left'])
        return truths.ready(truth, (), lambda: RegionAreas(truth, boxes, 2))

    maps = [torch.zeros(6, 7).int() for _ in range(3)]
    first = [areas(one) for one in maps]
    again = [areas(one) for one in maps[::-1]]
    assert [one is two for one, two in zip(first[::-1], again)] == [
        True,
        True,
        False,
    ]
    large = torch.zeros(20, 20).int()
    assert areas(large) is areas(large)


def test_without_iou_the_first_number_is_the_score():
    metric = build(regions=['overall', 'left'], iou_metrics=['mDice'])
    found = scores(metric, [sample()])
    assert metric.score_name == 'mDice'
    assert metric.scores(found) == {
        'overall': found['mDice'],
        'left': found['left/mDice'],
    }
    assert metric.per_image(metric.results or [torch.zeros(2, 3, 4)]) is None


def test_areas_are_told_where_they_give_the_score():
    areas = [torch.ones(4, 3, 4)]
    assert build().per_image(areas).shape == (1, 4, 3, 4)
    # What counts for a class that is nowhere is known of all images alone.
    assert build(nan_to_num=0).per_image(areas) is None
