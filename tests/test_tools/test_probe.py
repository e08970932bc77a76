import json

import pytest

from mmchanpos.errors import InputError
from mmchanpos.testing.grid import tiny_grid
from tests.conftest import tool


def test_the_tool_writes_table_figure_and_json(tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work').dump(path)
    words = '--baselines', 'shuffled', '--epochs', 1
    done = tool('probe.py', path, '--work-dir', tmp_path / 'out', *words)
    assert done.returncode == 0, done.stderr[-3000:]
    folder = tmp_path / 'out' / 'probe'
    result = json.loads((folder / 'probe.json').read_text())
    assert {row['net'] for row in result['rows']} == {'random', 'shuffled'}
    assert (folder / 'accuracy-by-layer.png').stat().st_size > 1000
    assert 'GAPNet, untrained net' in (folder / 'results.md').read_text()


def test_a_missing_layer_is_told(call_tool, tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work').dump(path)
    message = 'no module "backbone.layer9".*"backbone.layer[123]"'
    with pytest.raises(InputError, match=message):
        call_tool('probe.py', path, '--layers', 'backbone.layer9')
