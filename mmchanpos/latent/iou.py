"""IoU from areas that were counted image by image."""

import numpy as np


def percent_iou(areas: np.ndarray) -> np.ndarray:
    """Mean IoU in percent over the classes that occur, (...).

    Args:
        areas (ndarray): Intersection, prediction and truth, (..., 3, classes).
    """
    hit, predicted, truth = np.moveaxis(np.asarray(areas, float), -2, 0)
    union = predicted + truth - hit
    iou = np.divide(hit, union, out=np.zeros_like(hit), where=union > 0)
    present = (union > 0).sum(axis=-1)
    total = iou.sum(axis=-1)
    lost = np.full_like(total, np.nan)
    return 100 * np.divide(total, present, out=lost, where=present > 0)
