from dataclasses import replace

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.model import BaseModel, BaseTTAModel
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import ChannelRanking, save_rankings


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
        self.unused = nn.Linear(1, 1)
        self.head = nn.Linear(6, 3)
        self.fail = None

    def forward(self, inputs, mode='tensor'):
        if self.fail:
            raise self.fail
        out = self.head(self.backbone(torch.stack(inputs)))
        if mode == 'loss':
            return {'loss': out.sum()}
        return list(out)


class Mirrored(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return [sum(samples) for samples in data_samples_list]

    def test_step(self, data):
        return self.module.test_step(data)


class Outputs(BaseMetric):
    """Keeps what the model says."""

    def process(self, data_batch, data_samples):
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return {'sum': float(torch.stack(results).double().sum())}


DATA = torch.rand(8, 4, generator=torch.Generator().manual_seed(1))
RANKING = ChannelRanking(
    'overall', [4, 2, 0, 1, 3, 5], tap='backbone', means=range(6)
)


@pytest.fixture
def make(tmp_path):
    count = iter(range(99))

    def make(*hooks, model=None):
        loader = dict(
            batch_size=4,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=[dict(inputs=image) for image in DATA],
        )
        return Runner(
            model=model or Net(),
            work_dir=str(tmp_path),
            experiment_name=f'n{next(count)}',
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
            val_dataloader=loader,
            val_cfg=dict(),
            val_evaluator=Evaluator(Outputs()),
            test_dataloader=loader,
            test_cfg=dict(),
            test_evaluator=Evaluator(Outputs()),
            custom_hooks=[
                dict(type='mmchanpos.ChannelZeroingHook', **h) for h in hooks
            ],
            default_hooks=dict(checkpoint=None),
        )

    return make


@pytest.fixture
def ranking(tmp_path):
    path = tmp_path / 'ranking.json'
    save_rankings(
        path,
        [
            RANKING,
            ChannelRanking.from_scores('magnitude', range(6), tap='backbone'),
            ChannelRanking('left', range(6), tap='backbone'),
        ],
    )
    return str(path)


def wanted(channels, data=DATA):
    model = Net()
    with torch.no_grad():
        latent = model.backbone(data)
        latent[:, channels] = 0
        return float(model.head(latent).double().sum())


def hooks_on(runner):
    return sum(len(m._forward_hooks) for m in runner.model.modules())


def test_the_top_channels_are_off_in_test_and_on_again_after(make, ranking):
    runner = make(dict(ranking=ranking, kind='overall', top=2))
    metrics = runner.test()
    assert metrics['sum'] == pytest.approx(wanted([4, 2]))
    assert metrics['ablation/switched_off'] == 2
    assert hooks_on(runner) == 0
    again = make().test()
    assert again['sum'] == pytest.approx(wanted([]))
    assert again['sum'] != metrics['sum']


def test_a_top_n_beyond_the_live_channels_warns(make, tmp_path, caplog):
    path = str(tmp_path / 'dead.json')
    save_rankings(path, [replace(RANKING, dead=[4, 1, 0, 3])])
    for top, warned in ((2, False), (3, True)):
        caplog.clear()
        runner = make(dict(ranking=path, kind='overall', top=top))
        runner.logger.addHandler(caplog.handler)
        off = {2: [2, 5], 3: [2, 5, 4]}[top]
        assert runner.test()['sum'] == pytest.approx(wanted(off))
        assert ('beyond the 2 channels that are' in caplog.text) == warned


def test_validation_during_training_too_and_training_itself_not(make, ranking):
    runner = make(dict(ranking=ranking, kind='overall', top=2))
    runner.train()
    hub = runner.message_hub
    assert hub.get_scalar('val/sum').current() == pytest.approx(wanted([4, 2]))
    assert hub.get_info('ablation/val')['switched_off'] == 2
    assert hooks_on(runner) == 0


def test_phases_can_be_chosen(make, ranking):
    hook = dict(ranking=ranking, kind='overall', top=2, phases='test')
    runner = make(hook)
    assert runner.val()['sum'] == pytest.approx(wanted([]))
    assert runner.test()['sum'] == pytest.approx(wanted([4, 2]))


def test_nothing_switched_off_is_bit_identical_to_no_hook(make, ranking):
    with_hook = make(dict(ranking=ranking, kind='overall', top=0)).test()
    assert with_hook['sum'] == make().test()['sum']


def test_several_taps_at_once(make):
    runner = make(
        dict(tap='backbone', channels=[0]), dict(tap='head', channels=[1])
    )
    model = Net()
    with torch.no_grad():
        latent = model.backbone(DATA)
        latent[:, 0] = 0
        out = model.head(latent)
        out[:, 1] = 0
    assert runner.test()['sum'] == pytest.approx(float(out.double().sum()))
    assert hooks_on(runner) == 0


def test_random_and_matched_channels_come_from_the_seed(make, ranking):
    def run(**arguments):
        return make(dict(top=3, **arguments)).test()['sum']

    free = run(tap='backbone', kind='random', seed=3)
    torch.manual_seed(9)
    assert free == run(tap='backbone', kind='random', seed=3)
    assert free == run(ranking=ranking, kind='random', seed=3)
    assert free != run(tap='backbone', kind='random', seed=4)
    assert run(ranking=ranking, kind='matched', seed=1) == run(
        ranking=ranking, kind='matched', seed=1
    )


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize('phase', ['test', 'val'])
def test_no_hook_remains_after_an_error_or_an_interrupt(
    make, ranking, error, phase
):
    runner = make(dict(ranking=ranking, kind='overall', top=2))
    runner.model.fail = error('stop')
    with pytest.raises(error):
        getattr(runner, phase)()
    assert hooks_on(runner) == 0
    runner.model.fail = None
    assert getattr(runner, phase)()['sum'] == pytest.approx(wanted([4, 2]))


def test_an_ablation_left_behind_is_ended_on_re_entry(make, ranking):
    runner = make(dict(ranking=ranking, kind='overall', top=2))
    runner.test()
    for _ in range(2):
        runner.call_hook('before_test_epoch')
    assert hooks_on(runner) == 1
    assert runner.test_loop.run()['sum'] == pytest.approx(wanted([4, 2]))
    assert hooks_on(runner) == 0


def test_wrappers_are_taken_off_and_sides_are_warned_about(
    make, ranking, caplog
):
    runner = make(
        dict(ranking=ranking, kind='left', top=1), model=Mirrored(Net())
    )
    runner.logger.addHandler(caplog.handler)
    metrics = runner.test()
    assert metrics['sum'] == pytest.approx(wanted([0]))
    assert 'lose their meaning' in caplog.text
    assert caplog.text.count('"backbone" switched off') == 1


def test_what_was_switched_off_reaches_the_visualizer(make, ranking):
    runner = make(dict(ranking=ranking, kind='overall', top=2))
    seen = {}
    runner.visualizer.add_scalars = lambda scalars, step=0, **_: (
        seen.update(scalars) or seen.update(step=step)
    )
    metrics = runner.test()
    assert seen['ablation/overall/sum'] == metrics['sum']
    assert seen['step'] == 2


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(tap='backbone', top=1), 'without a ranking'),
        (dict(tap='backbone', kind='overall', top=1), 'without a ranking'),
        (dict(channels=[1]), 'give tap='),
        (dict(tap='head', ranking=RANKING, top=1), 'was made at the tap'),
        (dict(ranking=RANKING, top=7), 'has 6 channels'),
        (dict(ranking=RANKING), 'exactly one of'),
        (dict(ranking=RANKING, top=1, value='one'), 'there is no value'),
        (dict(ranking=RANKING, top=1, phases='train'), 'phases='),
        (dict(ranking='nowhere.json', top=1), 'does not exist'),
    ],
)
def test_wrong_arguments_are_found_when_it_is_built(arguments, message):
    cfg = Config(dict(hook=dict(arguments)))
    with pytest.raises(InputError, match=message):
        HOOKS.build(dict(type='mmchanpos.ChannelZeroingHook', **cfg.hook))


