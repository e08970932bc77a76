"""Training on several views, testing on one."""

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS
from mmchanpos.shift import ShiftProtocol

pytest.importorskip('mmpretrain')
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample

NET = dict(
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=4, base_channels=4,
        num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,),
        zero_init_residual=False,
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead', num_classes=3, in_channels=8, topk=(1,),
        cal_acc=True, loss=dict(type='CrossEntropyLoss'),
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpretrain')
    MessageHub.get_instance('aug-shift-classifier')


def build(weight=2.0, preprocessor=None, **kwargs):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='mmchanpos.AugShiftClassifier',
            augshift=dict(type='mmchanpos.AugShiftLoss', loss_weight=weight),
            data_preprocessor=preprocessor,
            **NET,
            **kwargs,
        )
    )


def samples(n=6):
    return [
        DataSample(metainfo=dict(sample_idx=i)).set_gt_label(i % 3)
        for i in range(n)
    ]


@pytest.mark.parametrize('align', ['gap', 'logits'])
def test_loss_is_eq_1(align):
    model = build(align=align).eval()
    views = list(torch.rand(2, 6, 3, 8, 8))
    losses = model(views, samples(), mode='loss')
    each = [model.extract_feat(view) for view in views]
    single = [model.head.loss(feat, samples())['loss'] for feat in each]
    assert torch.allclose(losses['loss'], sum(single))
    latents = [f[-1] if align == 'gap' else model.head(f) for f in each]
    apart = ((latents[0] - latents[1]) ** 2).mean()
    assert torch.allclose(losses['loss_augshift'], 2 * apart)
    assert 0 <= losses['accuracy_top-1'] <= 100
    total, _ = model.parse_losses(losses)
    assert torch.allclose(total, sum(single) + 2 * apart)


def test_batch_norm_sees_all_views_at_once():
    model = build().train()
    views = [torch.zeros(6, 3, 8, 8), torch.ones(6, 3, 8, 8)]
    seen = []
    model.backbone.conv1.register_forward_hook(
        lambda m, i, o: seen.append(len(i[0]))
    )
    model(views, samples(), mode='loss')
    assert seen == [12]


def test_the_term_between_views_trains_the_backbone():
    model = build().eval()
    views = list(torch.rand(2, 6, 3, 8, 8))
    losses = model(views, samples(), mode='loss')
    losses['loss_augshift'].backward()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0
    assert model.head.fc.weight.grad is None


def test_three_views_and_one_at_test_time():
    model = build().eval()
    losses = model(list(torch.rand(3, 6, 3, 8, 8)), samples(), mode='loss')
    assert losses['loss_augshift'] > 0
    assert len(model(torch.rand(6, 3, 8, 8), samples(), mode='predict')) == 6


def test_a_single_view_is_refused_in_training_and_when_built():
    model = build()
    with pytest.raises(InputError, match='single view'):
        model(torch.rand(6, 3, 8, 8), samples(), mode='loss')
    one = dict(type='mmchanpos.ShiftViewsPreprocessor', num_views=1)
    with pytest.raises(InputError, match='num_views=2'):
        build(preprocessor=one)
    with pytest.raises(InputError, match='no align "neck".*"gap"'):
        build(align='neck')


def preprocessor(**kwargs):
    fields = dict(mean=[10.0] * 3, std=[5.0] * 3, flip=0, seed=0)
    fields.update(kwargs)
    return MODELS.build(
        dict(type='mmchanpos.ShiftViewsPreprocessor', **fields)
    )


def batch(n, size=12):
    pixels = torch.arange(size * size).reshape(1, 1, size, size) % 251
    return dict(
        inputs=pixels.expand(n, 3, -1, -1).to(torch.uint8) + 1,
        data_samples=samples(n),
    )


def offsets(views, image, max_shift):
    """Which shift each view is, found by trying them all."""
    grid = ShiftProtocol(max_shift=max_shift).grid()
    test = ShiftProtocol(max_shift=max_shift)
    black = torch.full((3,), -2.0)
    many = test.apply(image.expand(len(grid), -1, -1, -1), grid, black)
    return np.concatenate(
        [
            grid[(view[:, None] == many).flatten(2).all(2).float().argmax(1)]
            for view in views
        ]
    )


