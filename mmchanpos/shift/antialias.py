"""Turn the strided layers of a built network into anti-aliased ones."""

import re
from typing import Any, Callable, Optional

from torch import nn
from torch.nn.modules.utils import _pair

from mmchanpos.errors import InputError, nearest

from .aps import APS, Phase
from .blur_pool import BlurPool, pad

_POOLS = ('BlurPool', 'APS')


def antialias(
    model: nn.Module,
    pool: str = 'BlurPool',
    filt: int = 3,
    stem: bool = False,
    padding_mode: Optional[str] = None,
    max_pool: Optional[int] = None,
) -> list[str]:
    """Let every strided layer run densely and subsample behind a low-pass.

    Convolutions, max pools and average pools keep their place, their name
    and their weights, so weights of the plain network still fit. As in the
    papers, a strided convolution of a residual block, or of a module that
    holds its activation too, is sampled after its ReLU; a 1x1 convolution
    before itself, which costs less and gives the same. Branches of one
    residual block share the phase of ``APS``.

    Args:
        model (nn.Module): Changed in place.
        pool (str): ``BlurPool`` or ``APS``. Defaults to ``'BlurPool'``.
        filt (int): Side of the blur, 1 to 7. Defaults to 3.
        stem (bool): Whether the first convolution is converted too; it is
            the most costly. A stem pool always is. Defaults to False.
        padding_mode (str, optional): Also give every convolution, pool and
            blur this padding, such as ``'circular'``. Defaults to None.
        max_pool (int, optional): Side of the strided max pools, then without
            padding. The published anti-aliased ResNets have 2 where the
            plain ones have 3. Defaults to None: as it is.

    Returns:
        list[str]: Names of the layers that were converted.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.MaxPool2d(2))
        >>> antialias(net, stem=True)
        ['0', '1']
        >>> sorted(net.state_dict())
        ['0.bias', '0.weight']
    """
    if pool not in _POOLS:
        raise InputError(f'Anti-aliasing by "{pool}". {nearest(pool, _POOLS)}')
    modules = dict(model.named_modules())
    if any(isinstance(m, (BlurPool, APS)) for m in modules.values()):
        raise InputError('This network has been anti-aliased before.')
    convs = (n for n, m in modules.items() if isinstance(m, nn.Conv2d))
    first = next(convs, None)
    strided = [
        name
        for name, module in modules.items()
        if _stride(module) > 1 and (stem or name != first)
    ]
    if not strided:
        raise InputError(
            f'{type(model).__name__} has no strided convolution or pool that '
            'could be anti-aliased. A strided stem needs stem=True.'
        )
    if max_pool is not None:
        # First, as the padding below depends on the window.
        for name in strided:
            window: Any = modules[name]
            if isinstance(window, nn.MaxPool2d):
                window.kernel_size, window.padding = max_pool, 0
    if padding_mode is not None:
        for module in modules.values():
            _set_padding(module, padding_mode)
    phases = _shared_phases(modules, strided) if pool == 'APS' else {}
    blur_padding = padding_mode or 'reflect'

    for name in strided:
        stride = _stride(modules[name])
        layer: nn.Module
        if pool == 'APS':
            # Wrapped around by default: a border would move the choice.
            mode = padding_mode or 'circular'
            layer = APS(stride, filt, mode, phases.get(name))
        else:
            layer = BlurPool(filt, stride, blur_padding)
        _attach(modules, name, layer)
    return strided


def _stride(module: nn.Module) -> int:
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    if not isinstance(module, kinds):
        return 1
    down, right = _pair(module.stride)
    return down if down == right else 1


def _attach(
    modules: dict[str, nn.Module], name: str, layer: nn.Module
) -> None:
    # torch's own type of a layer does not say what attributes it has.
    module: Any = modules[name]
    module.stride = (1, 1)
    if isinstance(module, nn.AvgPool2d):
        # The blur takes the place of the average.
        module.kernel_size, module.padding = 1, 0
    follower: Any = _next_conv(modules, name)
    if isinstance(module, nn.Conv2d) and set(module.kernel_size) == {1}:
        follower = module
    if follower is None:
        module = _activated(modules, name)
        module.antialias = layer
        module.register_forward_hook(_pool_output)
    else:
        follower.antialias = layer
        follower.register_forward_pre_hook(_pool_input)


def _next_conv(
    modules: dict[str, nn.Module], name: str
) -> Optional[nn.Module]:
    """The convolution that reads a residual block's strided one."""
    match = re.fullmatch(r'(.*\bconv)(\d+)', name)
    if match is None:
        return None
    found = modules.get(f'{match[1]}{int(match[2]) + 1}')
    return found if isinstance(found, nn.Conv2d) else None


def _activated(modules: dict[str, nn.Module], name: str) -> nn.Module:
    """What holds a convolution with its activation, else the layer itself."""
    outer = modules[name.rpartition('.')[0]]
    whole = getattr(outer, 'conv', None) is modules[name]
    whole &= isinstance(getattr(outer, 'activate', None), nn.Module)
    return outer if whole else modules[name]


# Hooks at module level, so that a converted network can be copied and
# pickled like any other.
def _pool_input(module, args):
    return (module.antialias(args[0]), *args[1:])


def _pool_output(module, args, output):
    return module.antialias(output)


def _pad_input(module, args):
    return (pad(args[0], *module.outer_padding),)


def _set_padding(layer: nn.Module, mode: str) -> None:
    module: Any = layer
    if isinstance(layer, nn.Conv2d):
        module.padding_mode = mode
    elif isinstance(layer, nn.MaxPool2d):
        before = _pair(module.padding)[0]
        # A window of even side has no middle: moved by one pixel at a time
        # it comes to one position less than there are pixels.
        even = _pair(module.kernel_size)[0] % 2 == 0
        after = before + (even and _stride(module) > 1)
        if after:
            # A max pool pads with minus infinity, which knows the border.
            module.outer_padding = (before, after, mode)
            module.padding = 0
            module.register_forward_pre_hook(_pad_input)


def _shared_phases(
    modules: dict[str, nn.Module], strided: list[str]
) -> dict[str, Phase]:
    """One phase for the two branches of every residual block."""
    phases: dict[str, Phase] = {}
    for name, block in modules.items():
        if not isinstance(getattr(block, 'downsample', None), nn.Module):
            continue
        inside = [n for n in strided if n.startswith(f'{name}.' * bool(name))]
        short = [n for n in inside if n.startswith(f'{name}.downsample')]
        if len(inside) == 2 and len(short) == 1:
            phase = Phase()
            phases.update(dict.fromkeys(inside, phase))
            reset: Callable = phase.reset
            block.register_forward_pre_hook(reset)
    return phases
