"""Pedestrian detectors for mmdet."""

from .csp_detector import CSPDetector
from .csp_head import CSPHead
from .csp_losses import CSPCenterLoss, CSPOffsetLoss, CSPScaleLoss

__all__ = [
    'CSPCenterLoss',
    'CSPDetector',
    'CSPHead',
    'CSPOffsetLoss',
    'CSPScaleLoss',
]
