import json

import cv2
import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.testing.toys import tiny_grid
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


def test_a_probe_is_done_once_until_something_changes(call_tool, tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work').dump(path)
    layer = 'backbone.layer1'
    words = 'probe.py', path, '--baselines', '--layers', layer, layer
    file = tmp_path / 'work/probe/probe.json'
    call_tool(*words, '--epochs', 1)
    first = file.read_bytes()
    assert json.loads(first)['layers'] == [layer]
    assert 'is there already' in call_tool(*words, '--epochs', 1)
    assert file.read_bytes() == first
    said = call_tool(*words, '--epochs', 2)
    assert 'starts anew: what was asked for changed' in said
    file.write_bytes(first[:-9])
    assert 'is not valid JSON' in call_tool(*words, '--epochs', 1)
    call_tool(*words, '--epochs', 1, '--fresh')
    rows = json.loads(file.read_text())['rows']
    assert rows == json.loads(first)['rows']


def test_another_image_of_a_folder_is_noticed(call_tool, tmp_path):
    path = tmp_path / 'tiny.py'
    cfg = tiny_grid(tmp_path / 'work')
    for i in range(4):
        file = tmp_path / 'images' / 'ab'[i % 2] / f'{i}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), np.full((8, 8, 3), 9 * i, np.uint8))
    for split in ('train', 'test'):
        loader = cfg[f'{split}_dataloader']
        load = dict(type='mmpretrain.LoadImageFromFile')
        loader.dataset = dict(
            type='mmpretrain.CustomDataset',
            data_root=str(file.parents[1]),
            pipeline=[load, *loader.dataset.pipeline],
        )
    cfg.dump(path)
    words = 'probe.py', path, '--epochs', 1, '--baselines'
    call_tool(*words)
    assert 'is there already' in call_tool(*words)
    cv2.imwrite(str(file), np.eye(8, dtype=np.uint8))
    assert 'images or labels changed' in call_tool(*words)


def test_the_data_can_be_told_apart_from_the_net(call_tool, tmp_path, capsys):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work').dump(path)
    grids = [
        f'{loader}_dataloader.dataset.pipeline.{step}.grid=2'
        for loader, step in (('train', 1), ('test', 0))
    ]
    words = '--epochs', 1, '--baselines', '--layers', 'backbone.layer1'
    call_tool('probe.py', path, *words, '--data-options', *grids)
    found = json.loads((tmp_path / 'work/probe/probe.json').read_text())
    assert (found['grid'], found['chance']) == (2, 25.0)
    # The config itself is its data, with what was changed of it.
    fewer = 'test_dataloader.dataset.num=30'
    words += '--cfg-options', fewer, '--data-options', *grids
    call_tool('probe.py', path, *words)
    found = json.loads((tmp_path / 'work/probe/probe.json').read_text())
    assert (found['grid'], found['images']) == (2, dict(train=40, test=30))
    lacking = '--data', path, '--data-options', 'train_dataloader=None'
    with pytest.raises(InputError, match='has no train_dataloader'):
        call_tool('probe.py', path, *lacking)
    with pytest.raises(SystemExit):
        call_tool('probe.py', path, *words, '--data-options', 'grid')
    assert '--data-options takes KEY=VALUE' in capsys.readouterr().err
