"""Every full-scale experiment trains, tests and reads weights of real names.

At the real sizes of nets and images, on two drawn images: minutes, so these
are marked slow. What can be made small is in ``test_builtin.py``.
"""

import copy

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from scipy.stats import spearmanr
from torch.nn.functional import interpolate

from mmchanpos.datasets.synthetic import draw_street
from mmchanpos.engine.builtin import use_builtin
from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.launch import train
from mmchanpos.latent import collect, rank
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
PAPERS_MODEL = 'deeplabv3_r50-os16_cityscapes.py'
#: Config of each net and data set, and a metric that its test ends with.
FULL = {
    'gapnet/gapnet_resnet18_location-7x7_cifar10.py': 'accuracy/top1',
    'permutenet/permutenet_resnet18_object-3x3_cifar10.py': 'accuracy/top1',
    'augshift/resnet18_cifar10.py': 'shift/cifar-zero8/consistency',
    'augshift/resnet18_augshift-aps_cifar100.py': (
        'shift/cifar-zero8/consistency'
    ),
    'augshift/resnet50_blurpool_imagenet.py': 'shift/islam-cons8/consistency',
    f'attack/{PAPERS_MODEL}': 'mIoU',
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
    weights = (tmp_path / 'last_checkpoint').read_text().strip()
    metrics = run_test(tested, weights)
    assert FULL[leaf] in metrics, sorted(metrics)


@pytest.mark.parametrize(
    ('height', 'width', 'control'), [(1024, 2048, True), (1025, 2049, False)]
)
def test_kernel_flips_are_controls_at_the_native_size_alone(
    height, width, control
):
    """On the paper's model: at odd sizes they rank as Eq. 2, by algebra."""
    cfg = load_config(str(ROOT / 'configs/attack' / PAPERS_MODEL))
    init_default_scope('mmseg')
    torch.manual_seed(0)
    net = MODELS.build(cfg.model.backbone)
    net.eval()
    image = torch.tensor(draw_street(1, 1024, 2048, 79, 'val').image)
    mean, std = (
        torch.tensor(cfg.model.data_preprocessor[key])
        for key in ('mean', 'std')
    )
    image = ((image - mean) / std).permute(2, 0, 1)[None]
    image = interpolate(image, size=(height, width), mode='bilinear')
    (deltas,) = collect(net, [image], ['layer4'], kernel_flip=True)
    overall = rank(deltas, 'overall')
    for kind in ('kernel_flip', 'kernel_flip_pair'):
        other = rank(deltas, kind)
        alike = spearmanr(overall.scores, other.scores)[0]
        shared = len(set(overall.top(100)) & set(other.top(100)))
        print(
            f'{width} x {height}, {kind}: rank correlation with Eq. 2 '
            f'{alike:.3f}, {shared} of the top 100 shared'
        )
        assert (alike < 0.9) == control
        assert (shared < 90) == control
