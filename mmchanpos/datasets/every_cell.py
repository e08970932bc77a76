"""Every image in every cell of the grid, for tests without chance."""

from typing import Any, Union

from mmengine.dataset import BaseDataset

from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS

from .transforms import PlaceOnGrid


@DATASETS.register_module()
class EveryCell:
    """Repeat each image of a data set once per cell of its grid.

    Wraps any data set of mmengine whose pipeline has a
    :class:`~mmchanpos.datasets.transforms.PlaceOnGrid`; its ``where`` is
    overruled.

    Args:
        dataset (dict | BaseDataset): The data set.

    Example:
        >>> from mmchanpos.datasets import SyntheticObjects
        >>> place = dict(type='mmchanpos.PlaceOnGrid', grid=3, canvas='black')
        >>> inner = SyntheticObjects(num=2, size=8, pipeline=[place])
        >>> cells = EveryCell(inner)
        >>> len(cells), cells[4]['gt_label'], cells[9]['gt_label']
        (18, 4, 0)
    """

    def __init__(self, dataset: Union[dict, BaseDataset]) -> None:
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        self.dataset = dataset
        steps = dataset.pipeline.transforms
        places = [step for step in steps if isinstance(step, PlaceOnGrid)]
        if len(places) != 1:
            raise InputError(
                f'the pipeline has {len(places)} steps PlaceOnGrid, but one '
                'was wanted: it says how many cells there are.'
            )
        self.cells = places[0].grid ** 2

    @property
    def metainfo(self) -> dict:
        """Of the data set inside."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Read the data set inside."""
        self.dataset.full_init()

    def __len__(self) -> int:
        return len(self.dataset) * self.cells

    def __getitem__(self, index: int) -> Any:
        image, cell = divmod(range(len(self))[index], self.cells)
        sample = self.dataset.get_data_info(image)
        sample.update(location=cell, sample_idx=index)
        return self.dataset.pipeline(sample)
