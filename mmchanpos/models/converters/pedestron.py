"""Give Pedestron's weights the names and shapes that mmdet 3 expects.

Pedestron is a fork of mmdetection 0.6: the second stage stood beside the
detector and not below a RoI head, the background was class 0 and not the
last, and its Faster R-CNN kept 81 classes of which it uses one.
"""

import re
from typing import Mapping, NamedTuple

from torch import Tensor

from mmchanpos.errors import InputError

#: A name by which each of the three detectors is told.
DETECTORS = {
    'csp': 'bbox_head.csp_cls.weight',
    'cascade': 'bbox_head.2.fc_cls.weight',
    'faster': 'bbox_head.fc_cls.weight',
}
_PARTS = {'cls': 'center', 'reg': 'scale', 'offset': 'offset'}


class Converted(NamedTuple):
    """Weights under their new names.

    Attributes:
        detector (str): ``'csp'``, ``'cascade'`` or ``'faster'``.
        weights (dict[str, Tensor]): By new name.
        dropped (list[str]): Old names that the detector has no use for.
    """

    detector: str
    weights: dict[str, Tensor]
    dropped: list[str]


def convert_pedestron(weights: Mapping[str, Tensor]) -> Converted:
    """Rename and reorder the weights of a Pedestron checkpoint.

    Args:
        weights (Mapping[str, Tensor]): Student or teacher (``.pth.stu``).

    Returns:
        Converted: New names, and what was left out, such as mask branches.
    """
    detector = next((d for d, k in DETECTORS.items() if k in weights), None)
    if detector is None:
        raise InputError(
            'These are no weights of CSP, Cascade R-CNN or Faster R-CNN in '
            f'Pedestron: none of {", ".join(DETECTORS.values())} is among '
            f'the {len(weights)} names, the first being '
            f'{", ".join(list(weights)[:3])}.'
        )
    rename = _csp_name if detector == 'csp' else _two_stage_name
    dropped = [name for name in weights if name.startswith('mask_')]
    renamed = {
        rename(name): _one_class(name, value)
        for name, value in weights.items()
        if name not in dropped
    }
    return Converted(detector, renamed, dropped)


def _two_stage_name(name: str) -> str:
    return re.sub(r'^bbox_head\.', 'roi_head.bbox_head.', name)


def _csp_name(name: str) -> str:
    renamed = {}
    for i in range(3):
        renamed[f'neck.p{i + 3}.'] = f'neck.deconvs.{i}.'
        renamed[f'neck.p{i + 3}_l2.'] = f'neck.norms.{i}.'
    for old, new in _PARTS.items():
        renamed[f'bbox_head.{old}_convs.0.'] = f'bbox_head.features.{new}.'
        renamed[f'bbox_head.csp_{old}.'] = f'bbox_head.outputs.{new}.'
        renamed[f'bbox_head.{old}_scales.0.'] = f'bbox_head.factors.{new}.'
    start = next((old for old in renamed if name.startswith(old)), '')
    return renamed.get(start, '') + name[len(start) :]


def _one_class(name: str, value: Tensor) -> Tensor:
    """Rows of the pedestrian, then of the background."""
    if '.fc_cls.' in name:
        return value[[1, 0]]
    if '.fc_reg.' in name and len(value) > 4:
        return value[4:8]
    return value
