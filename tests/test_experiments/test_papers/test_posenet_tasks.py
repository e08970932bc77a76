"""Table 6 of PosENet: encoders of other tasks beside that of a classifier."""

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.experiments import Context, Setting, load
from mmchanpos.experiments.papers import posenet_tasks
from mmchanpos.experiments.papers.posenet_paper import Shape, paper


def results(step, value):
    names = [f'{m}_all_k3_l1_p0_s{step.seed}' for m in ('H', 'G', 'HS')]
    found = {
        f'position/{source}/{name}/SPC': value
        for source in ('objects', 'black')
        for name in names
    }
    return dict(metrics=found)


def test_the_paper_has_numbers_for_other_tasks():
    assert paper('vgg16-ss', 'natural', Shape('H')) == 0.982
    assert paper('vgg16-sod', 'black', Shape('H'), 'MAE') == 0.099
    assert paper('vgg16-sod', 'natural', Shape('HS')) == 0.667


def test_table6_has_every_encoder_and_counts_trainings(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    found = {
        step.name: results(step, 0.9 if net == 'segmentor' else 0.5)
        for net, step in posenet_tasks.readouts(setting)
    }
    section = posenet_tasks.read(Context(setting, tmp_path, {}, found))
    (table,) = section.tables
    rows = {tuple(row[:2]): row[2:] for row in table.rows}
    assert len(rows) == 3 * 3
    cell = rows['H', 'encoder of a small segmentor'][0]
    assert (cell.value, cell.paper) == (pytest.approx(0.9), 0.982)
    assert 'in 3 of 3 trainings; mean +0.40' in section.sentences[-1]


def test_options_fit_the_configs_that_they_change():
    pytest.importorskip('mmseg')
    for setting in (Setting(quick=True), Setting()):
        for _, step in posenet_tasks.readouts(setting):
            load_config(step.config, dict(step.options), check=False)


def test_only_given_encoders_are_asked_for_and_read_out(tmp_path):
    file = tmp_path / 'vgg16-ss.pth'
    file.write_text('weights')
    given = Setting(checkpoints={'vgg16-ss': [str(file)]})
    names = [step.name for step in load('posenet_tasks').store(given).steps]
    assert names == ['vgg16-ss-weights', 'vgg16-ss']


def test_one_encoder_alone_is_compared_with_nothing(tmp_path):
    given = Setting(checkpoints={'vgg16-ss': ['mine.pth']})
    found = {
        step.name: results(step, 0.5)
        for _, step in posenet_tasks.readouts(given)
    }
    section = posenet_tasks.read(Context(given, tmp_path, {}, found))
    assert len(section.sentences) == 1


def test_a_quick_run_reads_out_every_segmentor_that_is_given(tmp_path):
    files = [str(tmp_path / name) for name in ('a.pth', 'b.pth')]
    given = Setting(quick=True, checkpoints={'segmentor': files})
    steps = {s.name: s for s in posenet_tasks.steps(given)}
    assert {'encoder-seed1', 'segmentor-seed1'} <= set(steps)
    assert steps['train-seed1'].given(given) == files[1]
    found = {
        step.name: results(step, 0.5)
        for _, step in posenet_tasks.readouts(given)
    }
    section = posenet_tasks.read(Context(given, tmp_path, {}, found))
    assert 'of 2 trainings' in section.sentences[-1]


def test_weights_that_nobody_publishes_are_asked_for():
    steps = {s.name: s for s in load('posenet_tasks').steps(Setting())}
    step = steps['vgg16-sod-weights']
    with pytest.raises(InputError, match='nobody publishes'):
        step.run(Context(Setting(), None, {}))
    # Drawn images take encoders without weights.
    assert step.run(Context(Setting(builtin=True), None, {}))
