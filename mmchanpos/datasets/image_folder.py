"""Any folder of images, without labels."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from PIL import Image

from mmchanpos.errors import InputError, nearest
from mmchanpos.registry import DATASETS

#: Files that are images, in any case.
SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


@DATASETS.register_module()
class ImageFolder(BaseDataset):
    """The images of a folder and of the folders in it, in order of path.

    Samples hold the decoded ``img`` (H, W, 3) in RGB, so that a pipeline
    starts with what comes after loading, for example ``Resize``.

    All files are decoded once, at reduced size where the format allows, when
    the set is built: unreadable ones are named and left out, and more than
    ``tolerance`` of them is an error.

    Args:
        data_root (str): The folder.
        source (str): Name under which scores are reported. Defaults to
            ``natural``.
        check (bool): Whether to decode all files at the start. Defaults to
            True.
        tolerance (float): Share of unreadable files that is put up with.
            Defaults to 0.01.
        **kwargs: Of mmengine's ``BaseDataset``.

    A config::

        dataset = dict(
            type='mmchanpos.ImageFolder',
            data_root='data/duts/DUTS-TR/DUTS-TR-Image',
            pipeline=[
                dict(type='Resize', scale=(224, 224)),
                dict(type='PackInputs', meta_keys=('source', 'img_path')),
            ],
        )
    """

    def __init__(
        self,
        data_root: str,
        source: str = 'natural',
        check: bool = True,
        tolerance: float = 0.01,
        **kwargs: Any,
    ) -> None:
        self.source = source
        self.check = check
        self.tolerance = tolerance
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Find the files, and leave out those that are no images."""
        root = Path(self.data_root)
        if not root.is_dir():
            around = root.parent.iterdir() if root.parent.is_dir() else ()
            hint = nearest(root.name, (p.name for p in around))
            raise InputError(f'there is no folder of images {root}. {hint}')
        files = sorted(
            p for p in root.rglob('*') if p.suffix.lower() in SUFFIXES
        )
        if not files:
            raise InputError(
                f'{root} holds no images: no file in it or below ends in '
                f'{", ".join(SUFFIXES)}.'
            )
        if self.check:
            files = self._readable(files)
        return [
            {'img_path': str(file), 'source': self.source} for file in files
        ]

    def get_data_info(self, idx: int) -> dict:
        """One sample with its image, before any step of the pipeline."""
        info = super().get_data_info(idx)
        try:
            with Image.open(info['img_path']) as image:
                info['img'] = np.asarray(image.convert('RGB'))
        except Exception as e:
            raise InputError(
                f'{info["img_path"]} cannot be read as an image ({e}); '
                'remove it, or build the set with check=True.'
            ) from e
        info['ori_shape'] = info['img_shape'] = info['img'].shape[:2]
        return info

    def _readable(self, files: list[Path]) -> list[Path]:
        with ThreadPoolExecutor() as pool:
            reasons = list(pool.map(_why_unreadable, files))
        broken = [f'{f} ({r})' for f, r in zip(files, reasons) if r]
        if not broken:
            return files
        message = (
            f'{len(broken)} of {len(files)} images in {self.data_root} cannot '
            f'be read: {"; ".join(broken[:5])}'
            + ('; ...' if len(broken) > 5 else '')
        )
        if len(broken) > self.tolerance * len(files):
            raise InputError(
                f'{message}. That is more than {self.tolerance:.0%}: mend or '
                'remove them, or raise tolerance.'
            )
        print_log(f'{message}. They are left out.', 'current', logging.WARNING)
        return [f for f, reason in zip(files, reasons) if not reason]


def _why_unreadable(file: Path) -> Optional[str]:
    try:
        with Image.open(file) as image:
            # A JPEG is decoded to its end, but at an eighth of its size.
            image.draft('RGB', (1, 1))
            image.load()
    # Decoders fail in many ways on broken files, all of them a reason.
    except Exception as e:
        return str(e) or type(e).__name__
    return None
