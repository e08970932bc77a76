"""Fig. 4, 6, S3 and S4 read the sweep that their last step writes."""

import pytest

from mmchanpos.experiments.papers import fig4, fig6, figS3, figS4, sides
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context
from mmchanpos.experiments.run.store import Store
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
    found = fig4.read(context(tmp_path, fig4, fig4.QUICK_TOPS, fig4.KINDS))
    top, *numbers = found.tables[0].rows[-1]
    assert top == fig4.QUICK_TOPS[-1]
    assert [number.value for number in numbers[:3]] == pytest.approx(
        [60 - 2 * top, 60 - 0.2 * top, 60 - 0.2 * top]
    )
    # A quarter of the channels is what 500 of 2048 are.
    assert [number.paper for number in numbers[:3]] == [64.7, 70.5, None]
    assert any('random' in sentence for sentence in found.remarks)


def test_fig6_shows_what_each_half_loses(tmp_path):
    tops = sides.side_tops(Setting(quick=True))
    found = fig6.read(context(tmp_path, fig6, tops, sides.KINDS))
    rows = [line.split(',') for line in found.tables[0].csv().splitlines()]
    (row,) = [row for row in rows if row[:2] == ['left', '6']]
    assert [float(x) for x in row[2:5]] == pytest.approx([12, 6, 6])
    assert 'left half' in found.sentences[0]


@pytest.mark.parametrize(
    ('module', 'side'), [(figS3, 'left'), (figS4, 'right')]
)
def test_figs3_and_s4_show_one_side_each(module, side, tmp_path):
    tops = sides.side_tops(Setting(quick=True))
    found = module.read(context(tmp_path, module, tops, sides.KINDS))
    head, nothing, first = found.tables[0].csv().splitlines()[:3]
    assert head.count(f'{side} channels') == 3
    assert {float(x) for x in nothing.split(',')} == {0, 60}
    # The first kind hurts its own region twice as much.
    own = 1 + sides.REGIONS.index(side)
    assert float(first.split(',')[own]) == pytest.approx(60 - 12)
    assert len(found.sentences) == 2
    assert all(text.lower().startswith(side) for text in found.sentences)


def test_one_trained_segmentor_and_one_attack_serve_several_figures(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    stores = [
        Store(tmp_path / m.__name__, list(m.steps(setting)), setting)
        for m in (fig4, fig6, figS3, figS4)
    ]
    assert len({store.folders['train'] for store in stores}) == 1
    assert len({store.folders['attack'] for store in stores}) == 2
    marks = [store.mark(store.steps[1]) for store in stores]
    assert all(mark == marks[0] for mark in marks)


@pytest.mark.parametrize('scale', [{}, dict(quick=True), dict(story=True)])
@pytest.mark.parametrize('module', [fig4, fig6])
def test_the_attack_comes_after_the_training(module, scale, tmp_path):
    steps = list(module.steps(Setting(**scale, work_dir=tmp_path)))
    names = [step.name for step in steps]
    assert names[-2:] == ['train', 'attack']
    assert 'train' in steps[-1].after()
    words = list(map(str, steps[-1].arguments))
    assert any(word.startswith('{train}/iter_') for word in words)
