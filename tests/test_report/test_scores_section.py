"""The page of scores says what the numbers say."""

import copy

import pytest

from mmchanpos.files import clean
from mmchanpos.latent.cached import PLACES
from mmchanpos.latent.study import study
from mmchanpos.report.erasers_section import erasers_section
from mmchanpos.report.scores_section import scores_section, sentences
from tests.test_latent.test_study import cached


@pytest.fixture(scope='module')
def found():
    parts = cached()
    moved = PLACES['rolled down'](parts[1].latents)
    return clean(study(*parts, moved))


def test_the_page_has_every_score_and_both_tables(found):
    section = scores_section([found, found])
    assert [len(t.rows) for t in section.tables] == [12 + 5 + 2] * 2
    named = {row[0] for row in section.tables[0].rows}
    assert {'overall', 'ramp_y', 'greedy', 'signed Taylor'} <= named
    assert '2 trainings' in section.sentences[0]
    assert erasers_section([found]).figures[0].data.rows


def test_it_says_plainly_where_eq_2_wins(found):
    losing = ' '.join(sentences([found]))
    assert 'more than that: ' in losing
    assert 'ramp_y' in losing
    winner = copy.deepcopy(found)
    top = str(winner['tops'][-1])
    winner['kinds']['overall'][top]['matched']['difference'] = 99.0
    assert 'Eq. 2 wins' in ' '.join(sentences([winner]))


def test_erasers_are_compared_at_the_same_erasure(found):
    said = erasers_section([found]).sentences
    assert said[0].startswith('LEACE takes two directions away')
    last = [r for r in found['erasers'] if r['kind'] == 'ramp zeroed'][-1]
    assert f'{last["top"]} to {last["top"]} of 12 channels' in said[1]
