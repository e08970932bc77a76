"""A reversible edit of a built model: mirrored kernels.

The edit is made at once. Leave it alone and it stays; use it in a ``with``
statement, or ``close()`` it, and the model is as before. Edits may be nested.
"""

from contextlib import ExitStack

import torch
from torch import nn

from mmchanpos.errors import InputError


def flip_kernels(model: nn.Module) -> ExitStack:
    """Mirror the kernels of every 2-D convolution (Kernel-Flip, Sec. 4.2).

    A net F with mirrored kernels, F~, answers the mirrored image as F answers
    the image, F~(R x) = R F(x), wherever its layers sample symmetrically.
    Layers are chosen by type and tied weights are mirrored once, so two flips
    are none.

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
    convs = (nn.Conv2d, nn.ConvTranspose2d)
    weights = [m.weight for m in model.modules() if isinstance(m, convs)]
    if not weights:
        raise InputError(
            f'{type(model).__name__} has no 2-D convolution whose kernels '
            'could be mirrored.'
        )
    with ExitStack() as edit:
        for weight in {id(w): w for w in weights}.values():
            _mirror(weight)
            edit.callback(_mirror, weight)
        return edit.pop_all()


@torch.no_grad()
def _mirror(weight: torch.Tensor) -> None:
    weight.copy_(weight.flip(-1))
    # Mixed precision keeps cast copies of weights, which would be old now.
    torch.clear_autocast_cache()
