"""Train and Test do what the tools do, and say how to do it by hand."""

import io
import shlex
from dataclasses import replace

import pytest
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, METRICS, MODELS
from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.experiments import (
    Context,
    Experiment,
    Setting,
    Tool,
    Train,
    reproduce,
)
from mmchanpos.experiments.run import commands, store
from mmchanpos.experiments.run.store import Store
from mmchanpos.report import Section

CONFIG = """
default_scope = 'mmengine'
model = dict(type='LineModel')
train_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(type='LineData'),
    sampler=dict(type='DefaultSampler', shuffle=True))
test_dataloader = dict(
    batch_size=4, num_workers=0, dataset=dict(type='LineData'),
    sampler=dict(type='DefaultSampler', shuffle=False))
test_evaluator = dict(type='LineMetric')
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=3)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
"""


class LineModel(BaseModel):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Linear(1, 1)

    def forward(self, inputs, mode='tensor'):
        inputs = torch.stack(inputs)
        error = self.slope(inputs) - 2 * inputs
        if mode == 'loss':
            return dict(loss=error.square().mean())
        return [{'error': e} for e in error.abs().flatten().tolist()]


class LineData(BaseDataset):
    def load_data_list(self):
        return [{'x': i / 16} for i in range(16)]

    def __getitem__(self, i):
        return {'inputs': torch.tensor([self.get_data_info(i)['x']])}


class LineMetric(BaseMetric):
    def process(self, batch, samples):
        self.results += [s['error'] for s in samples]

    def compute_metrics(self, results):
        return dict(error=sum(results) / len(results), none=float('nan'))


@pytest.fixture(autouse=True, scope='module')
def _registered():
    kinds = [(MODELS, LineModel), (DATASETS, LineData), (METRICS, LineMetric)]
    for registry, kind in kinds:
        registry.register_module(module=kind)
    yield
    for registry, kind in kinds:
        registry.module_dict.pop(kind.__name__)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'line.py'
    path.write_text(CONFIG)
    return str(path)


def run(setting, *steps):
    results = {}

    def read(context):
        results.update(context.results)
        return Section('Lines')

    experiment = Experiment('lines', 'Lines', lambda _: steps, read)
    reproduce([experiment], setting, Console(file=io.StringIO()))
    return results


def test_a_tool_can_use_the_weights_that_a_training_left(config, tmp_path):
    setting = Setting(quick=True, jobs=1, work_dir=tmp_path / 'work')
    train = Train(
        'line', config=config, options={'train_cfg.max_epochs': 2}, seed=5
    )
    words = ['{line}/config.py', '{line:checkpoint}']
    words += ['--work-dir', '{again}', '--out', '{again}/a.json']
    again = Tool(
        'again',
        tool='test.py',
        arguments=words,
        result='{again}/a.json',
        needs=['line'],
    )
    results = run(setting, train, again)
    metrics = results['line']['metrics']
    assert metrics['none'] is None
    assert metrics == results['again']
    assert results['line']['checkpoint'].endswith('epoch_2.pth')
    folder = tmp_path / 'work' / 'lines-quick' / 'line'
    assert 'Saving checkpoint' in (folder / 'output.log').read_text()


def test_given_weights_take_the_place_of_a_training(config, tmp_path):
    setting = Setting(quick=True, jobs=1, work_dir=tmp_path / 'work')
    step = Train('line', config=config, role='net')
    trained = run(setting, step)['line']
    given = replace(
        setting,
        work_dir=tmp_path / 'given',
        checkpoints={'net': [trained['checkpoint']]},
    )
    assert run(given, step)['line'] == trained
    log = tmp_path / 'given' / 'lines-quick' / 'line' / 'output.log'
    assert 'Epoch(train)' not in log.read_text()
    (line,) = step.commands(
        Context(given, tmp_path / 'x', {'line': tmp_path / 'x'})
    )
    assert 'test.py' in line
    assert trained['checkpoint'] in line


def test_given_weights_that_do_not_exist_are_told_first(config, tmp_path):
    setting = Setting(checkpoints={'net': ['no.pth']}, work_dir=tmp_path)
    step = Train('line', config=config, role='net')
    with pytest.raises(InputError, match='no.pth does not exist'):
        run(setting, step)
    assert not (tmp_path / 'lines').exists()


def test_seed_and_options_reach_the_run_and_decide_the_result(
    config, tmp_path
):
    setting = Setting(quick=True, jobs=1, work_dir=tmp_path / 'work')
    steps = [Train(f's{s}', config=config, seed=s) for s in (0, 1)]
    steps.append(Train('s0-again', config=config, seed=0))
    errors = [r['metrics']['error'] for r in run(setting, *steps).values()]
    assert errors[0] == errors[2] != errors[1]


def test_a_changed_config_is_trained_again(config, tmp_path):
    setting = Setting(quick=True, jobs=1, work_dir=tmp_path)
    step = Train('line', config=config)
    before = Store(tmp_path, [step], setting).mark(step)
    (tmp_path / 'other.py').write_text(CONFIG.replace('lr=0.1', 'lr=0.2'))
    step = Train('line', config=str(tmp_path / 'other.py'))
    assert Store(tmp_path, [step], setting).mark(step) != before


