import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample

from mmchanpos.errors import InputError
from mmchanpos.latent.padding import PADDING_MODES
from mmchanpos.registry import MODELS

POOL_AND_SHUFFLE = [
    dict(type='mmpretrain.GlobalAveragePooling'),
    dict(type='mmchanpos.PermuteChannel'),
]


def classifier(neck=None, kernel_size=3, num_classes=9, **kwargs):
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='mmchanpos.GridClassifier',
            backbone=dict(
                type='mmchanpos.GridResNet',
                depth=18,
                stem_channels=4,
                base_channels=4,
            ),
            neck=neck,
            head=dict(
                type='mmchanpos.GAPHead',
                num_classes=num_classes,
                in_channels=32,
                kernel_size=kernel_size,
            ),
            **kwargs,
        )
    )


def loss(model, size=(96, 64)):
    samples = [DataSample().set_gt_label(i) for i in range(4)]
    return model(torch.rand(4, 3, *size), samples, 'loss')['loss']


@pytest.mark.parametrize('padding', PADDING_MODES)
@pytest.mark.parametrize('kind', ['gapnet', 'permutenet', 'stage 3'])
def test_every_net_uses_every_parameter(kind, padding):
    kwargs = {
        'gapnet': {},
        'permutenet': dict(neck=POOL_AND_SHUFFLE, kernel_size=1),
        'stage 3': dict(permute=dict(before='backbone.layer3')),
    }[kind]
    if padding == 'none':
        kwargs['kernel_size'] = 1
    model = classifier(padding=padding, **kwargs).train()
    # The unpadded net needs large images: 224 leave one position.
    loss(model, (224, 240) if padding == 'none' else (96, 64)).backward()
    unused = [n for n, p in model.named_parameters() if p.grad is None]
    assert unused == []


def test_logits_are_always_one_per_class():
    for neck, kernel_size in ((None, 3), (None, 1), (POOL_AND_SHUFFLE, 1)):
        model = classifier(neck, kernel_size).eval()
        assert model(torch.rand(2, 3, 96, 64)).shape == (2, 9)


def test_padding_reaches_backbone_and_head():
    image = torch.rand(1, 3, 64, 64)
    plain, reflecting = classifier(), classifier(padding='reflect')
    reflecting.load_state_dict(plain.state_dict())
    edges = [m for m in reflecting.modules() if hasattr(m, '_edge')]
    convs = [
        m
        for m in plain.modules()
        if isinstance(m, torch.nn.Conv2d) and m.padding != (0, 0)
    ]
    assert len(edges) == len(convs) == 18
    plain.eval(), reflecting.eval()
    assert not torch.allclose(plain(image), reflecting(image))


def test_a_stage_sees_its_channels_in_fresh_order():
    model = classifier(permute=dict(before='backbone.layer2', seed=1)).eval()
    image = torch.rand(1, 3, 64, 64)
    assert not torch.allclose(model(image), model(image))
    assert 'permute' in dict(model.named_children())
    fixed = classifier(permute=dict(before='backbone.layer2', mode='fixed'))
    assert torch.equal(fixed.eval()(image), fixed(image))


def test_a_missing_stage_or_padding_is_refused_when_built():
    with pytest.raises(InputError, match=r'backbone\.layer5.*layer'):
        classifier(permute=dict(before='backbone.layer5'))
    with pytest.raises(InputError, match='"circular"'):
        classifier(padding='circle')


def test_a_frozen_backbone_neither_learns_nor_counts():
    model = classifier(freeze=True).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    loss(model).backward()
    optimizer.step()
    changed = {
        k for k, v in model.state_dict().items() if not v.equal(before[k])
    }
    assert changed == {'head.conv.weight', 'head.conv.bias'}
    assert not model.backbone.training
    assert model.head.training
