"""Rank, sweep and report through the tools, on all hosts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from PIL import Image

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.latent import load_rankings
from mmchanpos.testing.segmentor import write_tiny
from tests.conftest import tool


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    # Of eight images one has people on the left only, one on the right.
    return write_tiny(tmp_path_factory.mktemp('tiny'), images=8)


def attacked(out):
    """What a sweep wrote, beside a page that fetches nothing."""
    sweep = json.loads((out / 'sweep/sweep.json').read_text())
    page = (out / 'report.html').read_text()
    assert 'http://' not in page.replace('http://www.w3.org', '')
    return sweep


def test_one_command_ranks_sweeps_and_reports(tiny, call_tool, tmp_path):
    data = tiny[0].parent / 'streets'
    words = (
        *('--sides', data / 'annotations/anno_val.mat'),
        *('--tops', '2', '8', '--windows', '0-4', '4-8', '--random', '2'),
        *('--matched', '1', '--kinds', 'overall', 'contrast'),
    )
    words = *tiny, '--out', tmp_path, *words
    result = tool('attack.py', *words)
    assert result.returncode == 0, result.stderr[-2000:]
    sweep = attacked(tmp_path)
    kinds = {row['kind'] for row in sweep['rows']}
    assert kinds == {'none', 'overall', 'contrast', 'random', 'matched'}
    assert list(sweep['rows'][0]['scores']) == [
        'overall',
        'left',
        'center',
        'right',
    ]
    assert 'switched off' in result.stdout
    written = {path.name for path in tmp_path.rglob('*') if path.is_file()}
    assert {'ranking.json', 'deltas.npz', 'sweep.npz', 'results.md'} <= written
    assert 'is there already' in call_tool('attack.py', *words)
    assert attacked(tmp_path) == sweep


@pytest.mark.parametrize('value', ['mean', 'optimal', 'relocate'])
def test_channels_are_replaced_by_what_is_asked_for(
    tiny, call_tool, tmp_path, value
):
    words = '--tops', 2, '--random', 1, '--matched', 1, '--value', value
    call_tool('attack.py', *tiny, '--out', tmp_path, *words)
    rows = attacked(tmp_path)['rows']
    assert {row.get('value', 'zero') for row in rows[1:]} == {value}
    overall, *_ = load_rankings(tmp_path / 'rank/ranking.json')
    assert (overall.optimal is None) == (value != 'optimal')


def test_an_untouched_config_of_mmsegmentation(tiny, call_tool, tmp_path):
    name = 'mmseg::fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py'
    cfg = load_config(name)
    init_default_scope('mmseg')
    checkpoint = tmp_path / 'random.pth'
    model = MODELS.build(cfg.model)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    call_tool(
        *('attack.py', name, checkpoint, '--out', tmp_path / 'out'),
        *('--images', 1, '--random', 1, '--matched', 0, '--tops', 10),
        *('--data-root', tiny[0].parent / 'streets'),
        *('--work-dir', tmp_path / 'work'),
    )
    sweep = attacked(tmp_path / 'out')
    assert len(sweep['rows']) == 3
    assert sweep['metric'] == 'mIoU'
    assert len(sweep['images']) == 1


def test_zones_are_swept_and_reported(tiny, call_tool, tmp_path):
    words = *tiny, '--out', tmp_path, '--tops', 4, 12, '--zones'
    call_tool('attack.py', *words, '--random', 2, '--matched', 2)
    sweep = attacked(tmp_path)
    rings = [f'z{i}{i + 1}' for i in range(5)]
    assert list(sweep['rows'][0]['scores']) == ['overall', *rings]
    for row in sweep['rows']:
        variance = np.var([row['scores'][ring] for ring in rings])
        assert row['metrics']['zone_variance'] == pytest.approx(variance)
    # Rings make up the image, so their pixels make up those of the whole.
    areas = np.load(tmp_path / 'sweep/sweep.npz')['areas']
    assert np.array_equal(areas[:, :, 0], areas[:, :, 1:].sum(2))
    page = (tmp_path / 'report.html').read_text()
    assert 'Do zones of the image suffer alike?' in page
    with pytest.raises(InputError, match='exclude each other'):
        call_tool('attack.py', *words, '--regions', 'left')


def test_a_classifier_is_attacked_by_top_1(tiny_run, call_tool, tmp_path):
    words = *tiny_run, '--out', tmp_path, '--tops', 1, 4, 8
    call_tool('attack.py', *words, '--random', 2, '--matched', 2)
    sweep = attacked(tmp_path)
    assert sweep['metric'] == 'Top-1'
    values = np.load(tmp_path / 'sweep/sweep.npz')['values']
    assert values.shape == (len(sweep['rows']), 31, 1)
    scores = [row['scores']['overall'] for row in sweep['rows']]
    np.testing.assert_allclose(values.mean((1, 2)), scores, atol=1e-4)
    assert scores[0] > min(scores)


def test_rank_channels_takes_several_taps(tiny, call_tool, tmp_path):
    call_tool(
        *('rank_channels.py', *tiny, '--out', tmp_path, '--taps'),
        *('backbone.layer2', 'backbone', '--kernel-flip', '--draws', 20),
    )
    rankings = load_rankings(tmp_path / 'backbone.layer2/ranking.json')
    assert {r.channels for r in rankings} == {16}
    assert 'kernel_flip_pair' in {r.kind for r in rankings}


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['--tops', '999'], 'has 32 channels'),
        (['--tap', 'bakbone'], 'Did you mean "backbone"'),
        (['--windows', '10-99'], '32 channels'),
        (['--kinds', 'shift'], 'no ranking "shift"'),
        (['--regions', 'lef'], 'Did you mean "left"'),
        (['--data-root', 'nowhere'], 'does not exist'),
        (['--sides', 'zebra'], 'no class "zebra"'),
        (['--left', 'nowhere.txt'], 'does not exist'),
    ],
)
def test_what_a_user_can_get_wrong(tiny, call_tool, tmp_path, words, message):
    words = [*words, '--images', '2']
    with pytest.raises(InputError, match=message):
        call_tool('attack.py', *tiny, '--out', tmp_path, *words)
    assert not list(tmp_path.iterdir())


QUICK = '--tops', 4, '--random', 1, '--matched', 0


def scores(out):
    rows = json.loads((out / 'sweep/sweep.json').read_text())['rows']
    return [row['scores'] for row in rows]


@pytest.fixture(scope='module')
def made(tiny_run, tmp_path_factory):
    """What a quick attack on the tiny classifier leaves."""
    out = tmp_path_factory.mktemp('made') / 'a'
    tool('attack.py', *tiny_run, *QUICK, '--out', out).check_returncode()
    return out


def test_other_settings_give_other_numbers_in_the_same_folder(
    tiny_run, made, call_tool, tmp_path
):
    words = 'attack.py', *tiny_run, *QUICK
    shutil.copytree(made, tmp_path / 'a')
    other = '--cfg-options', 'data_preprocessor.mean=[250,0,0]'
    said = call_tool(*words, '--out', tmp_path / 'a', *other)
    assert 'starts anew: the settings changed' in said
    call_tool(*words, '--out', tmp_path / 'b', *other)
    assert scores(tmp_path / 'a') == scores(tmp_path / 'b')
    assert scores(tmp_path / 'a') != scores(made)


def test_other_images_and_labels_give_other_numbers(tiny, call_tool, tmp_path):
    root = tmp_path / 'streets'
    shutil.copytree(tiny[0].parent / 'streets', root)
    words = 'attack.py', *tiny, *QUICK, '--data-root', root
    call_tool(*words, '--out', tmp_path / 'a')
    assert 'already' in call_tool(*words, '--out', tmp_path / 'a')
    for file in root.glob('leftImg8bit/val/*/*.png'):
        Image.fromarray(np.asarray(Image.open(file))[:, ::-1]).save(file)
    said = call_tool(*words, '--out', tmp_path / 'a')
    assert 'starts anew: images or labels changed' in said
    call_tool(*words, '--out', tmp_path / 'b')
    assert scores(tmp_path / 'a') == scores(tmp_path / 'b')


def test_workers_and_logs_do_not_matter_and_fresh_does(
    tiny_run, made, call_tool, tmp_path
):
    shutil.copytree(made, tmp_path / 'a')
    words = 'attack.py', *tiny_run, *QUICK, '--out', tmp_path / 'a'
    logs = '--cfg-options', 'log_level=ERROR', 'test_dataloader.num_workers=1'
    said = call_tool(*words, *logs, '--work-dir', tmp_path / 'work')
    assert said.count('already') == 2
    before = scores(tmp_path / 'a')
    said = call_tool(*words, '--fresh')
    assert said.count('starts anew: --fresh was given') == 2
    assert scores(tmp_path / 'a') == before


@pytest.mark.parametrize('name', ['sweep.npz', 'rankings.json', 'sweep.json'])
@pytest.mark.parametrize('damage', ['missing', 'cut'])
def test_what_is_missing_or_damaged_is_made_anew(
    tiny_run, made, call_tool, tmp_path, name, damage
):
    out = tmp_path / 'a'
    shutil.copytree(made, out)
    words = 'attack.py', *tiny_run, *QUICK, '--out', out
    file = out / 'sweep' / name
    before = file.read_bytes()
    file.unlink() if damage == 'missing' else file.write_bytes(before[:40])
    call_tool(*words)
    if name.endswith('json'):
        assert file.read_bytes() == before
    assert (out / 'sweep/sweep.npz').is_file()


def test_a_folder_belongs_to_one_checkpoint(tiny_run, call_tool, tmp_path):
    config, checkpoint = tiny_run
    out = tmp_path / 'out'
    words = *QUICK, '--windows', '2-4', '--out', out
    call_tool('attack.py', config, checkpoint, *words)
    whole = {p: p.read_bytes() for p in out.rglob('*') if p.is_file()}
    other = checkpoint.parent / 'epoch_1.pth'
    words = 'attack.py', config, other, *QUICK, '--out', out
    with pytest.raises(InputError, match=r'another run(.|\n)*epoch_2.pth'):
        call_tool(*words)
    with pytest.raises(InputError, match='channels'):
        call_tool(*words, '--tops', 999, '--overwrite')
    files = {p: p.read_bytes() for p in out.rglob('*') if p.is_file()}
    assert files == whole
    mine = out / 'notes.txt'
    mine.write_text('of the user')
    assert 'taken over' in call_tool(*words, '--overwrite')
    anew = tmp_path / 'anew'
    call_tool(*words[:3], *QUICK, '--out', anew)
    assert scores(out) == scores(anew)
    names = {p.relative_to(out) for p in out.rglob('*')} - {Path('notes.txt')}
    assert names == {p.relative_to(anew) for p in anew.rglob('*')}
    assert mine.exists()


def test_a_foreign_checkpoint_is_refused(tiny, tmp_path):
    checkpoint = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'x': torch.zeros(1)}}, checkpoint)
    result = tool('attack.py', tiny[0], checkpoint, '--out', tmp_path / 'o')
    assert result.returncode == 2
    assert 'another architecture' in result.stderr
