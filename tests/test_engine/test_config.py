import pytest

from mmchanpos.engine.attack import use_regions
from mmchanpos.engine.builtin import require_data
from mmchanpos.engine.config import (
    config_origins,
    load_config,
    package_configs,
    resolve_config,
)
from mmchanpos.errors import InputError

PURE = """
from mmcv.transforms import LoadImageFromFile, Resize
from mmengine.config import read_base
from mmseg.datasets import CityscapesDataset, PackSegInputs
from mmseg.evaluation import IoUMetric
from mmseg.models import EncoderDecoder, FCNHead
from mmchanpos.models.backbones.plain_net import PlainNet

default_scope = 'mmseg'
model = dict(
    type=EncoderDecoder,
    backbone=dict(type=PlainNet),
    decode_head=dict(type=FCNHead, in_channels=128, num_classes=19))
test_dataloader = dict(dataset=dict(
    type=CityscapesDataset,
    data_root='nowhere',
    data_prefix=dict(img_path='leftImg8bit/val'),
    pipeline=[
        dict(type=LoadImageFromFile),
        dict(type=Resize, scale=(128, 64)),
        dict(type=PackSegInputs)]))
test_evaluator = dict(type=IoUMetric)
"""
STOCK = 'mmseg::deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'


@pytest.mark.parametrize('package', ['mmseg', 'mmdet', 'mmpretrain'])
def test_configs_of_every_host_are_found(package):
    assert len(list(package_configs(package).glob('**/*.py'))) > 50


def test_our_own_configs_are_found_and_named_by_their_tree():
    file = resolve_config('mmchanpos::_base_/default_runtime')
    assert file.resolve().parts[-3:] == (
        'configs',
        '_base_',
        'default_runtime.py',
    )


def test_a_path_of_ours_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = load_config('configs/augshift/resnet18_cifar10.py', check=False)
    assert cfg.model.head.num_classes == 10


def test_options_and_work_dir_win_over_the_file(tiny_config):
    options = {'train_cfg.max_epochs': 7, 'model.head.num_classes': 3}
    cfg = load_config(str(tiny_config), options, 'elsewhere')
    assert cfg.train_cfg.max_epochs == 7
    assert cfg.model.head.num_classes == 3
    assert cfg.model.head.in_channels == 8
    assert cfg.work_dir == 'elsewhere'


def test_the_work_dir_defaults_to_the_name_of_the_config(tmp_path):
    path = tmp_path / 'plain.py'
    path.write_text('a = 1')
    assert load_config(str(path)).work_dir == 'work_dirs/plain'


@pytest.mark.parametrize(
    ('path', 'said'),
    [
        ('configs/_base_/default_runtim.py', 'Did you mean "default_runtime'),
        ('mmseg::deeplabv3/deeplabv3_r50-d8_40k.py', 'deeplabv3_r50'),
        ('mmsegg::a/b.py', 'Did you mean "mmseg"'),
        ('mmtrack::a/b.py', 'pip install mmtrack'),
    ],
)
def test_a_wrong_name_leads_to_the_right_one(path, said):
    with pytest.raises(InputError, match='(?s).*' + said):
        resolve_config(path)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('a = (', 'does not parse'),
        ('a = undefined', 'undefined'),
        ("_base_ = 'mmseg::_base_/nothing.py'", 'nothing.py'),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, said):
    path = tmp_path / 'broken.py'
    path.write_text(text)
    with pytest.raises((InputError, FileNotFoundError), match=said):
        load_config(str(path))


def test_an_option_that_does_not_fit_is_an_error(tiny_config):
    with pytest.raises(InputError, match='does not fit'):
        load_config(str(tiny_config), {'pipeline.9.type': 'x'})


def test_origins_name_the_deepest_file_that_set_a_value(tmp_path):
    (tmp_path / 'low.py').write_text(
        'a = dict(x=1, y=dict(z=2))\nb = [1, 2]\nc = 5'
    )
    (tmp_path / 'mid.py').write_text("_base_ = './low.py'\na = dict(x=3)")
    top = tmp_path / 'top.py'
    top.write_text("_base_ = './mid.py'\nb = [9]\nc = 5")
    origins = config_origins(str(top), {'d': 0})
    found = {key: file.split('/')[-1] for key, (_, file) in origins.items()}
    assert found == {
        'a.x': 'mid.py',
        'a.y.z': 'low.py',
        'b': 'top.py',
        'c': 'low.py',
        'd': '--cfg-options',
    }


def test_origins_cross_packages(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = '{STOCK}'\nmodel = dict(train_cfg=dict(k=1))")
    origins = config_origins(str(path))
    assert origins['model.train_cfg.k'][1] == str(path)
    assert origins['test_pipeline'][1] == (
        'mmseg::_base_/datasets/cityscapes.py'
    )


@pytest.mark.parametrize(
    ('name', 'content', 'said'),
    [
        ('a.txt', b'a = 1', 'is no config'),
        ('a.py', b'a = "\xe4"', 'utf-8'),
        ('a.py', b'a = 1\nb = 1 / 0', 'a.py.*ZeroDivisionError'),
        ('a.py', b'a = (', 'a.py'),
        ('a.py', b'_base_ = "b.py"', 'b.py'),
        ('a.py', b'_base_ = ["./a.py"]', 'leads back to it: a.py > a.py'),
        ('a.py', b'\x00\x01' * 9, 'a.py'),
        ('a.json', b'{"a": 1', 'a.json'),
        ('a.json', b'[1]', 'a.json'),
        ('a.yaml', b'a: !!python/object/apply:os.mkdir [trap]', 'mkdir'),
        ('a.yaml', b'a: [', 'a.yaml'),
    ],
)
def test_a_file_that_is_no_config_is_told(
    tmp_path, monkeypatch, name, content, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        load_config(name)
    assert not (tmp_path / 'trap').exists()


def test_plain_yaml_is_read_as_before(tmp_path):
    (tmp_path / 'a.yaml').write_text('a: {b: [1, 2.5, yes, "x"]}')
    cfg = load_config(str(tmp_path / 'a.yaml'))
    assert cfg.a.to_dict() == {'b': [1, 2.5, True, 'x']}


def test_a_config_of_pure_python_is_read_as_any_other(tmp_path):
    path = tmp_path / 'pure.py'
    path.write_text(PURE)
    cfg = load_config(str(path), {'test_evaluator.nan_to_num': 0})
    use_regions(cfg, ['left'])
    assert cfg.test_evaluator.regions == ['left']
    assert cfg.test_evaluator.nan_to_num == 0
    with pytest.raises(InputError, match=r'nowhere \(CityscapesDataset\)'):
        require_data(cfg)
