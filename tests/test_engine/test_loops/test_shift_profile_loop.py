"""The shift test of segmentors and detectors, by their own configs."""

import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import build_runner
from mmchanpos.engine.launch import test as run_test
from mmchanpos.errors import InputError
from mmchanpos.files import read_json, read_npz
from mmchanpos.testing.segmentor import write_tiny
from mmchanpos.testing.toys import CONFIGS

pytest.importorskip('mmdet')

CELL = dict(mode='zero', max_shift=3, range='halfopen', exhaustive=True)
DRAWN = dict(mode='reflect', max_shift=6, num_shifts=3)
TESTS = [dict(CELL, name='cell'), dict(DRAWN, name='drawn')]


@pytest.fixture(scope='module')
def segmentor(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp('profile'), 3)


@pytest.fixture(scope='module')
def detector(tmp_path_factory, segmentor):
    """A tiny CSP on the same streets, which sees people everywhere."""
    folder = tmp_path_factory.mktemp('detector')
    config = folder / 'csp.py'
    data = str(segmentor[0].parent / 'streets')
    config.write_text(
        f"""
_base_ = {str(CONFIGS / 'pedestrians/csp_r18-small_synthetic.py')!r}
model = dict(
    backbone=dict(base_channels=4, stem_channels=4),
    neck=dict(in_channels=(8, 16, 32), out_channels=4),
    # untrained, group norm lets it see people where batch norm sees none
    bbox_head=dict(
        in_channels=12,
        feat_channels=32,
        norm_cfg=dict(type='GN', num_groups=32)))
test_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root={data!r}))
"""
    )
    cfg = Config.fromfile(config)
    from mmengine.registry import MODELS, init_default_scope

    init_default_scope('mmdet')
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    model.init_weights()
    with torch.no_grad():
        for part in model.bbox_head.outputs.values():
            part.weight.normal_(0, 0.03)
        model.bbox_head.outputs['center'].weight.normal_(0, 0.3)
        # Boxes as tall as people, so that a cell's place matters little.
        model.bbox_head.outputs['scale'].bias.fill_(2)
    checkpoint = folder / 'csp.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), checkpoint)
    return config, checkpoint


def loaded(run_of, folder, **options):
    config, checkpoint = run_of
    keys = {key.replace('__', '.'): value for key, value in options.items()}
    cfg = load_config(str(config), keys, str(folder))
    cfg.experiment_name = uuid.uuid4().hex
    cfg.test_cfg = dict(type='mmchanpos.ShiftProfileLoop', tests=TESTS)
    return cfg, str(checkpoint)


def measured(run_of, folder, **options):
    metrics = run_test(*loaded(run_of, folder, **options))
    names = [test['name'] for test in TESTS]
    return metrics, {
        name: read_json(folder / 'shift' / f'{name}.json') for name in names
    }


@pytest.mark.parametrize('kind', ['segmentor', 'detector'])
def test_batches_change_nothing(kind, request, tmp_path):
    run_of = request.getfixturevalue(kind)
    found = {}
    for size in (1, 3):
        option = dict(test_dataloader__batch_size=size)
        metrics, found[size] = measured(run_of, tmp_path / str(size), **option)
        for name, report in found[size].items():
            shown = metrics[f'shift/{name}/consistency']
            assert shown == report['consistency']
    for name in ('cell', 'drawn'):
        one, three = (found[size][name] for size in (1, 3))
        assert 0 < one['consistency'] < 100
        # Sums of a network's layers round by batch; a pixel may flip.
        for key, value in one['measures'].items():
            got = [np.nan if v is None else v for v in three['measures'][key]]
            want = [np.nan if v is None else v for v in value]
            np.testing.assert_allclose(got, want, rtol=2e-2, atol=0.3)


def test_an_own_loop_over_the_shifts_gives_the_same(segmentor, tmp_path):
    _, reports = measured(segmentor, tmp_path / 'loop')
    cfg, checkpoint = loaded(segmentor, tmp_path / 'own')
    cfg.test_cfg = dict()
    cfg.load_from = checkpoint
    runner = build_runner(cfg)
    runner.load_or_resume()
    model = runner.model.eval()
    same = seen = 0
    with torch.no_grad():
        for batch in runner.build_dataloader(cfg.test_dataloader):
            images = torch.stack(batch['inputs'])

            def classes(shifted, batch=batch):
                data = dict(batch, inputs=list(shifted))
                found = model.test_step(data)
                return torch.stack([f.pred_sem_seg.data[0] for f in found])

            still = classes(images)
            for dy, dx in np.ndindex(3, 3):
                moved = torch.zeros_like(images)
                h, w = images.shape[-2:]
                moved[..., dy:, dx:] = images[..., : h - dy, : w - dx]
                back = classes(moved)[:, dy:, dx:]
                if dy or dx:
                    equal = back == still[:, : h - dy, : w - dx]
                    same += int(equal.sum())
                    seen += equal.numel()
    assert reports['cell']['consistency'] == pytest.approx(
        100 * same / seen, abs=1e-4
    )


def test_it_is_done_once_and_takes_the_plain_metrics_along(
    segmentor, tmp_path, capsys
):
    metrics, _ = measured(segmentor, tmp_path)
    plain, _ = loaded(segmentor, tmp_path / 'plain')
    plain.test_cfg = dict()
    wanted = run_test(plain, str(segmentor[1]))
    assert metrics['mIoU'] == wanted['mIoU']
    cache = read_npz(tmp_path / 'shift' / 'cell.npz')
    assert cache['sums'].shape[:2] == (3, 9)
    capsys.readouterr()
    assert (
        measured(segmentor, tmp_path)[0]['shift/cell/miou']
        == (metrics['shift/cell/miou'])
    )
    assert 'are there already' in capsys.readouterr().out
    cfg, checkpoint = loaded(segmentor, tmp_path)
    cfg.test_cfg.score = 0.6
    run_test(cfg, checkpoint)
    said = capsys.readouterr().out
    assert 'starts anew: what was asked for changed' in said


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (dict(tests=[dict(step=0.5)]), 'whole pixels'),
        (dict(tap='backbone'), 'no latent'),
        (dict(tests=[dict(fill_space='normalised')]), 'for classifiers'),
        (dict(tests='cifar-zero8'), '32x32'),
        (dict(tests='cell-x'), 'cell-8'),
    ],
)
def test_bad_input(segmentor, tmp_path, change, said):
    cfg, checkpoint = loaded(segmentor, tmp_path)
    cfg.test_cfg.update(change)
    with pytest.raises(InputError, match=said):
        run_test(cfg, checkpoint)


def test_a_classifier_is_told_its_loop(tiny_run, tmp_path):
    cfg, checkpoint = loaded(tiny_run, tmp_path)
    with pytest.raises(InputError, match='tests classifiers'):
        run_test(cfg, checkpoint)
