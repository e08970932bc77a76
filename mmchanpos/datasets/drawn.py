"""What data sets that draw their images have in common."""

from typing import Any, Optional, Sequence, Union

from .array_dataset import ArrayDataset


class Drawn(ArrayDataset):
    """Images that are drawn when the set is built: no file can be named.

    Args:
        classes, metainfo, indices, pipeline, test_mode, lazy_init: Of
            :class:`ArrayDataset`.
    """

    def __init__(
        self,
        classes: Optional[Sequence[str]] = None,
        metainfo: Optional[dict] = None,
        indices: Union[int, Sequence[int], None] = None,
        pipeline: Sequence[Any] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
    ) -> None:
        super().__init__(
            (),
            classes=classes,
            metainfo=metainfo,
            indices=indices,
            pipeline=pipeline,
            test_mode=test_mode,
            lazy_init=lazy_init,
        )
