"""Shift consistency through the standard ways to test a config."""

import json
import pickle
import uuid

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.files import read_json, read_npz
from mmchanpos.registry import MODELS
from tests.conftest import tool_in_two

pytest.importorskip('mmpretrain')
from mmengine.runner import Runner
from mmpretrain.models import ImageClassifier

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test

SHIFTS = """
test_cfg = dict(
    type='mmchanpos.ShiftConsistencyLoop',
    tests=[dict(mode='zero', max_shift=2, num_shifts=3, canvas=8),
           dict(mode='circular', max_shift=2, exhaustive=True)])
"""


@pytest.fixture(scope='module')
def shift_run(tmp_path_factory, tiny_run):
    """A config that tests consistency, and a checkpoint for it."""
    config, checkpoint = tiny_run
    path = tmp_path_factory.mktemp('shift-run') / 'tiny.py'
    path.write_text(config.read_text() + SHIFTS)
    return path, checkpoint


def measured(run_of, folder, **options):
    config, checkpoint = run_of
    keys = {key.replace('__', '.'): value for key, value in options.items()}
    cfg = load_config(str(config), keys, str(folder))
    cfg.experiment_name = uuid.uuid4().hex
    metrics = run_test(cfg, str(checkpoint))
    reports = {
        name: read_json(folder / 'shift' / f'{name}.json')
        for name in ('zero2', 'circular2')
        if (folder / 'shift' / f'{name}.json').exists()
    }
    return metrics, reports


def test_predictions_are_written_by_a_second_run_too(shift_run, tmp_path):
    config, checkpoint = shift_run
    out = tmp_path / 'predictions.pkl'
    sizes = []
    for _ in range(2):
        cfg = load_config(str(config), None, str(tmp_path))
        run_test(cfg, str(checkpoint), out=str(out))
        sizes.append(len(pickle.loads(out.read_bytes())))
    assert sizes == [31, 31]


def same(one, other):
    """Equal, but for the rounding of latents and the settings asked for."""
    assert one.keys() == other.keys()
    for key in one.keys() - {'decided_by'}:
        if isinstance(one[key], float):
            assert one[key] == pytest.approx(other[key], rel=1e-5, abs=1e-7)
        else:
            assert one[key] == other[key]


def test_same_result_for_batches_of_1_7_and_64(shift_run, tmp_path):
    found = {}
    for size in (1, 7, 64):
        folder = tmp_path / str(size)
        option = dict(test_dataloader__batch_size=size)
        found[size] = measured(shift_run, folder, **option)[1]
        caches = [
            read_npz(folder / 'shift' / f'{name}.npz')
            for name in ('zero2', 'circular2')
        ]
        found[size]['caches'] = caches
    for size in (1, 7):
        for name in ('zero2', 'circular2'):
            same(found[size][name], found[64][name])
        for one, other in zip(found[size]['caches'], found[64]['caches']):
            assert np.array_equal(one['predictions'], other['predictions'])
            assert np.array_equal(one['index'], np.arange(31))


