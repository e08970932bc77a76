import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.evaluation import CityPersonsMissRate, citypersons_miss_rate
from mmchanpos.evaluation.miss_rate_results import (
    PersonDetections,
    checked,
    read_results,
)
from mmchanpos.files import read_json, write_json
from mmchanpos.registry import METRICS


def sample(img_id, people, boxes, scores):
    return {
        'img_id': img_id,
        'ori_shape': (100, 200),
        'instances': [
            {
                'full_box': [x, 0, 41, 100],
                'never_counts': False,
                'height': 100,
                'visibility': 1.0,
            }
            for x in people
        ],
        'pred_instances': {
            'bboxes': torch.tensor(boxes).reshape(-1, 4),
            'scores': torch.tensor(scores),
            'labels': torch.zeros(len(scores), dtype=torch.long),
        },
    }


def run(metric, *samples):
    for s in samples:
        metric.process(None, [s])
    return metric.evaluate(len(samples))


HIT = sample(7, [0], [[0.0, 0, 41, 100]], [0.9])
MISS = sample(2, [10], [[120.0, 0, 161, 100]], [0.8])


def test_percent_by_setup_with_average_precision():
    metric = METRICS.build({'type': 'mmchanpos.CityPersonsMissRate'})
    got = run(metric, HIT, MISS)
    assert got['citypersons/MR_Reasonable'] == 50.0
    assert got['citypersons/AP_Reasonable'] == pytest.approx(50)
    # Nobody of the two is small.
    assert got['citypersons/MR_Small'] == -100.0
    assert metric.lower_is_better


def test_halves_of_the_image():
    metric = CityPersonsMissRate(setups=['Reasonable'], sides=['right'])
    right = sample(1, [0, 150], [[0.0, 0, 41, 100]], [0.9])
    got = run(metric, right)
    assert got['citypersons/MR_Reasonable_right'] == 100.0
    assert got['citypersons/MR_Reasonable'] == pytest.approx(50)


def test_only_the_first_class_of_a_detector_of_many_is_people():
    both = sample(1, [0], [[0.0, 0, 41, 100], [90, 0, 131, 100]], [0.8, 0.9])
    metric, found = CityPersonsMissRate(strict=True), both['pred_instances']
    assert run(metric, both)['citypersons/AP_Reasonable'] == 50
    found['labels'] = torch.tensor([0, 2])  # as a car in COCO
    assert run(metric, both)['citypersons/AP_Reasonable'] == 100


def test_result_file_is_the_public_one_and_gives_the_same(tmp_path):
    prefix = str(tmp_path / 'out')
    # 0.1 has no short float32, nor has the width of this box.
    odd = sample(3, [60], [[60.1, 0.1, 101.3, 100.7]], [0.1])
    first = run(CityPersonsMissRate(outfile_prefix=prefix), HIT, MISS, odd)
    rows = read_json(f'{prefix}.bbox.json')
    assert [row['image_id'] for row in rows] == [2, 3, 7]
    assert rows[2]['bbox'] == [0, 0, 41, 100]
    width = np.float32(101.3) - np.float32(60.1)
    assert rows[1]['bbox'][2] == float(width)
    curve = read_json(f'{prefix}.curves.json')['Reasonable']
    assert curve['people'] == 3
    assert curve['mr'] * 100 == first['citypersons/MR_Reasonable']
    found = read_results(f'{prefix}.bbox.json', [2, 3, 7])
    assert found[1].scores.tolist() == [float(np.float32(0.1))]
    assert (
        run(CityPersonsMissRate(outfile_prefix=prefix, format_only=True), HIT)
        == {}
    )


@pytest.mark.parametrize(
    'box', [[0.0, 0, float('nan'), 9], [9.0, 0, 0, 9], [0, 0, float('inf'), 9]]
)
def test_detections_that_are_no_boxes_are_refused(box):
    with pytest.raises(InputError, match='image 5'):
        run(CityPersonsMissRate(), sample(5, [0], [box], [0.5]))


def test_nan_scores_are_refused():
    boxes, scores = np.zeros((2, 4)), np.array([0.5, np.nan])
    with pytest.raises(InputError, match='diverged'):
        checked(PersonDetections(boxes, scores), 1)
    with pytest.raises(InputError, match='2 boxes'):
        checked(PersonDetections(boxes, scores[:1]), 1)


def test_result_files_that_cannot_be_meant(tmp_path):
    path = tmp_path / 'a.json'
    row = {'image_id': 1, 'category_id': 1, 'bbox': [0, 0, 1, 1], 'score': 1}
    for content, says in (
        ([], 'no detections'),
        ({'images': []}, 'array was wanted, object was found'),
        ([{'image_id': 1, 'score': 1}], r'\[0\]: .*missing.* bbox'),
        ([{**row, 'score': 'high'}], r'\[0\].score: float was wanted'),
        ([row, 3], r'\[1\]: object was wanted'),
        ([{**row, 'image_id': '1'}], 'image_id: int was wanted'),
        ([{**row, 'image_id': 9}], 'image 9'),
        ([{**row, 'bbox': [0, 0, -1, 1]}], 'negative'),
    ):
        write_json(path, content)
        with pytest.raises(InputError, match=says):
            read_results(path, [1, 2])
    write_json(path, [row, {**row, 'category_id': 2}])
    assert [len(d.scores) for d in read_results(path, [1, 2])] == [1, 0]


def test_samples_without_ground_truth_are_explained():
    bare = {k: v for k, v in HIT.items() if k != 'instances'}
    with pytest.raises(InputError, match='meta_keys'):
        run(CityPersonsMissRate(), bare)
    coco = {**HIT, 'instances': [{'bbox': [0, 0, 1, 1], 'ignore_flag': 0}]}
    with pytest.raises(InputError, match='CityPersonsDataset'):
        run(CityPersonsMissRate(), coco)


def test_bad_settings():
    with pytest.raises(InputError, match='variant'):
        CityPersonsMissRate(variant='x')
    with pytest.raises(InputError, match='outfile_prefix'):
        CityPersonsMissRate(format_only=True)
    with pytest.raises(InputError, match='left'):
        CityPersonsMissRate(sides=['top'])


@pytest.mark.parametrize(('strict', 'warnings'), [(False, 1), (True, 0)])
def test_few_images_are_warned_of_once(strict, warnings, monkeypatch):
    said = []
    monkeypatch.setattr(
        citypersons_miss_rate, 'print_log', lambda text, **_: said.append(text)
    )
    citypersons_miss_rate._warn_of_few.cache_clear()
    for _ in range(2):
        metric = CityPersonsMissRate(setups=['Reasonable'], strict=strict)
        metric.process({}, [HIT, MISS])
        metric.evaluate(2)
    assert sum('below 100' in text for text in said) == warnings