def test_views_are_shifted_uniformly_and_independently():
    make = preprocessor(max_shift=1)
    data = batch(2000)
    plain = make(data)['inputs']
    assert plain.shape == (2000, 3, 12, 12)
    views = make(data, training=True)['inputs']
    assert len(views) == 2
    found = offsets(views, plain[:1], 1).reshape(2, 2000, 2)
    counts = np.unique(found.reshape(-1, 2), axis=0, return_counts=True)[1]
    assert len(counts) == 9
    assert np.abs(counts - 4000 / 9).max() < 5 * np.sqrt(4000 / 9)
    same = (found[0] == found[1]).all(1).mean()
    assert abs(same - 1 / 9) < 5 * np.sqrt(1 / 9 / 2000)


def test_windows_of_one_canvas_share_their_scale():
    make = preprocessor(mode='crop', crop=8, max_shift=4)
    data = batch(500)
    canvas = make(data)['inputs'][0]
    found = []
    for view in make(data, training=True)['inputs']:
        assert view.shape == (500, 3, 8, 8)
        for image in view:
            at = (canvas[0] == image[0, 0, 0]).nonzero()[0]
            y, x = at.tolist()
            assert torch.equal(canvas[:, y : y + 8, x : x + 8], image)
            found.append((y, x))
    assert len(set(found)) == 25
    assert np.max(found) == 4


def test_draws_change_with_the_iteration_but_not_with_the_batch():
    hub = MessageHub.get_current_instance()
    make = preprocessor(flip=0.5)
    data = batch(8)
    hub.update_info('iter', 3)
    one = make(data, True)['inputs']
    again = make(data, True)['inputs']
    half = {k: v[:4] for k, v in data.items()}
    assert torch.equal(one[0], again[0])
    assert torch.equal(one[1][:4], make(half, True)['inputs'][1])
    hub.update_info('iter', 4)
    assert not torch.equal(one[0], make(data, True)['inputs'][0])


def test_flips_are_shared_by_the_views():
    make = preprocessor(flip=0.5, max_shift=1, mode='circular')
    data = batch(400)
    plain = make(data)['inputs']
    left, right = make(data, True)['inputs']
    # Rows rise to the right unless they were flipped.
    rises = [(v[:, 0, 6].diff(dim=1) > 0).float().mean(1) > 0.5
             for v in (left, right)]  # fmt: skip
    assert torch.equal(rises[0], rises[1])
    assert abs(rises[0].float().mean() - 0.5) < 0.1
    assert (plain[:, 0, 6].diff(dim=1) > 0).all()


def test_views_from_the_pipeline_are_only_normalised():
    make = preprocessor()
    views = list(torch.full((2, 4, 3, 8, 8), 20.0))
    out = make(dict(inputs=views, data_samples=samples(4)), True)['inputs']
    assert [v.unique().item() for v in out] == [2, 2]
    unstacked = [list(view) for view in views]
    out = make(dict(inputs=unstacked, data_samples=samples(4)), True)
    assert [v.shape for v in out['inputs']] == [(4, 3, 8, 8)] * 2


def test_channels_last_keeps_the_values():
    data = batch(4)
    plain = preprocessor()(data, True)['inputs'][1]
    last = preprocessor(channels_last=True)(data, True)['inputs'][1]
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(plain, last)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(num_views=0), 'num_views=0'),
        (dict(flip=2), 'flip=2'),
        (dict(max_shift=0), 'max_shift=0'),
        (dict(mode='crop'), 'needs crop='),
        (
            dict(batch_augments=dict(augments=dict(type='Mixup', alpha=1.0)),
                 num_classes=3),
            'exclude each other',
        ),
    ],
)  # fmt: skip
def test_bad_arguments(kwargs, message):
    with pytest.raises(InputError, match=message):
        preprocessor(**kwargs)


def test_a_canvas_too_small_for_its_windows():
    make = preprocessor(mode='crop', crop=12, max_shift=4)
    with pytest.raises(InputError, match='canvas'):
        make(batch(4), True)
