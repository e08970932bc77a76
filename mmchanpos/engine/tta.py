"""Test-time augmentation, with the defaults of each host."""

from mmengine.config import Config, ConfigDict
from mmengine.model import BaseTTAModel
from torch import nn

from mmchanpos.errors import InputError

from .hosts import TTA_MODELS, flip_pipeline
from .nested import leaves


def apply_tta(cfg: Config) -> None:
    """Change a config so that it tests with augmentation.

    ``tta_model`` and ``tta_pipeline`` of the config are used where it has
    them; else image and mirror image, as the hosts' own tools do.
    """
    scope = cfg.get('default_scope')
    model = cfg.get('tta_model') or TTA_MODELS.get(scope)
    pipeline = cfg.get('tta_pipeline')
    if model is None or (pipeline is None and scope not in TTA_MODELS):
        raise InputError(
            '--tta needs tta_model and tta_pipeline in the config: there is '
            f'no default for the scope "{scope}".'
        )
    cfg.model = ConfigDict(**model, module=cfg.model)
    for dataset in leaves(cfg.test_dataloader.dataset):
        # Sets that are joined may be read in their own ways.
        dataset.pipeline = pipeline or flip_pipeline(dataset.pipeline, scope)


def is_augmented(model: nn.Module) -> bool:
    """Whether a model, wrapped or not, merges augmented images."""
    while model is not None:
        if isinstance(model, BaseTTAModel):
            return True
        model = getattr(model, 'module', None)
    return False
