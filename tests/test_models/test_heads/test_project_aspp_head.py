"""The paper's DeepLabv3 in mmsegmentation equals the authors' network."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from torch import nn

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.models.converters.permutenet import convert
from mmchanpos.registry import MODELS
from tests.conftest import ROOT, tool

CONFIG = ROOT / 'configs/attack/deeplabv3_r50-os16_cityscapes.py'


class Theirs(nn.Module):
    """Their DeepLabv3 by their names, from torchvision's parts."""

    def __init__(self):
        super().__init__()
        resnet = pytest.importorskip('torchvision.models').resnet50
        from torchvision.models.segmentation.deeplabv3 import DeepLabHead

        encoder = resnet(replace_stride_with_dilation=[False, False, True])
        del encoder.fc, encoder.avgpool
        self.backbone = encoder
        self.classifier = nn.Module()
        self.classifier.classifier = DeepLabHead(2048, 19, (6, 12, 18))

    def forward(self, x):
        size = x.shape[2:]
        for child in self.backbone.children():
            x = child(x)
        return F.interpolate(
            self.classifier.classifier(x), size=size, mode='bilinear'
        )


@pytest.fixture(scope='module')
def theirs():
    torch.manual_seed(0)
    model = Theirs()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def test_the_converted_model_gives_the_same_logits(theirs, tmp_path):
    source, out = tmp_path / 'theirs.pth', tmp_path / 'ours.pth'
    extra = dict(cur_itrs=30000, best_score=0.74, optimizer_state={})
    torch.save(dict(model_state=theirs.state_dict(), **extra), source)
    name = 'model_converters/permutenet2mmseg.py'
    tool(name, source, out).check_returncode()
    cfg = load_config(str(CONFIG))
    cfg.model.backbone.init_cfg = None
    for part in (cfg.model.backbone, cfg.model.decode_head):
        part.norm_cfg = dict(type='BN')
    init_default_scope('mmseg')
    ours = MODELS.build(cfg.model).eval()
    weights = torch.load(out, weights_only=True)['state_dict']
    ours.load_state_dict(weights)
    image = torch.rand(1, 3, 64, 128)
    with torch.no_grad():
        expected = theirs(image)
        logits = ours.encode_decode(image, [dict(img_shape=(64, 128))])
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert ours.backbone(image)[3].shape == (1, 2048, 4, 8)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_other_wrappings_of_the_same_weights(theirs, prefix):
    weights = theirs.state_dict()
    wanted = convert(weights)
    renamed = {
        prefix + name.replace('classifier.classifier.', 'classifier.'): value
        for name, value in weights.items()
    }
    renamed['aux_classifier.0.weight'] = torch.zeros(1)
    assert convert({'state_dict': renamed}).keys() == wanted.keys()


def test_foreign_weights_are_refused(theirs):
    weights = dict(theirs.state_dict())
    with pytest.raises(InputError, match='no classifier'):
        convert({k: v for k, v in weights.items() if 'backbone' in k})
    weights['head.bias'] = torch.zeros(1)
    with pytest.raises(InputError, match='head.bias'):
        convert(weights)
    with pytest.raises(InputError, match='not a DeepLabv3'):
        convert([1], 'list.pth')
