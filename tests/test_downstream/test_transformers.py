"""Patches of vision transformers, tapped as the maps that they are."""

import pytest
import torch
from mmengine.registry import DefaultScope

from mmchanpos.engine.hosts import tap_of
from mmchanpos.engine.preflight import import_host
from mmchanpos.latent import Ablation, ablate, collect, rank
from mmchanpos.latent.atlas import AtlasMaker
from mmchanpos.latent.erasers import usual_erasers
from mmchanpos.latent.moments import TARGETS
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.registry import MODELS

SMALL = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32)


@pytest.fixture(scope='module')
def vit():
    """A classifier on 32 x 48 pixels, with 4 x 6 patches."""
    import_host('mmpretrain')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(
            dict(
                type='ImageClassifier',
                backbone=dict(
                    type='VisionTransformer',
                    arch=SMALL,
                    img_size=(32, 48),
                    patch_size=8,
                ),
                head=dict(
                    type='VisionTransformerClsHead',
                    num_classes=5,
                    in_channels=16,
                ),
            )
        )
    torch.nn.init.normal_(model.backbone.pos_embed, std=1.0)
    return model.eval()


IMAGES = torch.rand(6, 3, 32, 48)
BLOCK = 'backbone.layers.1'


def test_a_ramp_over_the_patches_is_found_where_it_was_put(vit):
    tap = tap_of(BLOCK, vit)
    assert tap.tokens == (1, 4, 6)
    handle = vit.backbone.layers[1].register_forward_hook(_with_ramp)
    try:
        (deltas,) = collect(vit, IMAGES.split(3), [tap], kinds=('ramp_x',))
        assert deltas.maps[0].mean.shape == (16, 4, 6)
        ranking = rank(deltas, 'ramp_x')
        assert ranking.order[0] == 7
        assert ranking.place == tap
    finally:
        handle.remove()


def _with_ramp(module, inputs, output):
    """Channel 7 of the patches, not of the class token, rises with x."""
    output = output.clone()
    ramp = torch.arange(6.0).repeat(4, 1).flatten()
    output[:, 1:, 7] = 100 * ramp
    output[:, 0, 7] = -1e4
    return output


def test_the_class_token_is_no_part_of_the_latent(vit):
    tap = tap_of(BLOCK, vit)
    given = []
    behind = vit.backbone.layers[2].register_forward_pre_hook(
        lambda module, inputs: given.append(inputs[0])
    )
    try:
        everything = Ablation(channels=range(16))
        with torch.no_grad(), ablate(vit, tap, everything):
            vit(IMAGES)
    finally:
        behind.remove()
    assert not given[0][:, 1:].any()
    assert given[0][:, 0].abs().min() > 0


def test_a_replay_of_patches_is_a_separate_run(vit):
    tap = tap_of(BLOCK, vit)
    replay = LatentReplay(vit, tap)
    plain = replay.record(lambda: vit(IMAGES))
    for channels in ([0], [0, 3, 7]):
        ablation = Ablation(channels=channels)
        again = replay.run(lambda: vit(IMAGES), ablation)
        with torch.no_grad(), ablate(vit, tap, ablation):
            separate = vit(IMAGES)
        assert torch.allclose(again[0], separate[0], rtol=1e-5, atol=1e-6)
        assert not torch.allclose(again[0], plain[0])


def test_erasers_and_the_atlas_take_patches(vit):
    tap = tap_of(BLOCK, vit)
    (deltas,) = collect(
        vit, IMAGES.split(3), [tap], kinds=('ramp_x',), covariances=TARGETS
    )
    erasers = usual_erasers(deltas)
    with torch.no_grad(), tap.read(vit) as seen:
        plain = vit(IMAGES)[0]
        with ablate(vit, tap, Ablation(erasers[0], top=2)):
            without = vit(IMAGES)[0]
    assert not torch.allclose(plain, without)
    ranking = rank(deltas, 'ramp_x')
    atlas = AtlasMaker([ranking])
    atlas.add(seen[0], tap.channel_dim, IMAGES, list(range(6)))
    assert atlas.atlas().mean.shape == (3, 4, 6)
