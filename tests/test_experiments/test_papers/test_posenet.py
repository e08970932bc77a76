"""PosENet's experiment: paper's numbers, scores over seeds, figures."""

import numpy as np
import pytest

from mmchanpos.experiments import Setting, load
from mmchanpos.experiments.papers.posenet_paper import paper
from mmchanpos.experiments.papers.posenet_report import (
    content_loss,
    predictions,
)
from mmchanpos.experiments.papers.posenet_scores import Scores, Shape
from mmchanpos.experiments.run.steps import Context


def result(net, seed):
    rng = np.random.default_rng([len(net), seed])
    names = [f'{m}_all_k3_l1_p0_s{seed}' for m in ('H', 'V', 'G', 'HS', 'VS')]
    names += [f'{m}_f{i}_k3_l1_p0_s{seed}' for m in 'HG' for i in range(1, 6)]
    names += [f'H_all_k7_l1_p0_s{seed}', f'H_f3_k3_l2_p0_s{seed}']
    return dict(
        metrics={
            f'position/{source}/{name}/{score}': float(rng.random())
            for source in ('objects', 'black')
            for name in names
            for score in ('SPC', 'MAE')
        }
    )


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / 'pictures.npz',
        inputs=rng.integers(0, 255, (4, 3, 8, 8), dtype=np.uint8),
        sources=np.array(['objects', 'black', 'objects', 'objects']),
        truths=rng.random((5, 8, 8)),
        predictions=rng.random((4, 5, 8, 8)),
        content_loss=rng.random((4, 8, 8)),
    )
    return tmp_path


def test_numbers_of_the_paper():
    assert paper('resnet152', 'white', 'H', 'SPC') == 0.994
    assert paper('vgg16', 'natural', 'G', 'MAE', stages=(2,)) == 0.168
    assert paper('alone', 'natural', 'H', 'SPC', padding=2) == 0.397
    assert paper('vgg16', 'natural', 'HS', 'MAE', kernel=7) == 0.266
    assert paper('vgg16', 'black', 'H', 'SPC', kernel=7) is None


def test_repetitions_are_counted_once():
    key = 'position/natural/H_all_k3_l1_p0_s{}/SPC'
    runs = [
        ('vgg16', 0, dict(metrics={key.format(s): 0.1 * s for s in range(3)})),
        ('vgg16', 0, dict(metrics={key.format(2): 0.2})),
    ]
    number = Scores(runs).number('vgg16', 'natural', Shape('H'))
    assert number.value == pytest.approx(0.1)
    assert number.spread == pytest.approx(0.1)
    assert number.paper == 0.742


def test_report_of_a_quick_run(pictures):
    setting = Setting(quick=True, work_dir=pictures)
    experiment = load('posenet')
    steps = list(experiment.steps(setting))
    results = {
        s.name: result(s.name.split('-seed')[0], s.seed)
        for s in steps
        if '-seed' in s.name
    }
    folders = {s.name: pictures for s in steps}
    section = experiment.read(Context(setting, pictures, folders, results))
    names = [figure.name for figure in section.figures]
    assert names[0] == 'predictions'
    assert names[-1] == 'content-loss'
    assert {'kernels', 'layers', 'stages'} <= set(names)
    main = section.tables[0]
    assert len(main.rows) == 5 * 4
    assert main.rows[0][:2] == ['H', 'PosENet alone']
    assert main.rows[0][2].paper == 0.012
    assert main.rows[0][2].spread > 0
    section.save(pictures / 'report')


def test_full_run_trains_all_seeds_at_once():
    steps = list(load('posenet').steps(Setting(data_root='.')))
    trained = {s.name: s for s in steps if hasattr(s, 'config')}
    assert len(trained) == 9
    vgg = trained['vgg16'].options
    assert vgg['model.readouts.seed'] == [0, 1, 2]
    assert vgg['train_dataloader.dataset.data_root'].startswith('duts')
    deep = trained['vgg16_layers-kernels'].options
    assert deep['model.readouts.1.seed'] == [0, 1, 2]


def test_figures_have_a_row_for_each_source(pictures):
    drawn = dict(np.load(pictures / 'pictures.npz'))
    assert len(predictions(drawn).image.axes) == 3 * 6
    assert len(content_loss(drawn).image.axes) == 2 * 3


def test_the_story_shows_only_what_it_can_compare(pictures):
    setting = Setting(story=True, work_dir=pictures)
    steps = list(load('posenet').steps(setting))
    names = [f'{m}_all_k3_l1_p0_s0' for m in 'HG']
    names += [f'H_f{i}_k3_l1_p0_s0' for i in (1, 2)]
    found = {f'position/objects/{name}/SPC': 0.5 for name in names}
    results = {s.name: dict(metrics=found) for s in steps}
    folders = {s.name: pictures for s in steps}
    context = Context(setting, pictures, folders, results)
    section = load('posenet').read(context)
    titles = ' '.join(table.title for table in section.tables)
    assert 'Table 3' in titles
    assert 'kernel' not in titles
    assert 'kernels' not in [figure.name for figure in section.figures]
