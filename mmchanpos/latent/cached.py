"""Latents of a segmentor that are kept, so that changes of them are cheap."""

from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .ablation import Ablation
from .importance import Kept
from .iou import percent_iou

#: A change of a latent (B, C, H, W), or None.
Edit = Optional[Callable[[Tensor], Tensor]]
#: Content at other places: what is done to images, labels and latents.
PLACES: dict[str, Callable[[Tensor], Tensor]] = {
    'upside down': lambda x: x.flip(-2),
    'rolled down': lambda x: x.roll(x.shape[-2] // 2, -2),
    'rolled across': lambda x: x.roll(x.shape[-1] // 2, -1),
}


@dataclass(frozen=True)
class Cached:
    """Latents with their labels, and the head that reads them.

    Args:
        latents (Tensor): (n, C, H, W).
        labels (Tensor): (n, h, w) class numbers, 255 where none counts.
        head (Callable): From latents (B, C, H, W) to logits (B, K, H', W').
        batch (int): How many go through the head at a time. Defaults to 8.

    Example:
        >>> head = torch.nn.Conv2d(4, 3, 1)
        >>> cached = Cached(
        ...     torch.rand(5, 4, 6, 6), torch.randint(3, (5, 6, 6)), head)
        >>> cached.areas().shape
        (5, 3, 3)
    """

    latents: Tensor
    labels: Tensor
    head: Callable[[Tensor], Tensor]
    batch: int = 8

    def __len__(self) -> int:
        return len(self.latents)

    def part(self, index: Sequence[int]) -> 'Cached':
        """Some of the images."""
        chosen = torch.as_tensor(list(index))
        latents, labels = self.latents[chosen], self.labels[chosen]
        return replace(self, latents=latents, labels=labels)

    @torch.no_grad()
    def areas(self, edit: Edit = None) -> np.ndarray:
        """Intersection, prediction and truth of each class, (n, 3, K)."""
        found: list[np.ndarray] = []
        for z, labels in self._batches():
            logits = self._logits(edit(z) if edit else z, labels)
            classes = logits.shape[1]
            said = logits.argmax(1).flatten(1)
            truth = labels.flatten(1)
            for guess, true in zip(said, truth):
                counted = true < classes
                hit = counted & (guess == true)
                parts = (true[hit], guess[counted], true[counted])
                counts = [torch.bincount(p, minlength=classes) for p in parts]
                found.append(torch.stack(counts).cpu().numpy())
        return np.stack(found)

    def score(self, edit: Edit = None) -> float:
        """Mean IoU in percent over all images together."""
        return float(percent_iou(self.areas(edit).sum(axis=0)))

    @torch.no_grad()
    def loss(self, edit: Edit = None) -> float:
        """Mean cross entropy over all images."""
        found = [
            loss(edit(z) if edit else z).sum() for z, loss in self.losses()
        ]
        return float(sum(found)) / len(self)

    def losses(self) -> Iterator[Kept]:
        """Latents with the cross entropy of each image, for importance."""
        for z, labels in self._batches():

            def loss(latent: Tensor, labels: Tensor = labels) -> Tensor:
                logits = self._logits(latent, labels)
                wrong = labels >= logits.shape[1]
                target = labels.masked_fill(wrong, -100)
                return F.cross_entropy(logits, target, reduction='none').mean(
                    (1, 2)
                )

            yield z, loss

    def _batches(self) -> Iterator[Sequence[Tensor]]:
        yield from zip(
            self.latents.split(self.batch), self.labels.split(self.batch)
        )

    def _logits(self, latent: Tensor, labels: Tensor) -> Tensor:
        logits = self.head(latent)
        return F.interpolate(
            logits, labels.shape[1:], mode='bilinear', align_corners=False
        )


def without(channels: Sequence[int]) -> Edit:
    """An edit that switches channels off.

    Example:
        >>> without([1])(torch.ones(1, 3, 1, 1)).flatten()
        tensor([1., 0., 1.])
    """
    edit: Any = Ablation(channels=channels).applier()
    return edit
