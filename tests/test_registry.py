import subprocess
import sys

import pytest
from mmengine.config import Config
from mmengine.registry import HOOKS, LOOPS, MODEL_WRAPPERS

from mmchanpos import registry


@pytest.mark.parametrize(
    ('root', 'name'),
    [
        (HOOKS, 'mmchanpos.CheckpointGuardHook'),
        (HOOKS, 'mmchanpos.ChannelZeroingHook'),
        (MODEL_WRAPPERS, 'mmchanpos.CPUDistributedDataParallel'),
    ],
)
def test_a_prefixed_type_is_found_from_mmengine(root, name):
    assert root.get(name).__name__ == name.split('.')[1]


def test_a_hook_alone_imports_no_host():
    code = (
        'import sys\n'
        'from mmengine.registry import HOOKS\n'
        'HOOKS.get("mmchanpos.ChannelZeroingHook")\n'
        'print({"mmseg", "mmdet", "mmpretrain"} & set(sys.modules))'
    )
    out = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert out.stdout.strip() == 'set()', out.stderr


def test_every_location_imports_and_every_node_has_the_scope():
    nodes = [
        node
        for node in vars(registry).values()
        if isinstance(node, registry.Registry) and node.scope == 'mmchanpos'
    ]
    assert len(nodes) == 7
    for node in nodes:
        node.import_from_location()
    assert LOOPS.get('mmchanpos.Missing') is None


def test_our_configs_are_a_base_for_others(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("_base_ = 'mmchanpos::_base_/default_runtime.py'")
    assert Config.fromfile(str(path)).log_level == 'INFO'
