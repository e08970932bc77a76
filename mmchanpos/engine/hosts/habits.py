"""What the tools of hosts do by themselves, each in its own way."""

from copy import deepcopy
from typing import Optional

import torch
from mmengine.config import Config, ConfigDict

from mmchanpos.errors import InputError

#: What merges the predictions of augmented images where a config does not say.
TTA_MODELS = {
    'mmpretrain': dict(type='mmpretrain.AverageClsScoreTTA'),
    'mmdet': dict(
        type='mmdet.DetTTAModel',
        tta_cfg=dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=100),
    ),
}


def flip_pipeline(pipeline: list[dict], scope: str) -> list[dict]:
    """Image and mirror image, as the tools of a host test with by default."""
    *steps, pack = deepcopy(pipeline)
    if scope == 'mmdet':
        keys = ('img_id', 'img_path', 'ori_shape', 'img_shape')
        keys += ('scale_factor', 'flip', 'flip_direction')
        before = pack.get('meta_keys', keys)
        pack['meta_keys'] = tuple(dict.fromkeys((*before, *keys)))
    flips = [dict(type='RandomFlip', prob=prob) for prob in (1.0, 0.0)]
    return [*steps, dict(type='TestTimeAug', transforms=[flips, [pack]])]


def load_as_usual(loader: ConfigDict, scope: Optional[str]) -> None:
    """Set what the tools of a host set in a loader: stacked images, say."""
    if scope == 'mmpretrain':
        loader.setdefault('collate_fn', dict(type='default_collate'))
        loader.setdefault('pin_memory', torch.cuda.is_available())
        workers = loader.get('num_workers', 0)
        loader.setdefault('persistent_workers', workers > 0)


def draw_into(cfg: Config, folder: str) -> None:
    """Let pictures of predictions be drawn, which each host calls its way."""
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None or not cfg.get('visualizer'):
        raise InputError(
            '--show-dir needs a visualizer and default_hooks.visualization '
            'in the config; it has none.'
        )
    if cfg.get('default_scope') == 'mmpretrain':
        hook.update(enable=True, out_dir=folder)
    elif cfg.get('default_scope') == 'mmdet':
        hook.update(draw=True, test_out_dir=folder)
    else:
        hook.update(draw=True)
        cfg.visualizer['save_dir'] = folder
