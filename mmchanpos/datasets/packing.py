"""Pack the samples of a stacked batch together.

mmpretrain's ``PackInputs`` asks of each sample anew what kind of thing its
image and its label are, which takes longer than a small net takes for it.
"""

from typing import Any

import numpy as np
import torch

_HOSTS = ('mmpretrain.datasets.transforms.formatting', 'PackInputs')
_BY_ITSELF = {'gt_score', 'mask'}


def can_pack(step: Any, batch: dict[str, Any]) -> bool:
    """Whether a step is the host's, and has nothing else to do.

    Args:
        step (Any): The last one of a pipeline.
        batch (dict): A stacked batch, as it comes to that step.
    """
    kind = type(step)
    image = batch.get('img')
    return (
        (kind.__module__, kind.__name__) == _HOSTS
        and isinstance(image, np.ndarray)
        and image.ndim == 4
        and step.input_key == 'img'
        and not step.algorithm_keys
        and not _BY_ITSELF & set(batch)
    )


def pack(
    step: Any, images: np.ndarray, samples: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the host's ``PackInputs`` gives for each sample.

    Args:
        step (PackInputs): Of mmpretrain.
        images (ndarray): Those of the samples, (B, H, W, C).
        samples (list[dict]): What else is known of each of them.

    Returns:
        list[dict]: ``inputs`` (C, H, W) and ``data_samples`` of each.
    """
    from mmpretrain.structures import DataSample

    inputs = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    metas = [key for key in step.meta_keys if key in samples[0]]
    packed = []
    for image, sample in zip(inputs.unbind(0), samples):
        data = DataSample()
        if 'gt_label' in sample:
            # Memory of its own, as samples are stored one by one; a tensor
            # of a list would take five times as long.
            label = torch.full((1,), sample['gt_label'], dtype=torch.long)
            data.set_field(label, 'gt_label')
        for key in metas:
            data.set_field(sample[key], key, field_type='metainfo')
        packed.append(dict(inputs=image, data_samples=data))
    return packed