def test_same_result_for_two_processes(shift_run, tmp_path):
    _, alone = measured(shift_run, tmp_path / 'one')
    folder = tmp_path / 'two'
    words = *shift_run, '--work-dir', folder
    done = tool_in_two('test.py', *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name, report in alone.items():
        same(report, read_json(folder / 'shift' / f'{name}.json'))
        one = read_npz(tmp_path / 'one' / 'shift' / f'{name}.npz')
        two = read_npz(folder / 'shift' / f'{name}.npz')
        assert np.array_equal(one['predictions'], two['predictions'])


def test_order_of_the_images_does_not_matter(shift_run, tmp_path):
    _, plain = measured(shift_run, tmp_path / 'plain')
    option = dict(test_dataloader__sampler__shuffle=True)
    _, mixed = measured(shift_run, tmp_path / 'mixed', **option)
    for name, report in plain.items():
        same(report, mixed[name])


def test_metrics_of_the_config_are_kept(shift_run, tmp_path):
    metrics, reports = measured(shift_run, tmp_path)
    assert metrics['accuracy/top1'] == pytest.approx(reports['zero2']['top1'])
    assert metrics['shift/circular2/consistency'] == pytest.approx(
        reports['circular2']['consistency']
    )
    assert [row['max_shift'] for row in reports['circular2']['curve']] == [
        1,
        2,
    ]
    for name in ('latent_mse', 'invariance', 'mean_change', 'worst_case'):
        assert f'shift/zero2/{name}' in metrics


def test_drawn_shifts_agree_with_all_of_them(shift_run, tmp_path):
    zero = dict(mode='zero', max_shift=6)
    tests = [
        dict(zero, num_shifts=24, name='drawn'),
        dict(zero, exhaustive=True, name='all'),
    ]
    measured(shift_run, tmp_path, test_cfg__tests=tests)
    drawn = read_json(tmp_path / 'shift' / 'drawn.json')
    exact = read_json(tmp_path / 'shift' / 'all.json')
    assert drawn['consistency_low'] <= exact['consistency']
    assert exact['consistency'] <= drawn['consistency_high']
    assert drawn['consistency'] < 100


def test_an_own_loop_over_the_grid_gives_the_same(shift_run, tmp_path):
    from mmchanpos.engine.launch import build_runner

    _, reports = measured(shift_run, tmp_path / 'loop')
    config, checkpoint = shift_run
    cfg = load_config(str(config), {}, str(tmp_path / 'own'))
    cfg.experiment_name = uuid.uuid4().hex
    cfg.load_from = str(checkpoint)
    runner = build_runner(cfg)
    runner.load_or_resume()
    model = runner.model.eval()
    grid = [(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)]
    votes = []
    with torch.no_grad():
        for batch in runner.build_dataloader(cfg.test_dataloader):
            images = model.data_preprocessor(batch, False)['inputs']
            votes += [[model(images.roll(s, (2, 3))).argmax(1) for s in grid]]
    votes = torch.cat([torch.stack(v, 1) for v in votes])
    agree = (votes[:, :, None] == votes[:, None]).float().mean()
    assert reports['circular2']['consistency'] == pytest.approx(
        100 * agree.item(), abs=1e-4
    )


def test_a_constant_classifier_is_consistent_and_flagged(tmp_path, shift_run):
    config, checkpoint = shift_run
    weights = torch.load(checkpoint, weights_only=True)
    weights['state_dict']['head.fc.weight'].zero_()
    constant = tmp_path / 'constant.pth'
    torch.save(weights, constant)
    metrics, reports = measured((config, constant), tmp_path / 'work')
    assert metrics['shift/zero2/consistency'] == 100
    assert 45 < metrics['shift/zero2/fidelity'] < 55
    assert 'same label' in reports['zero2']['warning']


def test_as_validation_during_a_training(call_tool, tmp_path, tiny_config):
    extra = """
val_cfg = dict(type='mmchanpos.ShiftConsistencyLoop', stage='val',
               tests=[dict(mode='zero', max_shift=1, num_shifts=2)])
train_cfg['max_epochs'] = 1
"""
    tiny_config.write_text(tiny_config.read_text() + extra)
    call_tool('train.py', tiny_config)
    logs = list((tmp_path / 'work').glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in logs[0].read_text().splitlines()]
    assert 0 <= rows[-1]['shift/zero1/consistency'] <= 100
    assert not (tmp_path / 'work' / 'shift').exists()


def test_each_validation_is_measured_though_results_are_kept(
    call_tool, tmp_path, tiny_config
):
    extra = f"""
val_cfg = dict(type='mmchanpos.ShiftConsistencyLoop', stage='val',
               out={str(tmp_path / 'kept')!r},
               tests=[dict(mode='zero', max_shift=1, num_shifts=2)])
train_cfg['max_epochs'] = 2
"""
    tiny_config.write_text(tiny_config.read_text() + extra)
    assert 'there already' not in call_tool('train.py', tiny_config)
    assert (tmp_path / 'kept' / 'zero1.json').exists()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(test_cfg__tests='cifar-zero8'), '8x8.*32x32'),
        (dict(test_cfg__tests='cifar-zero'), 'Did you mean'),
        (dict(test_cfg__tests=[dict(max_shift=9)]), 'at most 7'),
        (dict(test_cfg__tests=[]), 'No shift test'),
        (dict(test_cfg__tap='nek'), 'Did you mean "neck'),
        (dict(test_cfg__tap='head.loss_module'), 'no image went through'),
        (dict(test_cfg__stage='eval'), 'stage="eval"'),
        (dict(test_cfg__max_shfit=3), 'Did you mean "max_shift"'),
        (
            dict(
                test_dataloader__dataset__pipeline=[
                    dict(type='PackInputs', meta_keys=())
                ]
            ),
            'sample_idx',
        ),
    ],
)
def test_bad_input(shift_run, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        measured(shift_run, tmp_path, **options)
    # Whose folder it is may be known, but there is no result.
    assert {p.name for p in tmp_path.glob('shift/*.*')} <= {'owner.json'}


def test_windows_are_cut_from_a_widened_pipeline():
    from mmchanpos.engine.loops.shift_consistency_loop import widen
    from mmchanpos.shift import get_preset

    steps = [
        dict(type='LoadImageFromFile'),
        dict(type='mmpretrain.ResizeEdge', scale=256, edge='short'),
        dict(type='CenterCrop', crop_size=224),
    ]
    loader = dict(dataset=dict(pipeline=steps))
    wide = widen(loader, get_preset('islam-s2'), 288)['dataset']['pipeline']
    assert [wide[1]['scale'], wide[2]['crop_size']] == [288, 288]
    assert steps[2]['crop_size'] == 224
    wide = widen(loader, get_preset('zhang-imagenet'), 256)
    assert wide['dataset']['pipeline'][2]['crop_size'] == 256


def test_no_hook_is_left_on_the_model(shift_run, tmp_path, monkeypatch):
    kept = []
    built = Runner.build_model

    def build(self, model):
        kept.append(built(self, model))
        return kept[-1]

    monkeypatch.setattr(Runner, 'build_model', build)
    measured(shift_run, tmp_path)
    assert isinstance(kept[0], ImageClassifier)
    assert not any(m._forward_hooks for m in kept[0].modules())
    assert MODELS.get('mmchanpos.AugShiftClassifier')
