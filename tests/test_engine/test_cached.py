"""Latents of a segmentor, kept for the study of scores."""

import pytest
import torch

from mmchanpos.engine.cached import cache_latents
from mmchanpos.engine.config import load_config
from mmchanpos.testing.segmentor import write_tiny


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp('tiny')
    write_tiny(folder, images=6)
    return folder


def collected(folder, batch):
    cfg = load_config(str(folder / 'tiny.py'))
    cfg.test_dataloader.update(
        batch_size=batch, num_workers=0, persistent_workers=False
    )
    return cache_latents(cfg, str(folder / 'tiny.pth'), images=6)


def test_what_is_tried_on_is_not_fitted_on_for_any_batch(tiny):
    wanted, found = (collected(tiny, batch) for batch in (3, 4))
    for a, b in zip(wanted[:2], found[:2]):
        assert len(b.latents) == 3
        assert torch.equal(a.labels, b.labels)
        torch.testing.assert_close(a.latents, b.latents)
    assert found[3].index.tolist() == [0, 1, 2]
    assert wanted[3].index.tolist() == [0, 1, 2]
