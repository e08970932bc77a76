import pytest
import torch
from torch import nn

from mmchanpos.engine.hosts import tap_of, usual_tap
from mmchanpos.errors import InputError
from mmchanpos.latent import Tap


class Head(nn.Module):
    def __init__(self, in_index=None):
        super().__init__()
        self.in_index = in_index


def model(**parts):
    net = nn.Module()
    for name, part in {'backbone': nn.Identity(), **parts}.items():
        setattr(net, name, part)
    return net


@pytest.mark.parametrize(
    ('parts', 'path', 'output'),
    [
        ({}, 'backbone', None),
        ({'head': Head()}, 'backbone', None),
        ({'neck': nn.Identity(), 'head': Head()}, 'backbone', None),
        ({'decode_head': Head(0)}, 'backbone', 0),
        ({'decode_head': Head(-1)}, 'backbone', None),
        ({'decode_head': Head([0, 1])}, 'backbone', (0, 1)),
        ({'decode_head': nn.ModuleList([Head(0)])}, 'backbone', 0),
        ({'bbox_head': Head()}, 'backbone', 'all'),
        ({'panoptic_head': Head()}, 'backbone', 'all'),
        ({'decode_head': Head()}, 'backbone', 'all'),
        ({'neck': nn.Identity(), 'rpn_head': Head()}, 'neck', 'all'),
        ({'neck': nn.Identity(), 'decode_head': Head(2)}, 'neck', 2),
    ],
)
def test_the_usual_tap_is_what_the_head_reads(parts, path, output):
    net = model(**parts)
    assert usual_tap(net).path == path
    assert tap_of(usual_tap(net), net) == Tap(path, output)


def test_only_what_the_head_reads_has_its_output():
    net = model(neck=nn.Identity(), decode_head=Head(2))
    assert tap_of('backbone', net) == Tap('backbone')
    assert tap_of('decode_head', net) == Tap('decode_head')
    named = dict(path='neck', output=0, channel_dim=2)
    assert tap_of(named, net) == Tap('neck', 0, 2)
    assert tap_of(Tap('neck', channel_dim=2), net) == Tap('neck', 2, 2)


def test_wrappers_are_looked_through():
    wrapped = nn.Module()
    wrapped.module = model(decode_head=Head(1))
    assert tap_of(usual_tap(wrapped), wrapped) == Tap('backbone', 1)


def test_a_model_without_a_backbone_lists_its_modules():
    with pytest.raises(InputError, match='no backbone to tap.*: 0, 1'):
        usual_tap(nn.Sequential(nn.Identity(), nn.Identity()))


class BaseSelfSupervisor(nn.Module):
    pass


class Learner(BaseSelfSupervisor):
    backbone = nn.Identity()


def test_what_learns_without_labels_is_named_as_not_attackable():
    with pytest.raises(InputError, match='Learner .* is not attackable'):
        usual_tap(Learner())


@pytest.mark.parametrize(
    ('name', 'parts', 'path'),
    [
        ('vision_backbone', {}, 'vision_backbone'),
        ('image_encoder', {}, 'image_encoder'),
        ('image_encoder', {'backbone': nn.Identity()}, None),
        ('detector', {'backbone': nn.Identity()}, None),
    ],
)
def test_a_backbone_is_found_under_other_names(name, parts, path):
    net, inner = nn.Module(), nn.Module()
    for key, part in parts.items():
        setattr(inner, key, part)
    setattr(net, name, inner)
    assert usual_tap(net) == Tap(path or f'{name}.backbone')


def test_a_detector_inside_another_model_has_its_outputs():
    net = nn.Module()
    net.detector = model(neck=nn.Identity(), bbox_head=Head())
    assert tap_of(usual_tap(net), net) == Tap('detector.neck', 'all')


@pytest.mark.parametrize(
    ('index', 'output'), [(-1, '-1.0'), (2, '2.0'), ([0, 1], ('0.0', '1.0'))]
)
def test_of_pairs_of_map_and_class_token_the_maps_are_tapped(index, output):
    backbone = nn.Identity()
    backbone.output_cls_token = True
    net = model(backbone=backbone, decode_head=Head(index))
    assert tap_of('backbone', net) == Tap('backbone', output)


@pytest.mark.parametrize('origin', [False, True])
def test_of_the_encoder_of_san_every_map_is_tapped(origin):
    model = nn.Module()
    model.image_encoder = encoder = nn.Identity()
    encoder.output_cls_token, encoder.out_origin = True, origin
    encoder.out_indices = (2, 5, 8)
    maps = ('0.0', '1.0', '2.0', '3.0')
    assert tap_of('image_encoder', model).output == maps[: 3 + origin]


def test_of_two_hourglasses_the_last_one_is_tapped():
    head = Head()
    head.corner_emb_channels = 1
    assert tap_of('backbone', model(bbox_head=head)) == Tap('backbone')


class Conformer(nn.Module):
    pass


class DistilledVisionTransformer(nn.Module):
    out_type = 'cls_token'


@pytest.mark.parametrize('kind', [Conformer, DistilledVisionTransformer])
def test_both_parts_that_a_head_reads_are_tapped(kind):
    net = model(backbone=kind(), head=Head())
    assert tap_of('backbone', net) == Tap('backbone', ('-1.0', '-1.1'))
    net.backbone.out_type = 'featmap'
    assert tap_of('backbone', net) == Tap('backbone')


def transformer(**about):
    backbone = nn.Module()
    backbone.layers = nn.ModuleList([nn.Identity()])
    backbone.pos_embed = nn.Parameter(torch.zeros(1))
    for name, value in about.items():
        setattr(backbone, name, value)
    return model(backbone=backbone)


@pytest.mark.parametrize(
    ('about', 'tokens'),
    [
        (dict(num_extra_tokens=2, patch_resolution=(7, 7)), (2,)),
        (dict(num_extra_tokens=0, patch_resolution=[4, 6]), (0, 4, 6)),
        (dict(with_cls_token=True), (1,)),
        (dict(with_cls_token=False), (0,)),
    ],
)
def test_blocks_of_a_transformer_are_tapped_as_maps(about, tokens):
    net = transformer(**about)
    assert tap_of('backbone.layers.0', net) == Tap(
        'backbone.layers.0', tokens=tokens
    )
    assert tap_of('backbone', net).tokens is None
    # What a user says of the tokens stays.
    as_tokens = Tap('backbone.layers.0', channel_dim=2)
    assert tap_of(as_tokens, net) == as_tokens


class SwinTransformerX(nn.Module):
    def __init__(self):
        super().__init__()
        stage = nn.Module()
        stage.blocks = nn.ModuleList([nn.Identity()])
        self.stages = nn.ModuleList([stage])


def test_windows_of_swin_have_no_class_token():
    net = model(backbone=SwinTransformerX())
    assert tap_of('backbone.stages.0.blocks.0', net).tokens == (0,)
    assert tap_of('backbone.stages.0', net).tokens is None


def test_a_residual_net_of_stages_has_no_tokens():
    backbone = nn.Module()
    backbone.layers = nn.ModuleList([nn.Identity()])
    net = model(backbone=backbone)
    assert tap_of('backbone.layers.0', net) == Tap('backbone.layers.0')
