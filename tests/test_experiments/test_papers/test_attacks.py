"""Fig. 4, 6, S3 and S4 read the sweeps that their attacks write."""

import pytest

from mmchanpos.experiments import Context, Setting, load
from mmchanpos.experiments.papers import (
    attacks,
    fig4,
    fig6,
    figS3,
    figS4,
    sides,
)
from mmchanpos.experiments.run.store import Store
from mmchanpos.files import write_json

TOPS = attacks.SMALL.tops
REGIONS = ('overall', 'left', 'center', 'right')


def row(kind, start, stop, harm, **more):
    own = {'contrast': 'left', 'contrast_right': 'right'}.get(kind, kind)
    scores = {
        region: 60 - harm * (2 if region == own else 1) * (stop - start)
        for region in REGIONS
    }
    about = dict(kind=kind, start=start, stop=stop, scores=scores)
    return {**about, **more}


def write_sweep(folder, rows):
    content = dict(format=1, metric='mIoU', channels=128, rows=rows)
    write_json(folder / 'sweep/sweep.json', content)


def context(tmp_path, module, kinds, **scale):
    """Three trainings, each a little worse hit by position channels."""
    setting = Setting(**(scale or dict(quick=True)), work_dir=tmp_path)
    for seed in attacks.seeds_of(setting):
        rows = [row('none', 0, 0, 0)]
        for top in TOPS:
            harms = dict.fromkeys(kinds, 0.5 + 0.01 * seed)
            harms['overall'] = 0.4
            rows += [row(k, 0, top, harms[k]) for k in kinds]
            for draw in (1, 2, 3):
                rows += [
                    row('random', 0, top, 0.01 * draw, seed=draw),
                    row('matched', 0, top, 0.02 * draw, seed=draw),
                ]
        write_sweep(tmp_path / f'attack-seed{seed}', rows)
        rows = [row('none', 0, 0, 0)]
        for i, (start, stop) in enumerate(fig4.windows(setting)):
            rows.append(row('overall', start, stop, 0.5 / (i + 1)))
            rows += [
                row('random', start, stop, 0.01 * d, seed=d) for d in (1, 2)
            ]
        write_sweep(tmp_path / f'windows-seed{seed}', rows)
    folders = {s.name: tmp_path / s.name for s in module.steps(setting)}
    return Context(setting, tmp_path, folders)


def test_fig4_puts_rankings_beside_their_controls(tmp_path):
    found = fig4.read(context(tmp_path, fig4, fig4.KINDS))
    table = found.tables[0]
    assert table.columns[:6] == [
        'N',
        'overall',
        'random',
        'matched',
        'kernel_flip',
        'kernel_flip_pair',
    ]
    top, *numbers = table.rows[-1]
    assert top == TOPS[-1]
    assert [number.value for number in numbers[:3]] == pytest.approx(
        [60 - 0.8 * top, 60 - 0.02 * top, 60 - 0.04 * top]
    )
    # A quarter of the channels is what 500 of 2048 are.
    assert [number.paper for number in numbers[:3]] == [64.7, 70.5, None]
    assert numbers[3].spread > 0
    assert 'These are 3 trainings' in ' '.join(found.sentences)


def test_fig4_shows_every_rank_in_every_region(tmp_path):
    setting = Setting(quick=True)
    spans = fig4.windows(setting)
    assert spans[0][0] == 0
    assert spans[-1][1] == attacks.SMALL.channels
    assert all(a[1] == b[0] for a, b in zip(spans, spans[1:]))
    found = fig4.read(context(tmp_path, fig4, fig4.KINDS))
    names = {figure.name for figure in found.figures}
    assert {f'windows-{region}' for region in REGIONS} <= names
    words = [
        list(map(str, s.arguments))
        for s in fig4.steps(setting)
        if getattr(s, 'tool', '') == 'attack.py'
    ]
    assert any('--kernel-flip' in line for line in words)
    assert any(f'{spans[-1][0]}-{spans[-1][1]}' in line for line in words)


def test_fig6_shows_what_each_half_loses(tmp_path):
    found = fig6.read(context(tmp_path, fig6, sides.KINDS))
    rows = [line.split(',') for line in found.tables[0].csv().splitlines()]
    (row,) = [row for row in rows if row[:2] == ['left channels', '6']]
    values = [float(x) for x in row[2:] if x][::2]
    assert values == pytest.approx([6.12, 3.06, 3.06])
    assert any(row[0] == 'overall channels' for row in rows)


def test_fig6_tests_the_order_of_the_claim_over_trainings(tmp_path):
    """Own side before overall before the other side, in each half."""
    found = fig6.read(context(tmp_path, fig6, sides.KINDS))
    left, right = found.sentences[:2]
    assert left.startswith('The left half')
    assert 'left channels cost more than overall channels in 3 of 3' in left
    # Left channels cost .5 of a point, overall ones .4: wrongly ordered.
    assert 'more than right channels in 0 of 3 trainings' in left
    assert right.startswith('The right half')
    assert 'fig6' in {figure.name for figure in found.figures}


@pytest.mark.parametrize(
    ('module', 'side'), [(figS3, 'right'), (figS4, 'left')]
)
def test_figs3_is_about_right_channels_and_s4_about_left_ones(
    module, side, tmp_path
):
    found = module.read(context(tmp_path, module, sides.KINDS))
    table = found.tables[0]
    assert 'Relative drop' in table.title
    assert side in table.title
    nothing, first = table.rows[:2]
    assert [cell.value for cell in nothing[1:]] == [0.0] * 6
    # The first kind hurts its own region twice as much: 6.12 of 60 points.
    own = 1 + sides.REGIONS.index(side)
    assert first[own].value == pytest.approx(10.2)
    other = 1 + sides.REGIONS.index('center')
    assert first[other].value == pytest.approx(5.1)
    assert len(found.figures) == 2


def test_a_region_that_was_all_wrong_before_has_no_relative_drop(tmp_path):
    nothing = dict(row('none', 0, 0, 0), scores=dict.fromkeys(REGIONS, 0.0))
    write_sweep(tmp_path, [nothing, dict(nothing, kind='left', stop=6)])
    trainings = attacks.Trainings(tmp_path / 'sweep/sweep.json')
    assert str(sides.relative_drop(trainings, 'left', 6, 'left')) == '-'


def test_trained_segmentors_and_one_attack_serve_several_figures(tmp_path):
    setting = Setting(quick=True, work_dir=tmp_path)
    stores = [
        Store(tmp_path / m.__name__, list(m.steps(setting)), setting)
        for m in (fig4, fig6, figS3, figS4)
    ]
    assert len({store.folders['train-seed2'] for store in stores}) == 1
    assert len({store.folders['attack-seed2'] for store in stores}) == 2
    marks = [store.mark(store.steps[1]) for store in stores]
    assert all(mark == marks[0] for mark in marks)


@pytest.mark.parametrize('scale', [{}, dict(quick=True), dict(story=True)])
@pytest.mark.parametrize('name', ['fig4', 'fig6'])
def test_every_scale_attacks_three_trainings(name, scale, tmp_path):
    steps = list(load(name).steps(Setting(**scale, work_dir=tmp_path)))
    for seed in range(3):
        (attack,) = (s for s in steps if s.name == f'attack-seed{seed}')
        assert f'train-seed{seed}' in attack.needs
        assert f'{{train-seed{seed}:checkpoint}}' in attack.arguments
