import numpy as np
import pytest
import torch

from mmchanpos.engine.probe import GridViews, build_encoder, probe, stages_of
from mmchanpos.errors import InputError
from mmchanpos.models.readouts.probe import Recipe
from mmchanpos.testing.toys import tiny_grid

FAST = Recipe(epochs=1)


@pytest.fixture
def cfg(tmp_path):
    return tiny_grid(tmp_path)


@pytest.fixture
def checkpoint(cfg, tmp_path):
    path = tmp_path / 'weights.pth'
    torch.save(build_encoder(cfg, None, seed=7).state_dict(), path)
    return str(path)


def test_every_net_layer_and_read_out_gets_a_row(cfg, checkpoint):
    result = probe(cfg, checkpoint, cfg, recipe=FAST)
    layers = [f'backbone.layer{i}' for i in (1, 2, 3)]
    assert result['layers'] == layers
    assert result['chance'] == pytest.approx(100 / 9)
    found = {(r['net'], r['layer'], r['readout']) for r in result['rows']}
    nets = ('probed', 'random', 'coordinates', 'shuffled')
    kinds = ('gapnet', 'permutenet')
    assert found == {(n, y, k) for n in nets for y in layers for k in kinds}
    for row in result['rows']:
        draws = 5 if row['readout'] == 'permutenet' else 1
        assert len(row['accuracy']) == draws
        assert all(0 <= a <= 100 for a in row['accuracy'])


def test_the_checkpoint_and_the_seed_decide_the_result(cfg, checkpoint):
    def run(path, seed=0):
        recipe = Recipe(epochs=1, seed=seed)
        return probe(cfg, path, cfg, baselines=(), recipe=recipe)['rows']

    assert run(checkpoint) == run(checkpoint)
    assert run(checkpoint) != run(None)
    assert run(checkpoint) != run(checkpoint, seed=1)


def test_any_module_can_be_probed(cfg):
    layers = ['backbone.conv1', 'backbone.layer2.0.conv1', 'backbone']
    result = probe(cfg, None, cfg, layers, baselines=(), recipe=FAST)
    assert {r['layer'] for r in result['rows']} == set(layers)


def test_every_image_keeps_its_cell_on_a_canvas_of_zeros(cfg):
    model = build_encoder(cfg, None, 0)
    model.data_preprocessor.mean += 3
    for bgr in (False, True):
        views = GridViews(cfg, model, bgr)
        for split in ('train', 'test'):
            runs = [list(views.batches(split, 'cpu')) for _ in range(2)]
            cells = [torch.cat([b[1] for b in run]) for run in runs]
            assert torch.equal(*cells)
            for images, where in runs[0]:
                full = (images != 0).any(1).unflatten(1, (3, 8))
                full = full.unflatten(3, (3, 8)).any(4).any(2).flatten(1)
                assert torch.equal(full.long().argmax(1), where)
                assert (full.sum(1) == 1).all()


def test_bgr_reverses_the_channels(cfg):
    model = build_encoder(cfg, None, 0)
    np.random.seed(0)
    (rgb, _), *_ = GridViews(cfg, model, False).batches('test', 'cpu')
    (bgr, _), *_ = GridViews(cfg, model, True).batches('test', 'cpu')
    mean = model.data_preprocessor.mean
    std = model.data_preprocessor.std
    pixels = (rgb * std + mean)[rgb.ne(0).any(1, keepdim=True).expand_as(rgb)]
    swapped = (bgr * std + mean).flip(1)[
        bgr.ne(0).any(1, keepdim=True).expand_as(bgr)
    ]
    torch.testing.assert_close(pixels, swapped, atol=1e-3, rtol=0)


def test_what_cannot_be_probed_is_refused_before_any_pass(cfg):
    with pytest.raises(InputError, match=r'backbone\.layer5'):
        probe(cfg, None, cfg, ['backbone.layer5'])
    with pytest.raises(InputError, match='"random"'):
        probe(cfg, None, cfg, baselines=['randm'])
    with pytest.raises(InputError, match='does not exist'):
        probe(cfg, 'missing.pth', cfg)
    with pytest.raises(InputError, match='--layers'):
        stages_of(torch.nn.Sequential(torch.nn.ReLU()))
    cfg.test_dataloader.dataset.pipeline[0].task = 'object'
    with pytest.raises(InputError, match='no PlaceOnGrid for locations'):
        probe(cfg, None, cfg)
