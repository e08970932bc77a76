"""Zone by zone a metric says what it says of the zone alone."""

import json
import random

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.evaluation import CityPersonsMissRate
from mmchanpos.evaluation.measured import measured
from mmchanpos.evaluation.zone_samples import in_zone
from mmchanpos.evaluation.zones import ring
from mmchanpos.registry import METRICS
from mmchanpos.testing.plain_miss_rate import plain_miss_rate
from tests.test_evaluation.test_zones import literal_zone

pytest.importorskip('mmdet')
pytest.importorskip('mmseg')

CLASSES = ('person', 'car')
WIDTH, HEIGHT = 200, 100
TALL, SEEN = (50, 1e10), (0.65, 1e10)
RINGS = [(i / 10, (i + 1) / 10) for i in range(5)]


def zoned(metric, zones=5, classes=CLASSES):
    found = METRICS.build(
        dict(type='mmchanpos.ZoneMetric', metric=metric, zones=zones)
    )
    found.dataset_meta = dict(classes=classes)
    return found


def run(metric, samples):
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def scene(rng, people=8, found=10):
    """Boxes x, y, w, h of people, and detections near some of them."""
    rows = [
        (rng.uniform(-5, 180), rng.uniform(-5, 60), 20, rng.uniform(40, 60))
        for _ in range(rng.randint(0, people))
    ]
    boxes = []
    for _ in range(rng.randint(1, found)):
        x, y, w, h = rng.choice(rows) if rows else (60, 30, 20, 50)
        shift = rng.choice([0, 2, 25])
        boxes.append((x + shift, y + rng.uniform(-2, 2), w, h, rng.random()))
    return rows, boxes


def pedestrians(number, rows, found):
    return dict(
        img_id=number,
        ori_shape=(HEIGHT, WIDTH),
        instances=[
            dict(
                full_box=list(row),
                never_counts=False,
                height=row[3],
                visibility=1.0,
            )
            for row in rows
        ],
        # As a test pipeline without LoadAnnotations packs them.
        gt_instances={},
        pred_instances=dict(
            bboxes=torch.tensor(
                [[x, y, x + w, y + h] for x, y, w, h, _ in found],
                dtype=torch.float64,
            ),
            scores=torch.tensor([b[4] for b in found], dtype=torch.float64),
            labels=torch.zeros(len(found), dtype=torch.long),
        ),
    )


def is_in(box, near, far):
    x, y, w, h = box[:4]
    # The outer ring has what lies beyond the border too.
    x = min(max(x + w / 2, 1e-9), WIDTH - 1e-9)
    y = min(max(y + h / 2, 1e-9), HEIGHT - 1e-9)
    return literal_zone(x, y, WIDTH, HEIGHT, near, far)


def test_miss_rate_of_a_zone_is_that_of_a_literal_one_in_200_cases():
    rng = random.Random(0)
    for _ in range(200):
        scenes = [scene(rng) for _ in range(3)]
        metric = zoned(CityPersonsMissRate(setups=['Reasonable']))
        samples = [pedestrians(i, *s) for i, s in enumerate(scenes)]
        got = run(metric, samples)
        for i, (near, far) in enumerate(RINGS):
            truths = [
                [(*r, not is_in(r, near, far), r[3], 1.0) for r in rows]
                for rows, _ in scenes
            ]
            kept = [[b for b in f if is_in(b, near, far)] for _, f in scenes]
            wanted = 100 * plain_miss_rate(truths, kept, TALL, SEEN)
            name = f'citypersons/z{i}{i + 1}/MR_Reasonable'
            # Corners instead of widths round in the last bits.
            assert got[name] == pytest.approx(wanted, rel=1e-9)


def maps(seed, height=9, width=14):
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, 255], (height, width), p=[0.5, 0.4, 0.1])
    guess = np.where(rng.random((height, width)) < 0.3, 1, truth % 2)
    return truth, guess


def as_sample(truth, guess):
    truth, guess = (torch.from_numpy(x)[None].long() for x in (truth, guess))
    return dict(gt_sem_seg=dict(data=truth), pred_sem_seg=dict(data=guess))


def literal_iou(pairs, near, far):
    """Pixel by pixel, in the zone that rounded edges make."""
    hit, union = {}, {}
    for truth, guess in pairs:
        height, width = truth.shape
        ends = [
            [int(f * n + 0.5) for f in (near, far, 1 - far, 1 - near)]
            for n in (height, width)
        ]
        for y, x in np.ndindex(height, width):
            around = all(e[0] <= p < e[3] for p, e in zip((y, x), ends))
            within = all(e[1] <= p < e[2] for p, e in zip((y, x), ends))
            if not around or within or truth[y, x] == 255:
                continue
            for c in {truth[y, x], guess[y, x]}:
                union[c] = union.get(c, 0) + 1
                hit[c] = hit.get(c, 0) + (truth[y, x] == guess[y, x])
    ious = [100 * hit[c] / union[c] for c in union]
    return np.mean(ious) if ious else None


