from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseDataPreprocessor, BaseModel

from mmchanpos.engine.batches import predictor
from mmchanpos.engine.hooks import ChannelZeroingHook, SameDrawsHook


def batch(*names):
    return dict(
        inputs=[torch.zeros(3, 4, 4) for _ in names],
        data_samples=[SimpleNamespace(img_path=name) for name in names],
    )


def drawn(hook, content, mode='test'):
    """What a head would draw between two calls of a hook."""
    hook._before_iter(None, 0, content, mode)
    numbers = torch.rand(3)
    hook._after_iter(None, 0, content, None, mode)
    return numbers


def test_an_image_has_its_own_numbers_wherever_it_lies():
    hook = SameDrawsHook()
    first = drawn(hook, batch('a/one.png'))
    assert torch.equal(drawn(hook, batch('b/one.jpg')), first)
    assert torch.equal(drawn(SameDrawsHook(), batch('one.png'), 'val'), first)
    assert not torch.equal(drawn(hook, batch('two.png')), first)
    assert not torch.equal(drawn(hook, batch('one.png', 'two.png')), first)


def test_numbers_drawn_elsewhere_are_as_without_it():
    torch.manual_seed(1)
    plain = torch.rand(2)
    torch.manual_seed(1)
    drawn(SameDrawsHook(), batch('one.png'))
    assert torch.equal(torch.rand(2), plain)


def test_a_training_draws_as_it_would():
    hook = SameDrawsHook()
    one = drawn(hook, batch('one.png'), 'train')
    assert not torch.equal(drawn(hook, batch('one.png'), 'train'), one)


class Drawing(BaseModel):
    """A net whose head draws, as SegNeXt's does."""

    def __init__(self):
        super().__init__(BaseDataPreprocessor())

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return [torch.rand(2) for _ in inputs]


class Sample(SimpleNamespace):
    def new(self):
        return Sample(**vars(self))

    to = None


def test_a_sweep_and_a_test_with_channels_off_draw_alike():
    content = dict(
        inputs=[torch.zeros(3, 4, 4)], data_samples=[Sample(img_path='x.png')]
    )
    predict = predictor(Drawing(), content)
    (first,), (second,) = predict(), predict()
    assert torch.equal(first, second)
    hook = ChannelZeroingHook(tap='backbone', channels=[0])
    hook._before_iter(None, 0, content, 'test')
    assert torch.equal(Drawing()(content['inputs'])[0], first)
    hook._after_iter(None, 0, content, None, 'test')


def test_two_hooks_give_back_what_they_took():
    hooks = SameDrawsHook(), SameDrawsHook()
    torch.manual_seed(1)
    plain = torch.rand(2)
    torch.manual_seed(1)
    content = batch('one.png')
    for hook in hooks:
        hook._before_iter(None, 0, content, 'test')
    for hook in hooks:
        hook._after_iter(None, 0, content, None, 'test')
    assert torch.equal(torch.rand(2), plain)


def test_a_test_that_fails_gives_the_numbers_back_at_once():
    hook = SameDrawsHook()

    class Loop:
        def run(self):
            hook._before_iter(None, 0, batch('one.png'), 'test')
            raise RuntimeError('in the middle')

    loop = Loop()
    hook.before_run(SimpleNamespace(_test_loop=loop))
    torch.manual_seed(1)
    plain = torch.rand(2)
    torch.manual_seed(1)
    with pytest.raises(RuntimeError):
        loop.run()
    assert torch.equal(torch.rand(2), plain)
    assert SameDrawsHook._seeded is None
