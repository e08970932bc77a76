"""Before the first batch: do the grid, the patches and the head agree?"""

from typing import Any, Iterator

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmchanpos.datasets.transforms import PlaceOnGrid
from mmchanpos.engine.nested import leaves
from mmchanpos.errors import InputError
from mmchanpos.latent import unwrap
from mmchanpos.registry import HOOKS


@HOOKS.register_module()
class GridCheckHook(Hook):
    """Refuse a config whose head or preprocessor does not fit its grid.

    A head for locations needs n * n logits, one for objects as many as there
    are classes; a patch has to fit into its cell; and the mean canvas is 0
    only for the mean that the data preprocessor subtracts.

    Example config:
        ``custom_hooks = [dict(type='mmchanpos.GridCheckHook')]``
    """

    def before_train(self, runner: Runner) -> None:
        """Check the training and the validation set."""
        self._check(runner, runner.train_dataloader.dataset)
        if runner.val_loop is not None:
            self._check(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Check the test set."""
        self._check(runner, runner.test_dataloader.dataset)

    def _check(self, runner: Runner, dataset: Any) -> None:
        model = unwrap(runner.model)
        for part, place in placements(dataset):
            sample = part.get_data_info(0)
            if 'img' in sample:
                place.check(sample['img'].shape)
            _check_head(model, place, part.metainfo.get('classes'))
            _check_mean(model, place)


def placements(dataset: Any) -> Iterator[tuple[Any, PlaceOnGrid]]:
    """Data sets inside wrappers, with the step that places their images."""
    for part in leaves(dataset):
        pipeline = getattr(part, 'pipeline', None)
        for step in getattr(pipeline, 'transforms', ()):
            if isinstance(step, PlaceOnGrid):
                yield part, step


def _check_head(model: nn.Module, place: PlaceOnGrid, classes: Any) -> None:
    """Refuse a head with another number of logits than there are targets."""
    logits = getattr(getattr(model, 'head', None), 'num_classes', None)
    wanted, what = place.num_classes, f'{place.grid}x{place.grid} cells'
    if wanted is None:
        wanted, what = len(classes or ()) or None, 'classes'
    if None in (logits, wanted) or logits == wanted:
        return
    raise InputError(
        f'the head has num_classes={logits}, but there are {wanted} targets '
        f'({what}, task="{place.task}"): set model.head.num_classes={wanted}, '
        'or grid and task of PlaceOnGrid to match.'
    )


def _check_mean(model: nn.Module, place: PlaceOnGrid) -> None:
    """Refuse a mean canvas that would not be 0 for the model."""
    mean = getattr(getattr(model, 'data_preprocessor', None), 'mean', None)
    if place.canvas != 'mean' or mean is None:
        return
    subtracted = mean.flatten().tolist()
    if subtracted != place.mean.tolist():
        raise InputError(
            f'the canvas is filled with {place.mean.tolist()}, but the data '
            f'preprocessor subtracts {subtracted}: give both the same mean.'
        )
