"""Detections in the public result format of CityPersons, checked."""

from typing import Annotated, Any, Sequence

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike
from mmchanpos.formats import read_typed

from .miss_rate import PersonDetections

PEDESTRIAN = 1


class _Row(msgspec.Struct):
    image_id: int
    bbox: Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]
    score: float
    category_id: int = PEDESTRIAN


def to_detections(
    boxes: np.ndarray, scores: np.ndarray, image: Any
) -> PersonDetections:
    """Detections of one image from corners, refused if they are no boxes.

    Args:
        boxes (np.ndarray): x1, y1, x2, y2, shape (m, 4). Width and height are
            taken in the type of this array, as public tools do, which for
            float32 decides the last bits.
        scores (np.ndarray): Shape (m, ).
        image (Any): What to call the image in an error.
    """
    corners = np.asarray(boxes).reshape(-1, 4)
    sizes = corners[:, 2:] - corners[:, :2]
    xywh = np.concatenate([corners[:, :2], sizes], axis=1)
    return checked(PersonDetections(xywh, np.asarray(scores)), image)


def checked(detections: PersonDetections, image: Any) -> PersonDetections:
    """The same detections in float64; NaN and negative sizes are refused."""
    boxes = np.asarray(detections.boxes, dtype=np.float64).reshape(-1, 4)
    scores = np.asarray(detections.scores, dtype=np.float64)
    if scores.shape != boxes.shape[:1]:
        raise InputError(
            f'Image {image} has {len(boxes)} boxes but scores of shape '
            f'{scores.shape}.'
        )
    wrong = ~np.isfinite(boxes).all(axis=1) | ~np.isfinite(scores)
    wrong |= (boxes[:, 2:] < 0).any(axis=1)
    if wrong.any():
        k = int(wrong.argmax())
        raise InputError(
            f'{int(wrong.sum())} detections of image {image} are no boxes, '
            f'the first being x, y, w, h = {boxes[k].tolist()} with score '
            f'{scores[k]}. Finite numbers and no negative size were wanted; '
            'NaN mostly comes from a training that diverged.'
        )
    return PersonDetections(boxes, scores)


def to_rows(
    detections: PersonDetections, image_id: int
) -> list[dict[str, Any]]:
    """Rows of a public result file, about an image of this id.

    Nothing is rounded, as ties decide ranks.
    """
    about = dict(image_id=int(image_id), category_id=PEDESTRIAN)
    return [
        dict(about, bbox=box.tolist(), score=float(score))
        for box, score in zip(*detections)
    ]


def read_results(
    path: PathLike, image_ids: Sequence[int]
) -> list[PersonDetections]:
    """Read a public result file.

    Args:
        path (PathLike): JSON list of :func:`to_rows`.
        image_ids (Sequence[int]): Ids of all images, in the order wanted.

    Returns:
        list[PersonDetections]: One per image, rows in the order of the file.
    """
    rows = read_typed(path, list[_Row])
    if not rows:
        raise InputError(
            f'{path} holds no detections: a list of image_id, category_id, '
            'bbox and score was wanted. An empty list cannot be told from a '
            'run that failed.'
        )
    of_image: dict[int, list[_Row]] = {i: [] for i in image_ids}
    for k, row in enumerate(rows):
        if row.category_id != PEDESTRIAN:
            continue
        if row.image_id not in of_image:
            raise InputError(
                f'Row {k} of {path} is about image {row.image_id}; the '
                f'annotations have {len(of_image)} images, '
                f'{min(of_image)} to {max(of_image)}.'
            )
        of_image[row.image_id].append(row)
    return [
        checked(
            PersonDetections(
                np.array([row.bbox for row in found]),
                np.array([row.score for row in found]),
            ),
            image,
        )
        for image, found in of_image.items()
    ]
