"""The attack report asks both questions and says what the data say."""

import json
import re

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json, write_npz
from mmchanpos.report.attack import (
    Judge,
    Sweep,
    attack_sections,
    write_attack_report,
)
from mmchanpos.report.attack.judge import percent_iou
from mmchanpos.report.attack.verdict import verdict


def changed(path, **changes):
    content = {**read_json(path), **changes}
    write_json(path, {k: v for k, v in content.items() if v is not None})
    return path


def test_percent_iou_leaves_absent_classes_out():
    areas = np.array([[30, 0, 0], [40, 0, 20], [50, 0, 0]])
    assert percent_iou(areas) == pytest.approx(100 * (0.5 + 0) / 2)
    assert np.isnan(percent_iou(np.zeros((3, 2))))


def test_both_questions_are_answered_from_the_data(sweep_file):
    judge = Judge(Sweep.load(sweep_file))
    for drawn in ('random', 'matched'):
        found = judge.against_drawn('overall', drawn, 'overall')
        assert found.answer == 'more'
        assert found.low < found.difference < found.high
        assert (found.draws, found.reached) == (8, 0)
    # As strong as the matched draws are: the control must not pass.
    changed_kind = read_json(sweep_file)
    for row in changed_kind['rows']:
        row['kind'] = {'overall': 'x', 'magnitude': 'overall'}.get(
            row['kind'], row['kind']
        )
    write_json(sweep_file, changed_kind)
    judge = Judge(Sweep.load(sweep_file))
    assert judge.against_drawn('overall', 'random', 'overall').answer == 'more'
    found = judge.against_drawn('overall', 'matched', 'overall')
    assert found.answer == 'not more'
    text = verdict(judge.sweep, judge, 'overall', 'overall')
    assert 'strength is enough to explain' in text


def test_the_difference_is_that_of_the_library(sweep_file):
    sweep = Sweep.load(sweep_file)
    _, areas = sweep.per_image
    one = areas[sweep.find('left', 0, 5)[0]]
    others = [areas[i] for i in sweep.find('random', 0, 5)]
    mine, *theirs = (percent_iou(x.mean(axis=0)[1]) for x in (one, *others))
    fast = Judge(sweep).against_drawn('left', 'random', 'left', [(0, 5)])
    # Harm is the other way round than mIoU.
    wanted = np.mean(theirs) - mine
    assert fast.difference == pytest.approx(wanted, abs=1e-6)
    assert fast.answer == 'more'


@pytest.mark.parametrize('per_image', [True, False])
def test_a_random_draw_is_found_unlike_the_others_one_time_in_twenty(
    build_sweep, per_image
):
    draws = 60
    path = build_sweep(per_image=per_image, draws=draws, windows=())
    sweep = Sweep.load(path)
    rows = [i for i, r in enumerate(sweep.rows) if r['kind'] == 'random']
    found = 0
    for seed in range(draws):
        for i in rows:
            mine = sweep.rows[i]['seed'] == seed
            sweep.rows[i]['kind'] = 'case' if mine else 'random'
        judge = Judge(sweep, resamples=50)
        found += judge.against_drawn('case', 'random', 'left').p_value < 0.05
    assert found <= 0.1 * draws


def test_a_metric_where_lower_is_better_turns_the_verdict(sweep_file):
    up = Judge(Sweep.load(sweep_file))
    content = read_json(sweep_file)
    for row in content['rows']:
        row['scores'] = {k: 100 - v for k, v in row['scores'].items()}
    content.update(higher_is_better=False, metric='miss rate')
    del content['per_image']
    write_json(sweep_file, content)
    down = Judge(Sweep.load(sweep_file))
    for drawn in ('random', 'matched'):
        a = up.against_drawn('overall', drawn, 'overall')
        b = down.against_drawn('overall', drawn, 'overall')
        assert a.difference == pytest.approx(b.difference)
        assert b.difference > 0
    sections = attack_sections(sweep_file)
    assert 'LOWER is better' in sections[0].sentences[0]


def test_without_values_per_image_the_draws_decide(build_sweep):
    sweep = Sweep.load(build_sweep(per_image=False))
    judge = Judge(sweep)
    found = judge.against_drawn('overall', 'random', 'overall')
    assert (found.answer, found.draws, found.reached) == ('more', 8, 0)
    # A draw is not unlike the other draws.
    (one, *others) = sweep.find('random', 0, 10)
    sweep.rows[one].update(kind='chance', seed=None)
    found = judge.against_drawn('chance', 'random', 'overall', [(0, 10)])
    assert (found.answer, found.draws) == ('not more', 7)
    assert found.low < 0 < found.high
    assert judge.between_regions('left', 'left', 'right') is None


def test_one_draw_is_too_few_to_tell(build_sweep):
    judge = Judge(Sweep.load(build_sweep(per_image=False, draws=1)))
    found = judge.against_drawn('overall', 'random', 'overall')
    assert found.answer == 'not more'


def test_sides_are_told_apart(sweep_file):
    judge = Judge(Sweep.load(sweep_file))
    assert judge.between_regions('left', 'left', 'right').answer == 'more'
    assert judge.between_regions('right', 'left', 'right').answer == 'less'
    same = judge.between_regions('overall', 'left', 'right')
    assert abs(same.difference) < 3
    beside = judge.against_drawn('left', 'random', ('left', 'right'))
    assert beside.answer == 'more'
    beside = judge.against_drawn('overall', 'random', ('left', 'right'))
    assert abs(beside.difference) < 3
    section = attack_sections(sweep_file)[1]
    assert 'do not tell the halves apart' in section.sentences[0]


