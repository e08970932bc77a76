"""Table 2 and Figure S2, read from given results."""

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.experiments import Context, Setting, Train, load
from mmchanpos.experiments.papers import figS2
from mmchanpos.experiments.papers.table2 import TESTS
from mmchanpos.experiments.run.store import Store
from mmchanpos.shift import resolve


def metrics(test, consistency):
    values = dict(
        top1=90.0, consistency=consistency, consistency_low=consistency - 1,
        consistency_high=consistency + 1, fidelity=80.0, worst_case=60.0,
        invariance=0.9,
    )  # fmt: skip
    return {f'shift/{test}/{key}': value for key, value in values.items()}


def context(name, setting, results):
    experiment = load(name)
    steps = list(experiment.steps(setting))
    store = Store(setting.work_dir, steps, setting)
    found = {step.name: results(step) for step in steps}
    return steps, Context(setting, setting.work_dir, store.folders, found)


def all_tests(step, consistency):
    """Metrics of every test of the data set that a step is about."""
    found = {}
    for i, test in enumerate(TESTS[step.name.split('-')[0]]):
        found.update(metrics(test, consistency - i))
    return dict(metrics=found)


@pytest.mark.parametrize('quick', [True, False])
def test_table2_shows_means_and_the_papers_numbers(tmp_path, quick):
    setting = Setting(quick=quick, seeds=(0, 1), work_dir=tmp_path)

    def results(step):
        return all_tests(step, 94.0 if 'augshift-seed0' in step.name else 92.0)

    steps, found = context('table2', setting, results)
    assert all(isinstance(step, Train) for step in steps)
    section = load('table2').read(found)
    rows = {row[0]: row for row in section.tables[0].rows}
    assert rows['AugShift'][1] == 2
    assert rows['AugShift'][3].value == pytest.approx(93)
    assert rows['baseline'][3].value == pytest.approx(92)
    # Built-in data stand beside CIFAR-10.
    assert rows['AugShift'][3].paper == 94.8
    assert ('baseline + shifts + views' in rows) == quick
    assert 'baseline + shifts' in rows
    text = ' '.join(section.sentences)
    assert (
        'AugShift is not clearly more or less consistent than baseline: '
        'points of consistency in 1 of 2 trainings; mean +1.00' in text
    )
    sweep = section.tables[-1]
    weights = ['0', '1', '10'] if quick else ['0', '0.1', '1', '10']
    assert [row[0] for row in sweep.rows] == weights
    assert sweep.rows[weights.index('1')][3].value == pytest.approx(93)


def test_table2_has_both_consistencies_of_imagenet(tmp_path):
    setting = Setting(seeds=(0,), work_dir=tmp_path)
    _, found = context('table2', setting, lambda step: all_tests(step, 90.0))
    section = load('table2').read(found)
    (table,) = (t for t in section.tables if 'imagenet' in t.title)
    rows = {row[0]: row for row in table.rows}
    assert [(n.value, n.paper) for n in rows['AugShift'][3:5]] == [
        (90.0, 90.2),
        (89.0, 88.2),
    ]
    assert rows['baseline'][4].paper == 87.4
    assert rows['BlurPool'][4].paper == 88.8


@pytest.mark.parametrize('name', ['table2', 'figS2'])
def test_methods_of_unequally_many_weights_are_compared(tmp_path, name):
    roles = load(name).roles(Setting())
    given = {role: ['0', '1', '2'] for role in roles if 'augshift' in role}
    given.update((r, ['3', '4']) for r in roles if r.endswith('baseline'))
    given.update((r, ['5']) for r in roles if r.endswith('blurpool'))
    setting = Setting(checkpoints=given, work_dir=tmp_path)

    def results(step):
        number = 90.0 + ('augshift' in step.name) * (step.seed + 1)
        if name == 'table2':
            return all_tests(step, number)
        tests = [f'islam-s2/{n}' for n in figS2.LARGE]
        keys = [f'shift/{test}/consistency' for test in tests]
        return dict(metrics=dict.fromkeys(keys, number))

    _, found = context(name, setting, results)
    text = ' '.join(load(name).read(found).sentences)
    assert 'in 2 of 2 trainings; mean +1.50' in text


@pytest.mark.parametrize(
    ('ahead', 'said'), [(4, 'more consistent than'), (-4, 'less')]
)
def test_table2_says_who_wins_over_trainings(tmp_path, ahead, said):
    def results(step):
        own = '-augshift-seed' in step.name
        return all_tests(step, 90.0 + own * ahead + 0.1 * step.seed * own)

    setting = Setting(quick=True, work_dir=tmp_path)
    _, found = context('table2', setting, results)
    text = ' '.join(load('table2').read(found).sentences)
    assert f'AugShift is {said}' in text
    assert f'in {3 * (ahead > 0)} of 3 trainings' in text


@pytest.mark.parametrize('quick', [True, False])
def test_figure_s2_has_a_point_per_size(tmp_path, quick):
    setting = Setting(quick=quick, seeds=(0, 1), work_dir=tmp_path)
    family = 'cifar-s2' if quick else 'islam-s2'

    def results(step):
        found = {}
        for i, size in enumerate(load_sizes(quick)):
            found.update(metrics(f'{family}/{size}', 95.0 - i + step.seed))
        return dict(metrics=found)

    steps, found = context('figS2', setting, results)
    section = load('figS2').read(found)
    rows = section.figures[0].data.rows
    assert [row[2] for row in rows[:3]] == [95.5, 94.5, 93.5]
    assert len(rows) == 3 * 6
    assert {s.options['test_cfg.tests'] for s in steps} == {family}


@pytest.mark.parametrize('name', ['table2', 'figS2'])
def test_drawn_images_are_shifted_twice_in_the_tests_of_a_full_run(name):
    for step in load(name).steps(Setting(builtin=True)):
        cfg = load_config(step.config, dict(step.options), check=False)
        asked = {k: v for k, v in cfg.test_cfg.items() if k != 'type'}
        tests = resolve(**asked)
        assert {test.num_shifts for test in tests.values()} == {2}
        wanted = [f'islam-s2/{size}' for size in load_sizes(quick=False)]
        if name == 'table2':
            wanted = TESTS[step.name.split('-')[0]]
        assert list(tests) == list(wanted)


def test_figure_s2_in_full_is_about_resnet50():
    for step in load('figS2').steps(Setting(seeds=(0,))):
        cfg = load_config(step.config, check=False)
        backbone = cfg.model.backbone
        assert backbone.get('backbone', backbone).depth == 50
        assert 'imagenet' in step.config


def load_sizes(quick):
    """The sizes that the experiment declares."""
    from mmchanpos.experiments.papers.figS2 import LARGE, SMALL

    return SMALL if quick else LARGE


def test_quick_runs_only_on_built_in_data(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    for name in ('table2', 'figS2'):
        steps = list(load(name).steps(setting))
        assert all('synthetic' in step.config for step in steps)


def test_the_folder_of_one_data_set_asks_for_that_one_alone(tmp_path):
    (tmp_path / 'cifar100').mkdir()
    for root, names in (
        (tmp_path / 'cifar100', {'cifar100'}),
        (tmp_path, {'cifar10', 'cifar100', 'imagenet'}),
    ):
        setting = Setting(data_root=str(root), work_dir=tmp_path)
        steps = list(load('table2').steps(setting))
        assert {step.name.split('-')[0] for step in steps} == names
        key = 'train_dataloader.dataset.data_root'
        roots = {step.options[key] for step in steps}
        assert roots == {str(tmp_path / name) for name in names}
