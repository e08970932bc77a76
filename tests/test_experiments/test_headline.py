"""The headline is read from the sweeps of several trainings."""

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments.headline import SETTINGS, read, repeat, tables
from mmchanpos.files import write_json

REGIONS = ('overall', 'left', 'center', 'right')


def row(kind, top, **harms):
    seed = harms.pop('seed', None)
    scores = {region: 80 - harms.get(region, 0.0) for region in REGIONS}
    about = dict(kind=kind, start=0, stop=top, value='zero', scores=scores)
    if seed is not None:
        about['seed'] = seed
    if kind == 'matched':
        about['matches'] = 'overall'
    return about


def write(folder, strength):
    """The two sweeps of a training whose position channels cost so much."""
    rng = np.random.default_rng(0)
    fig4, fig6 = ([row('none', 0)] for _ in range(2))
    for top in (6, 32):
        fig4.append(row('overall', top, overall=strength))
        fig6.append(row('left', top, left=strength, right=1.0))
        fig6.append(row('right', top, left=1.0, right=strength))
        for seed in range(10):
            noise = dict(zip(REGIONS, rng.uniform(0.5, 1.5, 4)), seed=seed)
            fig4 += [row(kind, top, **noise) for kind in ('random', 'matched')]
            fig6.append(row('random', top, **noise))
    for name, rows in (('fig4', fig4), ('fig6', fig6)):
        content = dict(format=1, metric='mIoU', channels=128, rows=rows)
        write_json(folder / name / 'sweep/sweep.json', content)


def test_trainings_are_judged_one_by_one_and_together(tmp_path):
    for setting, strengths in (('one-thread', (9, 8, 7)), ('sse41', (8, 1))):
        for seed, strength in enumerate(strengths):
            write(tmp_path / setting / f'seed-{seed}', strength)
    found = {
        'one-thread': read(tmp_path / 'one-thread', (0, 1, 2)),
        'sse41': read(tmp_path / 'sse41', (0, 1)),
    }
    assert [one.base for one in found.values()] == [[80] * 3, [80] * 2]
    sure = [
        comparison.answer == 'more'
        for one in found.values()
        for comparison in one.answers['more than as strong'].each
    ]
    assert sure == [True, True, True, True, False]
    each, whole = tables(found)
    assert [len(each.rows), len(whole.rows)] == [5, 8]
    said = {tuple(line[:2]): line[2] for line in whole.texts()}
    assert said['one-thread', 'left: own half'] == 'in 3 of 3 trainings'
    assert said['sse41', 'more than as strong'] == 'in 1 of 2 trainings'


def test_a_setting_that_is_none_is_told_before_anything_is_done(tmp_path):
    with pytest.raises(InputError, match='"sse42".*sse41'):
        repeat(tmp_path / 'out', (0,), ('sse42',))
    with pytest.raises(InputError, match='--seeds 0 0'):
        repeat(tmp_path / 'out', (0, 0), ('sse41',))
    assert not (tmp_path / 'out').exists()
    assert all('OMP_NUM_THREADS' in told for told in SETTINGS.values())
