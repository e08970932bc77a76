import cv2
import numpy as np
import pytest

from mmchanpos.datasets.contact_sheet import SIDE, draw_sheet, panel_of
from mmchanpos.datasets.synthetic_objects import SyntheticObjects
from mmchanpos.errors import InputError
from tests.conftest import ROOT, tool

SEG = ROOT / 'configs/attack/deeplabv3_r18-small_synthetic.py'


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp('data') / 'synthetic'
    words = ('--out', out, '--num-train', 4, '--num-val', 3, '--workers', 2)
    done = tool('misc/make_synthetic.py', *words)
    assert done.returncode == 0, done.stderr
    return out, words


def test_a_second_run_changes_nothing(written, call_tool):
    out, words = written
    files = [p for p in (out / 'streets').rglob('*') if p.is_file()]
    assert len(files) == 4 * 7 + 7
    before = {p: p.stat().st_mtime_ns for p in files}
    assert 'up to date' in call_tool('misc/make_synthetic.py', *words)
    assert before == {p: p.stat().st_mtime_ns for p in files}


def test_objects_of_somebody_else_are_left_alone(call_tool, tmp_path):
    (tmp_path / 'objects.npz').write_bytes(b'mine')
    with pytest.raises(InputError, match='without streets beside it'):
        call_tool('misc/make_synthetic.py', '--out', tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ['objects.npz']


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('--seed', 1), 'other settings'),
        (('--size', '64x64', '--overwrite'), 'too narrow'),
        (('--cars', '2-4'), 'other settings'),
        (('--cars', '4-2', '--overwrite'), 'how few and how many'),
        (('--cars', 3), 'MIN-MAX'),
    ],
)
def test_bad_input_is_told(written, call_tool, words, message):
    out, first = written
    before = sorted(out.rglob('*'))
    with pytest.raises(InputError, match=message):
        call_tool('misc/make_synthetic.py', *first, *words)
    assert sorted(out.rglob('*')) == before


def test_browsing_a_config(written, call_tool, tmp_path):
    pytest.importorskip('mmseg')
    sheet = tmp_path / 'sheet.png'
    data = f'val_dataloader.dataset.data_root={written[0] / "streets"}'
    words = ('misc/browse_dataset.py', SEG, '--cfg-options', data)
    said = call_tool(*words, '--out', sheet, '--columns', 2)
    assert '3 of 3 samples' in said
    # Two columns; two rows of an image, its labels, and a caption.
    height, width = cv2.imread(str(sheet)).shape[:2]
    assert width == 2 * 320 + 3 * 6
    assert height == 2 * (18 + 2 * 160) + 3 * 6

    with pytest.raises(InputError, match='there are 3'):
        call_tool(*words, '--out', tmp_path / 'no.png', '--start', 3)
    said = call_tool(*words[:2], '--builtin', '--out', sheet)
    assert '2 of 2 samples' in said
    assert not (tmp_path / 'no.png').exists()


class OneSided:
    """A data set whose only row lies in the right half."""

    metainfo = {'classes': ('pedestrian',)}

    def get_data_info(self, index):
        box = [70, 10, 20, 40]
        return {
            'img': np.zeros((64, 128, 3), np.uint8),
            'instances': [
                {
                    'bbox': [70, 10, 90, 50],
                    'bbox_label': 0,
                    'full_box': box,
                    'visible_box': [70, 10, 20, 20],
                }
            ],
        }


def test_the_right_half_is_framed():
    sheet = draw_sheet([panel_of(OneSided(), 0)], panel_width=128)
    framed = (sheet == SIDE).all(-1).any(0)
    columns = np.flatnonzero(framed) - 6
    assert columns.min() >= 64 - 2
    assert columns.max() >= 126


def test_objects_carry_their_class():
    dataset = SyntheticObjects(num=3, classes=['disc', 'star'])
    panel = panel_of(dataset, 2)
    assert panel.caption.split()[1] in ('disc', 'star')
    np.testing.assert_array_equal(panel.image, dataset[2]['img'])


def test_no_sample_no_sheet():
    with pytest.raises(InputError, match='no sample'):
        draw_sheet([])
