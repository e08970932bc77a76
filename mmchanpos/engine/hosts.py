"""All that is known of host packages: their names, and how their models look.

Nothing below this room knows them; it gets from here, as an argument, which
output a head reads and how an image is called in a list.
"""

import re
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Dict, List, Optional, Tuple

import torch
from mmengine.config import Config, ConfigDict
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent.deltas import plain_stem
from mmchanpos.latent.tap import Output, Tap, unwrap
from mmchanpos.shift import Boxes

_TORCH = 'pip install torch==2.9.1 torchvision==0.24.1'


@dataclass(frozen=True)
class Package:
    """A package that ours stands on.

    Args:
        module (str): Name to import.
        install (str): Command that installs the version tested with.
        distributions (tuple of str): Names it may be installed under: its
            own, then those of forks. Defaults to the module's.
        needed (bool): Whether mmchanpos cannot do without. Defaults to True.
        extra (str): Our extra that brings it, if it is a host.
    """

    module: str
    install: str
    distributions: Tuple[str, ...] = ()
    needed: bool = True
    extra: str = ''

    @property
    def distribution(self) -> Optional[str]:
        """The name it is installed under, None where it is not."""
        for name in self.distributions or (self.module,):
            try:
                version(name)
            except PackageNotFoundError:
                continue
            return name
        return None

    @property
    def version(self) -> Optional[str]:
        """Its version, and the name of a fork; None where it is missing."""
        name = self.distribution
        if name is None:
            return None
        fork = name not in (self.module, *self.distributions[:1])
        return version(name) + (f' ({name})' if fork else '')


PACKAGES = {
    package.module: package
    for package in (
        Package('torch', _TORCH),
        Package('torchvision', _TORCH, needed=False),
        Package('numpy', 'pip install numpy'),
        Package(
            'mmengine',
            'pip install mmengine==0.10.7',
            ('mmengine', 'onedl-mmengine'),
        ),
        Package(
            'mmcv',
            "pip install 'setuptools<81' wheel ninja psutil && "
            'pip install mmcv==2.1.0 --no-build-isolation --no-deps',
            ('mmcv', 'onedl-mmcv', 'mmcv-lite'),
        ),
        Package(
            'mmpretrain',
            'pip install mmpretrain==1.2.0',
            ('mmpretrain', 'onedl-mmpretrain'),
            False,
            'cls',
        ),
        Package(
            'mmseg',
            'pip install mmsegmentation==1.2.2 ftfy regex',
            ('mmsegmentation', 'onedl-mmsegmentation'),
            False,
            'seg',
        ),
        Package(
            'mmdet',
            'pip install mmdet==3.3.0',
            ('mmdet', 'onedl-mmdetection'),
            False,
            'det',
        ),
    )
}
#: Host, and what to install for it.
HOSTS = {
    package.module: f'mmchanpos[{package.extra}]'
    for package in PACKAGES.values()
    if package.extra
}


def versions() -> Dict[str, str]:
    """Version of every package, and of which fork, by import name."""
    return {
        name: package.version or 'not installed'
        for name, package in PACKAGES.items()
    }


#: Attributes by which a detector is told: its heads read every level.
_DETECTOR_HEADS = ('rpn_head', 'roi_head', 'bbox_head', 'mask_head')


def tap_of(spec: Any, model: nn.Module) -> Tap:
    """The tap that is meant, with the output that the model's head reads.

    Args:
        spec (Tap, str or dict): A tap as a config gives it. An output that
            it names is kept.
        model (nn.Module): The model, wrapped or not.

    Returns:
        Tap: Its output stays None where the head reads the last one.
    """
    tap = Tap.of(spec)
    if tap.output is not None:
        return tap
    return replace(tap, output=_read_by_head(unwrap(model), tap.path))


