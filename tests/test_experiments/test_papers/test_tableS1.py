"""Table S1: every detector, latent and training is attacked and read."""

from dataclasses import replace

import pytest

from mmchanpos.experiments import Context, Setting
from mmchanpos.experiments.papers import tableS1
from mmchanpos.experiments.run.store import Store
from mmchanpos.files import write_json

OFFSET = {'none': 0.0, 'overall': 5.0, 'random': 1.0, 'matched': 2.0}


@pytest.mark.parametrize('quick', [True, False])
def test_steps_attack_every_latent_of_every_training(quick, tmp_path):
    setting = Setting(quick=quick, work_dir=tmp_path)
    steps = list(tableS1.steps(setting))
    Store(tmp_path, steps, setting)
    attacks = [s for s in steps if getattr(s, 'tool', '') == 'attack.py']
    assert len(attacks) == 3 * (3 if quick else 5)
    for step in attacks:
        assert '--per-level' in step.arguments
        assert f'{{{step.needs[-1]}:checkpoint}}' in step.arguments
    # Only the quick setting draws its own data.
    assert (steps[0].name == 'data') == quick


def test_a_given_data_root_is_used_everywhere(tmp_path):
    setting = Setting(quick=True, data_root=str(tmp_path))
    steps = list(tableS1.steps(setting))
    assert steps[0].name != 'data'
    for step in steps:
        assert str(tmp_path) in str(
            [step.arguments, getattr(step, 'options', 0)]
        )


def write_sweep(folder, top, draws, more):
    rows = []
    for kind in ('none', 'overall', 'random', 'matched'):
        for seed in range(draws if kind in ('random', 'matched') else 1):
            scores = {
                setup: 10.0 * i
                + OFFSET[kind]
                + seed
                + more * (kind == 'overall')
                for i, setup in enumerate(tableS1.SETUPS)
            }
            stop = 0 if kind == 'none' else top
            row = {'kind': kind, 'start': 0, 'stop': stop, 'scores': scores}
            rows.append({**row, 'seed': seed})
    content = {
        'format': 1,
        'metric': 'MR',
        'higher_is_better': False,
        'rows': rows,
    }
    write_json(folder / 'sweep/sweep.json', content)


def test_rows_stand_beside_the_paper_over_trainings(tmp_path):
    setting = Setting(quick=True)
    folders = {s.name: tmp_path / s.name for s in tableS1.steps(setting)}
    for name, folder in folders.items():
        for detector in tableS1.QUICK:
            if name.startswith(f'{detector.role}-seed') and 'neck' in name:
                seed = int(name.split('seed')[1][0])
                write_sweep(folder, detector.top, draws=3, more=seed)
    section = tableS1.read(Context(setting, tmp_path, folders))
    assert len(section.tables) == 3
    csp = section.tables[-1]
    rows = {row[0]: row[1:] for row in csp.rows}
    assert [n.value for n in rows['nothing']] == [0, 10, 20, 30]
    assert [n.paper for n in rows['overall']] == [11.14, 16.7, 41.24, 38.82]
    # Draws 1, 2, 3 in every training; the attack costs 5, 6 and 7 points.
    assert rows['random'][0].value == 2.0
    assert rows['random'][0].spread == 0.0
    assert rows['overall'][0].value == 6.0
    assert rows['overall'][0].spread == 1.0
    assert rows['matched'][1].paper is None
    assert 'LOWER' in section.sentences[0]
    # Lower is better, and more is more harm: +4 points beyond chance.
    verdict = section.sentences[-2]
    assert 'CSP' in verdict
    assert '+4.00 points more than random channels' in verdict
    assert 'of 3 trainings' in verdict
    one = Context(replace(setting, seeds=(0,)), tmp_path, folders)
    assert 'This is one training' in tableS1.read(one).sentences[-2]