def test_full_training_goes_on_and_quick_training_starts_anew(
    config, tmp_path
):
    for quick in (False, True):
        setting = Setting(quick=quick, work_dir=tmp_path)
        step = Train('line', config=config)
        kept = Store(tmp_path / str(quick), [step], setting)
        assert not kept.begin(step, {}).resume
        assert kept.begin(step, {}).resume is not quick


def test_a_resumed_training_continues(config, tmp_path):
    setting = Setting(work_dir=tmp_path)
    step = Train('line', config=config, seed=3)
    whole = run(setting, step)['line']
    kept = Store(tmp_path / 'lines', [step], setting)
    context = kept.begin(step, {})
    (context.folder / 'epoch_3.pth').unlink()
    pointer = context.folder / 'last_checkpoint'
    pointer.write_text(str(context.folder / 'epoch_2.pth'))
    assert step.run(context)['metrics'] == whole['metrics']
    log = (context.folder / 'output.log').read_text()
    assert 'resumed epoch: 2' in log


def test_commands_say_the_options_as_the_tools_read_them(config, tmp_path):
    options = {
        'model.neck.kernel': 3,
        'model.neck.padding': 'zero',
        'scales': [(1, 2), (3, 4)],
        'flag': True,
        'none': None,
        'ranking': '{rank}/overall.json',
    }
    setting = Setting(work_dir=tmp_path)
    folders = dict(line=tmp_path / 'line', rank=tmp_path / 'rank')
    context = Context(setting, folders['line'], folders)
    step = Train('line', config=config, options=options, seed=7)
    train, test = step.commands(context)
    words = shlex.split(train.split('--cfg-options')[1])
    said = {}
    for word in words:
        key, value = word.split('=', 1)
        said[key] = DictAction._parse_iterable(value)
    assert said == {
        'model.neck.kernel': 3,
        'model.neck.padding': 'zero',
        'scales': [(1, 2), (3, 4)],
        'flag': True,
        'none': None,
        'ranking': str(tmp_path / 'rank' / 'overall.json'),
        'randomness.seed': 7,
    }
    assert f'"$(cat {folders["line"]}/last_checkpoint)"' in test


def test_commands_are_those_of_today_beside_a_config_of_yesterday(
    config, tmp_path
):
    (tmp_path / 'config.py').write_text('# of other options')
    context = Context(Setting(), tmp_path, dict(line=tmp_path))
    options = {'train_cfg.max_epochs': 7}
    step = Train('line', config=config, options=options)
    for line in step.commands(context):
        assert config in line
        assert 'train_cfg.max_epochs=7' in line


def test_what_no_command_line_can_say_is_told(config, tmp_path):
    folders = dict(line=tmp_path / 'line')
    context = Context(Setting(work_dir=tmp_path), folders['line'], folders)
    options = {'custom_hooks': [dict(type='mmchanpos.X')]}
    step = Train('line', config=config, options=options)
    with pytest.raises(InputError, match='can say custom_hooks.*config'):
        step.commands(context)


def test_a_training_takes_what_no_command_line_can_say(config, tmp_path):
    """It runs from one file with all options, so folders may have blanks."""
    setting = Setting(quick=True, jobs=1, work_dir=tmp_path / 'my work')
    options = {'custom_hooks': [dict(type='EmptyCacheHook')]}
    found = run(setting, Train('line', config=config, options=options))
    assert found['line']['checkpoint'].endswith(
        'my work/lines-quick/line/epoch_3.pth'
    )


def test_several_processes_go_through_the_launch_script(config, tmp_path):
    context = Context(Setting(gpus=4), tmp_path, dict(line=tmp_path))
    train, test = Train('line', config=config).commands(context)
    assert train.startswith(f'bash tools/dist_train.sh {config} 4 ')
    assert test.startswith('bash tools/dist_test.sh')


def test_several_processes_are_started_with_the_whole_config(
    config, tmp_path, monkeypatch
):
    lines = []

    def launch(line, folder):
        lines.append(line)
        (folder / 'last_checkpoint').write_text('epoch_3.pth')
        (folder / 'metrics.json').write_text('{"error": 0.5}')

    monkeypatch.setattr(commands, 'launch', launch)
    setting = Setting(gpus=2, work_dir=tmp_path / 'work')
    step = Train('line', config=config, options={'train_cfg.max_epochs': 7})
    assert run(setting, step)['line']['metrics'] == {'error': 0.5}
    folder = tmp_path / 'work' / 'lines' / 'line'
    train, test = lines
    assert train == [
        'bash',
        'tools/dist_train.sh',
        f'{folder}/config.py',
        '2',
        '--work-dir',
        str(folder),
    ]
    assert Config.fromfile(train[2]).train_cfg.max_epochs == 7
    assert test[2:5] == [f'{folder}/config.py', 'epoch_3.pth', '2']
    assert test[5:7] == ['--out', f'{folder}/metrics.json']


def test_the_version_of_the_package_decides_too(config, tmp_path, monkeypatch):
    step = Train('line', config=config)
    setting = Setting(work_dir=tmp_path)
    before = Store(tmp_path, [step], setting).mark(step)
    monkeypatch.setattr(store, '__version__', '0.0.1')
    assert Store(tmp_path, [step], setting).mark(step) != before


def test_a_missing_config_is_told(tmp_path):
    setting = Setting(work_dir=tmp_path)
    with pytest.raises(InputError, match='does not exist'):
        run(setting, Train('line', config='configs/augshift/none.py'))