def test_a_path_alone_means_the_output_that_was_ranked():
    ranking = replace(RANKING, output=0)
    for tap in (None, 'backbone', dict(path='backbone')):
        hook = dict(type='mmchanpos.ChannelZeroingHook', tap=tap)
        hook = HOOKS.build(dict(hook, ranking=ranking, top=1))
        assert hook.tap == ranking.place
    named = dict(path='backbone', output=1)
    hook = dict(type='mmchanpos.ChannelZeroingHook', tap=named)
    assert HOOKS.build(dict(hook, ranking=ranking, top=1)).tap.output == 1


def test_a_kind_that_the_file_lacks_is_named(ranking):
    cfg = dict(type='mmchanpos.ChannelZeroingHook', ranking=ranking, top=1)
    with pytest.raises(InputError, match='Did you mean "left"'):
        HOOKS.build(dict(kind='letf', **cfg))
    with pytest.raises(InputError, match='say which'):
        HOOKS.build(cfg)


def test_a_misspelt_tap_is_found_before_the_first_batch(make):
    runner = make(dict(tap='bakbone', channels=[0]))
    with pytest.raises(InputError, match='"backbone"'):
        runner.test()


def test_a_tap_that_no_image_goes_through_is_an_error(make):
    runner = make(dict(tap='unused', channels=[0]))
    with pytest.raises(InputError, match='no image of the test set'):
        runner.test()


def test_a_ranking_of_another_width_is_an_error(make):
    ranking = ChannelRanking('overall', range(5), tap='backbone')
    runner = make(dict(ranking=ranking, top=2))
    with pytest.raises(InputError, match='the latent has 6'):
        runner.test()
    assert hooks_on(runner) == 0
