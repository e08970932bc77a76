"""Features on disk, so that an encoder sees each image once."""

import hashlib
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import torch
from mmengine.dist import get_world_size
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, read_npz, write_npz

Stages = tuple[Tensor, ...]


class FeatureCache:
    """Stages of images that were encoded before, up to a limit on disk.

    Images are told apart by their pixels and encoders by their weights and by
    how they are built, so augmented images and other encoders never meet
    wrong features, nor does a run in single precision meet those of one in
    half. Once the folder is full nothing more is stored and nothing is thrown
    out: training comes by every image equally often.

    Args:
        folder (PathLike): Where to keep them.
        gigabytes (float): How much may lie there. Defaults to 10.
    """

    def __init__(self, folder: PathLike, gigabytes: float = 10) -> None:
        if not gigabytes > 0:
            raise InputError(
                f'gigabytes={gigabytes} leaves a feature cache no room; give '
                'a positive number, or no cache.'
            )
        self.folder = Path(folder)
        self.limit = int(gigabytes * 1e9)
        self._room: Optional[int] = None
        self._encoder: Optional[str] = None

    def forget_encoder(self) -> None:
        """Look at the weights again before the next use."""
        self._encoder = None

    def fetch(
        self,
        images: Tensor,
        encode: Callable[[Tensor], Stages],
        encoder: nn.Module,
        recipe: str,
    ) -> Stages:
        """Read the features of a batch, computing those that are not there.

        Args:
            images (Tensor): (B, 3, H, W).
            encode (Callable): Computes the stages of a batch.
            encoder (nn.Module): Whose weights the features belong to.
            recipe (str): What else they depend on.

        Returns:
            tuple[Tensor, ...]: One (B, C, S, S) per stage.
        """
        files = self._files(images, encoder, recipe)
        found: list[Optional[list[np.ndarray]]] = [_read(f) for f in files]
        missing = [i for i, stages in enumerate(found) if stages is None]
        if missing:
            fresh = encode(images[missing])
            for row, i in enumerate(missing):
                found[i] = [_array(stage[row]) for stage in fresh]
                self._store(files[i], found[i])
            if len(missing) == len(files):
                return fresh
        return tuple(
            torch.from_numpy(np.stack(stage)).to(images.device)
            for stage in zip(*found)
        )

    def _files(
        self, images: Tensor, encoder: nn.Module, recipe: str
    ) -> list[Path]:
        if self._encoder is None:
            digest = hashlib.sha256(recipe.encode())
            for name, weight in encoder.state_dict().items():
                digest.update(name.encode())
                digest.update(weight.cpu().numpy().tobytes())
            self._encoder = digest.hexdigest()[:16]
        folder = self.folder / (self._encoder + _precision(images))
        keys = (
            hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()
            for image in images.cpu().numpy()
        )
        return [folder / f'{key}.npz' for key in keys]

    def _store(self, file: Path, stages: list[np.ndarray]) -> None:
        if self._room is None:
            # Hidden ones are being written by others, and soon renamed.
            files = self.folder.rglob('[!.]*.npz')
            used = sum(f.stat().st_size for f in files)
            # Every process sees the same files, and fills its own share.
            self._room = (self.limit - used) // get_world_size()
        size = sum(stage.nbytes for stage in stages)
        if size > self._room:
            return
        self._room -= size
        write_npz(file, **{f'stage_{i}': s for i, s in enumerate(stages)})


def _precision(images: Tensor) -> str:
    one = images.new_ones(1, 1)
    # Mixed precision is what a product comes in.
    name = str((one @ one).dtype).split('.')[-1]
    return '' if name == 'float32' else f'-{name}'


def _array(stage: Tensor) -> np.ndarray:
    # numpy knows no bfloat16.
    if stage.dtype == torch.bfloat16:
        stage = stage.float()
    return stage.cpu().numpy()


def _read(file: Path) -> Optional[list[np.ndarray]]:
    if not file.is_file():
        return None
    try:
        return list(read_npz(file).values())
    except InputError:  # it broke on the disk, which is worth no more
        return None
