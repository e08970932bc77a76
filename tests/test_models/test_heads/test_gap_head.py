import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample

from mmchanpos.errors import InputError
from mmchanpos.models.heads.gap_head import GAPHead


@pytest.fixture(autouse=True)
def host_scope():
    init_default_scope('mmpretrain')


def test_a_1x1_head_commutes_with_pooling_and_a_3x3_head_does_not():
    latent = torch.randn(4, 8, 6, 9)
    pooled = latent.mean((2, 3))
    head = GAPHead(5, 8, kernel_size=1)
    linear = pooled @ head.conv.weight.flatten(1).T + head.conv.bias
    torch.testing.assert_close(head((latent,)), linear)
    torch.testing.assert_close(head((pooled,)), linear)
    wide = GAPHead(5, 8)
    inside = pooled @ wide.conv.weight.sum((2, 3)).T + wide.conv.bias
    assert (wide((latent,)) - inside).abs().max() > 1e-2


@pytest.mark.parametrize('shape', [(1, 1), (6, 6), (3, 11), (12, 2)])
@pytest.mark.parametrize('kernel_size', [1, 3])
def test_any_aspect_ratio_gives_one_logit_per_class(shape, kernel_size):
    latent = torch.randn(2, 8, *shape)
    head = GAPHead(7, 8, kernel_size)
    logits = head((latent,))
    assert logits.shape == (2, 7)
    literal = head.conv(latent).flatten(2).mean(2)
    torch.testing.assert_close(logits, literal)


def test_behaves_as_a_classification_head():
    head = GAPHead(3, 4, cal_acc=True, topk=(1, 2))
    feats = (torch.randn(5, 4, 3, 3),)
    samples = [DataSample().set_gt_label(i % 3) for i in range(5)]
    losses = head.loss(feats, samples)
    assert set(losses) == {'loss', 'accuracy_top-1', 'accuracy_top-2'}
    losses['loss'].backward()
    assert all(p.grad is not None for p in head.parameters())
    predicted = head.predict(feats, samples)
    assert [int(s.pred_label) for s in predicted] == head(feats).argmax(
        1
    ).tolist()
    assert float(head.predict(feats)[0].pred_score.sum()) == pytest.approx(1)


def test_wrong_widths_are_refused():
    with pytest.raises(InputError, match=r'8 channels.*\(2, 6, 3, 3\)'):
        GAPHead(3, 8)((torch.zeros(2, 6, 3, 3),))
    with pytest.raises(InputError, match='kernel_size=5'):
        GAPHead(3, 8, 5)
    with pytest.raises(InputError, match='num_classes=0'):
        GAPHead(0, 8)
