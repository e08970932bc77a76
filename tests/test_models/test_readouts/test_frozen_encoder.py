"""Encoders: stages by taps, tokens, padding, checkpoints, cache."""

import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent.padding import set_padding_mode
from mmchanpos.models.readouts import FrozenEncoder
from mmchanpos.models.readouts.frozen_encoder import freeze, load_backbone
from mmchanpos.registry import MODELS


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, padding=1),
        nn.ReLU(),
    )


def encoder(backbone=None, **options):
    return FrozenEncoder(
        net() if backbone is None else backbone,
        image_size=(16, 16),
        feature_size=8,
        **options,
    )


class Tokens(nn.Module):
    def __init__(self, extra, rows=4, columns=4):
        super().__init__()
        self.grid = rows, columns
        self.extra = extra

    def forward(self, x):
        cells = nn.functional.adaptive_avg_pool2d(x, self.grid)
        tokens = cells.flatten(2).transpose(1, 2)
        return torch.cat([tokens.new_ones(len(x), self.extra, 3), tokens], 1)


def test_stages_by_taps():
    image = torch.rand(2, 3, 16, 16)
    whole = encoder()
    tapped = encoder(taps=['2', dict(path='4')])
    assert whole.channels == (6,)
    assert tapped.channels == (4, 6)
    assert torch.equal(tapped(image)[1], whole(image)[0])
    assert tapped(image)[0].shape == (2, 4, 8, 8)
    with pytest.raises(InputError, match='no module "layer9"'):
        encoder(taps=['layer9'])
    idle = net()
    idle.register_module('idle', nn.Identity())
    idle.forward = lambda x: nn.Sequential.forward(idle[:5], x)
    with pytest.raises(InputError, match='"idle" was not reached'):
        encoder(idle, taps=['4', 'idle'])


def test_freezing_keeps_names_and_values():
    backbone = net()
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    image = torch.rand(2, 3, 16, 16)
    wanted = backbone.eval()(image)
    freeze(backbone)
    assert not list(backbone.parameters())
    assert {k: v.tolist() for k, v in backbone.state_dict().items()} == {
        k: v.tolist() for k, v in before.items()
    }
    assert torch.equal(backbone(image), wanted)


@pytest.mark.parametrize('extra', [0, 1, 5])
def test_tokens_become_maps(extra):
    image = torch.rand(2, 3, 16, 16)
    (stage,) = encoder(Tokens(extra))._stages(image)
    model = encoder(Tokens(extra))
    wanted = nn.functional.adaptive_avg_pool2d(image, 4)
    wanted = nn.functional.interpolate(
        wanted, (8, 8), mode='bilinear', align_corners=True
    )
    assert stage.ndim == 3
    assert torch.allclose(model(image)[0], wanted)


