"""Hosts' backbones with their strided layers converted."""

import pytest
import torch

from mmchanpos.engine.checkpoint import require_usable
from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS
from mmchanpos.shift import APS, BlurPool

pytest.importorskip('mmpretrain')

PLAIN = dict(
    type='mmpretrain.ResNet_CIFAR', depth=18, stem_channels=4,
    base_channels=4, out_indices=(0, 1, 2, 3), zero_init_residual=False,
)  # fmt: skip


def build(backbone=PLAIN, **kwargs):
    torch.manual_seed(0)
    body = MODELS.build(
        dict(type='mmchanpos.AntialiasedBackbone', backbone=backbone, **kwargs)
    )
    # mmpretrain's ResNet returns nothing from this.
    body.eval()
    return body


def count(model, kind):
    return sum(isinstance(m, kind) for m in model.modules())


def test_every_stage_keeps_its_shape_and_every_weight_its_name():
    torch.manual_seed(0)
    plain = MODELS.build(PLAIN)
    plain.eval()
    body = build(filt=5)
    images = torch.rand(2, 3, 32, 32)
    shapes = [out.shape for out in plain(images)]
    assert [out.shape for out in body(images)] == shapes
    assert count(body, BlurPool) == 6
    extra = set(body.state_dict()) ^ set(plain.state_dict())
    assert extra == {'antialiased_by_BlurPool_filt5'}
    tiny = body(torch.rand(2, 3, 16, 16))[-1]
    assert tiny.shape[-2:] == (2, 2)


@pytest.mark.parametrize('depth', [18, 50])
def test_aps_makes_a_host_backbone_exactly_invariant(depth):
    backbone = dict(PLAIN, depth=depth, out_indices=(3,))
    body = build(backbone, pool='APS', filt=3, padding_mode='circular')
    plain = build(backbone, filt=1, padding_mode='circular')
    body, plain = body.double(), plain.double()
    images = torch.rand(2, 3, 16, 16).double()
    gaps = {}
    for name, model in dict(aps=body, plain=plain).items():
        with torch.no_grad():
            latents = torch.stack(
                [
                    model(images.roll((dy, dx), (2, 3)))[-1].mean((2, 3))
                    for dy in range(0, 16, 3)
                    for dx in range(0, 16, 3)
                ]
            )
        gap = (latents - latents[0]).abs().max() / latents.abs().max()
        gaps[name] = gap.item()
    assert gaps['aps'] <= 1e-9
    assert gaps['plain'] > 1e-4


def test_stem_and_its_pool():
    imagenet = dict(type='mmpretrain.ResNet', depth=18, base_channels=4,
                    stem_channels=4)  # fmt: skip
    assert count(build(imagenet), BlurPool) == 7
    assert count(build(imagenet, stem=True), BlurPool) == 8
    out = build(imagenet, stem=True, pool='APS')(torch.rand(1, 3, 64, 64))
    assert out[-1].shape[-2:] == (2, 2)


@pytest.mark.parametrize('host', ['mmdet', 'mmseg'])
def test_backbones_of_the_other_hosts(host):
    pytest.importorskip(host)
    kind = dict(mmdet='mmdet.ResNet', mmseg='mmseg.ResNetV1c')[host]
    body = build(dict(type=kind, depth=50, base_channels=4, stem_channels=4))
    assert len(body(torch.rand(1, 3, 64, 64))) == 4
    assert count(body, BlurPool) >= 7
    assert count(body, APS) == 0


def test_plain_weights_load_only_where_that_is_said():
    torch.manual_seed(1)
    weights = MODELS.build(PLAIN).state_dict()
    with pytest.raises(InputError, match='without anti-aliasing.*filt=3'):
        build().load_state_dict(weights)
    body = build(allow_plain=True)
    # The guard of our tools, which comes first, leaves it to the backbone.
    require_usable(
        torch.nn.ModuleDict({'backbone': body}),
        {f'backbone.{k}': v for k, v in weights.items()},
        'a.pth',
    )
    body.load_state_dict(weights, strict=True)
    assert torch.equal(body.conv1.weight, weights['conv1.weight'])


def test_weights_of_another_filter_are_refused():
    weights = build(filt=5, stem=True).state_dict()
    with pytest.raises(InputError, match='filt=5 on the stem.*filt=3'):
        build().load_state_dict(weights)
    with pytest.raises(InputError, match='APS'):
        build(pool='APS', allow_plain=True).load_state_dict(weights)
    build(filt=5, stem=True).load_state_dict(weights, strict=True)


def test_weights_of_another_padding_are_refused():
    weights = build(padding_mode='circular').state_dict()
    build(padding_mode='circular').load_state_dict(weights, strict=True)
    for padding_mode in (None, 'reflect'):
        with pytest.raises(InputError, match='trained with.*"circular", but'):
            build(padding_mode=padding_mode).load_state_dict(weights)


def test_older_weights_do_not_tell_their_padding():
    weights = build().state_dict()
    body = build(padding_mode='circular')
    # The same names, so that guards and read-outs find the weights whole.
    assert weights.keys() == body.state_dict().keys()
    body.load_state_dict(weights, strict=True)
    assert torch.equal(body.conv1.weight, weights['conv1.weight'])
    with pytest.raises(InputError, match='trained with.*"circular", but'):
        build().load_state_dict(body.state_dict())


def test_bad_arguments():
    with pytest.raises(InputError, match='1 to 7'):
        build(filt=9)
    with pytest.raises(InputError, match='Anti-aliasing by "LPS"'):
        build(pool='LPS')
