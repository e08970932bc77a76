"""Registries of mmchanpos, children of those of mmengine.

``type='mmchanpos.X'`` in any host's config leads here: mmengine imports this
module, then the ``locations`` of the one registry it looks in, and no other.
A location that needs a host is listed only where that host is installed, so a
user of mmsegmentation alone never meets an import of mmdetection; a host that
is installed but broken still shows its own, true exception.
"""

from importlib.util import find_spec

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

from .compat import repair

repair()


def _with(host: str, *modules: str) -> list[str]:
    return list(modules) if find_spec(host) else []


#: What a config names under ``custom_hooks``.
HOOKS = Registry(
    'hook', parent=MMENGINE_HOOKS, locations=['mmchanpos.engine.hooks']
)
#: What ``train_cfg``, ``val_cfg`` and ``test_cfg`` name.
LOOPS = Registry(
    'loop', parent=MMENGINE_LOOPS, locations=['mmchanpos.engine.loops']
)
#: Backbones, necks, heads, losses, whole models, data preprocessors.
MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    locations=[
        'mmchanpos.models.necks',
        'mmchanpos.models.losses',
        'mmchanpos.models.backbones',
        'mmchanpos.models.readouts',
        *_with(
            'mmpretrain',
            'mmchanpos.models.classifiers',
            'mmchanpos.models.backbones.grid_resnet',
            'mmchanpos.models.backbones.nin',
            'mmchanpos.models.heads.gap_head',
        ),
        *_with('mmseg', 'mmchanpos.models.heads.project_aspp_head'),
        *_with('mmdet', 'mmchanpos.models.detectors'),
    ],
)
#: How a model is spread over processes.
MODEL_WRAPPERS = Registry(
    'model_wrapper',
    parent=MMENGINE_MODEL_WRAPPERS,
    locations=['mmchanpos.models.wrappers'],
)
#: Data sets, built-in ones included.
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    locations=[
        'mmchanpos.datasets',
        *_with('mmseg', 'mmchanpos.datasets.camvid'),
        *_with('mmdet', 'mmchanpos.datasets.citypersons'),
    ],
)
#: Steps of a data pipeline.
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    locations=[
        'mmchanpos.datasets.transforms',
        *_with('mmdet', 'mmchanpos.datasets.transforms.csp_augment'),
    ],
)
#: What an evaluator computes.
METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    locations=[
        'mmchanpos.evaluation',
        *_with('mmpretrain', 'mmchanpos.evaluation.hits'),
        *_with('mmseg', 'mmchanpos.evaluation.region_iou'),
    ],
)
