"""CamVid for mmseg, with the eleven classes of SegNet."""

from typing import Any

from mmseg.datasets import BaseSegDataset

from mmchanpos.registry import DATASETS

_COLOURS = {
    'sky': [128, 128, 128],
    'building': [128, 0, 0],
    'pole': [192, 192, 128],
    'road': [128, 64, 128],
    'pavement': [60, 40, 222],
    'tree': [128, 128, 0],
    'sign': [192, 128, 128],
    'fence': [64, 64, 128],
    'car': [64, 0, 128],
    'pedestrian': [64, 64, 0],
    'bicyclist': [0, 128, 192],
}


@DATASETS.register_module()
class CamVidDataset(BaseSegDataset):
    """Road scenes of CamVid, 480 x 360, as SegNet's tutorial gives them.

    ``tools/dataset_converters/camvid.py`` makes the folders that the configs
    read, in which 255 stands for what has no class.

    Args:
        img_suffix (str): How the names of images end. Defaults to
            ``'.png'``.
        **kwargs: Of ``BaseSegDataset``.
    """

    METAINFO = dict(classes=tuple(_COLOURS), palette=list(_COLOURS.values()))

    def __init__(self, img_suffix: str = '.png', **kwargs: Any) -> None:
        super().__init__(img_suffix=img_suffix, **kwargs)
