"""Declarations of Table 1 and Figure S1, without running them."""

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.experiments.papers import figS1, table1
from mmchanpos.experiments.run.catalogue import load
from mmchanpos.experiments.run.runs import Train, config_path
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context


@pytest.mark.parametrize('quick', [True, False])
@pytest.mark.parametrize('name', ['table1', 'figS1'])
def test_every_training_has_a_config_that_its_options_fit(name, quick):
    setting = Setting(quick=quick, seeds=(0,))
    for step in load(name).steps(setting):
        if isinstance(step, Train):
            cfg = load_config(
                config_path(step.config), dict(step.options), check=False
            )
            place = cfg.test_dataloader.dataset.pipeline[0]
            wanted = place.grid**2
            if place.get('task') == 'object':
                wanted = 3 if quick and name == 'table1' else 10
            assert cfg.model.head.num_classes == wanted


def test_table1_covers_the_paper_and_reads_what_was_measured():
    setting = Setting(seeds=(0, 1))
    names = [step.name for step in table1.steps(setting)]
    assert len(names) == len(set(names)) == 3 * 2 * 2 * 3 * 2
    results = {
        name: dict(metrics={'accuracy/top1': 50.0 + i})
        for i, name in enumerate(names)
    }
    section = table1.read(Context(setting, None, {}, results))
    (table,) = section.tables
    assert len(table.rows) == 6
    assert str(table.rows[1][2]).endswith('(paper 78.8, chance 11.1)')
    first = results['gapnet-location-3x3-zero-seed0']['metrics']
    assert table.rows[0][2].value == first['accuracy/top1'] + 0.5


def test_probes_of_several_seeds_are_averaged():
    def run(*accuracies):
        rows = [dict(net='probed', layer='a', readout='gapnet')]
        return dict(rows=[dict(rows[0], accuracy=list(accuracies))])

    merged = figS1.merged([run(10.0, 20.0), run(30.0)])
    assert merged['rows'][0]['accuracy'] == [15.0, 30.0]


def test_figS1_sets_cached_beside_literal():
    setting = Setting(quick=True, seeds=(0, 1))
    layers = ['backbone.layer1', 'backbone.layer2']
    rows = [
        dict(net=net, layer=layer, readout=kind, accuracy=[40.0, 50.0])
        for net in ('probed', 'random', 'coordinates', 'shuffled')
        for layer in layers
        for kind in ('gapnet', 'permutenet')
    ]
    run = dict(rows=rows, layers=layers, grid=3, chance=100 / 9)
    names = [step.name for step in figS1.steps(setting)]
    results = {name: run for name in names if 'seed' in name}
    results['literal'] = dict(metrics={'accuracy/top1': 44.0})
    section = figS1.read(Context(setting, None, {}, results))
    by_layer, check = section.tables
    assert len(by_layer.rows) == 8
    assert [row[1].value for row in check.rows] == [40.0, 44.0]
    assert [f.name for f in section.figures] == ['classification-by-layer']


def test_figS1_names_weights_that_are_missing(tmp_path):
    setting = Setting(work_dir=tmp_path)
    step = next(iter(figS1.steps(setting)))
    context = Context(setting, tmp_path, {})
    with pytest.raises(InputError, match='checkpoints/resnet18.*is missing'):
        step.run(context)
