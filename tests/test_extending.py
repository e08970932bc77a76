"""What a user adds in one file of their own, outside of the package, works.

Each of these files is all that is written: it is named by ``custom_imports``
of a config, and goes through sweep and report.
"""

import os
import re
import sys

import numpy as np
import pytest

from mmchanpos.files import read_json
from mmchanpos.latent import kinds, values
from mmchanpos.latent.kinds import KINDS
from mmchanpos.latent.sweep import Sweep
from mmchanpos.latent.values import VALUES
from mmchanpos.registry import METRICS
from tests.conftest import ROOT

METRIC = """
import numpy as np
from mmengine.evaluator import BaseMetric
from mmchanpos.registry import METRICS
from tests.conftest import ROOT

@METRICS.register_module()
class TheirErrorRate(BaseMetric):
    score_name = 'error'
    lower_is_better = True

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            wrong = sample['pred_score'].argmax() != sample['gt_label']
            self.results.append(100.0 * float(wrong))

    def compute_metrics(self, results):
        return {'error': float(np.mean(results))}

    def scores(self, metrics):
        return {'overall': metrics['error']}

    def per_image(self, results):
        return np.array(results)[:, None]
"""
SILENT = """
import numpy as np
from mmengine.evaluator import BaseMetric
from mmchanpos.registry import METRICS
from tests.conftest import ROOT

@METRICS.register_module()
class TheirLoss(BaseMetric):
    def process(self, data_batch, data_samples):
        for sample in data_samples:
            score = sample['pred_score'][int(sample['gt_label'])]
            self.results.append(-float(score.log()))

    def compute_metrics(self, results):
        return {'loss': float(np.mean(results)), 'images': len(results)}
"""
VALUE = """
from mmchanpos.latent.values import VALUES

def their_negative(chosen, numbers, ablation, state):
    return -chosen

VALUES['their_negative'] = their_negative
"""
KIND = """
from mmchanpos.latent import Score, kind

@kind('their_below', title='channels of above and below', needs=('turned',),
      changes=dict(turned=lambda image: image.flip(-2)))
def their_below(deltas, regions):
    return Score(abs(deltas.difference('plain', 'turned')))
"""

