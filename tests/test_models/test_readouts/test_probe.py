import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.models.readouts.probe import (
    Pooled,
    Readouts,
    Recipe,
    pool_layers,
    score_readouts,
    standardised,
    train_readouts,
)
from mmchanpos.registry import MODELS


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, stride=2, padding=1),
        nn.ReLU(),
    ).eval()


def located(count=180, side=4, seed=0):
    """Noisy patches on a 3x3 canvas, and their cells."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.zeros(count, 3, 3 * side, 3 * side)
    cells = torch.arange(count) % 9
    for image, cell in zip(images, cells):
        row, col = divmod(int(cell), 3)
        image[:, side * row :, side * col :][:, :side, :side] = torch.randn(
            (3, side, side), generator=generator
        )
    return images, cells


def test_cached_read_outs_learn_what_literal_frozen_training_learns():
    init_default_scope('mmpretrain')
    images, cells = located()
    backbone = net()
    recipe = Recipe(epochs=3, batch_size=20, lr=0.01, seed=4)
    data = pool_layers(backbone, ['1', '3'], [(images, cells)], backbone)
    cached = train_readouts(data, 9, recipe)

    widths = {k: v.shape[1] for k, v in data.vectors.items()}
    for layer, encoder in (('1', backbone[:2]), ('3', backbone)):
        i = cached.names.index((layer, 'gapnet'))
        start = Readouts(widths, 9, seed=4).linear[i]
        head = MODELS.build(
            dict(
                type='mmchanpos.GAPHead',
                num_classes=9,
                in_channels=widths[layer],
                kernel_size=1,
            )
        )
        head.conv.weight.data.copy_(start.weight[..., None, None])
        head.conv.bias.data.copy_(start.bias)
        optimizer = torch.optim.Adam(head.parameters(), 0.01, (0.5, 0.999))
        generator = torch.Generator().manual_seed(4)
        for _ in range(3):
            order = torch.randperm(180, generator=generator)
            for rows in order.split(20):
                with torch.no_grad():
                    latent = encoder(images[rows])
                optimizer.zero_grad()
                F.cross_entropy(head((latent,)), cells[rows]).backward()
                optimizer.step()
        torch.testing.assert_close(
            cached.linear[i].weight, head.conv.weight.flatten(1)
        )
        torch.testing.assert_close(cached.linear[i].bias, head.conv.bias)


def test_read_outs_learn_together_as_they_learn_alone():
    cells = torch.arange(180) % 9
    data = Pooled({k: torch.randn(180, 12) for k in 'ab'}, cells)
    recipe = Recipe(epochs=2, seed=1)
    both = train_readouts(data, 9, recipe=recipe)
    alone = train_readouts(
        Pooled({'a': data.vectors['a']}, cells), 9, recipe=recipe
    )
    for one, other in zip(both.linear[:2], alone.linear):
        torch.testing.assert_close(one.weight, other.weight)


def test_coordinates_are_read_nearly_always_and_shuffled_labels_never():
    train, test = located(900), located(450, seed=1)
    model = net()
    recipe = Recipe(epochs=60, lr=0.02)
    accuracy = {}
    for coordinates in (True, False):
        sets = [
            pool_layers(model, ['3'], [batch], model, coordinates)
            for batch in (train, test)
        ]
        scores = score_readouts(
            train_readouts(sets[0], 9, recipe=recipe), sets[1]
        )
        accuracy[coordinates] = {k: v for (_, k), v in scores.items()}
    order = torch.randperm(900, generator=torch.Generator().manual_seed(0))
    mixed = Pooled(sets[0].vectors, sets[0].targets[order])
    lower = score_readouts(train_readouts(mixed, 9, recipe=recipe), sets[1])
    assert accuracy[True]['gapnet'][0] > 95
    assert accuracy[True]['gapnet'][0] >= accuracy[False]['gapnet'][0]
    assert len(accuracy[True]['permutenet']) == 5
    # Two channels have two orders: a third of the cells lie on the diagonal.
    assert max(accuracy[True]['permutenet']) < 80
    assert lower['3', 'gapnet'][0] < 25


@pytest.mark.parametrize('scale', [1e-3, 1.0, 1e3])
def test_the_centre_of_activity_is_read_on_any_scale(scale):
    """However strong or faint the latents are."""
    train, test = located(900), located(450, seed=1)
    model = net()
    scaled = nn.Sequential(model, Scaled(scale))
    sets = [
        pool_layers(scaled, ['1'], [batch], scaled, coordinates=True)
        for batch in (train, test)
    ]
    seen, new = standardised(*sets)
    recipe = Recipe(epochs=60, lr=0.02)
    scores = score_readouts(train_readouts(seen, 9, recipe=recipe), new)
    assert scores['1', 'gapnet'][0] > 95


class Scaled(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return self.scale * x


def test_pooling_is_independent_of_the_batch_and_of_the_layers_asked_for():
    images, cells = located(50)
    model = net()
    whole = pool_layers(model, ['1', '3'], [(images, cells)], model)
    parts = zip(images.split(7), cells.split(7))
    split = pool_layers(model, ['3'], parts, model)
    torch.testing.assert_close(whole.vectors['3'], split.vectors['3'])
    torch.testing.assert_close(
        whole.vectors['1'], model[:2](images).mean((2, 3)).detach()
    )
    assert torch.equal(split.targets, cells)
    assert not model[3]._forward_hooks


def test_tokens_are_pooled_over_their_number():
    images, cells = located(6)
    tokens = nn.Sequential(nn.Flatten(2), Transposed())
    pooled = pool_layers(tokens, ['1'], [(images, cells)], tokens)
    torch.testing.assert_close(pooled.vectors['1'], images.mean((2, 3)))
    with pytest.raises(InputError, match='"coordinates" away'):
        pool_layers(tokens, ['1'], [(images, cells)], tokens, True)


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


def test_what_cannot_be_probed_is_refused():
    images, cells = located(9)
    model = net()
    with pytest.raises(InputError, match='no module "4"'):
        pool_layers(model, ['4'], [(images, cells)], model)
    with pytest.raises(InputError, match='not reached'):
        pool_layers(model, ['3'], [(images, cells)], model[:2])
    with pytest.raises(InputError, match='no images'):
        pool_layers(model, ['3'], [], model)
