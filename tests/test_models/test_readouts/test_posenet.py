"""PosENet: frozen encoder, read-outs blind to each other, wrong input."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.models.readouts import FrozenEncoder, PosENet
from mmchanpos.models.readouts.frozen_encoder import align


class Stages(nn.Module):
    """A small backbone with batch statistics: several stages, zero-padded."""

    def __init__(self, count=3, width=4):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(3 if i == 0 else width, width, 3, 2, 1),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            )
            for i in range(count)
        )

    def forward(self, x):
        out = []
        for layer in self.layers:
            x = layer(x)
            out.append(x)
        return tuple(out)


def encoder(net=None, **options):
    torch.manual_seed(3)
    return dict(type=FrozenEncoder, backbone=net or Stages(), **options)


def posenet(readouts, net=None, **options):
    return PosENet(
        readouts,
        encoder=encoder(net),
        image_size=32,
        feature_size=14,
        **options,
    )


def batches(count=3):
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(4, 3, 32, 32, generator=generator)] * count


def train(model, images):
    wrapper = build_optim_wrapper(
        model,
        dict(
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4)
        ),
    )
    model.train()
    for batch in images:
        losses = model(batch, mode='loss')
        wrapper.update_params(losses['loss'])
    return wrapper.optimizer


def test_each_readout_is_what_it_is_alone():
    """Maps x stages x kernels x depths together, and each for itself."""
    choices = dict(
        map=['H', 'G', 'VS'],
        stages=[1, 'all'],
        kernel=[1, 3],
        layers=[1, 2],
        seed=[0, 7],
    )
    net = Stages()
    together = posenet(choices, copy.deepcopy(net))
    train(together, batches())
    together.eval()
    image = torch.rand(2, 3, 32, 32)
    maps = [s.position_maps for s in together(image, mode='predict')]
    assert len(maps[0]) == 48
    for spec in together.specs[::5]:
        alone = posenet(
            dict(
                map=spec.map,
                stages=[list(spec.stages)] if spec.stages else 'all',
                kernel=spec.kernel,
                layers=spec.layers,
                seed=spec.seed,
            ),
            copy.deepcopy(net),
        )
        train(alone, batches())
        alone.eval()
        for i, sample in enumerate(alone(image, mode='predict')):
            difference = sample.position_maps[spec.name] - maps[i][spec.name]
            assert difference.abs().max() < 1e-5


def test_readouts_do_not_touch_the_global_generator():
    torch.manual_seed(0)
    posenet(dict(map='H'))
    after_one = torch.rand(3)
    torch.manual_seed(0)
    posenet(dict(map=['H', 'V', 'G'], kernel=[1, 3, 7], seed=[0, 1]))
    assert torch.equal(torch.rand(3), after_one)


def test_frozen_means_frozen():
    model = posenet(dict(map=['H', 'V'], stages=[1, 'all']))
    before = copy.deepcopy(model.encoder.state_dict())
    assert any('running_mean' in name for name in before)
    start = copy.deepcopy(model.banks.state_dict())
    optimizer = train(model, batches())
    after = model.encoder.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not model.encoder.training
    assert not any(m.training for m in model.encoder.modules())
    assert model.banks[0].training
    held = {id(p) for g in optimizer.param_groups for p in g['params']}
    assert held == {id(p) for p in model.banks.parameters()}
    trained = model.banks.state_dict()
    assert any(not torch.equal(trained[name], start[name]) for name in start)


def test_checkpoint_brings_the_encoder_back():
    model = posenet(dict(map='H'))
    other = posenet(dict(map='H'), Stages())
    other.load_state_dict(model.state_dict())
    image = torch.rand(1, 3, 32, 32)
    model.eval(), other.eval()
    assert torch.equal(model(image)[0], other(image)[0])


def test_alone_it_sees_the_resized_image():
    model = PosENet(dict(map='H'), image_size=32, feature_size=14).eval()
    image = torch.rand(2, 3, 32, 32)
    (seen,) = model.stages(image)
    assert torch.equal(seen, align(image, 14))
    assert model(image)[0].shape == (2, 1, 12, 12)
    model.init_weights()


def test_predictions_have_the_size_of_the_images():
    model = posenet(dict(map=['H', 'G'], kernel=[1, 7])).eval()
    samples = model(torch.rand(3, 3, 32, 32), mode='predict')
    assert [len(s.position_maps) for s in samples] == [4] * 3
    for name, drawn in samples[0].position_maps.items():
        assert drawn.shape == (32, 32)
        assert samples[0].position_truths[name[0]].shape == (32, 32)
        assert 0 <= drawn.min() <= drawn.max() <= 1


def test_an_encoder_may_say_its_own_size_of_features():
    model = PosENet(
        dict(map='H'), encoder=encoder(feature_size=14), image_size=32
    )
    (small,) = model(torch.rand(2, 3, 32, 32))
    assert small.shape[-2:] == (12, 12)
    assert torch.isfinite(model(torch.rand(2, 3, 32, 32), mode='loss')['loss'])


def test_maps_beyond_one_need_no_sigmoid():
    model = posenet(dict(map='HS'), value_range=(-1, 1))
    assert not any(isinstance(m, nn.Sigmoid) for m in model.modules())
    assert model.truths['HS'].min() == -1
    with pytest.raises(InputError, match='sigmoid cannot reach'):
        posenet(dict(map='H'), value_range=(-1, 1), sigmoid=True)


@pytest.mark.parametrize(
    ('readouts', 'options', 'words'),
    [
        (dict(map='Q'), {}, 'H, V, G, HS, VS'),
        (dict(map='H', stages=5), {}, 'f5.*gives 3: f1, f2, f3'),
        (
            dict(map='H', stages=[1, 2, 3, 4, 5]),
            dict(net=Stages(1)),
            'gives 1: f1',
        ),
        (dict(map='H', kernel=7, layers=3), {}, 'too small'),
    ],
)
def test_wrong_choices(readouts, options, words):
    with pytest.raises(InputError, match=words):
        posenet(readouts, **options)


def test_wrong_images():
    model = posenet(dict(map='H'))
    with pytest.raises(InputError, match=r'image_size=\(32, 32\)'):
        model(torch.rand(1, 3, 40, 32), mode='loss')
    with pytest.raises(InputError, match='not finite'):
        model(torch.full((2, 3, 32, 32), torch.nan), mode='loss')
    with pytest.raises(InputError, match='mode="train"'):
        model(torch.rand(1, 3, 32, 32), mode='train')
