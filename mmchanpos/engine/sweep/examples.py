"""A few images with their predictions, for the eye."""

from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.dist import all_gather_object
from mmengine.evaluator import Evaluator
from torch import Tensor

from mmchanpos.latent import Ablation
from mmchanpos.latent.kinds import side_of


class Examples:
    """Keeps the predicted maps of a few images as one ranking's N grows.

    Args:
        plan (sequence of Ablation): The sweep; the ranking that comes first
            is shown, at up to three N.
        count (int): How many images, the first of the data set.
    """

    def __init__(self, plan: Sequence[Ablation], count: int) -> None:
        self.count = count
        curve = [
            (ablation.top, row)
            for row, ablation in enumerate(plan)
            if ablation.top and ablation.kind == plan[1].kind
        ]
        steps = np.linspace(0, len(curve) - 1, 3).round() if curve else []
        shown = [(0, 0), *(curve[int(step)] for step in steps)]
        self.tops = {row: top for top, row in dict.fromkeys(shown)}
        self.kind = plan[1].kind if len(plan) > 1 else 'none'
        self.kept: Dict[int, Dict[str, Tensor]] = {}

    def begin(self, batch: dict, places: Sequence[int]) -> None:
        """Start a batch, of which the images at these places may be kept."""
        self._images = batch['inputs']
        self._places = places
        self._new: Dict[int, Dict[str, Any]] = {}

    def add(self, row: int, outputs: Sequence[Any]) -> None:
        """Look at the predictions of one ablation."""
        if row not in self.tops:
            return
        for image, place, sample in zip(self._images, self._places, outputs):
            found = getattr(sample, 'pred_sem_seg', None)
            truth = getattr(sample, 'gt_sem_seg', None)
            if place >= self.count or found is None or truth is None:
                continue
            label = truth.data.squeeze(0)
            kept = self._new.setdefault(place, {'predictions': {}})
            kept['image'] = _fitted(image, label.shape)
            kept['truth'] = label.to(torch.uint8).cpu()
            prediction = found.data.squeeze(0).to(torch.uint8).cpu()
            kept['predictions'][row] = prediction

    def end(self) -> Dict[int, Dict[str, Any]]:
        """End the batch and give what it added."""
        self.kept.update(self._new)
        return self._new

    def restore(self, entry: Dict[int, Dict[str, Any]]) -> None:
        """Take over what a batch of an earlier run added."""
        self.kept.update(entry)

    def gather(self) -> None:
        """Join what all processes kept."""
        self.kept = {
            place: example
            for part in all_gather_object(self.kept)
            for place, example in part.items()
        }

    def arrays(self, evaluator: Evaluator) -> Optional[Dict[str, np.ndarray]]:
        """What :class:`Sweep` keeps; None where there is nothing to show."""
        examples = [self.kept[place] for place in sorted(self.kept)]
        palette = (evaluator.dataset_meta or {}).get('palette')
        if not examples or palette is None:
            return None
        shape = examples[0]['truth'].shape
        examples = [e for e in examples if e['truth'].shape == shape]
        rows: List[int] = sorted(self.tops, key=self.tops.__getitem__)
        return dict(
            image=_stacked(e['image'] for e in examples),
            truth=_stacked(e['truth'] for e in examples),
            prediction=_stacked(
                torch.stack([e['predictions'][row] for row in rows])
                for e in examples
            ),
            top=np.array([self.tops[row] for row in rows]),
            palette=np.array(palette, dtype=np.uint8),
            kind=np.array(self.kind),
            region=np.array(side_of(self.kind) or 'overall'),
        )


def _fitted(image: Tensor, shape: Sequence[int]) -> Tensor:
    """The image (3, H, W), in BGR, as (H, W, 3) RGB of the truth's size."""
    image = image[None].float()
    if image.shape[2:] != shape:
        image = F.interpolate(image, size=tuple(shape), mode='bilinear')
    image = image[0].flip(0).permute(1, 2, 0)
    return image.round().clamp(0, 255).to(torch.uint8).cpu()


def _stacked(parts) -> np.ndarray:
    return torch.stack(list(parts)).numpy()
