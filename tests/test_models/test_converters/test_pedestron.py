import pytest
import torch

pytest.importorskip('mmdet')
from mmdet.registry import MODELS as DETECTORS
from mmengine.registry import init_default_scope

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.models.converters.pedestron import convert_pedestron
from tests.conftest import ROOT, tool

FOLDER = ROOT / 'configs/pedestrians'
#: Names in Pedestron of what is called otherwise here, without indices.
HEADS = {'center': 'cls', 'scale': 'reg', 'offset': 'offset'}


def build(name):
    cfg = load_config(str(FOLDER / f'{name}_citypersons.py'))
    init_default_scope('mmdet')
    return DETECTORS.build(cfg.model)


def old_name(name):
    """What Pedestron calls a weight of ours, written out by hand."""
    parts = name.split('.')
    if name.startswith('roi_head.'):
        return name[len('roi_head.') :]
    if name.startswith('neck.deconvs.'):
        return f'neck.p{int(parts[2]) + 3}.{parts[3]}'
    if name.startswith('neck.norms.'):
        return f'neck.p{int(parts[2]) + 3}_l2.weight'
    if name.startswith('bbox_head.features.'):
        rest = '.'.join(parts[3:])
        return f'bbox_head.{HEADS[parts[2]]}_convs.0.{rest}'
    if name.startswith('bbox_head.outputs.'):
        return f'bbox_head.csp_{HEADS[parts[2]]}.{parts[3]}'
    if name.startswith('bbox_head.factors.'):
        return f'bbox_head.{HEADS[parts[2]]}_scales.0.scale'
    return name


def as_pedestron(model, classes=2):
    """A state dict with Pedestron's names, shapes and order of classes."""
    old = {}
    for name, value in model.state_dict().items():
        if name.endswith('num_batches_tracked'):
            continue
        if '.fc_cls.' in name:
            wide = torch.randn(classes, *value.shape[1:])
            wide[1], wide[0] = value
            value = wide
        if '.fc_reg.' in name and classes > 2:
            wide = torch.randn(4 * classes, *value.shape[1:])
            wide[4:8] = value
            value = wide
        old[old_name(name)] = value
    return old


@pytest.mark.parametrize(
    ('name', 'detector', 'classes'),
    [
        ('csp_r50', 'csp', 2),
        ('cascade-rcnn_hrnetv2p-w32', 'cascade', 2),
        ('faster-rcnn_hrnetv2p-w32', 'faster', 81),
    ],
)
def test_every_weight_comes_back(name, detector, classes):
    model = build(name)
    old = as_pedestron(model, classes)
    old['mask_head.0.convs.0.conv.weight'] = torch.zeros(1)
    found = convert_pedestron(old)
    assert found.detector == detector
    assert found.dropped == ['mask_head.0.convs.0.conv.weight']
    for key, value in model.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            assert torch.equal(found.weights[key], value), key


def test_tool_converts_a_teacher_and_names_what_does_not_fit(tmp_path):
    model = build('csp_r50')
    old = as_pedestron(model)
    path = tmp_path / 'epoch_1.pth.stu'
    torch.save({'meta': {'epoch': 1}, 'state_dict': old}, path)
    out = tmp_path / 'csp.pth'
    done = tool('model_converters/pedestron2mmdet.py', path, out)
    assert done.returncode == 0, done.stderr
    new = torch.load(out, weights_only=True)['state_dict']
    assert torch.equal(
        new['neck.deconvs.2.weight'], model.neck.deconvs[2].weight
    )

    old['bbox_head.csp_reg.weight'] = torch.zeros(2, 256, 3, 3)
    del old['neck.p3.bias']
    torch.save(old, path)
    done = tool('model_converters/pedestron2mmdet.py', path, tmp_path / 'b')
    assert done.returncode == 2
    assert 'neck.deconvs.0.bias: missing' in done.stderr
    assert 'bbox_head.outputs.scale.weight: (2, 256, 3, 3)' in done.stderr
    assert not (tmp_path / 'b').exists()


def test_other_weights_are_refused():
    with pytest.raises(InputError, match='Pedestron'):
        convert_pedestron({'layer.weight': torch.zeros(1)})
