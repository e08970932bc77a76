"""Keep the latents of a segmentor's images, and of the same ones elsewhere."""

from typing import Any, Dict, List, Tuple

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
from mmchanpos.registry import MODELS

from .batches import forwarder
from .checkpoint import load_checkpoint
from .hosts import usual_tap

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
        scope = DefaultScope.overwrite_default_scope(cfg.default_scope)
        with scope:
            self.model: nn.Module = MODELS.build(cfg.model)
            load_checkpoint(self.model, checkpoint)
            self.model.eval()
            self.loader = Runner.build_dataloader(cfg.test_dataloader)
        self.tap = usual_tap(self.model)
        head = getattr(self.model, 'decode_head', None)
        index = getattr(head, 'in_index', None)
        if not isinstance(index, int) or self.tap.path != 'backbone':
            raise InputError(
                'the study of scores takes a segmentor whose head reads one '
                f'output of its backbone; this reads {index} of '
                f'"{self.tap.path}".'
            )
        self.index = index
        self.most = images

    def head(self, latent: Tensor) -> Tensor:
        """Logits from latents (B, C, H, W)."""
        levels: List[Any] = [None] * (self.index + 1)
        levels[self.index] = latent
        return self.model.decode_head(levels)

    @torch.no_grad()
    def collect(
        self,
    ) -> Tuple[Cached, Cached, Dict[str, Cached], Deltas, Tensor]:
        """Run the images as they are, mirrored, displaced and relocated.

        Returns:
            tuple: For :func:`mmchanpos.latent.study.study`, in its order.
        """
        total = min(self.most, len(self.loader.dataset))
        half = total // 2
        collector = DeltaCollector(
            self.model, [self.tap], kinds=(), covariances=TARGETS
        )
        kept: Dict[str, List[Tensor]] = {}
        labels: List[Tensor] = []
        seen = 0
        for batch in self.loader:
            if seen >= total:
                break
            forward = forwarder(self.model, batch)
            places = list(range(seen, seen + len(batch['inputs'])))
            seen += len(places)
            if places[0] < half:
                collector.add(forward, places)
            self._keep(batch, kept)
            labels += [
                sample.gt_sem_seg.data[0] for sample in batch['data_samples']
            ]
        latents = {
            name: torch.cat(part)[:total] for name, part in kept.items()
        }
        truth = _scored(torch.stack(labels)[:total], latents['plain'])
        whole = Cached(latents['plain'], truth, self.head)
        last = range(len(truth) - (total - half), total)
        displaced = {
            name: Cached(latents[name], change(truth), self.head).part(last)
            for name, change in PLACES.items()
        }
        (deltas,) = collector.deltas()
        moved = latents['relocated'][half:]
        return (
            whole.part(range(half)),
            whole.part(last),
            displaced,
            deltas,
            moved,
        )

    def _keep(self, batch: dict, kept: Dict[str, List[Tensor]]) -> None:
        data = self.model.data_preprocessor(batch, False)
        images = data['inputs']

        def latent(x: Tensor) -> Tensor:
            return self.model.backbone(x)[self.index]

        plain = latent(images)
        kept.setdefault('plain', []).append(plain)
        kept.setdefault('relocated', []).append(
            relocated(latent, (images,), plain)
        )
        for name, change in PLACES.items():
            kept.setdefault(name, []).append(latent(change(images)))


def _scored(labels: Tensor, latents: Tensor) -> Tensor:
    """Labels on a grid twice as fine as the latent's, where all is scored."""
    height, width = (min(_FINE * s, n) for s, n in zip(
        latents.shape[-2:], labels.shape[-2:]
    ))  # fmt: skip
    small = nn.functional.interpolate(
        labels[:, None].float(), (height, width), mode='nearest'
    )
    return small[:, 0].long()
