"""Read and write picture files in RGB, with errors that name the file."""

from pathlib import Path

import cv2
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, write_bytes


def read_rgb(path: PathLike) -> np.ndarray:
    """A picture (H, W, 3), uint8."""
    image = cv2.imread(str(path))
    if image is None:
        raise InputError(f'{path} is missing or is no image.')
    return image[..., ::-1]


def write_picture(path: PathLike, image: np.ndarray) -> None:
    """Write an RGB picture (H, W, 3), or a map (H, W), by its suffix."""
    image = image if image.ndim == 2 else image[..., ::-1]
    try:
        _, code = cv2.imencode(Path(path).suffix, np.ascontiguousarray(image))
    except cv2.error as e:
        raise InputError(
            f'{path}: a picture was wanted, such as sheet.png or .jpg'
        ) from e
    # cv2.imwrite would hide a full disk.
    write_bytes(path, code.tobytes())
