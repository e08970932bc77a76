"""Images that fit in memory: one array, no decoding, fetched by the batch."""

from copy import copy
from pathlib import Path
from typing import Any, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dataset import BaseDataset, force_full_init

from mmchanpos.errors import InputError
from mmchanpos.files import read_npz
from mmchanpos.registry import DATASETS

from .arrays import (
    IMAGE_NAMES,
    LABEL_NAMES,
    checked_images,
    checked_labels,
    find_array,
    read_npy,
)
from .packing import can_pack, pack

ArrayLike = Union[np.ndarray, torch.Tensor]


@DATASETS.register_module()
class ArrayDataset(BaseDataset):
    """Classification set held in memory as one uint8 array.

    The set is a tensor that is never written to, so workers share it: forked
    ones see the pages of their parent, and for spawned ones torch moves it to
    shared memory once. An ``.npy`` file is mapped rather than read, and then
    even unrelated processes share it.

    A batch is fetched at once (torch's ``__getitems__``): one gather for all
    its images. A step of the pipeline that has a method
    ``transform_batch(results)`` is given that stacked batch, as returned by
    :meth:`fetch`, for as long as all steps before it had one too; the
    remaining steps see one sample at a time, as in any other data set.

    Args:
        images (str | Path | np.ndarray | torch.Tensor): An ``.npz`` with
            images and labels, an ``.npy`` of images, or the images. They are
            uint8, (N, H, W, C) or (N, H, W); channels stay in the given
            order, so an RGB array wants ``to_rgb=False`` in the
            preprocessor.
        labels (str | Path | Sequence[int] | None): An ``.npy``, or the labels
            (N, ). Defaults to None: found in the ``.npz``, by ``labels_key``
            or a usual name, or no labels.
        split (str, optional): Which part of an ``.npz`` with several, e.g.
            ``'train'`` for ``x_train`` and ``y_train``, or for
            ``train_images`` and ``train_labels``. Defaults to None.
        images_key (str, optional): Name of the images in an ``.npz``, where
            neither convention holds. Defaults to None.
        labels_key (str, optional): The same for the labels.
        data_root (str): Folder that relative paths start from.
        classes (Sequence[str], optional): Names of the classes. Defaults to
            ``classes`` in the ``.npz``, else to the numbers of the labels.
        metainfo (dict, optional): Further meta information.
        indices (int | Sequence[int], optional): Only the first few images, or
            only these. Nothing is copied.
        pipeline (Sequence[dict]): Steps from ``img`` and ``gt_label`` to what
            the model eats.
        test_mode (bool): As in mmengine.
        lazy_init (bool): Whether to read nothing until the first use.

    Example:
        >>> images = np.zeros((4, 8, 8, 3), np.uint8)
        >>> dataset = ArrayDataset(images, labels=[0, 1, 1, 0])
        >>> len(dataset), dataset[2]['img'].shape, dataset[2]['gt_label']
        (4, (8, 8, 3), 1)
        >>> dataset.fetch([0, 3])['gt_label']
        array([0, 0])
    """

    def __init__(
        self,
        images: Union[str, Path, ArrayLike],
        labels: Union[str, Path, Sequence[int], ArrayLike, None] = None,
        split: Optional[str] = None,
        images_key: Optional[str] = None,
        labels_key: Optional[str] = None,
        data_root: str = '',
        classes: Optional[Sequence[str]] = None,
        metainfo: Optional[dict] = None,
        indices: Union[int, Sequence[int], None] = None,
        pipeline: Sequence[Any] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        self._source = images, labels
        self._keys = split, images_key, labels_key
        self.images: torch.Tensor
        self.labels: Optional[torch.Tensor]
        self.rows: torch.Tensor
        if classes is not None:
            metainfo = {'classes': tuple(classes), **(metainfo or {})}
        super().__init__(
            ann_file='',
            metainfo=metainfo,
            data_root=data_root,
            indices=indices,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def full_init(self) -> None:
        """Read the arrays and check that they fit together."""
        if self._fully_initialized:
            return
        images, labels, classes = self.load_arrays()
        self.images = checked_images(images)
        self.labels = checked_labels(labels, self.images)
        self._name_classes(classes)
        self.rows = torch.arange(len(self.images))
        self._fully_initialized = True
        if self._indices is not None:
            self.get_subset_(self._indices)

    def load_arrays(self) -> tuple[Any, Any, Optional[Sequence[str]]]:
        """Images, labels and class names, unchecked; subclasses may draw them.

        Returns:
            tuple: (N, H, W, C) images, (N, ) labels or None, names or None.
        """
        images, labels = self._source
        split, images_key, labels_key = self._keys
        root = Path(self.data_root or '')
        if isinstance(labels, (str, Path)):
            labels = read_npy(root / labels)
        if not isinstance(images, (str, Path)):
            if split or images_key or labels_key:
                raise InputError(
                    'split, images_key and labels_key choose among the arrays '
                    'of an .npz file, but the images were given as an array.'
                )
            return images, labels, None
        path = root / images
        if path.suffix == '.npy':
            return read_npy(path), labels, None
        if path.suffix != '.npz':
            raise InputError(
                f'{path} is neither an .npz file with images and labels nor '
                'an .npy file with images.'
            )
        arrays = read_npz(path)
        images = find_array(arrays, images_key, IMAGE_NAMES, split, path)
        if labels is None:
            # One number for each image may well be labels of another name.
            n = len(images)
            alike = any(a.shape in ((n,), (n, 1)) for a in arrays.values())
            labels = find_array(
                arrays, labels_key, LABEL_NAMES, split, path, not alike
            )
        classes = arrays.get('classes')
        return images, labels, None if classes is None else classes.tolist()

    def _name_classes(self, classes: Optional[Sequence[str]]) -> None:
        if self.labels is None:
            return
        most = int(self.labels.max())
        if 'classes' not in self._metainfo:
            names = classes or map(str, range(most + 1))
            self._metainfo['classes'] = tuple(names)
        names = self._metainfo['classes']
        if most >= len(names):
            raise InputError(
                f'The labels go up to {most}, but there are only {len(names)} '
                f'classes: {", ".join(map(str, names))}.'
            )

    @property
    def CLASSES(self) -> Optional[tuple[str, ...]]:
        """Names of the classes, as mmpretrain's tools ask for them."""
        return self._metainfo.get('classes')

    @force_full_init
    def __len__(self) -> int:
        return len(self.rows)

    @force_full_init
    def fetch(self, indices: Sequence[int]) -> dict[str, Any]:
        """Gather a stacked batch, before any step of the pipeline.

        Args:
            indices (Sequence[int]): Positions in this set, B of them.

        Returns:
            dict: ``img`` (B, H, W, C) uint8, a copy that may be written to;
            ``gt_label`` (B, ), where there are labels; ``sample_idx`` (B, ).
        """
        positions = self._positions(indices)
        rows = self.rows[positions]
        batch = {'img': self.images[rows].numpy()}
        if self.labels is not None:
            batch['gt_label'] = self.labels[rows].numpy()
        batch['sample_idx'] = positions.numpy()
        return batch

    def _positions(self, indices: Sequence[int]) -> torch.Tensor:
        positions = torch.as_tensor(indices, dtype=torch.long)
        positions = torch.where(
            positions < 0, positions + len(self), positions
        )
        if ((positions < 0) | (positions >= len(self))).any():
            raise IndexError(f'{indices} leaves the {len(self)} images.')
        return positions

    def get_data_info(self, idx: int) -> dict:
        """One sample, before any step of the pipeline."""
        return self._samples(self.fetch([idx]))[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Samples of a whole batch; torch's loader prefers this."""
        batch = self.fetch(indices)
        steps = list(self.pipeline.transforms)
        while steps and hasattr(steps[0], 'transform_batch'):
            batch = steps.pop(0).transform_batch(batch)
        samples = self._samples(batch)
        if len(steps) == 1 and can_pack(steps[0], batch):
            return pack(steps[0], batch['img'], samples)
        for step in steps:
            samples = [s if s is None else step(s) for s in samples]
        return [
            self[i] if sample is None else sample
            for i, sample in zip(indices, samples)
        ]

    def _samples(self, batch: dict[str, Any]) -> list[dict]:
        if 'gt_label' in batch:
            batch['gt_label'] = np.asarray(batch['gt_label']).tolist()
        batch['sample_idx'] = np.asarray(batch['sample_idx']).tolist()
        names = list(batch)
        samples = [dict(zip(names, row)) for row in zip(*batch.values())]
        if 'img' in batch:
            shape = tuple(batch['img'].shape[1:3])
            for sample in samples:
                sample['ori_shape'] = sample['img_shape'] = shape
        return samples

    def get_cat_ids(self, idx: int) -> list[int]:
        """Class of one sample, as samplers that balance classes ask."""
        return [int(self._given_labels()[self.rows[idx]])]

    def get_gt_labels(self) -> np.ndarray:
        """Labels (N, ) of the whole set."""
        return self._given_labels()[self.rows].numpy()

    @force_full_init
    def _given_labels(self) -> torch.Tensor:
        if self.labels is None:
            raise InputError('This ArrayDataset was given no labels.')
        return self.labels

    @force_full_init
    def get_subset_(self, indices: Union[int, Sequence[int]]) -> None:
        """Keep the first few samples (the last, if negative), or these."""
        if isinstance(indices, int):
            kept = self.rows[:indices] if indices >= 0 else self.rows[indices:]
        else:
            try:
                kept = self.rows[self._positions(indices)]
            except IndexError as e:
                raise InputError(f'indices: {e}') from e
        if not len(kept):
            raise InputError(f'indices={indices} leaves no image at all.')
        self.rows = kept

    @force_full_init
    def get_subset(self, indices: Union[int, Sequence[int]]) -> 'ArrayDataset':
        """New set of some samples that shares the images of this one."""
        other = copy(self)
        other.get_subset_(indices)
        return other
