"""A reversible edit of a built model: how its maps meet their border.

The edit is made at once. Leave it alone and it stays; use it in a ``with``
statement, or ``close()`` it, and the model is as before. Edits may be nested.

It is made layer by layer: an edge takes the padding out of its layer and pads
the layer's input instead, so every mode works on every kind of layer alike.
"""

from contextlib import ExitStack
from typing import Any, Optional

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules.utils import _pair

from mmchanpos.errors import InputError, choose
from mmchanpos.reflection import pad_reflected, pad_wrapped

PADDING_MODES = ('zero', 'reflect', 'replicate', 'circular', 'partial', 'none')
_POOLS = (nn.MaxPool2d, nn.AvgPool2d)


def set_padding_mode(model: nn.Module, mode: str) -> ExitStack:
    """Let every padded layer meet the border of its map in another way.

    Convolutions (grouped and dilated ones too) and poolings are edited:

    - ``'zero'``: as almost every net is trained. Poolings keep their own
      rule, which is minus infinity for a maximum.
    - ``'reflect'``, ``'replicate'``, ``'circular'``: the map itself goes on.
    - ``'partial'``: zeros, and the answer is scaled by window size over the
      number of window positions inside the map (partial convolution).
    - ``'none'``: nothing is added and maps shrink. In residual blocks that
      have a ``downsample`` slot, as those of torchvision and OpenMMLab, the
      shortcut is cropped to the part that the block still answers for.

    A map too small for a mode is an error in the forward pass that names the
    layer. Layers that pad inside their own ``forward`` while their
    ``padding`` is 0 are beyond reach.

    Returns:
        ExitStack: Undoes the edit.

    Example:
        >>> conv, image = nn.Conv2d(1, 1, 3, padding=1), torch.ones(1, 1, 9, 9)
        >>> conv(image).std() > 0.01
        tensor(True)
        >>> with set_padding_mode(conv, 'reflect'):
        ...     conv(image).std() < 1e-6
        tensor(True)
    """
    choose(dict.fromkeys(PADDING_MODES), mode, 'there is no padding mode')
    layers = {n: m for n, m in model.named_modules() if is_padded(m)}
    if not layers:
        raise InputError(
            f'{type(model).__name__} has no convolution or pooling with '
            'padding, so a padding mode would change nothing.'
        )
    with ExitStack() as edit:
        for block in filter(_is_residual, model.modules()):
            edit.callback(_swap, block, _swap(block, mode))
        for name, layer in layers.items():
            name = name or type(layer).__name__
            edit.callback(_swap, layer, _swap(layer, mode, name), name)
        return edit.pop_all()


def padding_modes(model: nn.Module) -> dict[str, str]:
    """Mode of each layer that is edited at the moment, by its name.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU())
        >>> with set_padding_mode(net, 'reflect'):
        ...     padding_modes(net)
        {'0': 'reflect'}
    """
    edges = {n: vars(m).get('_edge') for n, m in model.named_modules()}
    return {n: edge.mode for n, edge in edges.items() if edge is not None}


def is_padded(layer: nn.Module) -> bool:
    """Whether a layer is a convolution or pooling built with padding."""
    return isinstance(layer, (nn.Conv2d, *_POOLS)) and any(_amount(layer))


def _is_residual(block: nn.Module) -> bool:
    """Whether a module is a block with a ``downsample`` slot, even empty."""
    slotted = 'downsample' in vars(block) or 'downsample' in block._modules
    return slotted and isinstance(getattr(block, 'conv1', None), nn.Conv2d)


def _amount(layer: nn.Module) -> tuple[int, int, int, int]:
    """What a layer, as built, pads at its left, right, top and bottom."""
    edge = vars(layer).get('_edge')
    if edge is not None:
        return edge.amount
    if layer.padding == 'valid':
        return 0, 0, 0, 0
    if layer.padding == 'same':
        height, width = (reach - 1 for reach in _reach(layer))
        left, top = width // 2, height // 2
        return left, width - left, top, height - top
    height, width = _pair(layer.padding)
    return width, width, height, height


def _swap(
    part: nn.Module, mode: Optional[str], name: str = ''
) -> Optional[str]:
    """Edit a layer or block anew; gives the mode that undoes it."""
    before = vars(part).pop('_edge', None)
    if before is not None:
        before.remove()
    if _is_residual(part):
        if mode == 'none':
            vars(part)['_edge'] = _Crop(part)
    elif mode is not None and mode != _own_mode(part):
        vars(part)['_edge'] = _Edge(part, mode, name)
    return None if before is None else before.mode


