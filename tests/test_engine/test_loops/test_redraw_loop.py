from math import nan

import pytest
import torch
from mmengine.runner import Runner

from mmchanpos.engine.loops.redraw_loop import summary
from mmchanpos.errors import InputError
from mmchanpos.testing.toys import tiny_grid


def run_loop(folder, **options):
    cfg = tiny_grid(folder, **{'net': 'permutenet', **options})
    cfg.experiment_name = folder.name + str(len(options))
    torch.manual_seed(0)
    runner = Runner.from_cfg(cfg)
    return runner.test(), runner


def test_mean_and_spread_over_several_draws(tmp_path):
    metrics, runner = run_loop(tmp_path, test_cfg__redraws=4)
    assert set(metrics) == {'accuracy/top1', 'accuracy/top1_std'}
    draws = []
    (shuffle,) = runner.test_loop.shuffles
    for seed in range(4):
        shuffle.redraw(seed)
        for batch in runner.test_dataloader:
            runner.test_loop.run_iter(0, batch)
        draws.append(runner.test_evaluator.evaluate(40)['accuracy/top1'])
    assert metrics['accuracy/top1'] == pytest.approx(sum(draws) / 4)
    spread = torch.tensor(draws, dtype=torch.double).std().item()
    assert metrics['accuracy/top1_std'] == pytest.approx(spread)


def test_a_fixed_permutation_has_no_spread(tmp_path):
    metrics, _ = run_loop(tmp_path, model__neck__1__mode='fixed')
    assert metrics['accuracy/top1_std'] == 0


def test_what_is_no_number_has_no_mean():
    draws = [dict(top1=x, by_class=[x, 2.0]) for x in (1.0, 3.0)]
    assert summary(draws) == dict(top1=2.0, top1_std=pytest.approx(2**0.5))
    broken = summary([dict(top1=float('nan')), dict(top1=1.0)])
    assert broken == pytest.approx(dict(top1=nan, top1_std=nan), nan_ok=True)


def test_a_net_without_draws_and_a_single_draw_are_refused(tmp_path):
    loop = dict(type='mmchanpos.RedrawLoop')
    with pytest.raises(InputError, match='no PermuteChannel'):
        run_loop(tmp_path, net='gapnet', test_cfg=loop)
    with pytest.raises(InputError, match='redraws=1'):
        run_loop(tmp_path, test_cfg__redraws=1)
