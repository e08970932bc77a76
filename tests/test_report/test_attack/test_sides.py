"""Harm to one side is told from harm to the other."""

from mmchanpos.report.attack import Judge, attack_sections


def test_sides_are_told_apart(sweep):
    judge = Judge(sweep)
    assert judge.between_regions('left', 'left', 'right').answer == 'more'
    assert judge.between_regions('right', 'left', 'right').answer == 'less'
    same = judge.between_regions('overall', 'left', 'right')
    assert abs(same.difference) < 3
    beside = judge.against_drawn('left', 'random', ('left', 'right'))
    assert beside.answer == 'more'
    beside = judge.against_drawn('overall', 'random', ('left', 'right'))
    assert abs(beside.difference) < 3
    section = attack_sections(sweep)['sides']
    assert 'do not tell the halves apart' in section.sentences[0]
