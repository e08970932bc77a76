"""Keep the latents of a segmentor's images, and of the same ones elsewhere."""

from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.latent import DeltaCollector, Deltas
from mmchanpos.latent.cached import PLACES, Cached
from mmchanpos.latent.moments import TARGETS
from mmchanpos.latent.relocated import relocated

from .batches import forwarder
from .hosts import tap_of, usual_tap
from .probe import build_encoder

#: Labels are scored at every so many pixels of the latent's stride.
_FINE = 2


class LatentCache:
    """A segmentor's test images, as latents.

    The first half of the images is for fitting, the second for trying.

    Args:
        cfg (Config): Of a segmentor whose head reads one level.
        checkpoint (str): Its weights.
        images (int): At most so many. Defaults to 200.
    """

    def __init__(
        self, cfg: Config, checkpoint: str, images: int = 200
    ) -> None:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            self.model = build_encoder(cfg, checkpoint, seed=0)
            self.loader = Runner.build_dataloader(cfg.test_dataloader)
        self.tap = usual_tap(self.model)
        self.index = tap_of(self.tap, self.model).output
        if not isinstance(self.index, int) or self.tap.path != 'backbone':
            raise InputError(
                'the study of scores takes a segmentor whose head reads one '
                f'output of its backbone; this reads {self.index} of '
                f'"{self.tap.path}".'
            )
        self.total = min(images, len(self.loader.dataset))

    def head(self, latent: Tensor) -> Tensor:
        """Logits from latents (B, C, H, W)."""
        levels: list[Any] = [None] * (self.index + 1)
        levels[self.index] = latent
        return self.model.decode_head(levels)

    @torch.no_grad()
    def collect(
        self,
    ) -> tuple[Cached, Cached, dict[str, Cached], Deltas, Tensor]:
        """Run the images as they are, mirrored, displaced and relocated.

        Returns:
            tuple: For :func:`mmchanpos.latent.study.study`, in its order.
        """
        half = self.total // 2
        collector = DeltaCollector(
            self.model, [self.tap], kinds=(), covariances=TARGETS
        )
        found: list[dict[str, Tensor]] = []
        labels: list[Tensor] = []
        for batch in self.loader:
            if len(labels) >= self.total:
                break
            seen = len(labels)
            places = range(half)[seen : seen + len(batch['inputs'])]
            if places:
                first = {k: v[: len(places)] for k, v in batch.items()}
                forward = forwarder(self.model, first)
                collector.add(forward, list(places))
            found.append(self._latents(batch))
            labels += [s.gt_sem_seg.data[0] for s in batch['data_samples']]
        latents = {
            name: torch.cat([part[name] for part in found])[: self.total]
            for name in found[0]
        }
        truth = _scored(torch.stack(labels)[: self.total], latents['plain'])
        whole = Cached(latents['plain'], truth, self.head)
        last = range(half, self.total)
        displaced = {
            name: Cached(latents[name], change(truth), self.head).part(last)
            for name, change in PLACES.items()
        }
        (deltas,) = collector.deltas()
        parts = whole.part(range(half)), whole.part(last)
        return *parts, displaced, deltas, latents['relocated'][half:]

    def _latents(self, batch: dict) -> dict[str, Tensor]:
        images = self.model.data_preprocessor(batch, False)['inputs']

        def latent(x: Tensor) -> Tensor:
            return self.model.backbone(x)[self.index]

        plain = latent(images)
        return {
            'plain': plain,
            'relocated': relocated(latent, (images,), plain),
            **{n: latent(change(images)) for n, change in PLACES.items()},
        }


def _scored(labels: Tensor, latents: Tensor) -> Tensor:
    """Labels on a grid twice as fine as the latent's, where all is scored."""
    sizes = zip(latents.shape[-2:], labels.shape[-2:])
    size = [min(_FINE * places, pixels) for places, pixels in sizes]
    return nn.functional.interpolate(labels[:, None].float(), size)[
        :, 0
    ].long()
