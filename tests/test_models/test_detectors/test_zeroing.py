"""Channels of a detector's neck are switched off where both stages read."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')
from mmdet.registry import MODELS as DETECTORS
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation, ChannelRanking, Tap, ablate
from tests.conftest import ROOT

N = 5


@pytest.fixture(scope='module')
def rcnn():
    return build('faster-rcnn_r18-small_synthetic')


@pytest.fixture(scope='module')
def csp():
    return build('csp_r18-small_synthetic')


def build(name):
    cfg = load_config(str(ROOT / f'configs/pedestrians/{name}.py'))
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = DETECTORS.build(cfg.model)
    model.init_weights()
    return model.eval()


def run(model):
    """Predict one image; give what reached each head, and the boxes."""
    seen, handles = {}, []
    for name in ('rpn_head', 'roi_head.bbox_roi_extractor', 'bbox_head'):
        modules = dict(model.named_modules())
        if name in modules:
            keep = _keeper(seen, name)
            handles.append(modules[name].register_forward_pre_hook(keep))
    torch.manual_seed(1)
    sample = DetDataSample(
        metainfo={
            'img_shape': (128, 256),
            'ori_shape': (128, 256),
            'scale_factor': (1.0, 1.0),
        }
    )
    with torch.no_grad():
        (out,) = model(torch.randn(1, 3, 128, 256), [sample], mode='predict')
    for handle in handles:
        handle.remove()
    return seen, out.pred_instances


def _keeper(seen, name):
    def keep(module, args):
        seen[name] = [level.clone() for level in args[0]]

    return keep


def hooks_of(model):
    return sum(len(m._forward_hooks) for m in model.modules())


def ranking(channels):
    order = np.random.default_rng(0).permutation(channels)
    return ChannelRanking('overall', order)


def test_exactly_n_channels_fall_on_each_level_of_both_stages(rcnn):
    before, _ = run(rcnn)
    whole, tap = ranking(96), Tap('neck', output='all')
    with ablate(rcnn, tap, Ablation(whole, top=N, per_level=True)):
        after, _ = run(rcnn)
    assert hooks_of(rcnn) == 0
    for head in ('rpn_head', 'roi_head.bbox_roi_extractor'):
        assert len(before[head]) == 3
        for level, (old, new) in enumerate(zip(before[head], after[head])):
            changed = (old != new).flatten(2).any(2)[0]
            inside = [c - 32 * level for c in whole.order if c // 32 == level]
            assert set(changed.nonzero().flatten().tolist()) == set(inside[:N])
            assert (new[0, changed] == 0).all()
            assert torch.equal(old[0, ~changed], new[0, ~changed])
    rpn, roi = (after[h] for h in ('rpn_head', 'roi_head.bbox_roi_extractor'))
    assert all(torch.equal(a, b) for a, b in zip(rpn, roi))


def test_a_single_map_before_the_levels_is_another_choice(rcnn):
    before, _ = run(rcnn)
    tap = Tap('neck.reduction_conv')
    with ablate(rcnn, tap, Ablation(ranking(32), top=N)), tap.read(rcnn) as z:
        after, _ = run(rcnn)
    assert z[0].shape[1] == 32
    # Every level is made of that map, so all of them change everywhere.
    for old, new in zip(before['rpn_head'], after['rpn_head']):
        assert (old != new).flatten(2).any(2).all()


def test_latent_of_csp_is_the_joint_map(csp):
    before, _ = run(csp)
    whole = ranking(48)
    with ablate(csp, Tap('neck'), Ablation(whole, top=N)):
        after, _ = run(csp)
    (old,), (new,) = before['bbox_head'], after['bbox_head']
    changed = (old != new).flatten(2).any(2)[0]
    assert set(changed.nonzero().flatten().tolist()) == set(
        whole.order[:N].tolist()
    )
    assert hooks_of(csp) == 0


@pytest.mark.parametrize('name', ['rcnn', 'csp'])
def test_no_channel_changes_no_bit(name, request):
    model = request.getfixturevalue(name)
    width = 96 if name == 'rcnn' else 48
    _, before = run(model)
    with ablate(model, Tap('neck', 'all'), Ablation(ranking(width), top=0)):
        _, after = run(model)
    assert torch.equal(before.bboxes, after.bboxes)
    assert torch.equal(before.scores, after.scores)


def test_ranking_of_another_number_of_levels_is_refused(rcnn):
    five = Ablation(ranking(160), top=N, per_level=True)
    wrong = pytest.raises(InputError, match=r'160 .*96 \(\[32, 32, 32\]\)')
    with wrong, ablate(rcnn, Tap('neck', 'all'), five):
        run(rcnn)
    assert hooks_of(rcnn) == 0