ATTACK = '''
"""Theirs: does the error of a small net rise without some channels?"""

from mmchanpos.experiments import Tool, Train
from mmchanpos.report.attack import attack_sections


def steps(setting):
    """Train a net, or take weights; attack it by a metric of their own."""
    yield Train('train', config={config!r}, role='net')
    words = [{config!r}, '{{train:checkpoint}}', '--out', '{{attack}}']
    words += ['--work-dir', '{{attack}}', '--kinds', 'overall']
    words += ['--tops', 1, 4, '--random', 3, '--matched', 0]
    result = '{{attack}}/sweep/sweep.json'
    yield Tool(
        'attack', tool='attack.py', arguments=words, result=result,
        needs=['train'],
    )


def read(context):
    """The verdict of the attack."""
    file = context.folders['attack'] / 'sweep/sweep.json'
    return attack_sections(file)['verdict']
'''


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file of a user where Python finds it; all is undone after."""
    monkeypatch.syspath_prepend(tmp_path)
    before = dict(KINDS), dict(VALUES), set(METRICS.module_dict)

    def write_file(name, text):
        (tmp_path / f'{name}.py').write_text(text)
        return name

    yield write_file
    for table, known in ((kinds.KINDS, before[0]), (values.VALUES, before[1])):
        for name in set(table) - set(known):
            del table[name]
    for name in set(METRICS.module_dict) - before[2]:
        del METRICS.module_dict[name]
    for name in [n for n in sys.modules if n.startswith('their_')]:
        del sys.modules[name]


@pytest.fixture
def attack(tiny_run, tmp_path, call_tool):
    """Attack the tiny classifier with files of a user; sweep and verdict."""

    def run(name, files, *words, metric=None):
        config = tmp_path / f'{name}_config.py'
        lines = [
            f'_base_ = {str(tiny_run[0])!r}',
            f'custom_imports = dict(imports={files!r})',
        ]
        if metric:
            lines.append(
                f"test_evaluator = dict(_delete_=True, type='{metric}')"
            )
        config.write_text('\n'.join(lines) + '\n')
        out = tmp_path / name
        call_tool(
            *('attack.py', config, tiny_run[1], '--out', out),
            *('--work-dir', tmp_path / 'work', '--tops', 1, 4),
            *('--random', 3, '--matched', 3, *words),
        )
        verdict = read_json(out / 'verdict' / 'results.json')
        return Sweep.load(out / 'sweep' / 'sweep.json'), verdict

    return run


def test_a_metric_where_low_is_good(write, attack):
    error = 'mmchanpos.TheirErrorRate'
    words = '--kinds', 'overall', 'magnitude'
    usual, right = attack('accuracy', [], *words)
    files = [write('their_metric', METRIC)]
    theirs, same = attack('error', files, *words, metric=error)
    assert theirs.metric == 'error'
    assert theirs.lower_is_better
    assert theirs.per_image.shape == usual.per_image.shape
    for i in range(len(usual.rows)):
        total = usual.score(i, 'overall') + theirs.score(i, 'overall')
        assert total == pytest.approx(100, abs=1e-4)
        assert theirs.harm(i, 'overall') == pytest.approx(
            usual.harm(i, 'overall'), abs=1e-4
        )
    assert 'LOWER is better' in same['sentences'][0]
    assert 'higher is better' in right['sentences'][0]
    # Every row of the verdict is the same but for the score itself.
    one, other = (
        [[row[0], *row[2:]] for row in found['tables'][0]['rows']]
        for found in (right, same)
    )
    assert one == other


def test_a_metric_that_says_nothing_is_told_its_direction(write, attack):
    files = [write('their_loss', SILENT)]
    words = '--kinds', 'overall'
    name = 'mmchanpos.TheirLoss'
    up, _ = attack('up', files, *words, metric=name)
    down, said = attack(
        'down', files, *words, '--lower-is-better', metric=name
    )
    assert (up.metric, down.metric) == ('loss', 'loss')
    assert down.per_image is None
    rows = range(len(up.rows))
    harms = [down.harm(i, 'overall') for i in rows]
    assert harms == [-up.harm(i, 'overall') for i in rows]
    assert any(harms)
    assert 'LOWER is better' in said['sentences'][0]


def test_an_ablation_value(write, attack):
    # A metric that shows every change.
    files = [write('their_value', VALUE), write('their_loss', SILENT)]
    words = '--kinds', 'overall', '--lower-is-better'
    metric = dict(metric='mmchanpos.TheirLoss')
    value = '--value', 'their_negative'
    sweep, said = attack('value', files, *words, *value, **metric)
    assert {row.value for row in sweep.rows[1:]} == {'their_negative'}
    zeroed, _ = attack('zeroed', files, *words, **metric)
    assert sweep.score(0, 'overall') == zeroed.score(0, 'overall')
    (row,) = sweep.find('overall', 0, 4)
    assert sweep.score(row, 'overall') != zeroed.score(row, 'overall')
    assert said['tables'][0]['rows']


def test_a_kind_of_ranking(write, attack):
    files = [write('their_kind', KIND)]
    words = '--kinds', 'their_below', 'overall'
    sweep, said = attack('kind', files, *words)
    assert sweep.kinds == ['their_below', 'overall']
    (ranking,) = [r for r in sweep.rankings if r.kind == 'their_below']
    assert sorted(ranking.order) == list(range(8))
    rows = {row[0]: row for row in said['tables'][0]['rows']}
    assert rows['channels of above and below'][2][0] in '✓✗'
    assert any(
        text.startswith('Channels of above and below:')
        for text in said['remarks']
    )
    colours = [kind.colour for kind in KINDS.values()]
    assert len(set(colours)) == len(colours)


def test_an_experiment_by_their_metric(
    write, tiny_run, tmp_path, call_tool, monkeypatch
):
    config = tmp_path / 'their_config.py'
    metric = "dict(_delete_=True, type='mmchanpos.TheirErrorRate')"
    config.write_text(
        f'_base_ = {str(tiny_run[0])!r}\n'
        f'custom_imports = dict(imports=[{write("their_metric", METRIC)!r}])\n'
        f'test_evaluator = {metric}\n'
    )
    # Its steps are processes of their own, which find the metric here.
    monkeypatch.setenv('PYTHONPATH', f'{ROOT}{os.pathsep}{tmp_path}')
    write('their_experiment', ATTACK.format(config=str(config)))
    call_tool(
        *('reproduce.py', tmp_path / 'their_experiment.py', '--quick'),
        *('--work-dir', tmp_path / 'out', '--jobs', 1),
        *('--checkpoint', tiny_run[1]),
    )
    (file,) = tmp_path.glob('out/**/sweep/sweep.json')
    sweep = Sweep.load(file)
    assert (sweep.metric, sweep.lower_is_better) == ('error', True)
    (file,) = tmp_path.glob('out/*/report/results.json')
    result = read_json(file)
    assert 'LOWER is better' in result['sentences'][0]
    (row,) = result['tables'][0]['rows']
    costs = {
        kind: np.mean(
            [
                sweep.harm(i, 'overall')
                for n in (1, 4)
                for i in sweep.find(kind, 0, n)
            ]
        )
        for kind in ('overall', 'random')
    }
    told = float(re.search(r'[+-][\d.]+', row[2]).group())
    wanted = costs['overall'] - costs['random']
    assert told == pytest.approx(wanted, abs=0.006)  # two digits


EXPERIMENT = """
'''How long is a word?'''
from mmchanpos.experiments import Call
from mmchanpos.report import Number, Section, Table

def count(context, word):
    return len(word)

def steps(setting):
    for seed in setting.trainings():
        yield Call(
            f'count-seed{seed}', function=count, arguments={'word': 'a' * seed}
        )

def read(context):
    table = Table('Lengths', ['mean'])
    found = [
        context.results[f'count-seed{s}'] for s in context.setting.trainings()
    ]
    table.add(Number.over(found, paper=4))
    return Section('So long', tables=[table])
"""


def test_an_experiment_of_a_user(tmp_path, write, call_tool):
    file = tmp_path / f'{write("their_experiment", EXPERIMENT)}.py'
    words = file, '--seeds', 3, 5, '--work-dir', tmp_path / 'work'
    said = call_tool('reproduce.py', *words)
    assert '4.0 ±1.4 (paper 4.0)' in ' '.join(said.split())
    again = call_tool('reproduce.py', *words)
    assert '2 of 2 steps are done already' in again
    results = read_json(
        tmp_path / 'work' / 'their_experiment' / 'report' / 'results.json'
    )
    assert results['command'].endswith(f'{file} --seeds 3 5')