def usual_tap(model: nn.Module) -> Tap:
    """The tap that the paper would use: what the head of the model reads.

    That is the neck of a segmentor or detector that has one, and else the
    backbone; the neck of a classifier only pools. Its output is for
    :func:`tap_of` to find.
    """
    model = unwrap(model)
    dense = ('decode_head', *_DETECTOR_HEADS)
    if _has(model, 'neck') and any(_has(model, name) for name in dense):
        return Tap('neck')
    if _has(model, 'backbone'):
        return Tap('backbone')
    children = [name for name, _ in model.named_children()]
    raise InputError(
        f'{type(model).__name__} has no backbone to tap; name one of its '
        f'modules: {", ".join(children)}.'
    )


def predicts(model: Any) -> str:
    """What a model says of an image.

    Args:
        model (nn.Module or dict): A model, wrapped or not, or its config.

    Returns:
        str: ``maps`` of classes, ``boxes``, or ``labels``.
    """
    if isinstance(model, nn.Module):
        model = unwrap(model)
    if _has(model, 'decode_head'):
        return 'maps'
    boxes = any(_has(model, name) for name in _DETECTOR_HEADS)
    return 'boxes' if boxes else 'labels'


def map_classes(model: nn.Module) -> Tuple[int, int]:
    """How many classes a segmentor tells, and what truth it ignores."""
    head = unwrap(model).decode_head
    if isinstance(head, nn.ModuleList):
        head = head[-1]
    # A head of one output tells two classes by a threshold.
    return max(head.num_classes, 2), getattr(head, 'ignore_index', 255)


def as_whole(sample: Any, height: int, width: int) -> Any:
    """A sample without truth whose prediction comes at the input's own size.

    Args:
        sample (BaseDataElement): Of an image; it is not changed.
        height (int): Of the input, before it is padded.
        width (int): Of the input.
    """
    fresh = type(sample)(metainfo=dict(sample.metainfo))
    size = (height, width)
    fresh.set_metainfo(
        dict(ori_shape=size, img_shape=size, scale_factor=(1.0, 1.0))
    )
    return fresh


def is_whole(sample: Any, height: int, width: int) -> bool:
    """Whether a prediction comes at the size of the input anyway."""
    return tuple(sample.metainfo.get('ori_shape', ())[:2]) == (height, width)


def predicted(sample: Any) -> Any:
    """Classes of pixels (H, W), or a detector's :class:`Boxes`."""
    if 'pred_sem_seg' in sample:
        return sample.pred_sem_seg.data[0].long()
    found = sample.pred_instances
    return Boxes(
        *(
            found[name].detach().cpu().numpy()
            for name in ('bboxes', 'scores', 'labels')
        ),
        size=tuple(sample.metainfo['ori_shape'][:2]),
    )


def _has(model: Any, name: str) -> bool:
    if isinstance(model, dict):
        return model.get(name) is not None
    return getattr(model, name, None) is not None


def _read_by_head(model: nn.Module, path: str) -> Output:
    if path != ('neck' if _has(model, 'neck') else 'backbone'):
        return None
    head = getattr(model, 'decode_head', None)
    if isinstance(head, nn.ModuleList) and len(head):
        head = head[0]
    index = getattr(head, 'in_index', None)
    if isinstance(index, (list, tuple)):
        return tuple(index)
    if isinstance(index, int):
        return None if index == -1 else index
    if any(_has(model, name) for name in _DETECTOR_HEADS):
        return 'all'
    return None


def image_stem(name: str) -> str:
    """Name of an image in lists, whatever folder and suffix a set gives it.

    Example:
        >>> image_stem('val/lindau/lindau_000003_000019_leftImg8bit.png')
        'lindau_000003_000019'
    """
    return re.sub(
        r'_(leftImg8bit|gtFine_labelTrainIds|gtFine)$', '', plain_stem(name)
    )


#: What merges the predictions of augmented images where a config does not say.
TTA_MODELS = {
    'mmpretrain': dict(type='mmpretrain.AverageClsScoreTTA'),
    'mmdet': dict(
        type='mmdet.DetTTAModel',
        tta_cfg=dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=100),
    ),
}


def flip_pipeline(pipeline: List[dict], scope: str) -> List[dict]:
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
