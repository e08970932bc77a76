"""Tables and figures of profiles, from the files that the loop writes."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.files import write_json, write_npz
from mmchanpos.report.profile_section import profile_section
from mmchanpos.shift import Boxes, BoxProfile, MapProfile, ShiftProtocol, merge

CELL = dict(max_shift=2, range='halfopen', exhaustive=True)


def written(folder, name, kind, **fields):
    test = ShiftProtocol(**fields)
    images = torch.rand(
        4, 1, 12, 16, generator=torch.Generator().manual_seed(0)
    )
    if kind == 'maps':
        profile = MapProfile(
            test,
            2,
            lambda h, w: (torch.arange(h * w).view(h, w) > w).long(),
            2,
        )

        def predict(views):
            return (views[:, 0] * views[:, 0, :1] > 0.3).long()

    else:
        profile = BoxProfile(test)

        def predict(views):
            box = np.array([[4.0, 4, 9, 9]])
            score = views.mean((1, 2, 3)).numpy()
            return [Boxes(box, s[None], np.zeros(1), (12, 16)) for s in score]

    profile.profile(predict, images, np.arange(4))
    state = profile.state()
    write_json(folder / f'{name}.json', profile.report([state]))
    write_npz(folder / f'{name}.npz', grid=test.grid(), **merge([state]))


@pytest.mark.parametrize('kind', ['maps', 'boxes'])
@pytest.mark.parametrize('fields', [CELL, dict(max_shift=3, num_shifts=4)])
def test_every_kind_of_profile_can_be_shown(tmp_path, kind, fields):
    written(tmp_path, 'one', kind, **fields)
    section = profile_section(
        tmp_path,
        lambda i: np.full((12, 16, 3), i / 4),
        dict(other=tmp_path),
        ['one'],
    )
    section.save(tmp_path / 'report')
    names = {figure.name for figure in section.figures}
    assert {'one-flips', 'one-fragile'} <= names or kind == 'boxes'
    assert ('one-phases' in names) == ('exhaustive' in fields)
    size = next(f for f in section.figures if f.name == 'one-size')
    assert {row[0] for row in size.data.rows} == {'this network', 'other'}
    heads = [row[0] for row in section.tables[0].rows]
    assert heads[0].startswith('pixels' if kind == 'maps' else 'objects')
    assert section.tables[0].rows[0][1].endswith(']')


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(InputError, match=r'shift_eval\.py writes them'):
        profile_section(tmp_path, np.zeros, {}, [])
