"""Panels show what the files of a data set hold."""

import numpy as np
import pytest
from PIL import Image

from mmchanpos.datasets.contact_sheet import panel_of
from mmchanpos.errors import InputError

PALETTE = [(128, 64, 128), (0, 0, 142), (220, 20, 60)]


class Labelled:
    """One image with its label map."""

    metainfo = dict(classes=('road', 'car', 'person'), palette=PALETTE)

    def __init__(self, path):
        self.path = path

    def get_data_info(self, index):
        image = np.zeros((2, 3, 3), np.uint8)
        return dict(img=image, seg_map_path=str(self.path))


@pytest.mark.parametrize('palette', [None, [255, 0, 0, 9, 9, 9, 0, 0, 255]])
def test_labels_are_numbers_whatever_their_palette_in_the_file(
    palette, tmp_path
):
    ids = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    image = Image.fromarray(ids)
    if palette:
        image.putpalette(palette)
    image.save(tmp_path / 'labels.png')
    panel = panel_of(Labelled(tmp_path / 'labels.png'), 0)
    assert np.array_equal(panel.labels, np.array(PALETTE, np.uint8)[ids])


def test_labels_that_a_set_renames_have_its_colours(tmp_path):
    ids = np.array([[7, 8, 9]], np.uint8)
    Image.fromarray(ids).save(tmp_path / 'labels.png')

    class Renamed(Labelled):
        def get_data_info(self, index):
            renamed = {7: 1, 8: 255, 9: -1}
            return dict(super().get_data_info(index), label_map=renamed)

    panel = panel_of(Renamed(tmp_path / 'labels.png'), 0)
    assert panel.labels.tolist() == [[[0, 0, 142], [0, 0, 0], [0, 0, 0]]]


def test_labels_are_renamed_after_zero_is_taken_out(tmp_path):
    ids = np.array([[0, 1, 2, 3]], np.uint8)
    Image.fromarray(ids).save(tmp_path / 'labels.png')

    class Reduced(Labelled):
        def get_data_info(self, index):
            how = dict(reduce_zero_label=True, label_map={0: 255, 1: 2, 2: 0})
            return dict(super().get_data_info(index), **how)

    panel = panel_of(Reduced(tmp_path / 'labels.png'), 0)
    wanted = [(0, 0, 0), (0, 0, 0), PALETTE[2], PALETTE[0]]
    assert panel.labels.tolist() == [list(map(list, wanted))]


def test_what_is_no_label_map_is_told(tmp_path):
    with pytest.raises(InputError, match='missing or is no image'):
        panel_of(Labelled(tmp_path / 'none.png'), 0)
    Image.new('RGB', (3, 2)).save(tmp_path / 'colours.png')
    with pytest.raises(InputError, match='one number in every pixel'):
        panel_of(Labelled(tmp_path / 'colours.png'), 0)


@pytest.mark.parametrize('label', [1, np.array(1), np.int64(1)])
def test_a_class_has_its_name_whatever_holds_its_number(label, tmp_path):
    class Classified(Labelled):
        def get_data_info(self, index):
            return dict(img=np.zeros((2, 3), np.uint8), gt_label=label)

    assert panel_of(Classified(tmp_path), 4).caption == '#4 car'
