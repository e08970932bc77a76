import os

import pytest
import torch

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import train
from mmchanpos.engine.resume import check_resumable, last_good
from mmchanpos.errors import InputError


def whole(**changed):
    content = dict(
        state_dict={'w': torch.ones(1)},
        meta=dict(epoch=1, iter=4),
        optimizer={},
        message_hub={},
    )
    return {**content, **changed}


def write(folder, name, content, age=0):
    torch.save(content, folder / name)
    os.utime(folder / name, (1e9 - age, 1e9 - age))
    return folder / name


def test_the_newest_whole_one_is_taken_and_the_others_are_named(
    tmp_path, capsys
):
    write(tmp_path, 'epoch_1.pth', whole(), age=2)
    good = write(tmp_path, 'epoch_2.pth', whole(), age=1)
    cut = write(tmp_path, 'epoch_3.pth', whole())
    write(tmp_path, 'best_accuracy_epoch_2.pth', {'w': torch.ones(1)})
    cut.write_bytes(cut.read_bytes()[:-200])
    # As mmengine writes it, also where the folder was moved since.
    (tmp_path / 'last_checkpoint').write_text('elsewhere/epoch_3.pth')
    assert last_good(str(tmp_path)) == str(good)
    said = capsys.readouterr().out
    assert 'passed over: checkpoint' in said
    assert 'epoch_3.pth cannot be read' in said
    assert 'best' not in said


def test_an_empty_folder_is_a_start_and_a_ruined_one_is_not(tmp_path, capsys):
    assert last_good(str(tmp_path / 'none')) is None
    assert 'starts anew' in capsys.readouterr().out
    (tmp_path / 'epoch_1.pth').write_bytes(b'')
    with pytest.raises(InputError, match=r'no checkpoint.*can be resumed'):
        last_good(str(tmp_path))


@pytest.mark.parametrize(
    'part', ['optimizer', 'message_hub', 'epoch', 'iter', 'meta']
)
def test_weights_alone_are_no_training(tmp_path, part):
    content = whole()
    (content if part in content else content['meta']).pop(part)
    path = write(tmp_path, 'epoch_1.pth', content)
    wanted = 'epoch, iter' if part == 'meta' else part
    with pytest.raises(InputError, match=f'has no {wanted}, so no training'):
        check_resumable(str(path))


def cut_off(config, work_dir, checkpoint):
    """A work folder whose last checkpoint was being written."""
    work_dir.mkdir()
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        content = (checkpoint.parent / name).read_bytes()
        (work_dir / name).write_bytes(content)
    (work_dir / 'epoch_2.pth').write_bytes(content[:-2000])
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'epoch_2.pth'))
    return load_config(str(config), work_dir=str(work_dir))


def test_a_cut_off_checkpoint_costs_one_epoch_not_the_training(
    tiny_run, tmp_path, capsys
):
    config, checkpoint = tiny_run
    cfg = cut_off(config, tmp_path / 'work', checkpoint)
    train(cfg, resume='auto')
    assert 'epoch_1.pth' in capsys.readouterr().out
    again = torch.load(tmp_path / 'work' / 'epoch_2.pth')['state_dict']
    before = torch.load(checkpoint)['state_dict']
    assert all(again[name].equal(before[name]) for name in before)


def test_the_config_in_a_checkpoint_is_not_run(tiny_run, tmp_path):
    config, checkpoint = tiny_run
    content = torch.load(checkpoint.parent / 'epoch_1.pth')
    trap = tmp_path / 'trap'
    content['meta']['config'] = f'import os\nos.mkdir({str(trap)!r})'
    torch.save(content, tmp_path / 'evil.pth')
    cfg = load_config(str(config), work_dir=str(tmp_path / 'work'))
    train(cfg, resume=str(tmp_path / 'evil.pth'))
    assert not trap.exists()


def test_load_from_another_architecture_is_refused(tiny_run, tmp_path):
    config, checkpoint = tiny_run
    options = {'model.backbone.base_channels': 6, 'model.head.in_channels': 12}
    options['load_from'] = str(checkpoint)
    cfg = load_config(str(config), options, str(tmp_path / 'work'))
    with pytest.raises(InputError, match='another architecture'):
        train(cfg)
    cfg = load_config(str(config), options, str(tmp_path / 'work'))
    cfg.default_hooks.checkpoint_guard = None
    cfg.train_cfg.max_epochs = 1
    train(cfg)
