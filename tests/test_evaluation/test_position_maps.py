"""SPC against scipy, MAE, the content-loss map, and the metric."""

import json

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mmchanpos.errors import InputError
from mmchanpos.evaluation import PositionMapMetric
from mmchanpos.evaluation.position_map_scores import (
    RankCorrelation,
    content_loss_map,
    mean_absolute_error,
)

SHAPE = 30, 41
TRUTH = torch.arange(41.0).expand(SHAPE)


def predictions():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(3, *SHAPE, generator=generator)
    return {
        'noise': noise,
        'mixed': noise + TRUTH / 20,
        'many ties': (noise * 2).round() - 0.0,
        'negative zeros': torch.where(noise > 0, 0.0, -0.0) + (noise > 1),
        'two values': (noise > 0).float(),
        'monotone': (TRUTH / 40).expm1().expand(3, *SHAPE),
        'opposite': -TRUTH.expand(3, *SHAPE),
        'tiny and huge': noise * 10.0 ** (noise * 9),
        'double': noise.double() / 3,
        'half': noise.half(),
    }


@pytest.mark.parametrize('kind', predictions())
def test_equal_to_scipy(kind):
    maps = predictions()[kind]
    for truth in (TRUTH, predictions()['many ties'][0]):
        ours = RankCorrelation(truth)(maps)
        wanted = [
            spearmanr(m.numpy().ravel(), truth.numpy().ravel())[0]
            for m in maps
        ]
        assert ours.dtype == torch.float64
        assert np.abs(ours.numpy() - wanted).max() < 1e-6


def test_constant_predictions_are_zero():
    spc = RankCorrelation(TRUTH)
    maps = torch.full((3, *SHAPE), 0.3)
    maps[1] += 1e-6 * TRUTH / 40
    maps[2] += 1e-3 * TRUTH / 40
    assert torch.allclose(spc(maps), torch.tensor([0.0, 0.0, 1.0]).double())
    assert (
        RankCorrelation(torch.ones(SHAPE))(predictions()['noise']).eq(0).all()
    )


def test_absolute_error():
    maps = predictions()['noise']
    wanted = (maps.double() - TRUTH).abs().mean((1, 2))
    assert torch.allclose(mean_absolute_error(maps, TRUTH), wanted, atol=1e-6)


@pytest.mark.parametrize(
    ('maps', 'words'),
    [
        (torch.zeros(2, 41, 30), r'\(2, 41, 30\).*truth of shape \(30, 41\)'),
        (torch.zeros(SHAPE), 'wanted is'),
        (torch.full((1, *SHAPE), torch.nan), 'NaN'),
    ],
)
def test_wrong_predictions(maps, words):
    with pytest.raises(InputError, match=words):
        RankCorrelation(TRUTH)(maps)
    with pytest.raises(InputError, match=words):
        mean_absolute_error(maps, TRUTH)


def test_content_loss_map_is_the_mean_error():
    truths = {'H': TRUTH, 'V': TRUTH + 1, 'G': TRUTH * 2}
    given = {n: t + i for i, (n, t) in enumerate(truths.items())}
    assert torch.equal(content_loss_map(given, truths), torch.ones(SHAPE))
    with pytest.raises(InputError, match="'Q'"):
        content_loss_map({'Q': TRUTH}, truths)


def samples(source, maps):
    truths = {'my_map': TRUTH}
    return [
        dict(
            source=source,
            position_maps={'my_map_all_k3_l1_p0_s0': m},
            position_truths=truths,
        )
        for m in maps
    ]


def test_metric_averages_over_the_images_of_each_source(tmp_path):
    file = tmp_path / 'scores.json'
    metric = PositionMapMetric(out_file=str(file))
    noise = predictions()['mixed']
    metric.process(None, samples('natural', noise[:2]))
    metric.process(
        None, samples('natural', noise[2:]) + samples('black', [TRUTH])
    )
    found = metric.evaluate(4)
    name = 'my_map_all_k3_l1_p0_s0'
    wanted = RankCorrelation(TRUTH)(noise)
    assert found[f'position/natural/{name}/SPC'] == pytest.approx(
        float(wanted.mean())
    )
    assert found[f'position/black/{name}/SPC'] == pytest.approx(1)
    assert found[f'position/black/{name}/MAE'] == 0
    natural, black = json.loads(file.read_text())
    assert natural['SPC_std'] == pytest.approx(float(wanted.std()))
    assert (natural['images'], black['images'], black['SPC_std']) == (3, 1, 0)


def test_metric_of_another_model():
    with pytest.raises(InputError, match='mmchanpos.PosENet'):
        PositionMapMetric().process(None, [dict(pred_label=1)])
