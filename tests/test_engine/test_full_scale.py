"""Every full-scale experiment trains, tests and reads weights of real names.

At the real sizes of nets and images, on two drawn images: minutes, so these
are marked slow. What can be made small is in ``test_builtin.py``.
"""

import copy

import pytest

from mmchanpos.engine.builtin import use_builtin
from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.launch import train
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
#: Config of each net and data set, and a metric that its test ends with.
FULL = {
    'gapnet/gapnet_resnet18_location-7x7_cifar10.py': 'accuracy/top1',
    'permutenet/permutenet_resnet18_object-3x3_cifar10.py': 'accuracy/top1',
    'augshift/resnet18_cifar10.py': 'shift/cifar-zero8/consistency',
    'augshift/resnet18_augshift-aps_cifar100.py': (
        'shift/cifar-zero8/consistency'
    ),
    'augshift/resnet50_blurpool_imagenet.py': 'shift/islam-cons8/consistency',
    'attack/deeplabv3_r50-os16_cityscapes.py': 'mIoU',
    'attack/deeplabv3_r50-d8_cityscapes.py': 'mIoU',
    'pedestrians/csp_r50_citypersons.py': 'citypersons/MR_Reasonable',
    'pedestrians/faster-rcnn_hrnetv2p-w32_citypersons.py': (
        'citypersons/MR_Reasonable'
    ),
    'posenet/vgg16_duts.py': 'position/natural/H/SPC',
    'posenet/resnet152_duts.py': 'position/natural/H/SPC',
    'probe/resnet18_location-3x3_cifar10.py': 'accuracy/top1',
}


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    return tmp_path_factory.mktemp('builtin')


@pytest.mark.parametrize('leaf', FULL)
def test_two_steps_and_a_test_at_full_size(leaf, drawn, tmp_path):
    cfg = load_config(str(ROOT / 'configs' / leaf))
    use_builtin(cfg, drawn, shrink=1)
    cfg.work_dir = str(tmp_path)
    tested = copy.deepcopy(cfg)
    train(cfg)
    (weights,) = tmp_path.glob('*_2.pth')
    metrics = run_test(tested, str(weights))
    assert FULL[leaf] in metrics, sorted(metrics)
