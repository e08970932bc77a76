"""PosENet's experiment: paper's numbers, scores over seeds, figures."""

import numpy as np
import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.experiments import Context, Setting, load
from mmchanpos.experiments.papers import posenet
from mmchanpos.experiments.papers.posenet_paper import Shape, paper
from mmchanpos.experiments.papers.posenet_report import (
    content_loss,
    predictions,
    shapes,
)
from mmchanpos.experiments.papers.posenet_scores import Scores


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


#: What is kept for Fig. 4, and for Fig. 5.
PLAIN = [f'{m}_all_k3_l1_p0_s0' for m in ('H', 'V', 'G', 'HS', 'VS')]
SHAPED = ['H_all_k3_l1_p0_s0', 'H_f3_k3_l2_p0_s0', 'G_all_k3_l1_p0_s0']


@pytest.fixture
def pictures(tmp_path):
    """Folders with what was drawn, by name of the step."""
    rng = np.random.default_rng(0)
    for folder, names in (('plain', PLAIN), ('shapes', SHAPED)):
        (tmp_path / folder).mkdir()
        np.savez(
            tmp_path / folder / 'maps.npz',
            inputs=rng.integers(0, 255, (4, 3, 8, 8), dtype=np.uint8),
            sources=np.array(['objects', 'black', 'objects', 'objects']),
            names=np.array(names),
            truths=rng.random((5, 8, 8)),
            predictions=rng.random((4, len(names), 8, 8)),
            content_loss=rng.random((4, 8, 8)),
        )
    return lambda name: tmp_path / ('shapes' if 'shapes' in name else 'plain')


def test_numbers_of_the_paper():
    assert paper('resnet152', 'white', Shape('H')) == 0.994
    assert paper('vgg16', 'natural', Shape('G', stages=(2,)), 'MAE') == 0.168
    assert paper('alone', 'natural', Shape('H', padding=2)) == 0.397
    assert paper('vgg16', 'natural', Shape('HS', kernel=7), 'MAE') == 0.266
    for score in ('SPC', 'MAE'):
        assert paper('vgg16', 'black', Shape('H', kernel=7), score) is None


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


def test_report_of_a_quick_run(pictures, tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    experiment = load('posenet')
    steps = list(experiment.steps(setting))
    results = {
        s.name: result(s.name.split('-seed')[0], s.seed)
        for s in steps
        if '-seed' in s.name
    }
    folders = {s.name: pictures(s.name) for s in steps}
    section = experiment.read(Context(setting, tmp_path, folders, results))
    names = [figure.name for figure in section.figures]
    assert {'kernels', 'layers', 'stages', 'shapes'} <= set(names)
    # Fig. 4 has more than one encoder.
    for net in ('resnet18', 'resnet18-circular'):
        assert {f'predictions-{net}', f'content-loss-{net}'} <= set(names)
    main = section.tables[0]
    assert len(main.rows) == 5 * 4
    assert main.rows[0][:2] == ['H', 'PosENet alone']
    assert main.rows[0][2].paper == 0.012
    assert main.rows[0][2].spread > 0
    section.save(tmp_path / 'report')


def test_full_run_trains_all_seeds_at_once_where_memory_allows():
    steps = list(load('posenet').steps(Setting(data_root='.')))
    trained = {s.name: s for s in steps if hasattr(s, 'config')}
    assert len(trained) == 11
    vgg = trained['vgg16'].options
    assert vgg['model.readouts.seed'] == [0, 1, 2]
    assert vgg['train_dataloader.dataset.data_root'].startswith('duts')
    # One seed at a time: three have 526 million weights.
    deep = trained['vgg16_layers-kernels-seed1'].options
    assert deep['model.readouts.1.seed'] == [1]


def test_full_run_draws_both_encoders_and_the_shapes_of_fig5():
    names = [s.name for s in load('posenet').steps(Setting())]
    drawn = [name for name in names if name.startswith('pictures-')]
    assert drawn == ['pictures-vgg16', 'pictures-shapes', 'pictures-resnet152']


def test_read_outs_use_the_weights_that_are_given_or_published():
    steps = {s.name: s for s in load('posenet').steps(Setting())}
    option = 'model.encoder.checkpoint'
    for name in ('vgg16', 'vgg16_stages', 'vgg16_no-padding'):
        wanted = '{vgg16-weights:checkpoint}'
        assert steps[name].options[option] == wanted
    assert option not in steps['vgg16_random'].options
    found = steps['vgg16-weights'].run(Context(Setting(), None, {}))
    assert found['checkpoint'].startswith('https://')
    given = Setting(checkpoints={'vgg16': ['mine.pth']})
    assert steps['vgg16-weights'].run(Context(given, None, {})) == {
        'checkpoint': 'mine.pth'
    }


@pytest.mark.parametrize('scale', ['story', 'quick', 'full'])
def test_options_fit_the_configs_that_they_change(scale):
    setting = Setting(quick=scale == 'quick', story=scale == 'story')
    for _, step in posenet.readouts(setting):
        load_config(step.config, dict(step.options), check=False)


def test_figures_have_a_row_for_each_source(pictures):
    drawn = dict(np.load(pictures('plain') / 'maps.npz'))
    assert len(predictions(drawn, 'net', 'Net').image.axes) == 3 * 6
    assert len(content_loss(drawn, 'net', 'Net').image.axes) == 2 * 3


def test_fig5_has_a_column_for_each_shape(pictures):
    drawn = dict(np.load(pictures('shapes') / 'maps.npz'))
    # H and G; the truth, one layer and two layers.
    assert len(shapes(drawn).image.axes) == 2 * 3


def test_the_story_shows_only_what_it_can_compare(pictures, tmp_path):
    setting = Setting(story=True, work_dir=tmp_path)
    steps = list(load('posenet').steps(setting))
    names = [f'{m}_all_k3_l1_p0_s0' for m in 'HG']
    names += [f'H_f{i}_k3_l1_p0_s0' for i in (1, 2)]
    found = {f'position/objects/{name}/SPC': 0.5 for name in names}
    results = {s.name: dict(metrics=found) for s in steps}
    folders = {s.name: pictures(s.name) for s in steps}
    context = Context(setting, tmp_path, folders, results)
    section = load('posenet').read(context)
    titles = ' '.join(table.title for table in section.details)
    assert 'Table 3' in titles
    assert 'kernel' not in titles
    assert 'kernels' not in [figure.name for figure in section.figures]
