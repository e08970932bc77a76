"""CSP, the detector that finds people as centres with a height."""

from mmdet.models.detectors import SingleStageDetector

from mmchanpos.registry import MODELS


@MODELS.register_module()
class CSPDetector(SingleStageDetector):
    """Center and Scale Prediction for pedestrians.

    `High-level Semantic Feature Detection: A New Perspective for Pedestrian
    Detection <https://arxiv.org/abs/1904.02948>`_. The name has nothing to do
    with the cross-stage-partial networks of mmdet.

    Example:
        >>> model = dict(
        ...     type='mmchanpos.CSPDetector',
        ...     backbone=dict(
        ...         type='mmdet.ResNet', depth=50, strides=(1, 2, 2, 1),
        ...         dilations=(1, 1, 1, 2), out_indices=(1, 2, 3)),
        ...     neck=dict(type='mmchanpos.CSPNeck'),
        ...     bbox_head=dict(type='mmchanpos.CSPHead'))
    """
