"""The latent as it is when the content sits elsewhere, put back in place."""

from typing import Any, Callable, Optional, Sequence

from torch import Tensor

from mmchanpos.errors import InputError

from .tap import Latent, levels


def relocated(
    run: Callable[..., Latent],
    inputs: tuple,
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
        latent (Tensor | tuple[Tensor, ...]): What it gave for them.
        channel_dim (int): Axis of the channels, 1 for maps.

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
    found = run(*_rolled(tuple(inputs), shares))
    return _rolled(found, [-share for share in shares])


def rolled(maps: Tensor, shares: Sequence[float]) -> Optional[Tensor]:
    """Maps (..., H, W) rolled by shares of their sides, if in whole places.

    Example:
        >>> import torch
        >>> rolled(torch.arange(4.).view(1, 4), (0, 0.25))
        tensor([[3., 0., 1., 2.]])
    """
    steps = [s * side for s, side in zip(shares, maps.shape[-2:])]
    whole = [round(step) for step in steps]
    if any(abs(a - b) > 1e-6 for a, b in zip(steps, whole)):
        return None
    return maps.roll(whole, (-2, -1))


def _rolled(value: Any, shares: Sequence[float]) -> Any:
    """Every map in what a module got or gave, rolled."""
    if isinstance(value, (tuple, list)):
        return type(value)(_rolled(part, shares) for part in value)
    if not isinstance(value, Tensor) or value.ndim < 3:
        return value
    found = rolled(value, shares)
    if found is None:
        raise InputError(
            f'value="relocate" rolls maps of {value.shape[-2]} x '
            f'{value.shape[-1]} by shares of their sides, {shares}; the sizes '
            'of the images must be whole multiples of those of the latent.'
        )
    return found