def test_iou_of_a_zone_is_that_of_a_literal_one_in_200_cases():
    for seed in range(200):
        pairs = [maps(seed + 1000 * i) for i in range(2)]
        metric = zoned(dict(type='mmchanpos.RegionIoUMetric', digits=None))
        metrics = run(metric, [as_sample(*pair) for pair in pairs])
        scores = metric.scores(metrics)
        for i, ends in enumerate(RINGS):
            wanted = literal_iou(pairs, *ends)
            assert scores[f'z{i}{i + 1}'] == pytest.approx(wanted, rel=1e-12)


@pytest.fixture
def coco(tmp_path):
    """Annotations of five images, and detections of them."""
    rng = random.Random(3)
    images, rows, samples = [], [], []
    for number in range(1, 6):
        images.append(
            dict(id=number, width=WIDTH, height=HEIGHT, file_name='')
        )
        people, found = scene(rng, 12, 16)
        rows += [
            dict(
                id=len(rows) + k + 1,
                image_id=number,
                category_id=rng.choice([3, 7]),
                bbox=list(box),
                area=box[2] * box[3],
                iscrowd=int(rng.random() < 0.1),
            )
            for k, box in enumerate(people)
        ]
        sample = pedestrians(number, [], found)
        labels = [rng.randint(0, 1) for _ in found]
        sample['pred_instances']['labels'] = torch.tensor(labels)
        samples.append(sample)
    categories = [dict(id=i, name=n) for i, n in zip((3, 7), CLASSES)]
    file = tmp_path / 'annotations.json'
    content = dict(images=images, annotations=rows, categories=categories)
    file.write_text(json.dumps(content))
    return file, samples, content


def coco_metric(file):
    return dict(type='mmdet.CocoMetric', ann_file=str(file), metric='bbox')


def test_ap_of_a_zone_is_that_of_an_evaluator_told_whom_to_ignore(coco):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    class Told(COCOeval):
        """As published: the evaluator itself sets whom to ignore."""

        def _prepare(self):
            super()._prepare()
            for group in self._gts.values():
                for row in group:
                    if not is_in(row['bbox'], *self.ends):
                        row['ignore'] = 1

    file, samples, _ = coco
    got = run(zoned(coco_metric(file)), samples)
    truth = COCO(str(file))
    for i, ends in enumerate(RINGS):
        rows = [
            dict(
                image_id=s['img_id'],
                category_id=(3, 7)[int(label)],
                bbox=[*box[:2], box[2] - box[0], box[3] - box[1]],
                score=score,
            )
            for s in samples
            for box, score, label in zip(
                *(
                    s['pred_instances'][k].tolist()
                    for k in ('bboxes', 'scores', 'labels')
                )
            )
        ]
        rows = [row for row in rows if is_in(row['bbox'], *ends)]
        judge = Told(truth, truth.loadRes(rows), 'bbox')
        judge.ends = ends
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
        name = f'coco/z{i}{i + 1}/bbox_mAP'
        assert got[name] == pytest.approx(judge.stats[0], abs=5.1e-4)
    assert len({got[f'coco/z{i}{i + 1}/bbox_mAP'] for i in range(3)}) > 1


ALL = dict(named='overall', ring=(0, 0.5), box=(0, 0, 1, 1))


def test_a_zone_that_is_the_whole_image_has_its_numbers(coco):
    rng = random.Random(1)
    people = [pedestrians(i, *scene(rng)) for i in range(6)]
    pictures = [as_sample(*maps(seed)) for seed in range(4)]
    file, boxes, _ = coco
    cases = [
        (coco_metric(file), boxes),
        (dict(type='mmchanpos.CityPersonsMissRate'), people),
        (
            dict(type='mmseg.IoUMetric', iou_metrics=['mIoU', 'mDice']),
            pictures,
        ),
        (dict(type='mmchanpos.RegionIoUMetric'), pictures),
    ]
    for metric, samples in cases:
        plain = METRICS.build(metric)
        plain.dataset_meta = dict(classes=CLASSES)
        wanted = run(plain, samples)
        got = run(zoned(metric, ALL), samples)
        for name, value in wanted.items():
            head, _, tail = name.rpartition('/') if plain.prefix else (
                '', '', name,
            )  # fmt: skip
            head += '/' * bool(head)
            for zone in ('', *(f'{z}/' for z in ALL)):
                np.testing.assert_equal(got[f'{head}{zone}{tail}'], value)


def test_left_and_right_are_the_sides_of_the_miss_rate():
    rng = random.Random(2)
    people = [pedestrians(i, *scene(rng)) for i in range(20)]
    sides = ['left', 'right']
    wanted = run(CityPersonsMissRate(['All'], sides), people)
    got = run(zoned(CityPersonsMissRate(['All']), sides), people)
    for side in sides:
        assert (
            got[f'citypersons/{side}/MR_All']
            == (wanted[f'citypersons/MR_All_{side}'])
        )


