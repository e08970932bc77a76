"""A reversible edit of a built model: mirrored kernels.

The edit is made at once. Leave it alone and it stays; use it in a ``with``
statement, or ``close()`` it, and the model is as before. Edits may be nested.
"""

from contextlib import ExitStack

import torch
from torch import nn

from mmchanpos.errors import InputError


def flip_kernels(model: nn.Module, dim: int = -1) -> ExitStack:
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
        ExitStack: Undoes the edit.

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
    with ExitStack() as edit:
        for weight in {id(w): w for w in weights}.values():
            _mirror(weight, dim)
            edit.callback(_mirror, weight, dim)
        return edit.pop_all()


@torch.no_grad()
def _mirror(weight: torch.Tensor, dim: int) -> None:
    weight.copy_(weight.flip(dim))
    # Mixed precision keeps cast copies of weights, which would be old now.
    torch.clear_autocast_cache()
