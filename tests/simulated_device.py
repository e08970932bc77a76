"""Tensors that claim to be on a GPU, for machines that have none.

They compute on the CPU, refuse to meet a tensor that really is there, as a GPU
does, and count what a GPU would have to wait for.
"""

from contextlib import contextmanager

import torch
from torch.nn.functional import normalize
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map_only

DEVICE = torch.device('cuda', 0)
ATEN = torch.ops.aten
#: What gives a number, or a tensor whose size hangs on numbers.
WAITS = {
    *(ATEN._local_scalar_dense.default, ATEN.nonzero.default),
    *(ATEN.bincount.default, ATEN.masked_select.default),
    *(ATEN._unique2.default, ATEN.equal.default),
}
COPIES = {ATEN._to_copy.default, ATEN.copy_.default}
#: What happened, in order; see :func:`simulated`.
LOG = []


class Far(torch.Tensor):
    """A tensor on the device that is not there."""

    @staticmethod
    def __new__(cls, near):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            near.shape,
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            device=DEVICE,
        )

    def __init__(self, near):
        self.near = near

    def __repr__(self):
        return f'Far({self.near!r})'

    def data_ptr(self):
        return self.near.data_ptr()

    def numpy(self, *args, **kwargs):
        raise TypeError('a tensor on a GPU is no array of numpy')

    __array__ = numpy

    def _number(kind):
        def read(self):
            LOG.append(kind.__name__)
            return kind(self.near)

        return read

    __int__, __float__, __bool__ = map(_number, (int, float, bool))

    # These too set the device in C++ first.
    def __invert__(self):
        return torch.bitwise_not(self)

    def contiguous(self, **kwargs):
        return Far(self.near.contiguous(**kwargs))

    def __getitem__(self, index):
        # Not left to torch, which sets the device in C++ before it indexes.
        _note_index(index)
        return Far(self.near[near(index)])

    def __setitem__(self, index, value):
        _note_index(index)
        self.near[near(index)] = near(value)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        given = [x for x in tree_flatten((args, kwargs))[0] if _tensor(x)]
        near = [x for x in given if type(x) is not Far and x.ndim]
        if near and func not in COPIES:
            raise RuntimeError(f'{func} met tensors of two devices')
        target = kwargs.get('device')
        if func in WAITS:
            LOG.append(str(func))
        if func is ATEN.copy_.default and near:
            LOG.append('copy')
        if target is not None:
            kwargs['device'] = torch.device('cpu')
            if func is ATEN._to_copy.default and target.type == 'cpu':
                LOG.append('copy')
        bare = tree_map_only(Far, lambda x: x.near, (args, kwargs))
        out = func(*bare[0], **bare[1])
        leaves = target is not None and target.type == 'cpu'
        if func is ATEN.copy_.default and type(args[0]) is not Far:
            return args[0]
        if leaves:
            return out
        out = tree_map_only(torch.Tensor, Far, out)
        return return_and_correct_aliasing(func, args, kwargs, out)


def _note_index(index):
    for part in index if isinstance(index, tuple) else (index,):
        if _tensor(part):
            LOG.append('index' if type(part) is Far else 'copy')


def _tensor(value):
    return isinstance(value, torch.Tensor)


class _Factories(TorchFunctionMode):
    """Catch what names the device before torch looks for one."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.to and type(args[1]) is Far:
            # As ``x.to(other)``: the device and the kind of numbers of it.
            like, args = args[1], (args[0], DEVICE)
            kwargs['dtype'] = like.dtype
        if func is torch.cosine_similarity and type(args[0]) is Far:
            # As of torch 2.11 it makes a constant on the device by itself.
            one, other = (normalize(x, **kwargs) for x in args[:2])
            return (one * other).sum(kwargs.get('dim', 1))
        words = [*args[1:], kwargs.get('device')]
        if not any(map(_is_far, words)):
            return func(*args, **kwargs)
        kwargs.pop('device', None)
        args = [arg for arg in args if not _is_far(arg)]
        if args and type(args[0]) is Far:
            same = func is torch.Tensor.to and not (args[1:] or kwargs)
            return args[0] if same else func(*args, **kwargs)
        moved = bool(args) and _tensor(args[0])
        LOG.append('copy' if moved else 'made')
        if moved and func is torch.Tensor.to and not (args[1:] or kwargs):
            return far(args[0])
        return far(func(*args, **kwargs))


def _is_far(word):
    named = isinstance(word, (str, torch.device))
    return named and str(word).startswith('cuda')


def far(value):
    """Tensors, also nested, or a module, on the simulated device."""
    if isinstance(value, torch.nn.Module):
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        try:
            return value._apply(
                lambda t: t if type(t) is Far else Far(t.detach())
            )
        finally:
            torch.__future__.set_overwrite_module_params_on_conversion(False)
    return tree_map_only(torch.Tensor, _far, value)


def _far(tensor):
    return tensor if type(tensor) is Far else Far(tensor.detach())


def near(value):
    """The values, without a transfer being counted."""
    return tree_map_only(Far, lambda t: t.near, value)


@contextmanager
def simulated():
    """Let ``cuda:0`` be there; gives what a GPU would have waited for."""
    LOG.clear()
    with _Factories():
        yield LOG
