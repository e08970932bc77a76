"""Folders of images: order, suffixes, unreadable files."""

import numpy as np
import pytest
from PIL import Image

from mmchanpos.datasets import ImageFolder
from mmchanpos.errors import InputError


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / 'deeper').mkdir()
    names = [f'{i:03d}.jpg' for i in range(118)] + ['deeper/a.PNG', 'b.jpeg']
    for name in names:
        pixels = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('no image')
    return tmp_path


def cut(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def test_all_images_below_the_folder(folder):
    dataset = ImageFolder(str(folder), source='duts')
    assert len(dataset) == 120
    sample = dataset[0]
    assert sample['img_path'].endswith('000.jpg')
    assert sample['source'] == 'duts'
    assert sample['img'].shape == (20, 30, 3)
    assert sample['img_shape'] == sample['ori_shape'] == (20, 30)
    paths = [dataset.get_data_info(i)['img_path'] for i in range(120)]
    assert paths == sorted(paths)


def test_images_are_rgb(tmp_path):
    Image.new('RGB', (4, 4), (255, 0, 0)).save(tmp_path / 'red.png')
    Image.new('L', (4, 4), 7).save(tmp_path / 'z-gray.png')
    dataset = ImageFolder(str(tmp_path))
    assert dataset[0]['img'][0, 0].tolist() == [255, 0, 0]
    assert dataset[1]['img'][0, 0].tolist() == [7, 7, 7]


def test_a_few_unreadable_images_are_left_out(folder, monkeypatch):
    cut(folder / '005.jpg')
    said = []
    monkeypatch.setattr(
        'mmchanpos.datasets.image_folder.print_log',
        lambda message, *args: said.append(message),
    )
    dataset = ImageFolder(str(folder))
    assert len(dataset) == 119
    paths = [dataset.get_data_info(i)['img_path'] for i in range(119)]
    assert not any(path.endswith('005.jpg') for path in paths)
    (warning,) = said
    assert '1 of 120' in warning
    assert '005.jpg' in warning


def test_many_unreadable_images_are_an_error(folder):
    cut(folder / '005.jpg')
    cut(folder / 'deeper/a.PNG')
    with pytest.raises(InputError, match='2 of 120.*005.jpg.*more than 1%'):
        ImageFolder(str(folder))
    assert len(ImageFolder(str(folder), tolerance=0.02)) == 118
    unchecked = ImageFolder(str(folder), check=False)
    with pytest.raises(InputError, match='005.jpg cannot be read'):
        unchecked[5]


def test_folders_without_images(tmp_path):
    with pytest.raises(InputError, match='.jpg, .jpeg, .png, .bmp, .webp'):
        ImageFolder(str(tmp_path))
    (tmp_path / 'pascal').mkdir()
    with pytest.raises(InputError, match='Did you mean "pascal"'):
        ImageFolder(str(tmp_path / 'pasca'))
