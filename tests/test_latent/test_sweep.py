"""A sweep comes back from its file as it was, and says what does not fit."""

from dataclasses import replace

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json, write_npz
from mmchanpos.latent import ChannelRanking
from mmchanpos.latent.iou import percent_iou
from mmchanpos.latent.sweep import Row, Sweep
from tests.known_sweep import IMAGES, known_sweep


@pytest.fixture(scope='module')
def sweep():
    rankings = [ChannelRanking('overall', range(40))]
    return replace(known_sweep(), rankings=rankings, fingerprint='ab')


def test_everything_comes_back(sweep, tmp_path):
    again = Sweep.load(sweep.save(tmp_path))
    assert again.rows == sweep.rows
    assert again.boxes == sweep.boxes
    (ranking,) = again.rankings
    assert ranking.order.tolist() == list(range(40))
    assert np.array_equal(again.per_image, sweep.per_image)
    for name in ('metric', 'channels', 'images', 'provenance', 'fingerprint'):
        assert getattr(again, name) == getattr(sweep, name)
    assert not again.lower_is_better
    rate = Sweep(
        [Row('none', 0, 0, {'All': 30.0, 'Heavy': None})],
        'MR',
        lower_is_better=True,
    )
    rate = Sweep.load(rate.save(tmp_path))
    assert rate.lower_is_better
    assert rate.score(0, 'All') == 30
    assert np.isnan(rate.score(0, 'Heavy'))
    assert Sweep.load(rate) is rate


def test_what_an_older_version_wrote_is_read(sweep, tmp_path):
    rows = [
        dict(kind='none', start=0, stop=0, value='zero', scores=dict(a=1)),
        dict(kind='random', start=0, stop=5, seed=1, scores=dict(a=0.5)),
    ]
    content = dict(format=1, rows=rows, higher_is_better=False, metric='MR')
    write_json(tmp_path / 'sweep.json', content)
    old = Sweep.load(tmp_path / 'sweep.json')
    assert old.lower_is_better
    assert old.harm(1, 'a') == -0.5
    assert old.rows[1].value == 'zero'


def test_dead_channels_are_counted():
    rankings = [
        ChannelRanking('overall', range(40), dead=[3, 5]),
        ChannelRanking('left', range(40)),
    ]
    assert replace(known_sweep(), rankings=rankings).dead == 2
    assert known_sweep().dead == 0


def test_windows_are_told_from_tops(sweep):
    assert sweep.tops('overall') == [5, 10]
    assert sweep.windows('overall') == [(0, 5), (5, 10), (10, 15)]
    assert sweep.windows('left') == []


def test_scores_follow_the_weights_of_the_images(sweep):
    first = np.zeros((1, IMAGES))
    first[0, 0] = 1
    (row,) = sweep.find('left', 0, 5)
    alone = percent_iou(sweep.per_image[row, 0])
    np.testing.assert_allclose(sweep.resampled(row, first), alone[None])
    with pytest.raises(InputError, match='no values per image'):
        replace(sweep, per_image=None).resampled(row, first)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(rows=[]), 'no rows'),
        (dict(format=2), 'format.*newer'),
        (dict(rows=[dict(kind='a', start=0, stop=0)]), 'scores'),
        (
            dict(rows=[dict(kind='a', start=0, stop=1, scores={'left': 1})]),
            'nothing switched off',
        ),
        (dict(metric=3), 'metric: str was wanted'),
        (dict(rankings='nowhere.json'), 'nowhere.json does not exist'),
    ],
)
def test_what_is_no_sweep_is_told(sweep, tmp_path, changes, message):
    file = sweep.save(tmp_path)
    write_json(file, {**read_json(file), **changes})
    with pytest.raises(InputError, match=f'(?s)sweep.json.*{message}'):
        Sweep.load(file)


def test_rows_of_other_regions_are_told():
    rows = [Row('none', 0, 0, dict(a=1)), Row('x', 0, 1, dict(b=1))]
    with pytest.raises(InputError, match='row 1 has the regions'):
        Sweep(rows)


def test_values_of_another_run_are_told(sweep, tmp_path):
    file = sweep.save(tmp_path)
    other = sweep.per_image.copy()
    other[..., 0, :] = other[..., 0, :] // 2
    write_npz(tmp_path / 'sweep.npz', areas=other)
    with pytest.raises(InputError, match='belong to different runs'):
        Sweep.load(file)
    write_npz(tmp_path / 'sweep.npz', areas=sweep.per_image[:-1])
    with pytest.raises(InputError, match='wanted to be'):
        Sweep.load(file)
    write_npz(tmp_path / 'sweep.npz', other=sweep.per_image)
    with pytest.raises(InputError, match='"areas" or "values"'):
        Sweep.load(file)
    with pytest.raises(InputError, match='neither areas'):
        replace(sweep, per_image=np.zeros((3, 2)))