def test_what_is_no_map():
    with pytest.raises(InputError, match='wanted is a map'):
        encoder(nn.Sequential(net(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))


def test_padding_is_another_on_the_same_weights():
    zero, circular = encoder(), encoder(padding='circular')
    constant = torch.ones(1, 3, 16, 16)
    assert zero(constant)[0].flatten(2).std(2).max() > 1e-3
    assert circular(constant)[0].flatten(2).std(2).max() < 1e-5
    for name, weight in zero.state_dict().items():
        assert torch.equal(weight, circular.state_dict()[name])
    with pytest.raises(InputError, match='larger images'):
        FrozenEncoder(net(), padding='none', image_size=(3, 3))


def test_images_smaller_than_a_kernel():
    with pytest.raises(InputError, match='5x5.*larger ones may do'):
        FrozenEncoder(nn.Conv2d(3, 4, 7), image_size=(5, 5))


@pytest.mark.parametrize('prefix', ['', 'backbone.', 'module.backbone.'])
def test_checkpoints_of_whole_models(tmp_path, prefix):
    # Comes first, and ends like the first weight of the backbone.
    given = {'aux.block0.weight': torch.ones(4, 3, 3, 3)}
    given.update((f'{prefix}{k}', v) for k, v in net().state_dict().items())
    given['head.fc.weight'] = torch.zeros(3)
    torch.save({'state_dict': given}, tmp_path / 'model.pth')
    other = nn.Sequential(*net())
    nn.init.zeros_(other[0].weight)
    model = encoder(freeze(other), checkpoint=str(tmp_path / 'model.pth'))
    model.init_weights()
    assert torch.equal(model.backbone[0].weight, net()[0].weight)


def test_broken_and_foreign_checkpoints(tmp_path):
    with pytest.raises(InputError, match='cannot be read'):
        load_backbone(net(), str(tmp_path / 'missing.pth'))
    (tmp_path / 'cut.pth').write_bytes(b'PK\x03\x04 cut off')
    with pytest.raises(InputError, match='cannot be read'):
        load_backbone(net(), str(tmp_path / 'cut.pth'))
    torch.save({'0.weight': torch.zeros(4, 3, 3, 3)}, tmp_path / 'part.pth')
    with pytest.raises(InputError, match='lacks.*such as "0.bias"'):
        load_backbone(net(), str(tmp_path / 'part.pth'))
    torch.save([torch.zeros(1)], tmp_path / 'list.pth')
    with pytest.raises(InputError, match='lacks.*There are none'):
        load_backbone(net(), str(tmp_path / 'list.pth'))


def test_an_antialiased_encoder_looks_after_its_mark_itself(tmp_path):
    def antialiased(**options):
        return dict(
            type='mmchanpos.AntialiasedBackbone',
            backbone=dict(PLAIN, strides=[1, 2]),
            **options,
        )

    def load(name, **options):
        model = encoder(
            antialiased(**options), checkpoint=str(tmp_path / name)
        )
        model.init_weights()
        return model.backbone

    plain = MODELS.build(PLAIN)
    for name, body in (
        ('plain', plain),
        ('filt3', MODELS.build(antialiased())),
        ('filt5', MODELS.build(antialiased(filt=5))),
    ):
        weights = {f'backbone.{k}': v for k, v in body.state_dict().items()}
        torch.save({'state_dict': weights}, tmp_path / name)
    load('filt3')
    with pytest.raises(InputError, match='trained with.*filt=5.*filt=3'):
        load('filt5')
    with pytest.raises(InputError, match='without anti-aliasing'):
        load('plain')
    loaded = load('plain', allow_plain=True).state_dict()
    assert all(v.equal(loaded[k]) for k, v in plain.state_dict().items())


def test_backbone_of_another_config(tmp_path):
    file = tmp_path / 'segmentor.py'
    file.write_text(
        "default_scope = 'mmseg'\n"
        "model = dict(type='EncoderDecoder', backbone=dict("
        "type='ResNetV1c', depth=18, stem_channels=8, base_channels=8, "
        "norm_cfg=dict(type='SyncBN')))\n"
    )
    model = FrozenEncoder(str(file), image_size=(64, 64))
    assert model.channels == (8, 16, 32, 64)
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in model.modules())
    (tmp_path / 'other.py').write_text('model = dict()\n')
    with pytest.raises(InputError, match='no model.backbone'):
        FrozenEncoder(str(tmp_path / 'other.py'))


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))
        self.seen = 0

    def forward(self, x):
        self.seen += len(x)
        return self.weight * x


def cached(tmp_path, **options):
    cache = dict(folder=str(tmp_path / 'cache'), **options)
    model = encoder(Counting(), cache=cache)
    model.backbone.seen = 0
    return model


def test_cache_computes_each_image_once(tmp_path):
    model = cached(tmp_path)
    images = torch.rand(4, 3, 16, 16)
    wanted = encoder(Counting())(images)[0]
    for batch in ([0, 1], [1, 2], [3, 0], [2, 1]):
        assert torch.equal(model(images[batch])[0], wanted[batch])
    assert model.backbone.seen == 4
    again = cached(tmp_path)
    assert torch.equal(again(images)[0], wanted)
    assert again.backbone.seen == 0


