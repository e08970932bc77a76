"""The augmentation that CSP is trained with, beside a flip."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmchanpos.errors import InputError
from mmchanpos.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CSPBrightness(BaseTransform):
    """Scale the V channel of HSV, saturating at 255.

    Required keys: ``img`` (uint8, BGR). Modified keys: ``img``.

    Args:
        prob (float): Defaults to 0.5.
        factors (tuple[float, float]): Range of the factor. Defaults to
            ``(0.5, 2.0)``.
    """

    def __init__(
        self, prob: float = 0.5, factors: tuple[float, float] = (0.5, 2.0)
    ) -> None:
        if not 0 <= prob <= 1 or not 0 < factors[0] <= factors[1]:
            raise InputError(
                f'prob in [0, 1] and 0 < low <= high were wanted, got '
                f'prob={prob}, factors={factors}.'
            )
        self.prob = prob
        self.factors = factors

    @cache_randomness
    def _factor(self) -> float:
        factor = np.random.uniform(*self.factors)
        return factor if np.random.rand() < self.prob else 1.0

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the brightness, or not."""
        factor = self._factor()
        if factor != 1:
            hsv = cv2.cvtColor(results['img'], cv2.COLOR_BGR2HSV)
            value = np.minimum(hsv[..., 2].astype(np.float64) * factor, 255)
            hsv[..., 2] = value.astype(np.uint8)
            results['img'] = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
        return results


@TRANSFORMS.register_module()
class CSPScaleCrop(BaseTransform):
    """Resize at random, then crop around a person or pad to a fixed size.

    A positive that the crop cuts to less than half, or makes too narrow,
    becomes background, as in the original.

    Required keys: ``img``, ``gt_bboxes``, ``gt_bboxes_labels``,
    ``gt_ignore_flags``. Modified keys: these, and ``img_shape``.

    Args:
        size (tuple[int, int]): Height and width of what comes out. Defaults
            to ``(640, 1280)``.
        ratios (tuple[float, float]): Range of the resizing. Defaults to
            ``(0.4, 1.5)``.
        min_width (float): Narrower positives are dropped. Defaults to 16.
    """

    def __init__(
        self,
        size: tuple[int, int] = (640, 1280),
        ratios: tuple[float, float] = (0.4, 1.5),
        min_width: float = 16,
    ) -> None:
        if min(size) < 1 or not 0 < ratios[0] <= ratios[1]:
            raise InputError(
                'A positive size and 0 < low <= high were wanted, got '
                f'size={size}, ratios={ratios}.'
            )
        self.size = tuple(size)
        self.ratios = ratios
        self.min_width = min_width

    @cache_randomness
    def _ratio(self) -> float:
        return np.random.uniform(*self.ratios)

    @cache_randomness
    def _position(self) -> np.ndarray:
        """Three numbers in [0, 1): which positive, and where if there is none
        or if there is room.
        """
        return np.random.rand(3)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize, then crop or pad."""
        ratio = self._ratio()
        h, w = (max(int(ratio * side), 1) for side in results['img'].shape[:2])
        image = cv2.resize(results['img'], (w, h))
        boxes = results['gt_bboxes'].numpy().astype(np.float64) * ratio
        ignored = results['gt_ignore_flags']
        shift = self._shift((h, w), boxes[~ignored])
        (up, left), (down, right) = np.maximum([np.negative(shift), shift], 0)
        part = image[up:, left:][: self.size[0], : self.size[1]]
        below, beside = np.subtract(self.size, part.shape[:2]) - (down, right)
        results['img'] = cv2.copyMakeBorder(
            part,
            *(down, below, right, beside),
            borderType=cv2.BORDER_CONSTANT,
            value=[int(image.mean())] * 4,
        )
        results['img_shape'] = self.size
        boxes, keep = self._move(boxes, ignored, shift, cut=h >= self.size[0])
        kind = type(results['gt_bboxes'])
        results['gt_bboxes'] = kind(boxes[keep].astype(np.float32))
        results['gt_bboxes_labels'] = results['gt_bboxes_labels'][keep]
        results['gt_ignore_flags'] = ignored[keep]
        return results

    def _shift(
        self, shape: tuple[int, int], positives: np.ndarray
    ) -> tuple[int, int]:
        """How far the image moves down and right on its way to the canvas."""
        which, *place = self._position()
        shift = []
        for axis in (0, 1):
            room = self.size[axis] - shape[axis]
            at = place[axis] * (abs(room) + 1)
            if room >= 0:
                shift.append(int(at))
                continue
            if len(positives):
                box = positives[int(which * len(positives))]
                centre = (box[1 - axis] + box[3 - axis]) / 2
                at = np.clip(centre - self.size[axis] / 2, 0, -room)
            shift.append(-int(at))
        return shift[0], shift[1]

    def _move(
        self,
        boxes: np.ndarray,
        ignored: np.ndarray,
        shift: tuple[int, int],
        cut: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes on the canvas, and which of them to keep."""
        (down, right), (height, width) = shift, self.size
        before = boxes + [right, down, right, down]
        after = np.clip(before, 0, [width, height, width, height])
        w, h = (after[:, 2:] - after[:, :2]).T
        area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        # Heights too, as the target of a crop of no height is log 0.
        good = (w >= self.min_width) & (h > 0)
        good &= w * h >= 0.5 * area
        least = 8 if cut else 0
        large = (np.minimum(w, h) >= least) & (w * h > 0)
        return after, np.where(ignored, large, good)