def test_only_draws_that_cover_the_curve_are_used(sweep_file):
    content = read_json(sweep_file)
    content['rows'] = [
        r
        for r in content['rows']
        if (r['kind'], r['stop'], r.get('seed')) != ('random', 10, 3)
    ]
    del content['per_image']
    write_json(sweep_file, content)
    judge = Judge(Sweep.load(sweep_file))
    found = judge.against_drawn('overall', 'random', 'overall')
    assert found.draws == 7


def test_the_page_has_every_part_and_asks_nobody(sweep_file, tmp_path):
    rng = np.random.default_rng(0)
    orders = [
        dict(kind=k, order=rng.permutation(40).tolist())
        for k in ('overall', 'left', 'magnitude')
    ]
    write_json(tmp_path / 'rankings.json', dict(format=1, rankings=orders))
    write_npz(
        tmp_path / 'examples.npz',
        image=rng.integers(0, 255, (2, 16, 32, 3)).astype(np.uint8),
        truth=rng.integers(0, 4, (2, 16, 32)),
        prediction=rng.integers(0, 3, (2, 2, 16, 32)),
        top=np.array([0, 10]),
        palette=np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]]),
        kind=np.array('left'),
        region=np.array('left'),
    )
    changed(sweep_file, rankings='rankings.json', examples='examples.npz')
    out = tmp_path / 'out'
    sections = write_attack_report(sweep_file, out, command='python attack.py')
    assert len(sections) == 5
    html = (out / 'report.html').read_text()
    assert html.count('<section') == 5
    assert html.count('src="data:image/png;base64,') == 4
    assert not re.search(r'(src|href)="(?!data:|#)', html)
    assert 'deeplabv3.py' in html
    assert 'python attack.py' in html
    for stem in ('1/curves', '2/sides', '3/windows', '4/examples'):
        for kind in ('png', 'svg'):
            assert (out / f'{stem}.{kind}').stat().st_size > 1000
    curves = json.loads((out / '1' / 'curves.json').read_text())
    assert curves['columns'][:3] == ['region', 'ranking', 'top']


def test_curves_start_at_the_reference_and_bands_hold_the_draws(sweep_file):
    from mmchanpos.report.attack.figures import curve_figure

    sweep = Sweep.load(sweep_file)
    rows = curve_figure(sweep, ['left']).data.rows
    start = sweep.score(sweep.reference, 'left')
    for _, name, top, score, low, high in rows:
        assert low <= score <= high or name == 'left channels'
        if top == 0:
            assert score == low == high == start
    drawn = [sweep.score(i, 'left') for i in sweep.find('random', 0, 10)]
    (row,) = [r for r in rows if r[1] == 'random channels' and r[2] == 10]
    assert row[3] == pytest.approx(np.mean(drawn))
    assert min(drawn) <= row[4] < row[5] <= max(drawn)


def test_windows_are_told_from_tops(sweep_file):
    sweep = Sweep.load(sweep_file)
    assert sweep.tops('overall') == [5, 10]
    assert sweep.windows('overall') == [(0, 5), (5, 10), (10, 15)]
    section = attack_sections(sweep_file)[2]
    assert 'Spearman +1.00 over 3 windows' in section.sentences[0]


def test_a_small_sweep_gives_a_small_report(build_sweep):
    path = build_sweep(per_image=False, windows=(), draws=0)
    sections = attack_sections(path)
    assert [s.title for s in sections][0].startswith('Does switching')
    assert len(sections) == 2
    assert 'Without random draws nothing follows' in sections[0].sentences[1]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(rows=[]), '"rows"'),
        (dict(format=2), 'newer'),
        (dict(rows=[dict(kind='a', start=0, stop=0)]), 'no "scores"'),
        (
            dict(rows=[dict(kind='a', start=0, stop=1, scores={'left': 1})]),
            'nothing switched off',
        ),
    ],
)
def test_what_is_no_sweep_is_told(sweep_file, changes, message):
    with pytest.raises(InputError, match=f'(?s)sweep.json.*{message}'):
        Sweep.load(changed(sweep_file, **changes))


def test_values_of_another_run_are_told(sweep_file, tmp_path):
    with np.load(tmp_path / 'sweep.npz') as data:
        areas = data['areas']
    other = areas.copy()
    other[..., 0, :] = other[..., 0, :] // 2
    write_npz(tmp_path / 'sweep.npz', areas=other)
    with pytest.raises(InputError, match='belong to different runs'):
        Judge(Sweep.load(sweep_file))
    write_npz(tmp_path / 'sweep.npz', areas=areas[:-1])
    with pytest.raises(InputError, match='wanted to be'):
        Sweep.load(sweep_file)
    write_npz(tmp_path / 'sweep.npz', other=areas)
    with pytest.raises(InputError, match='"areas" or "values"'):
        Sweep.load(sweep_file)


def test_channels_counted_on_every_level_are_said_to_be(sweep_file):
    content = read_json(sweep_file)
    for row in content['rows']:
        row['per_level'] = True
    write_json(sweep_file, content)
    sweep = Sweep.load(sweep_file)
    top = sweep.tops('overall')[-1]
    text = verdict(sweep, Judge(sweep), 'overall', 'overall')
    assert f'the top {top} on each level switched off' in text
