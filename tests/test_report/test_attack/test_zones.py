"""Whether zones suffer alike is read from what the sweep measured."""

from dataclasses import replace

import numpy as np
import pytest

from mmchanpos.report.attack import attack_sections
from tests.known_sweep import known_sweep


def zoned(sweep, name='zone_variance'):
    """Halves as zones, and the variance that ``ZoneMetric`` gives."""
    for row in sweep.rows:
        values = [row.scores[zone] for zone in ('left', 'right')]
        row.metrics = {f'coco/{name}': float(np.var(values))}
    return sweep


def test_a_ranking_of_one_side_pulls_zones_apart():
    section = attack_sections(zoned(known_sweep()))['zones']
    table = section.tables[0]
    assert table.columns[2:] == ['whole', 'left', 'right', 'variance']
    by_row = {(row[0], row[1]): row[-1] for row in table.rows}
    (left,) = [
        n for (k, top), n in by_row.items() if 'left' in k and top == 10
    ]
    (plain,) = [n for (k, _), n in by_row.items() if k == 'nothing']
    assert left.value > plain.value + 10
    # Drawn channels do the same to both sides, and several draws scatter.
    (drawn,) = [
        n
        for (k, top), n in by_row.items()
        if k == 'random channels' and top == 10
    ]
    assert abs(drawn.value - plain.value) < 5
    assert drawn.spread is not None
    assert section.figures[0].name == 'zones'
    # Own zones are no rings, of which z01 would be the outer one.
    assert 'z01' not in section.sentences[0]
    assert '(change ' in section.sentences[1]
    several = attack_sections([zoned(known_sweep())] * 2)['zones']
    assert '(change in the first training ' in several.sentences[1]


@pytest.mark.parametrize('last', ['z45', 'z56'])
def test_of_five_rings_alone_the_outer_one_is_a_tenth(last):
    sweep = zoned(known_sweep(per_image=False))
    rings = [f'z{i}{i + 1}' for i in range(int(last[-1]))]
    for row in sweep.rows:
        row.scores = {'overall': 50.0, **dict.fromkeys(rings, 40.0)}
    sweep = replace(sweep)
    said = attack_sections(sweep)['zones'].sentences[0]
    assert ('z01 is the outer tenth' in said) == (last == 'z45')


def test_without_values_per_image_there_is_no_interval():
    sweep = replace(zoned(known_sweep()), per_image=None)
    section = attack_sections(sweep)['zones']
    said = ' '.join(section.sentences)
    assert 'draws change it as much' in said
    assert 'interval' not in said


def test_a_sweep_without_zones_has_no_section():
    assert 'zones' not in attack_sections(known_sweep())
    assert 'zones' not in attack_sections(zoned(known_sweep(), 'other'))


@pytest.mark.parametrize('missing', ['left', 'right'])
def test_a_zone_without_a_score_is_left_out(missing):
    sweep = replace(zoned(known_sweep()), per_image=None)
    for row in sweep.rows:
        row.scores[missing] = None
    table = attack_sections(sweep)['zones'].tables[0]
    cell = table.rows[0][table.columns.index(missing)]
    assert str(cell) == '-'
