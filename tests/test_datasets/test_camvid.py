"""CamVid: the copy that hosts read, and the set that reads it."""

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmchanpos.datasets.camvid_layout import convert
from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS
from tests.conftest import ROOT

CONFIG = ROOT / 'configs/attack/fcn_r18-small_camvid.py'


@pytest.fixture
def tutorial(tmp_path):
    """Two images to train on and one to test, every label in each."""
    rng = np.random.default_rng(0)
    for split, count in (('train', 2), ('val', 1)):
        for folder in (split, f'{split}annot'):
            (tmp_path / 'CamVid' / folder).mkdir(parents=True)
        for i in range(count):
            image = rng.integers(0, 256, (24, 32, 3), np.uint8)
            labels = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32) % 12
            name = f'{split}_{i}.png'
            cv2.imwrite(str(tmp_path / 'CamVid' / split / name), image)
            annotated = tmp_path / 'CamVid' / f'{split}annot' / name
            cv2.imwrite(str(annotated), labels)
    return tmp_path / 'CamVid'


def test_the_copy_is_what_the_data_set_reads(tutorial, tmp_path, call_tool):
    out = tmp_path / 'camvid'
    said = call_tool('dataset_converters/camvid.py', tutorial, out)
    assert '2 images of train' in said
    assert '1 images of val' in said
    cfg = load_config(str(CONFIG))
    init_default_scope('mmseg')
    for loader, count in ((cfg.train_dataloader, 2), (cfg.test_dataloader, 1)):
        loader.dataset.data_root = str(out)
        dataset = DATASETS.build(loader.dataset)
        assert len(dataset) == count
        assert len(dataset.metainfo['classes']) == 11
        sample = dataset[0]
        truth = sample['data_samples'].gt_sem_seg.data.numpy()
        assert set(np.unique(truth)) == {*range(11), 255}
        assert sample['inputs'].shape == (3, 180, 240)
    # The test keeps the labels at full size.
    assert truth.shape[-2:] == (24, 32)


def test_only_the_label_without_a_class_changes(tutorial, tmp_path):
    convert(tutorial, tmp_path / 'camvid')
    name = 'train/train_0.png'
    before = cv2.imread(str(tutorial / 'trainannot/train_0.png'), -1)
    after = cv2.imread(str(tmp_path / 'camvid/ann_dir' / name), -1)
    assert (after[before == 11] == 255).all()
    np.testing.assert_array_equal(after[before < 11], before[before < 11])
    image = tmp_path / 'camvid/img_dir' / name
    assert image.read_bytes() == (tutorial / name).read_bytes()


def test_what_is_no_camvid_is_said(tutorial, tmp_path):
    with pytest.raises(InputError, match='has no images in train/'):
        convert(tmp_path / 'nowhere', tmp_path / 'out')
    labels = str(tutorial / 'trainannot/train_1.png')
    cv2.imwrite(labels, np.full((24, 32), 255, np.uint8))
    with pytest.raises(InputError, match='label 255.*converted before'):
        convert(tutorial, tmp_path / 'out')
