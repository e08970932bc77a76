"""Every declared table and benchmark can be listed, loaded and planned."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments import Setting, dry_run, load, papers, titles
from mmchanpos.experiments.benchmarks import claims
from mmchanpos.experiments.benchmarks import load as load_benchmark

#: What helps to declare one, and is none.
PARTS = ('attacks', 'sides', 'posenet_paper', 'posenet_report')
PARTS += ('posenet_scores', '__init__')


def test_every_declaration_is_listed():
    files = Path(papers.__file__).parent.glob('*.py')
    assert {f.stem for f in files} - set(PARTS) == set(papers.NAMES)


@pytest.mark.parametrize('scale', ['quick', 'story', 'full'])
@pytest.mark.parametrize('name', titles())
def test_an_experiment_can_say_what_it_would_do(name, scale, tmp_path):
    pytest.importorskip('mmcv')
    setting = Setting(
        quick=scale == 'quick', story=scale == 'story', work_dir=tmp_path
    )
    lines = dry_run(load(name), setting)
    assert lines[0] == f'# {titles()[name]}'
    assert 'in all' in lines[-1]
    assert not any('{' in line for line in lines if line[:1] != '#')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('name', 'roles'),
    [
        ('fig4', ['segmentor']),
        ('fig6', ['segmentor']),
        ('figS3', ['segmentor']),
        ('figS4', ['segmentor']),
        ('tableS1', ['faster-rcnn', 'cascade-rcnn', 'csp']),
        ('figS1', ['classification', 'segmentation']),
        ('figS2', ['baseline', 'blurpool', 'augshift']),
        ('recognition', ['classifier']),
        ('posenet_crop', ['segmentor']),
        ('posenet', ['vgg16', 'resnet152']),
    ],
)
def test_given_weights_skip_every_training_of_a_full_run(
    name, roles, tmp_path
):
    pytest.importorskip('mmcv')
    experiment = load(name)
    assert experiment.roles(Setting()) == roles
    files = {}
    for role in roles:
        # All read-outs of PosENet read one encoder.
        trainings = 1 if name == 'posenet' else 2
        files[role] = [
            str(tmp_path / f'{role}-{i}.pth') for i in range(trainings)
        ]
        for file in files[role]:
            Path(file).write_text('weights')
    setting = Setting(work_dir=tmp_path / 'work', checkpoints=files)
    lines = '\n'.join(dry_run(experiment, setting))
    if name not in ('posenet', 'figS1'):
        assert 'train.py' not in lines
    # PosENet's read-outs are what is trained there: on given encoders.
    for role in roles:
        assert f'{role}-0.pth' in lines
    assert f'{roles[0]}=' in experiment.command(setting)


@pytest.mark.parametrize('name', titles())
def test_a_full_run_on_drawn_images_names_no_folder_of_data(name, tmp_path):
    pytest.importorskip('mmcv')
    setting = Setting(builtin=True, work_dir=tmp_path)
    for step in load(name).store(setting).steps:
        words = list(map(str, getattr(step, 'arguments', ())))
        assert '--data-root' not in words
        assert not any('annotations' in word for word in words)


@pytest.mark.parametrize(
    ('name', 'attacks'),
    [('fig4', 6), ('fig6', 3), ('tableS1', 15), ('recognition', 3)],
)
def test_a_full_run_spreads_its_attacks_and_says_its_batches(
    name, attacks, tmp_path
):
    pytest.importorskip('mmcv')
    setting = Setting(gpus=4, work_dir=tmp_path)
    lines = dry_run(load(name), setting)
    attacked = [x for x in lines if x.startswith('bash tools/dist_attack.sh')]
    assert len(attacked) == attacks
    trained = [x for x in lines if x.startswith('bash tools/dist_train.sh')]
    batches = [x for x in lines if x.startswith('# total batch')]
    assert len(batches) == len(trained) > 0
    assert all('4 processes' in line for line in batches)


def test_drawn_images_take_minutes_and_not_the_days_of_a_full_run(tmp_path):
    pytest.importorskip('mmcv')
    ends = {
        builtin: dry_run(
            load('fig4'), Setting(builtin=builtin, work_dir=tmp_path)
        )[-1]
        for builtin in (False, True)
    }
    assert ends[False].endswith('h 00 min in all on the machine of the paper')
    assert ends[True] == '# about 45 s in all on two cores'


def test_table2_takes_some_of_its_weights_alone(tmp_path):
    pytest.importorskip('mmcv')
    file = tmp_path / 'resnet18.pth'
    file.write_text('weights')
    given = {'imagenet-baseline': [str(file)]}
    setting = Setting(work_dir=tmp_path / 'work', checkpoints=given)
    store = load('table2').store(setting)
    assert [s.name for s in store.steps] == ['imagenet-baseline-seed0']


def given(tmp_path, name, *roles):
    """A file of weights for each of the roles."""
    files = {role: [str(tmp_path / f'{role}.pth')] for role in roles}
    for (file,) in files.values():
        Path(file).write_text('weights')
    setting = Setting(work_dir=tmp_path / 'work', checkpoints=files)
    return setting, load(name)


def test_one_encoder_may_be_given_and_the_other_be_fetched(tmp_path):
    setting, experiment = given(tmp_path, 'posenet', 'vgg16')
    store = experiment.store(setting)
    weights = [s.given(setting) for s in store.steps if s.role]
    assert weights == [str(tmp_path / 'vgg16.pth'), '']


@pytest.mark.parametrize(
    ('name', 'role'), [('posenet', 'vgg16'), ('posenet_tasks', 'vgg16-ss')]
)
def test_weights_that_nothing_would_use_are_refused(name, role, tmp_path):
    setting, experiment = given(tmp_path, name, role, 'other')
    (spare,) = setting.checkpoints.pop('other')
    setting.checkpoints[role].append(spare)
    with pytest.raises(InputError, match='other.pth: .* takes 1 of this'):
        experiment.store(setting)


def test_seeds_that_given_weights_leave_nothing_for_are_refused(tmp_path):
    setting, experiment = given(tmp_path, 'fig4', 'segmentor')
    with pytest.raises(InputError, match='--seeds: fig4 makes no use'):
        experiment.store(replace(setting, seeds=(0,)))
    # Read-outs of a given encoder have seeds of their own.
    setting, experiment = given(tmp_path, 'posenet', 'vgg16')
    assert experiment.store(replace(setting, seeds=(0, 1, 2)))


def test_a_data_root_that_a_quick_run_does_not_read_is_refused(tmp_path):
    (tmp_path / 'cifar10').mkdir()
    root = str(tmp_path / 'cifar10')
    setting = Setting(data_root=root, work_dir=tmp_path / 'work')
    assert load('table2').store(setting)
    with pytest.raises(InputError, match='--data-root: table2 makes no use'):
        load('table2').store(replace(setting, quick=True))
    assert load('fig4').store(replace(setting, quick=True))


def test_weights_are_looked_at_before_anything_runs(tmp_path):
    setting, experiment = given(tmp_path, 'posenet', 'vgg16')
    file = tmp_path / 'vgg16.pth'
    step = experiment.store(setting).steps[0]
    mark = experiment.store(setting).mark(step)
    assert experiment.store(setting).mark(step) == mark
    file.write_text('other weights')
    assert experiment.store(setting).mark(step) != mark
    file.unlink()
    with pytest.raises(InputError, match='vgg16.pth does not exist'):
        experiment.store(setting)


def test_given_weights_take_no_time_to_train(tmp_path):
    pytest.importorskip('mmcv')
    setting, experiment = given(tmp_path, 'fig4', 'segmentor')
    lines = dry_run(experiment, setting)
    assert '# train-seed0: about 15 s' in lines
    assert not any(line.startswith('# total batch') for line in lines)


@pytest.mark.parametrize('name', titles())
def test_every_verdict_rests_on_several_trainings(name):
    """What has a seed has three of them, if nobody says otherwise."""
    names = [s.name for s in load(name).steps(Setting(quick=True))]
    first = {n for n in names if 'seed0' in n}
    assert first
    for seed in ('seed1', 'seed2'):
        assert {n.replace('seed0', seed) for n in first} <= set(names)


@pytest.mark.parametrize('name', claims())
def test_a_benchmark_loads(name):
    assert callable(load_benchmark(name))


def test_declarations_import_no_host():
    code = (
        'import sys\n'
        'from mmchanpos.experiments import load, titles\n'
        'from mmchanpos.experiments import benchmarks\n'
        'for name in titles(): load(name)\n'
        'for name in benchmarks.claims(): benchmarks.load(name)\n'
        'hosts = {"mmpretrain", "mmseg", "mmdet", "mmcv"}\n'
        'print(hosts & set(sys.modules) or "none")\n'
    )
    found = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == 'none'
