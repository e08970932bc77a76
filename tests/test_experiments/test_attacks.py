"""Fig. 4 and Fig. 6 read the sweep that their last step writes."""

import pytest

from mmchanpos.experiments import fig4, fig6
from mmchanpos.experiments.setting import Setting
from mmchanpos.experiments.steps import Context
from mmchanpos.files import write_json


def row(kind, top, harm, **more):
    scores = {
        region: 60 - harm * (2 if region == kind else 1) * top
        for region in ('overall', 'left', 'center', 'right')
    }
    about = dict(kind=kind, start=0, stop=top, value='zero', scores=scores)
    return {**about, **more}


def context(tmp_path, module, tops, kinds):
    rows = [row('none', 0, 0)]
    for top in tops:
        rows += [row(kind, top, 1.0) for kind in kinds]
        rows += [row('random', top, 0.1 * s, seed=s) for s in (1, 2, 3)]
        rows += [
            row('matched', top, 0.2, seed=0, matches='overall'),
            row('matched', top, 9.0, seed=0, matches='scale_free'),
        ]
    content = dict(format=1, metric='mIoU', channels=64, rows=rows)
    write_json(tmp_path / 'attack/sweep/sweep.json', content)
    setting = Setting(quick=True, work_dir=tmp_path)
    folders = {
        step.name: tmp_path / step.name for step in module.steps(setting)
    }
    return Context(setting, tmp_path, folders)


def test_fig4_puts_rankings_beside_their_controls(tmp_path):
    kinds = ('overall', 'scale_free', 'magnitude')
    found = fig4.read(context(tmp_path, fig4, fig4.QUICK_TOPS, kinds))
    table = found.tables[0].csv().splitlines()
    last = table[-1].split(',')
    top = fig4.QUICK_TOPS[-1]
    assert last[0] == str(top)
    assert [float(x) for x in last[1:4]] == pytest.approx(
        [60 - 2 * top, 60 - 0.2 * top, 60 - 0.2 * top]
    )
    assert any('random' in sentence for sentence in found.sentences)


def test_fig6_shows_what_each_half_loses(tmp_path):
    tops = (3, 6, 10, 16)
    found = fig6.read(context(tmp_path, fig6, tops, fig6.KINDS))
    first = found.tables[0].csv().splitlines()[1].split(',')
    assert first[:2] == ['left', '3']
    assert [float(x) for x in first[2:5]] == pytest.approx([6, 3, 3])


@pytest.mark.parametrize('quick', [True, False])
@pytest.mark.parametrize('module', [fig4, fig6])
def test_the_attack_comes_after_the_training(module, quick, tmp_path):
    steps = list(module.steps(Setting(quick=quick, work_dir=tmp_path)))
    names = [step.name for step in steps]
    assert names[-2:] == ['train', 'attack']
    assert 'train' in steps[-1].after()
    words = list(map(str, steps[-1].arguments))
    assert any(word.startswith('{train}/iter_') for word in words)
