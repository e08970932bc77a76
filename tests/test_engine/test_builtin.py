"""Any config of ours runs on drawn images; else one message ends it."""

import copy
import json
import re

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from mmchanpos.engine import builtin
from mmchanpos.engine.builtin import leaves, require_data, use_builtin
from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.launch import train
from mmchanpos.engine.nested import move_paths
from mmchanpos.errors import InputError
from tests.conftest import ROOT
from tests.test_configs import LEAVES

CONFIGS = ROOT / 'configs'


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """Where the images of all tests are drawn, once."""
    return tmp_path_factory.mktemp('builtin')


def loaded(leaf, drawn):
    cfg = load_config(str(CONFIGS / leaf), check=False)
    use_builtin(cfg, drawn)
    return cfg


def data_of(cfg):
    """The data sets of all loaders, by a text that tells them apart."""
    sets = [
        cfg[name].dataset.to_dict()
        for name in builtin.LOADERS
        if cfg.get(name)
    ]
    return {json.dumps(dataset, sort_keys=True): dataset for dataset in sets}


def test_every_data_set_of_ours_gives_samples(drawn):
    """Each once, through its own pipeline."""
    seen = set()
    for leaf in LEAVES:
        cfg = loaded(leaf, drawn)
        init_default_scope(cfg.default_scope)
        for text, content in data_of(cfg).items():
            if text not in seen:
                dataset = DATASETS.build(content)
                assert 0 < len(dataset) <= 128, leaf
                assert dataset[0]['inputs'] is not None, leaf
                seen.add(text)
    assert len(seen) > 20


@pytest.mark.parametrize('leaf', LEAVES, ids=str)
def test_nothing_is_fetched_or_outside_of_the_drawn(leaf, drawn):
    cfg = loaded(leaf, drawn)
    assert '://' not in str(cfg.model)
    assert not cfg.get('load_from')
    for name in builtin.LOADERS:
        for dataset in leaves((cfg.get(name) or {}).get('dataset')):
            root = dataset.get('data_root')
            assert root is None or str(drawn) in root
    require_data(cfg)


def test_classes_sizes_and_layout_are_those_of_the_real_set(drawn):
    cfg = loaded('augshift/resnet18_cifar100.py', drawn)
    init_default_scope('mmpretrain')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(dataset.metainfo['classes']) == 100
    assert dataset[0]['inputs'].shape == (3, 32, 32)
    cfg = loaded('augshift/resnet18_imagenet.py', drawn)
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    assert len(dataset.metainfo['classes']) == 1000
    cfg = loaded('attack/deeplabv3_r50-os16_cityscapes.py', drawn)
    init_default_scope('mmseg')
    sample = DATASETS.build(cfg.test_dataloader.dataset)[0]
    # A quarter of 2048 x 1024.
    assert sample['inputs'].shape == (3, 256, 512)
    labels = np.unique(sample['data_samples'].gt_sem_seg.data)
    assert set(labels) <= {*range(19), 255}
    assert len(labels) > 4
    cfg = loaded('probe/encoder_deeplabv3_r18-d8_voc12.py', drawn)
    sample = DATASETS.build(cfg.train_dataloader.dataset)[0]
    # Half of 512 x 512, which is what batches are made of: a scale is drawn,
    # and an image that came out smaller is padded to it with its batch.
    assert max(sample['inputs'].shape[1:]) <= 256
    assert cfg.model.data_preprocessor.size == (256, 256)


def test_a_training_and_its_test_end_with_a_metric(drawn, tmp_path):
    cfg = loaded('augshift/resnet18_cifar10.py', drawn)
    # As much smaller as the net can be.
    cfg.model.backbone.update(stem_channels=4, base_channels=4)
    cfg.model.head.in_channels = 32
    cfg.test_cfg.tests = 'cifar-zero4'
    cfg.work_dir = str(tmp_path)
    tested = copy.deepcopy(cfg)
    train(cfg)
    (weights,) = tmp_path.glob('epoch_*.pth')
    metrics = run_test(tested, str(weights))
    assert any('consistency' in name for name in metrics)


@pytest.mark.parametrize(
    ('leaf', 'words'),
    [
        ('augshift/resnet18_imagenet.py', ('data/imagenet', 'train/')),
        ('attack/deeplabv3_r50-d8_cityscapes.py', ('leftImg8bit', 'gtFine')),
        ('pedestrians/csp_r50_citypersons.py', ('anno_{train,val}.mat',)),
        ('posenet/vgg16_duts.py', ('DUTS-TR-Image', '.jpg')),
        ('gapnet/gapnet_resnet18_location-3x3_npz.py', ('cifar10.npz',)),
    ],
)
def test_missing_data_is_one_message(leaf, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = load_config(str(CONFIGS / leaf), check=False)
    with pytest.raises(InputError, match='--builtin') as error:
        train(cfg)
    for word in words:
        assert word in str(error.value)
    # Nothing was written.
    assert not list(tmp_path.iterdir())


def test_the_option_that_names_another_place_is_one_that_does(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    leaf = str(CONFIGS / 'posenet/vgg16_duts.py')
    with pytest.raises(InputError, match='pascal-s') as error:
        require_data(load_config(leaf, check=False), ('test_dataloader',))
    key = re.search(r'(\S+)=FOLDER', str(error.value))[1]
    cfg = load_config(leaf, {key.lstrip('('): str(tmp_path)}, check=False)
    require_data(cfg, ('test_dataloader',))


def test_a_failed_download_is_one_message(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError('no route to the host')

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtin.DATASETS, 'build', refuse)
    cfg = load_config(str(CONFIGS / 'augshift/resnet18_cifar10.py'))
    with pytest.raises(InputError, match=r'data/cifar10.*no route.*--builtin'):
        require_data(cfg)


def test_data_of_nobody_we_know_is_named(tmp_path):
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='ADE'))))
    with pytest.raises(InputError, match='ADE'):
        use_builtin(cfg, tmp_path)


def test_a_set_without_a_folder_moves_no_path():
    part = {'file': '/y.json', 'near': 'here/y.json'}
    move_paths(part, {'': 'drawn', 'here': 'there'})
    assert part == {'file': '/y.json', 'near': 'there/y.json'}