def _reach(layer: nn.Module) -> tuple[int, int]:
    dilation = _pair(getattr(layer, 'dilation', 1))
    kernel = _pair(layer.kernel_size)
    rows, columns = (d * (k - 1) + 1 for d, k in zip(dilation, kernel))
    return rows, columns


def _own_mode(layer: nn.Module) -> str:
    mode = getattr(layer, 'padding_mode', 'zeros')
    return 'zero' if mode == 'zeros' else mode


class _Edge:
    """Pads the input of a layer in place of the layer's own padding."""

    def __init__(self, layer: Any, mode: str, name: str) -> None:
        self.layer, self.mode, self.name = layer, mode, name
        self.amount = _amount(layer)
        self.own: dict[str, Any] = {'padding': layer.padding}
        if isinstance(layer, nn.Conv2d):
            self.own['padding_mode'] = layer.padding_mode
            layer.padding_mode = 'zeros'
        layer.padding = (0, 0)
        self.hooks = [layer.register_forward_pre_hook(self.pad)]
        if mode == 'partial' and not isinstance(layer, nn.MaxPool2d):
            self.hooks.append(layer.register_forward_hook(self.rescale))

    def remove(self) -> None:
        for hook in self.hooks:
            hook.remove()
        for key, value in self.own.items():
            setattr(self.layer, key, value)

    def pad(self, layer: nn.Module, inputs: tuple) -> tuple:
        x, *rest = inputs
        self.check(x)
        if self.mode in ('zero', 'partial'):
            lowest = isinstance(layer, nn.MaxPool2d)
            x = F.pad(x, self.amount, value=-torch.inf if lowest else 0.0)
        elif self.mode == 'reflect':
            x = pad_reflected(x, self.amount)
        elif self.mode == 'circular':
            x = pad_wrapped(x, self.amount)
        elif self.mode != 'none':
            x = F.pad(x, self.amount, mode=self.mode)
        return (x, *rest)

    def rescale(
        self, layer: Any, inputs: tuple, out: torch.Tensor
    ) -> torch.Tensor:
        """Scale the answer by window size over positions inside the map."""
        left, right, top, bottom = self.amount
        height, width = inputs[0].shape[-2:]
        inside = F.pad(
            out.new_ones((1, 1, height - top - bottom, width - left - right)),
            self.amount,
        )
        if isinstance(layer, nn.AvgPool2d):
            return out / F.avg_pool2d(
                inside, layer.kernel_size, layer.stride, 0, layer.ceil_mode
            )
        window = out.new_ones((1, 1, *layer.kernel_size))
        covered = F.conv2d(
            inside, window, stride=layer.stride, dilation=layer.dilation
        )
        ratio = window.numel() / covered
        if layer.bias is None:
            return out * ratio
        bias = layer.bias[:, None, None]
        return (out - bias) * ratio + bias

    def check(self, x: torch.Tensor) -> None:
        """Refuse a map that is too small for this way to meet its border."""
        height, width = x.shape[-2:]
        left, right, top, bottom = self.amount
        need = {
            'reflect': (max(top, bottom) + 1, max(left, right) + 1),
            'circular': (max(top, bottom), max(left, right)),
            'none': _reach(self.layer),
        }.get(self.mode, (1, 1))
        if height < need[0] or width < need[1]:
            raise InputError(
                f'padding mode "{self.mode}" is impossible in "{self.name}": '
                f'its map is {height}x{width}, at least {need[0]}x{need[1]} '
                'is needed. Use larger images, a net with fewer strides, or '
                'another padding mode.'
            )


class _Crop:
    """Cuts from a shortcut the border that valid convolutions lose.

    A convolution that pads ``p`` after a total stride ``s`` loses ``s * p``
    positions of the block's input at every side.
    """

    mode = 'none'

    def __init__(self, block: Any) -> None:
        self.block, self.margin, stride = block, 0, 1
        for name, layer in block.named_modules():
            if name.startswith('downsample'):
                continue
            if isinstance(layer, nn.Conv2d):
                self.margin += stride * max(_amount(layer))
                stride *= layer.stride[0]
        self.filled = block.downsample is None
        if self.filled:
            block.downsample = nn.Identity()
        self.hook = block.downsample.register_forward_pre_hook(self.cut)

    def remove(self) -> None:
        self.hook.remove()
        if self.filled:
            self.block.downsample = None

    def cut(self, shortcut: nn.Module, inputs: tuple) -> torch.Tensor:
        (x,), m = inputs, self.margin
        return x[..., m : x.shape[-2] - m, m : x.shape[-1] - m]
