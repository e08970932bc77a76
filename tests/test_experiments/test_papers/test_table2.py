"""Table 2 and Figure S2, read from given results."""

import pytest

from mmchanpos.experiments import Context, Setting, load
from mmchanpos.experiments.papers.table2 import TEST
from mmchanpos.experiments.run.runs import Test, Train
from mmchanpos.experiments.run.store import Store


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


@pytest.mark.parametrize('quick', [True, False])
def test_table2_shows_means_and_the_papers_numbers(tmp_path, quick):
    setting = Setting(quick=quick, seeds=(0, 1), work_dir=tmp_path)

    def results(step):
        test = TEST.get(step.name.split('-')[0], 'cifar-zero8')
        found = 94.0 if 'augshift-seed0' in step.name else 92.0
        return dict(metrics=metrics(test, found))

    steps, found = context('table2', setting, results)
    assert all(isinstance(step, Train) for step in steps)
    section = load('table2').read(found)
    rows = {row[0]: row for row in section.tables[0].rows}
    assert rows['AugShift'][2].value == pytest.approx(93)
    assert rows['baseline'][2].value == pytest.approx(92)
    # Built-in data stand beside CIFAR-10.
    assert rows['AugShift'][2].paper == 94.8
    assert ('baseline + shifts + views' in rows) == quick
    assert 'baseline + shifts' in rows
    # The intervals of this test are a point wide on either side.
    text = ' '.join(section.sentences)
    assert 'AugShift is as consistent as baseline (93.0 and 92.0 %' in text
    sweep = section.tables[-1]
    weights = ['0', '1', '10'] if quick else ['0', '0.1', '1', '10']
    assert [row[0] for row in sweep.rows] == weights
    assert sweep.rows[weights.index('1')][2].value == 94


@pytest.mark.parametrize(
    ('consistency', 'said'),
    [(96, 'more consistent than'), (88, 'less consistent than')],
)
def test_table2_says_who_wins(tmp_path, consistency, said):
    def results(step):
        own = '-augshift-seed' in step.name
        return dict(metrics=metrics('cifar-zero4', consistency if own else 92))

    setting = Setting(quick=True, seeds=(0,), work_dir=tmp_path)
    _, found = context('table2', setting, results)
    text = ' '.join(load('table2').read(found).sentences)
    assert f'AugShift is {said} baseline (' in text


@pytest.mark.parametrize('quick', [True, False])
def test_figure_s2_has_a_point_per_size(tmp_path, quick):
    setting = Setting(quick=quick, seeds=(0,), work_dir=tmp_path)
    family = 'zero' if quick else 'islam-s2'

    def results(step):
        found = {}
        if isinstance(step, Test):
            sizes = load_sizes(quick)
            for i, size in enumerate(sizes):
                found.update(metrics(f'{family}/{size}', 95.0 - i))
        return dict(metrics=found)

    _, found = context('figS2', setting, results)
    section = load('figS2').read(found)
    rows = section.figures[0].data.rows
    assert [row[2] for row in rows[:3]] == [95, 94, 93]
    assert len(rows) == 3 * 6


def load_sizes(quick):
    """The sizes that the experiment declares."""
    from mmchanpos.experiments.papers.figS2 import LARGE, SMALL

    return SMALL if quick else LARGE


def test_quick_runs_only_on_built_in_data(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    for name in ('table2', 'figS2'):
        steps = list(load(name).steps(setting))
        assert all('objects' in step.config for step in steps)


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
