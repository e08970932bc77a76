"""Declarations of Table 1 and Figure S1, without running them."""

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.experiments import Context, Setting, Train, load
from mmchanpos.experiments.papers import figS1, table1


@pytest.mark.parametrize('quick', [True, False])
@pytest.mark.parametrize('name', ['table1', 'figS1'])
def test_every_training_has_a_config_that_its_options_fit(name, quick):
    setting = Setting(quick=quick, seeds=(0,))
    for step in load(name).steps(setting):
        if isinstance(step, Train):
            cfg = load_config(step.config, dict(step.options), check=False)
            if 'pipeline' not in cfg.test_dataloader.dataset:
                continue
            place = cfg.test_dataloader.dataset.pipeline[0]
            if place.type != 'mmchanpos.PlaceOnGrid':
                # An encoder of Fig. S1.
                continue
            wanted = place.grid**2
            if place.get('task') == 'object':
                wanted = 3 if quick and name == 'table1' else 10
            assert cfg.model.head.num_classes == wanted


def test_table1_covers_the_paper_and_reads_what_was_measured(tmp_path):
    setting = Setting(seeds=(0, 1))
    names = [step.name for step in table1.steps(setting)]
    assert len(names) == len(set(names)) == 3 * 2 * 2 * 3 * 2
    results = {
        name: dict(metrics={'accuracy/top1': 50.0 + i})
        for i, name in enumerate(names)
    }
    folders = {name: tmp_path / name for name in names}
    section = table1.read(Context(setting, None, folders, results))
    (table,) = section.tables
    assert len(table.rows) == 6
    assert str(table.rows[1][2]).endswith('(paper 78.8, chance 11.1)')
    first = results['gapnet-location-3x3-zero-seed0']['metrics']
    assert table.rows[0][2].value == first['accuracy/top1'] + 0.5
    # PermuteNet comes later in this list, and so is always ahead by 12.
    assert (
        'location 3x3 in 0 of 2 trainings; mean -12.00'
        in (section.sentences[1])
    )
    assert section.details == []


def test_table1_shows_the_best_epoch_beside_the_last(tmp_path):
    setting = Setting(quick=True, seeds=(0, 1))
    names = [step.name for step in table1.steps(setting)]
    folders = {name: tmp_path / name for name in names}
    for name in names:
        log = folders[name] / '2026' / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        best = 90 if 'seed0' in name else 80
        log.write_text(
            '{"loss": 1.0, "step": 10}\n'
            f'{{"accuracy/top1": {best}.0, "step": 1}}\n'
            '{"accuracy/top1": 70.0, "step": 2}\n'
        )
    results = dict.fromkeys(names, dict(metrics={'accuracy/top1': 70.0}))
    section = table1.read(Context(setting, None, folders, results))
    (best,) = section.details
    assert section.tables[0].rows[0][2].value == 70
    assert best.rows[0][2].value == 85
    assert best.rows[1][2].paper == 78.8


def test_probes_of_several_trainings_are_averaged():
    def run(*accuracies):
        rows = [dict(net='probed', layer='a', readout='gapnet')]
        return dict(rows=[dict(rows[0], accuracy=list(accuracies))])

    merged = figS1.merged([run(10.0, 20.0), run(30.0)])
    assert merged['rows'][0]['accuracy'] == [15.0, 30.0]


def test_figS1_sets_cached_beside_literal():
    setting = Setting(quick=True, seeds=(0, 1))
    layers = ['backbone.layer1', 'backbone.layer2']
    rows = [
        dict(
            net=net,
            layer=layer,
            readout=kind,
            accuracy=[40.0, 50.0] if kind == 'gapnet' else [20.0],
        )
        for net in ('probed', 'random', 'coordinates', 'shuffled')
        for layer in layers
        for kind in ('gapnet', 'permutenet')
    ]
    run = dict(rows=rows, layers=layers, grid=3, chance=100 / 9)
    other = [
        dict(row, accuracy=[a + 9 for a in row['accuracy']]) for row in rows
    ]
    results = {
        'classification-seed0-3x3': run,
        'classification-seed1-3x3': dict(run, rows=other),
    }
    assert set(results) < {step.name for step in figS1.steps(setting)}
    results['literal'] = dict(metrics={'accuracy/top1': 44.0})
    section = figS1.read(Context(setting, None, {}, results))
    by_layer, check = section.tables
    assert len(by_layer.rows) == 8
    # The net that was read out literally is that of the first training.
    assert [row[1].value for row in check.rows] == [45.0, 44.0]
    (figure,) = section.figures
    assert figure.name == 'classification-3x3-by-layer'
    assert 'in 2 of 2 trainings; mean +25.00' in section.sentences[-1]


def test_figS1_in_full_reads_the_nets_and_grids_of_the_supplement():
    """A classifier of ImageNet and a segmentor of VOC 2012, three grids."""
    steps = list(figS1.steps(Setting(seeds=(0,))))
    trained = {s.role: s.config for s in steps if getattr(s, 'role', '')}
    assert 'in1k' in trained['classification']
    cfg = load_config(trained['segmentation'], check=False)
    assert cfg.model.backbone.depth == 18
    assert cfg.train_dataloader.dataset.type == 'PascalVOCDataset'
    assert cfg.model.decode_head.num_classes == 21
    for role in trained:
        for grid in (3, 5, 7):
            (probe,) = (
                s for s in steps if s.name == f'{role}-seed0-{grid}x{grid}'
            )
            key = 'train_dataloader.dataset.pipeline.1.grid'
            assert f'{key}={grid}' in probe.arguments
