"""Reversible edits of a built model: mirrored kernels, another padding.

Both functions edit the model at once and return a :class:`Surgery`: leave it
alone and the edit stays, use it in a ``with`` statement or call its ``undo``
and the model is as before. Edits may be nested.
"""

from contextlib import ExitStack

import torch
from torch import nn

from mmchanpos.errors import InputError, nearest

from .edges import (
    PADDING_MODES,
    is_padded,
    is_residual,
    swap_edge,
    swap_shortcut,
)


class Surgery(ExitStack):
    """An edit in force; leaving it, or ``undo()``, restores the model."""

    def undo(self) -> None:
        """Restore what the edit changed; a second call does nothing."""
        self.close()


def flip_kernels(model: nn.Module, dim: int = -1) -> Surgery:
    """Mirror the kernels of every 2-D convolution (Kernel-Flip, Sec. 4.2).

    A net F with mirrored kernels, F~, answers the mirrored image as F answers
    the image, F~(R x) = R F(x), wherever its layers sample symmetrically.
    Layers are chosen by type and tied weights are mirrored once, so two flips
    are none.

    Args:
        model (nn.Module): The model to edit.
        dim (int): Axis of the (out, in, height, width) weight to mirror; -1
            mirrors left and right, -2 top and bottom. Defaults to -1.

    Returns:
        Surgery: Undoes the edit.

    Example:
        >>> conv = nn.Conv2d(1, 1, 3, padding=1)
        >>> image = torch.rand(1, 1, 5, 5)
        >>> before = conv(image)
        >>> with flip_kernels(conv):
        ...     mirrored = conv(image.flip(-1)).flip(-1)
        >>> torch.allclose(mirrored, before, atol=1e-6)
        True
    """
    if dim not in (-1, -2):
        raise InputError(
            f'dim={dim} is no side of a kernel: -1 mirrors left and right, '
            '-2 top and bottom.'
        )
    convs = (nn.Conv2d, nn.ConvTranspose2d)
    weights = [m.weight for m in model.modules() if isinstance(m, convs)]
    if not weights:
        raise InputError(
            f'{type(model).__name__} has no 2-D convolution whose kernels '
            'could be mirrored.'
        )
    with Surgery() as edit:
        for weight in {id(w): w for w in weights}.values():
            _mirror(weight, dim)
            edit.callback(_mirror, weight, dim)
        return edit.pop_all()


@torch.no_grad()
def _mirror(weight: torch.Tensor, dim: int) -> None:
    weight.copy_(weight.flip(dim))
    # Mixed precision keeps cast copies of weights, which would be old now.
    torch.clear_autocast_cache()


def set_padding_mode(model: nn.Module, mode: str) -> Surgery:
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

    Args:
        model (nn.Module): The model to edit.
        mode (str): One of ``PADDING_MODES``.

    Returns:
        Surgery: Undoes the edit.

    Example:
        >>> conv = nn.Conv2d(1, 4, 3, padding=1)
        >>> border_contrast(conv) > 0.01
        True
        >>> with set_padding_mode(conv, 'reflect'):
        ...     border_contrast(conv) > 1e-6
        False
    """
    if mode not in PADDING_MODES:
        raise InputError(
            f'padding mode "{mode}" is unknown. {nearest(mode, PADDING_MODES)}'
            f' All: {", ".join(PADDING_MODES)}.'
        )
    layers = {n: m for n, m in model.named_modules() if is_padded(m)}
    if not layers:
        raise InputError(
            f'{type(model).__name__} has no convolution or pooling with '
            'padding, so a padding mode would change nothing.'
        )
    with Surgery() as edit:
        for block in filter(is_residual, model.modules()):
            edit.callback(swap_shortcut, block, swap_shortcut(block, mode))
        for name, layer in layers.items():
            name = name or type(layer).__name__
            edit.callback(swap_edge, layer, swap_edge(layer, mode, name), name)
        return edit.pop_all()


@torch.no_grad()
def border_contrast(
    module: nn.Module, channels: int = 3, size: int = 33
) -> float:
    """Tell how far a constant image betrays its border to a module.

    Args:
        module (nn.Module): Maps (B, C, H, W) to (B, C', H', W').
        channels (int): C of the constant image; the first convolution's, if
            there is one, comes before it. Defaults to 3.
        size (int): H and W. Defaults to 33.

    Returns:
        float: Largest difference between an output position and the middle
        one: zero, up to rounding, unless padding gives the border away.
    """
    convs = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    image = torch.ones(1, channels, size, size)
    if convs:
        weight = convs[0].weight
        image = weight.new_ones((1, convs[0].in_channels, size, size))
    out = module(image)
    middle = out[..., out.shape[-2] // 2, out.shape[-1] // 2]
    return float((out - middle[..., None, None]).abs().max())
