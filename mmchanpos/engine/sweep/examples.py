"""A few images with their predictions, for the eye."""

from typing import Any, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object
from mmengine.evaluator import Evaluator
from torch import Tensor

from mmchanpos.engine.batches import first_view
from mmchanpos.latent import Ablation
from mmchanpos.latent.kinds import side_of


class Examples:
    """Keeps predictions of the images that a ranking breaks most.

    That is how much more pixels go wrong with its largest N off than with as
    many random channels off, or where none were drawn, with nothing off.

    Args:
        plan (Sequence[Ablation]): The sweep; the ranking that comes first
            is shown.
        count (int): How many images.
        bgr (bool): Whether these come in BGR.
    """

    def __init__(
        self, plan: Sequence[Ablation], count: int, bgr: bool
    ) -> None:
        self.count, self.bgr = count, bgr
        self.kind = plan[1].kind if len(plan) > 1 else 'none'
        tops = [a.top for a in plan if a.top and a.kind == self.kind]
        self.top = max(tops, default=0)
        #: What is off, by its kind, to the number of its row.
        self.rows = {'none': 0}
        for row, ablation in enumerate(plan):
            shown = ablation.kind in (self.kind, 'random')
            if shown and ablation.top and ablation.top == self.top:
                self.rows.setdefault(ablation.kind, row)
        self.kept: dict[int, dict[str, Any]] = {}

    def begin(self, batch: dict, places: Sequence[int]) -> None:
        """Start a batch, of which the images at these places may be kept."""
        self._images = first_view(batch['inputs'])
        self._places = places
        self._new: dict[int, dict[str, Any]] = {}

    def add(self, row: int, outputs: Sequence[Any]) -> None:
        """Look at the predictions of one ablation."""
        if row not in self.rows.values() or not self.count:
            return
        for image, place, sample in zip(self._images, self._places, outputs):
            found = getattr(sample, 'pred_sem_seg', None)
            truth = getattr(sample, 'gt_sem_seg', None)
            if found is None or truth is None:
                continue
            label = truth.data.squeeze(0)
            kept = self._new.setdefault(place, {'predictions': {}})
            image = image.flip(0) if self.bgr else image
            kept['image'] = _fitted(image, label.shape)
            kept['truth'] = label.to(torch.uint8).cpu()
            prediction = found.data.squeeze(0).to(torch.uint8).cpu()
            kept['predictions'][row] = prediction

    def end(self) -> dict[int, dict[str, Any]]:
        """End the batch and give what it added."""
        for entry in self._new.values():
            entry['effect'] = self._effect(entry)
        self.restore(self._new)
        return {p: e for p, e in self._new.items() if p in self.kept}

    def gather(self) -> None:
        """Join what all processes kept."""
        for part in all_gather_object(self.kept):
            self.restore(part)

    def arrays(self, evaluator: Evaluator) -> Optional[dict[str, np.ndarray]]:
        """What :class:`Sweep` keeps; None where there is nothing to show."""
        examples = list(self.kept.values())
        palette = (evaluator.dataset_meta or {}).get('palette')
        if not examples or palette is None:
            return None
        shape = examples[0]['truth'].shape
        examples = [e for e in examples if e['truth'].shape == shape]
        return dict(
            image=_stacked(e['image'] for e in examples),
            truth=_stacked(e['truth'] for e in examples),
            prediction=_stacked(
                torch.stack([e['predictions'][r] for r in self.rows.values()])
                for e in examples
            ),
            top=np.array([self.top * (kind != 'none') for kind in self.rows]),
            off=np.array(list(self.rows)),
            palette=np.array(palette, dtype=np.uint8),
            kind=np.array(self.kind),
            region=np.array(side_of(self.kind) or 'overall'),
        )

    def _effect(self, entry: dict[str, Any]) -> float:
        """Share of pixels that this ranking gets wrong beyond the others."""
        known = entry['truth'] != 255
        if not known.any():
            return 0.0
        right = {
            kind: (entry['predictions'][row] == entry['truth'])[known]
            for kind, row in self.rows.items()
        }
        shares = {kind: float(r.float().mean()) for kind, r in right.items()}
        usual = shares.get('random', shares['none'])
        return usual - shares.get(self.kind, usual)

    def restore(self, entries: dict[int, dict[str, Any]]) -> None:
        """Take over what an earlier run, or another process, kept."""
        every: list[Any] = [*{**self.kept, **entries}.items()]
        every.sort(key=lambda item: (-item[1]['effect'], item[0]))
        self.kept = dict(every[: self.count])


def _fitted(image: Tensor, shape: Sequence[int]) -> Tensor:
    """The image (3, H, W) as (H, W, 3) of the truth's size."""
    image = image[None].float()
    if image.shape[2:] != shape:
        image = F.interpolate(image, size=tuple(shape), mode='bilinear')
    image = image[0].permute(1, 2, 0)
    return image.round().clamp(0, 255).to(torch.uint8).cpu()


def _stacked(parts) -> np.ndarray:
    return torch.stack(list(parts)).numpy()
