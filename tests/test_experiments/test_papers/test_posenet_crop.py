"""Fig. 1 of PosENet: what both predictions see is compared, and no more."""

from pathlib import Path

import numpy as np
import pytest

from mmchanpos.experiments import Context, Setting
from mmchanpos.experiments.papers import posenet_crop
from mmchanpos.testing.segmentor import write_tiny


@pytest.fixture(scope='module')
def cropped(tmp_path_factory):
    pytest.importorskip('mmseg')
    folder = tmp_path_factory.mktemp('crops')
    config, checkpoint = write_tiny(folder)
    setting = Setting(quick=True, seeds=(0,), work_dir=folder)
    names = [step.name for step in posenet_crop.steps(setting)]
    folders = {name: folder / name for name in names}
    own = folders['crops-seed0']
    own.mkdir()
    context = Context(setting, own, folders)
    words = str(config), str(checkpoint), str(folder / 'streets')
    return context, posenet_crop.crop(context, *words), words


def test_a_crop_changes_what_a_padded_net_says(cropped):
    context, found, _ = cropped
    assert set(found) == {
        'left_all',
        'left_vehicles',
        'right_all',
        'right_vehicles',
    }
    assert all(0 <= value <= 100 for value in found.values())
    # Its pooled context, if not its borders, is another.
    assert found['left_all'] > 0
    drawn = np.load(context.folder / 'crops.npz')
    width = drawn['whole'].shape[2]
    kept = int(posenet_crop.KEPT * width)
    assert (drawn['left crop'][:, :, kept:] == 255).all()
    assert (drawn['right crop'][:, :, : width - kept] == 255).all()


def test_nothing_changes_where_nothing_is_cut_off(cropped, monkeypatch):
    context, _, words = cropped
    everything = dict.fromkeys(('left', 'right'), lambda width: (0, width))
    monkeypatch.setattr(posenet_crop, 'SIDES', everything)
    folder = context.folder / 'whole'
    folder.mkdir()
    whole = Context(context.setting, folder, context.folders)
    assert set(posenet_crop.crop(whole, *words).values()) == {0.0}


def test_the_section_counts_trainings(cropped):
    context, found, _ = cropped
    found = dict(found, left_vehicles=90, right_vehicles=90)
    known = Context(
        context.setting, Path(), context.folders, {'crops-seed0': found}
    )
    section = posenet_crop.read(known)
    assert 'one training' in section.sentences[0]
    assert [len(row) for row in section.tables[0].rows] == [3, 3]
    assert len(section.figures[0].image.axes) == 3 * 4
