"""Test-time augmentation, with the defaults of each host."""

from copy import deepcopy

from mmengine.config import Config, ConfigDict
from mmengine.model import BaseTTAModel
from torch import nn

from mmchanpos.errors import InputError

#: What merges the predictions where a config does not say.
MODELS = {
    'mmpretrain': dict(type='mmpretrain.AverageClsScoreTTA'),
    'mmdet': dict(
        type='mmdet.DetTTAModel',
        tta_cfg=dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=100),
    ),
}


def apply_tta(cfg: Config) -> None:
    """Change a config so that it tests with augmentation.

    ``tta_model`` and ``tta_pipeline`` of the config are used where it has
    them; else image and mirror image, as the hosts' own tools do.

    Args:
        cfg (Config): Changed in place.
    """
    scope = cfg.get('default_scope')
    model = cfg.get('tta_model') or MODELS.get(scope)
    dataset = cfg.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    pipeline = cfg.get('tta_pipeline')
    if pipeline is None and scope in MODELS:
        pipeline = _flip_pipeline(dataset.pipeline, scope)
    if model is None or pipeline is None:
        raise InputError(
            '--tta needs tta_model and tta_pipeline in the config: there is '
            f'no default for the scope "{scope}".'
        )
    cfg.model = ConfigDict(**model, module=cfg.model)
    dataset.pipeline = pipeline


def _flip_pipeline(pipeline: list, scope: str) -> list:
    *steps, pack = deepcopy(pipeline)
    if scope == 'mmdet':
        keys = ('img_id', 'img_path', 'ori_shape', 'img_shape')
        keys += ('scale_factor', 'flip', 'flip_direction')
        pack.setdefault('meta_keys', keys)
        pack['meta_keys'] = tuple(dict.fromkeys((*pack['meta_keys'], *keys)))
    flips = [dict(type='RandomFlip', prob=prob) for prob in (1.0, 0.0)]
    return [*steps, dict(type='TestTimeAug', transforms=[flips, [pack]])]


def is_augmented(model: nn.Module) -> bool:
    """Whether a model, wrapped or not, merges augmented images.

    Args:
        model (nn.Module): As a runner holds it.
    """
    while model is not None:
        if isinstance(model, BaseTTAModel):
            return True
        model = getattr(model, 'module', None)
    return False
