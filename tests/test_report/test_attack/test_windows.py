"""Windows of ranks are set against each other."""

from dataclasses import replace

from mmchanpos.report.attack import attack_sections
from tests.known_sweep import known_sweep


def test_windows_are_set_against_each_other(sweep):
    section = attack_sections(sweep)['windows']
    assert 'Spearman +1.00 over 3 windows' in section.sentences[0]


def test_without_tops_the_windows_still_speak():
    sweep = known_sweep(windows=(5, 10, 15))
    rows = [r for r in sweep.rows if r.start or r.stop == 0]
    sections = attack_sections(replace(sweep, rows=rows, per_image=None))
    assert list(sections) == ['verdict', 'windows']
    assert 'No top N' in sections['verdict'].sentences[1]
