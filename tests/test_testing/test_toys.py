import pytest
from mmengine.config import Config

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.engine.launch import train
from mmchanpos.engine.preflight import preflight
from mmchanpos.errors import InputError
from mmchanpos.testing.toys import TOYS, toy_config

HOSTS = dict(zip(TOYS, ('mmpretrain', 'mmseg', 'mmdet')))


@pytest.fixture(scope='module')
def streets(tmp_path_factory):
    out = tmp_path_factory.mktemp('toys') / 'streets'
    write_streets(out, dict(train=20, val=10))
    return out


@pytest.mark.parametrize('name', TOYS)
def test_a_toy_trains_and_validates(name, streets, tmp_path):
    """Two batches of each, through the same call as the tools."""
    pytest.importorskip(HOSTS[name])
    cfg = toy_config(name, streets, tmp_path / 'work')
    if name == 'resnet-small_synthetic':
        cfg.train_dataloader.dataset.num = 128
        cfg.val_dataloader.dataset.num = 100
    preflight(cfg)
    train(cfg, dry_run=True)
    assert not list(tmp_path.rglob('*.pth'))


@pytest.mark.parametrize('name', TOYS)
def test_scenes_are_looked_for_in_one_place(name, tmp_path):
    cfg = toy_config(name, tmp_path / 'elsewhere')
    assert 'data/synthetic' not in cfg.pretty_text
    # SyncBN needs a GPU, and a random flip would swap the two cars.
    assert 'SyncBN' not in cfg.pretty_text
    assert 'RandomFlip' not in cfg.pretty_text


def test_options_reach_the_config(tmp_path):
    cfg = toy_config(
        'deeplabv3_r18-small_synthetic',
        work_dir=tmp_path,
        train_dataloader__batch_size=3,
    )
    assert isinstance(cfg, Config)
    assert cfg.train_dataloader.batch_size == 3
    assert cfg.work_dir == str(tmp_path)


def test_an_unknown_toy():
    with pytest.raises(InputError, match='deeplabv3_r18-small_synthetic'):
        toy_config('deeplabv3_tiny_street')


@pytest.mark.slow
@pytest.mark.parametrize(
    ('name', 'metric', 'least'),
    [
        ('resnet-small_synthetic', 'accuracy/top1', 90),
        ('deeplabv3_r18-small_synthetic', 'mIoU', 48),
        ('faster-rcnn_r18-small-fpn_synthetic', 'coco/bbox_mAP', 0.2),
    ],
)
def test_a_toy_learns(name, metric, least, tmp_path):
    pytest.importorskip(HOSTS[name])
    streets = tmp_path / 'streets'
    write_streets(streets, dict(train=600, val=150))
    runner = train(toy_config(name, streets, tmp_path / 'work'))
    assert runner.message_hub.get_scalar(f'val/{metric}').current() > least
