"""Hits give the numbers that score vectors give, in a byte per image."""

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.evaluation import Accuracy

from mmchanpos.errors import InputError
from mmchanpos.evaluation.hits import HitAccuracy, keep_hits
from mmchanpos.evaluation.measured import measured


def batches(labels=False):
    rng = torch.Generator().manual_seed(0)
    for size in (5, 3, 1):
        scores = torch.rand(size, 7, generator=rng).softmax(1)
        truth = torch.randint(0, 7, (size, 1), generator=rng)
        key = 'pred_label' if labels else 'pred_score'
        found = scores.argmax(1, keepdim=True) if labels else scores
        yield [{key: p, 'gt_label': t} for p, t in zip(found, truth)]


@pytest.mark.parametrize('labels', [False, True])
@pytest.mark.parametrize(
    ('topk', 'thrs'), [((1,), 0.0), ((1, 5), (0.0, 0.17)), (3, (None, 0.2))]
)
def test_the_metrics_are_those_of_the_host(topk, thrs, labels):
    host = Accuracy(topk, thrs)
    evaluator = Evaluator([Accuracy(topk, thrs)])
    keep_hits(evaluator)
    (ours,) = evaluator.metrics
    for batch in batches(labels):
        host.process({}, batch)
        ours.process({}, batch)
    assert all(isinstance(hit, int) for hit in ours.results)
    per_image = measured(ours).per_image(ours.results)
    wanted, found = host.evaluate(9), ours.evaluate(9)
    # The host divides in single precision.
    assert found == pytest.approx(wanted, rel=1e-6)
    assert measured(ours).scores(found) == {'overall': per_image.mean()}
    assert measured(ours).score_name.startswith('Top-')


def test_a_metric_of_ones_own_stays():
    class Own(Accuracy):
        """Counts in its own way."""

    evaluator = Evaluator([Own(), HitAccuracy()])
    before = list(evaluator.metrics)
    keep_hits(evaluator)
    assert evaluator.metrics == before


def test_more_places_than_classes_are_told():
    with pytest.raises(InputError, match='Top-9 of 7 classes'):
        HitAccuracy(9).process({}, next(batches()))