def test_zones_may_have_the_names_of_the_regions_of_the_metric():
    samples = [as_sample(*maps(seed)) for seed in range(4)]
    regions = dict(type='mmchanpos.RegionIoUMetric', digits=None)
    metric = zoned(regions, ['overall', 'left', 'right'])
    got = run(metric, samples)
    wanted = run(zoned(regions, 1), samples)
    for name in ('mIoU', 'left/mIoU', 'right/mIoU', 'center/mIoU'):
        assert got[name] == wanted[name]
    scores = metric.scores(got)
    assert list(scores) == ['overall', 'left', 'right']
    assert scores['overall'] == got['mIoU']
    assert scores['left'] == got['left/mIoU']
    assert got['zone_variance'] == np.var([scores['left'], scores['right']])
    with pytest.raises(InputError, match='another name'):
        zoned(regions, dict(overall=(0, 0, 1, 0.5)))


def test_it_says_what_it_is_and_how_zones_differ():
    metric = zoned(dict(type='mmchanpos.RegionIoUMetric', digits=None))
    assert (metric.score_name, metric.lower_is_better) == ('mIoU', False)
    samples = [as_sample(*maps(seed, 30, 40)) for seed in range(5)]
    metric.process({}, samples)
    values = metric.per_image(metric.results)
    assert values.shape == (5, 6, 3, 2)
    # Rings share no pixel and leave none out.
    assert np.array_equal(values[:, 0], values[:, 1:].sum(1))
    metrics = metric.evaluate(5)
    scores = list(metric.scores(metrics).values())
    assert metrics['zone_variance'] == pytest.approx(np.var(scores[1:]))
    weights = [0.36, 0.28, 0.2, 0.12, 0.04]
    assert metrics['zone_SP'] == pytest.approx(np.dot(scores[1:], weights))
    assert zoned(CityPersonsMissRate()).lower_is_better


def test_nothing_of_the_samples_is_changed():
    samples = [pedestrians(0, *scene(random.Random(5)))]
    before = json.dumps(samples, default=lambda x: x.tolist())
    run(zoned(CityPersonsMissRate()), samples)
    assert json.dumps(samples, default=lambda x: x.tolist()) == before


def test_ablations_share_what_was_made_of_a_truth():
    truth, zone = torch.zeros(1, 20, 20).long(), ring(0.1, 0.2)

    def of_zone():
        sample = {'gt_sem_seg': {'data': truth[:]}}
        return in_zone(sample, zone, None)['gt_sem_seg']['data']

    first = of_zone()
    assert of_zone() is first
    truth += 1  # as the next image may come to lie in its memory
    assert of_zone() is not first
    assert of_zone().unique().tolist() == [1, 255]


def test_voc_ignores_objects_of_other_zones():
    sample = pedestrians(0, [], [(0, 0, 20, 20, 0.9), (90, 40, 20, 20, 0.8)])
    truth = torch.tensor([[0.0, 0, 20, 20], [90, 40, 110, 60]])
    sample['gt_instances'] = dict(bboxes=truth, labels=torch.tensor([0, 0]))
    sample['ignored_instances'] = dict(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
    )
    metric = zoned(dict(type='mmdet.VOCMetric'))
    metric.dataset_meta = dict(classes=CLASSES, dataset_type='VOC2012')
    got = run(metric, [sample])
    assert got['pascal_voc/z01/mAP'] == got['pascal_voc/z45/mAP'] == 1


def test_a_detector_that_finds_nothing_is_scored_where_there_is_something(
    coco,
):
    file, samples, _ = coco
    blind = []
    for sample in samples:
        found = {k: v[:0] for k, v in sample['pred_instances'].items()}
        blind.append(dict(sample, pred_instances=found))
    zones = dict(all=(0, 0, 1, 1), none=(0, 0, 0.001, 0.001))
    metric = zoned(coco_metric(file), zones=zones)
    numbers = {
        k.removeprefix('coco/'): v for k, v in run(metric, blind).items()
    }
    assert metric.scores(numbers) == dict(overall=0, all=0, none=None)
    told = measured(metric.metric)
    assert told.scores({}) == dict(overall=0, small=0, medium=0, large=None)
    assert told.score_name == 'bbox mAP'


def test_coco_takes_the_truth_from_samples_as_well(coco):
    file, samples, content = coco
    told = []
    for sample in samples:
        rows = [
            dict(
                bbox=[x, y, x + w, y + h],
                bbox_label=[3, 7].index(row['category_id']),
                ignore_flag=row['iscrowd'],
            )
            for row in content['annotations']
            for x, y, w, h in [row['bbox']]
            if row['image_id'] == sample['img_id']
        ]
        told.append(dict(sample, instances=rows))
    metric = zoned(dict(type='mmdet.CocoMetric', metric='bbox'))
    assert run(metric, told) == run(zoned(coco_metric(file)), samples)
