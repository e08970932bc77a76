"""Registries of mmchanpos, children of those of mmengine.

``type='mmchanpos.X'`` in any host's config leads here: mmengine imports this
module, then the ``locations`` of the one registry it looks in, and no other.
A location that needs a host is listed only where that host is installed, so a
user of mmsegmentation alone never meets an import of mmdetection; a host that
is installed but broken still shows its own, true exception.
"""

from importlib.util import find_spec

from mmengine import registry
from mmengine.registry import Registry

from .compat import repair

repair()


def _child(name: str, **locations: list[str]) -> Registry:
    """A registry below mmengine's; its modules, by the host that they need."""
    parent = getattr(registry, name)
    found = [
        f'mmchanpos.{module}'
        for host, modules in locations.items()
        if find_spec(host)
        for module in modules
    ]
    return Registry(parent.name, parent=parent, locations=found)


#: What a config names under ``custom_hooks``.
HOOKS = _child('HOOKS', mmengine=['engine.hooks'])
#: What ``train_cfg``, ``val_cfg`` and ``test_cfg`` name.
LOOPS = _child('LOOPS', mmengine=['engine.loops'])
#: Backbones, necks, heads, losses, whole models, data preprocessors.
MODELS = _child(
    'MODELS',
    mmengine=[
        'models.necks',
        'models.losses',
        'models.backbones',
        'models.readouts',
    ],
    mmpretrain=[
        'models.classifiers',
        'models.backbones.grid_resnet',
        'models.backbones.nin',
        'models.heads.gap_head',
    ],
    mmseg=['models.heads.project_aspp_head'],
    mmdet=['models.detectors'],
)
#: How a model is spread over processes.
MODEL_WRAPPERS = _child('MODEL_WRAPPERS', mmengine=['models.wrappers'])
#: Data sets, built-in ones included.
DATASETS = _child(
    'DATASETS',
    mmengine=['datasets'],
    mmseg=['datasets.camvid'],
    mmdet=['datasets.citypersons'],
)
#: Steps of a data pipeline.
TRANSFORMS = _child(
    'TRANSFORMS',
    mmengine=['datasets.transforms'],
    mmdet=['datasets.transforms.csp_augment'],
)
#: What an evaluator computes.
METRICS = _child(
    'METRICS',
    mmengine=['evaluation'],
    mmpretrain=['evaluation.hits'],
    mmseg=['evaluation.region_iou'],
)