def test_cache_tells_encoders_apart(tmp_path):
    model = cached(tmp_path)
    image = torch.rand(1, 3, 16, 16)
    once = model(image)[0]
    model.backbone.weight.fill_(4.0)
    model.eval()
    assert torch.allclose(model(image)[0], 2 * once)


PLAIN = dict(
    type='mmchanpos.PlainNet', widths=[4, 4], strides=[1, 1], dilations=[1, 1]
)
#: Encoders that have the same weights.
ALIKE = {
    'plain': lambda: PLAIN,
    'strided': lambda: dict(PLAIN, strides=[1, 2]),
    'dilated': lambda: dict(PLAIN, dilations=[1, 2]),
    'wrapped': lambda: dict(
        type='mmchanpos.PaddedBackbone', backbone=PLAIN, padding='circular'
    ),
    'reflected': lambda: edited('reflect'),
    'replicated': lambda: edited('replicate'),
}


def edited(mode):
    body = MODELS.build(PLAIN)
    set_padding_mode(body, mode)
    return body


def test_cache_tells_encoders_of_the_same_weights_apart(tmp_path):
    image = torch.rand(1, 3, 16, 16)
    cache = dict(folder=str(tmp_path / 'cache'))
    found = {}
    for name, backbone in ALIKE.items():
        torch.manual_seed(0)
        found[name] = encoder(backbone(), cache=cache)(image)[0]
    folders = list((tmp_path / 'cache').iterdir())
    assert len(folders) == len(ALIKE)
    for name, stage in found.items():
        same = [other for other in found if torch.equal(found[other], stage)]
        assert same == [name]


def test_cache_does_not_care_where_weights_come_from(tmp_path):
    cache = dict(folder=str(tmp_path / 'cache'))
    for file in ('a.pth', 'b.pth'):
        weights = dict(type='Pretrained', checkpoint=file)
        torch.manual_seed(0)
        model = encoder(dict(PLAIN, init_cfg=weights), cache=cache)
        model(torch.ones(1, 3, 16, 16))
    assert len(list((tmp_path / 'cache').rglob('*.npz'))) == 1


def test_cache_tells_precisions_apart(tmp_path):
    model = cached(tmp_path)
    image = torch.rand(1, 3, 16, 16)
    with torch.autocast('cpu', torch.bfloat16):
        model(image)
        assert model.backbone.seen == 1
        model(image)
    assert model.backbone.seen == 1
    single = model(image)[0]
    assert model.backbone.seen == 2
    assert torch.equal(single, encoder(Counting())(image)[0])


def test_cache_keeps_its_limit(tmp_path):
    size = 3 * 8 * 8 * 4
    model = cached(tmp_path, gigabytes=2.5 * size / 1e9)
    images = torch.rand(5, 3, 16, 16)
    first = model(images)[0]
    assert len(list((tmp_path / 'cache').rglob('*.npz'))) == 2
    assert torch.equal(model(images)[0], first)
    with pytest.raises(InputError, match='no room'):
        cached(tmp_path, gigabytes=0)


def test_cache_does_not_count_what_others_are_writing(tmp_path):
    model = cached(tmp_path)
    folder = tmp_path / 'cache/other'
    folder.mkdir(parents=True)
    # Renamed between the look at the folder and that at the file.
    (folder / '.key-host1-x.npz').symlink_to('gone')
    model(torch.rand(1, 3, 16, 16))
    assert model.backbone.seen == 1


def test_cache_survives_a_broken_file(tmp_path):
    model = cached(tmp_path)
    image = torch.rand(1, 3, 16, 16)
    wanted = model(image)[0]
    for file in (tmp_path / 'cache').rglob('*.npz'):
        file.write_bytes(b'PK cut off')
    assert torch.equal(model(image)[0], wanted)
