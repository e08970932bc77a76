"""The verdict says what the data say, in either direction."""

from dataclasses import replace

import pytest

from mmchanpos.latent import ChannelRanking
from mmchanpos.report.attack import Judge, attack_sections
from tests.known_sweep import known_sweep, renamed


def test_both_questions_are_answered_from_the_data(sweep):
    judge = Judge(sweep)
    for drawn in ('random', 'matched'):
        found = judge.against_drawn('overall', drawn, 'overall')
        assert found.answer == 'more'
        assert found.low < found.difference < found.high
        assert (found.draws, found.reached) == (8, 0)
    # As strong as the matched draws are: the control must not pass.
    judge = Judge(renamed(sweep, overall='x', magnitude='overall'))
    assert judge.against_drawn('overall', 'random', 'overall').answer == 'more'
    found = judge.against_drawn('overall', 'matched', 'overall')
    assert found.answer == 'not more'
    section = attack_sections(sweep)['verdict']
    rows = {row[0]: row for row in section.tables[0].rows}
    assert rows['overall channels'][2].startswith('✓ +')
    assert rows['overall channels'][3].startswith('✗')
    assert rows['overall channels'][4] == 'strength is enough'
    assert any('strength is enough to explain' in x for x in section.remarks)


def test_a_metric_where_lower_is_better_turns_the_verdict(sweep):
    up = Judge(known_sweep())
    for row in sweep.rows:
        row.scores = {k: 100 - v for k, v in row.scores.items()}
    sweep = replace(
        sweep, lower_is_better=True, metric='miss rate', per_image=None
    )
    down = Judge(sweep)
    for drawn in ('random', 'matched'):
        a = up.against_drawn('overall', drawn, 'overall')
        b = down.against_drawn('overall', drawn, 'overall')
        assert a.difference == pytest.approx(b.difference)
        assert b.difference > 0
    low, high = (attack_sections(s)['verdict'] for s in (sweep, known_sweep()))
    assert 'LOWER is better' in low.sentences[0]
    # The same verdicts in the same order, and harm with the same sign.
    one, other = (
        [(row[0], row[4]) for row in s.tables[0].rows] for s in (low, high)
    )
    assert one == other
    assert [r[1].value for r in low.details[0].rows] == pytest.approx(
        [r[1].value for r in high.details[0].rows]
    )


def test_a_small_sweep_gives_a_small_report():
    sweep = known_sweep(per_image=False, windows=(), draws=0)
    sections = attack_sections(sweep)
    assert list(sections) == ['verdict', 'sides']
    said = sections['verdict'].remarks[0]
    assert 'Without random draws nothing follows' in said


def test_channels_counted_on_every_level_are_said_to_be(sweep):
    for row in sweep.rows:
        row.per_level = True
    top = sweep.tops('overall')[-1]
    text = ' '.join(attack_sections(sweep)['verdict'].remarks)
    assert f'the top {top} on each level switched off' in text


def test_dead_channels_are_said_and_an_n_beyond_them_is_warned_of(sweep):
    dead = list(range(8, 40))
    sweep.rankings = [
        ChannelRanking('overall', range(40), dead=dead),
        ChannelRanking('magnitude', [*range(7, -1, -1), *dead], dead=dead),
    ]
    sections = attack_sections(sweep)
    said = sections['verdict'].sentences[2]
    assert '32 of 40 channels are always 0' in said
    # Not the window of ranks from 10 to 15, of which nothing is live.
    assert 'N = 10 goes beyond' in said
    # Of 8 live channels in opposite order, not of 40 that mostly agree.
    (row,) = sections['agreement'].tables[0].rows
    assert row[1].value == pytest.approx(-1)
    assert len(attack_sections(known_sweep())['verdict'].sentences) == 2
