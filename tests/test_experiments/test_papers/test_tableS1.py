import pytest

from mmchanpos.experiments import Setting
from mmchanpos.experiments.papers import tableS1
from mmchanpos.experiments.run.steps import Context
from mmchanpos.experiments.run.store import check_order
from mmchanpos.files import write_json

OFFSET = {'none': 0.0, 'overall': 5.0, 'random': 1.0, 'matched': 2.0}


@pytest.mark.parametrize('quick', [True, False])
def test_steps_are_in_order_and_attack_every_latent(quick):
    setting = Setting(quick=quick)
    steps = list(tableS1.steps(setting))
    check_order(steps)
    attacks = [
        step
        for step in steps
        if getattr(step, 'tool', '').startswith('attack')
    ]
    assert len(attacks) == (3 if quick else 5)
    for step in attacks:
        assert '--per-level' in step.arguments
        assert step.after() >= set(step.needs)
    # Only the quick setting draws its own data.
    assert (steps[0].name == 'data') == quick


def test_a_given_data_root_is_used_everywhere(tmp_path):
    setting = Setting(quick=True, data_root=str(tmp_path))
    steps = list(tableS1.steps(setting))
    assert steps[0].name != 'data'
    for step in steps:
        assert str(tmp_path) in str(step.mentions())


def write_sweep(folder, top, draws):
    rows = []
    for kind in ('none', 'overall', 'random', 'matched'):
        for seed in range(draws if kind in ('random', 'matched') else 1):
            scores = {
                setup: 10 * i + OFFSET[kind] + seed
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


def test_rows_stand_beside_the_paper_with_the_spread_of_draws(tmp_path):
    setting = Setting(quick=True)
    folders = {s.name: tmp_path / s.name for s in tableS1.steps(setting)}
    for detector in tableS1.QUICK:
        for tap in detector.taps:
            folder = folders[tableS1._step(detector.name, tap)]
            write_sweep(folder, detector.top, draws=3)
    section = tableS1.read(Context(setting, tmp_path, folders))
    assert len(section.tables) == 3
    csp = section.tables[-1]
    rows = {row[0]: row[1:] for row in csp.rows}
    assert [n.value for n in rows['nothing']] == [0, 10, 20, 30]
    assert [n.paper for n in rows['overall']] == [11.14, 16.7, 41.24, 38.82]
    assert rows['random'][0].value == 2.0
    assert rows['random'][0].spread == 1.0
    assert rows['matched'][1].paper is None
    assert 'LOWER' in section.sentences[0]


def test_an_attack_is_read_from_its_own_folder():
    steps = list(tableS1.steps(Setting(quick=True)))
    for step in steps:
        if step.name.endswith('-neck'):
            assert step.result == f'{{{step.name}}}/sweep/sweep.json'
