"""The latent as it is when the content sits elsewhere, put back in place."""

from typing import Any, Callable, Sequence, Tuple

from torch import Tensor

from mmchanpos.errors import InputError

from .tap import Latent, levels


def relocated(
    run: Callable[..., Latent],
    inputs: Tuple,
    latent: Latent,
    channel_dim: int = 1,
) -> Latent:
    """Run a module on rolled inputs, and roll its latent back.

    Inputs are rolled by half of their height and width, to whole places of
    the smallest level, so that every part of the content comes to lie where
    another was. Where the net treats all places alike, nothing changes.

    Args:
        run (Callable): From the inputs of the module to its latent.
        inputs (tuple): What the module got: images or maps (..., H, W).
        latent (Tensor or tuple of Tensor): What it gave for them.
        channel_dim (int): Axis of the channels, 1 for maps.

    Returns:
        Tensor or tuple of Tensor: In the form of ``latent``.

    Example:
        >>> import torch
        >>> net = torch.nn.Conv2d(1, 2, 3, padding=1, padding_mode='circular')
        >>> image = torch.rand(1, 1, 6, 8)
        >>> z = net(image)
        >>> torch.allclose(relocated(net, (image,), z), z, atol=1e-6)
        True
    """
    sizes = [level.shape[2:] for level in levels(latent)]
    if channel_dim != 1 or any(len(size) != 2 for size in sizes):
        raise InputError(
            'value="relocate" moves maps (B, C, H, W); this latent has none.'
        )
    least = min(sizes, key=lambda size: size[0] * size[1])
    shares = [(side // 2) / side for side in least]
    moved = tuple(_rolled(value, shares, 1) for value in inputs)
    found = run(*moved)
    back = tuple(_rolled(level, shares, -1) for level in levels(found))
    return back[0] if isinstance(found, Tensor) else back


def _rolled(value: Any, shares: Sequence[float], sign: int) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_rolled(part, shares, sign) for part in value)
    if not isinstance(value, Tensor) or value.ndim < 3:
        return value
    steps = [share * side for share, side in zip(shares, value.shape[-2:])]
    whole = [round(step) for step in steps]
    if any(abs(a - b) > 1e-6 for a, b in zip(steps, whole)):
        raise InputError(
            f'value="relocate" rolls maps of {value.shape[-2]} x '
            f'{value.shape[-1]} by {steps} places; the sizes of the images '
            'must be whole multiples of those of the latent.'
        )
    return value.roll([sign * step for step in whole], (-2, -1))
