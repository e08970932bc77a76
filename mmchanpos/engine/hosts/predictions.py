"""What models of hosts predict, and the samples in which it comes."""

from typing import Any

from torch import Tensor, nn

from mmchanpos.engine.nested import part_of
from mmchanpos.latent.tap import unwrap
from mmchanpos.shift import Boxes

from .taps import DETECTOR_HEADS, has, predictor_of

#: mmdet adds so much to the class of a pixel for every object.
_PER_OBJECT = 1000


def predicts(model: Any) -> str:
    """What a model says of an image.

    Args:
        model (nn.Module | dict): A model, wrapped or not, or its config.

    Returns:
        str: ``maps`` of classes, ``boxes``, or ``labels``. Panoptic models
        give maps, unless they are told to give boxes too.
    """
    if isinstance(model, nn.Module):
        model = unwrap(model)
    _, model = predictor_of(model)
    if has(model, 'decode_head') or _is_panoptic(model):
        return 'maps'
    boxes = any(has(model, name) for name in DETECTOR_HEADS)
    return 'boxes' if boxes else 'labels'


def map_classes(model: nn.Module) -> tuple[int, int]:
    """How many classes a segmentor tells, and what truth it ignores."""
    _, model = predictor_of(unwrap(model))
    if _is_panoptic(model):
        # Where it sees neither object nor stuff is a class more.
        return model.panoptic_fusion_head.num_classes + 1, 255
    head = model.decode_head
    if isinstance(head, nn.ModuleList):
        head = head[-1]
    # A head of one output tells two classes by a threshold.
    return max(head.num_classes, 2), getattr(head, 'ignore_index', 255)


def as_whole(sample: Any, height: int, width: int) -> Any:
    """A sample without truth whose prediction comes at the input's own size.

    Args:
        sample (BaseDataElement): Of an image; it is not changed.
        height (int): Of the input, before it is padded.
        width (int): Of the input.
    """
    fresh = type(sample)(metainfo=dict(sample.metainfo))
    size = (height, width)
    fresh.set_metainfo(
        dict(ori_shape=size, img_shape=size, scale_factor=(1.0, 1.0))
    )
    return fresh


def is_whole(sample: Any, height: int, width: int) -> bool:
    """Whether a prediction comes at the size of the input anyway."""
    return tuple(sample.metainfo.get('ori_shape', ())[:2]) == (height, width)


def predicted(sample: Any) -> Any:
    """Classes of pixels (H, W), or a detector's :class:`Boxes`."""
    if 'pred_sem_seg' in sample:
        return sample.pred_sem_seg.data[0].long()
    if 'pred_instances' not in sample:
        return sample.pred_panoptic_seg.sem_seg[0].long() % _PER_OBJECT
    found = sample.pred_instances
    return Boxes(
        *(
            part.detach().cpu().numpy()
            for part in (_corners(found), found.scores, found.labels)
        ),
        size=tuple(sample.metainfo['ori_shape'][:2]),
    )


def _is_panoptic(model: Any) -> bool:
    """Whether a detector gives each pixel one class and object, no boxes."""
    if not has(model, 'panoptic_fusion_head'):
        return False
    settings = part_of(model, 'test_cfg') or {}
    return not settings.get('instance_on', False)


def _corners(found: Any) -> Tensor:
    """Boxes (N, 4), those of the masks where a model leaves them at zero."""
    if 'masks' in found and len(found.bboxes) and not found.bboxes.any():
        from mmdet.structures.mask import mask2bbox

        return mask2bbox(found.masks)
    return found.bboxes
