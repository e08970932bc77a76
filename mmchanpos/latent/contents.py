"""Images without a scene: what a net says of them is of places alone.

Natural images confound position with content, as the sky is above. Here the
content is drawn anew for every image and favours no place.
"""

from typing import Callable, Optional, Sequence

import torch
from torch import Tensor

from mmchanpos.errors import InputError, choose

#: Side of the patches that are moved about, in pixels.
PATCH = 16


def _uniform(shape: torch.Size, rng: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=rng)


def _gaussian(shape: torch.Size, rng: torch.Generator) -> Tensor:
    return _unit(torch.randn(shape, generator=rng))


def _pink(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """Noise whose amplitude falls with frequency, as in natural images."""
    height, width = shape[-2:]
    down = torch.fft.fftfreq(height)[:, None]
    right = torch.fft.rfftfreq(width)[None]
    frequency = torch.sqrt(down**2 + right**2)
    frequency[0, 0] = torch.inf  # no mean
    noise = torch.fft.rfft2(torch.randn(shape, generator=rng)) / frequency
    return _unit(torch.fft.irfft2(noise, s=(height, width)))


def _gradient(shape: torch.Size, rng: torch.Generator) -> Tensor:
    """A ramp between two colours in a direction of its own."""
    channels, height, width = shape
    angle = 2 * torch.pi * torch.rand((), generator=rng)
    y = torch.linspace(-1, 1, height)[:, None]
    x = torch.linspace(-1, 1, width)[None]
    ramp = (torch.cos(angle) * x + torch.sin(angle) * y) / 2**0.5
    low, high = torch.rand(2, channels, 1, 1, generator=rng)
    return low + (high - low) * (ramp + 1) / 2


def _constant(shape: torch.Size, rng: torch.Generator) -> Tensor:
    return torch.rand(shape[0], 1, 1, generator=rng).expand(shape).clone()


def _unit(noise: Tensor) -> Tensor:
    """Noise of mean 0.5 and deviation 0.2, cut to [0, 1]."""
    centred = noise - noise.mean()
    scale = centred.std().clamp_min(torch.finfo(noise.dtype).tiny)
    return (0.5 + 0.2 * centred / scale).clamp(0, 1)


#: What an image is drawn from, in [0, 1].
CONTENTS: dict[str, Callable[[torch.Size, torch.Generator], Tensor]] = {
    'uniform': _uniform,
    'gaussian': _gaussian,
    'pink': _pink,
    'gradient': _gradient,
    'constant': _constant,
}
#: Shares of the contents in ``'mixture'``, those of SOAP (CVPR 2026).
MIXTURE = dict(
    uniform=0.05, gaussian=0.15, pink=0.4, gradient=0.3, constant=0.1
)


def check_content(kind: Optional[str]) -> None:
    """Refuse a content that there is not; None stands for an image's own."""
    if kind is not None:
        known = {**CONTENTS, 'mixture': None, 'patches': None}
        choose(known, kind, 'there is no content')


def content(kind: str, shape: Sequence[int], seed: int = 0) -> Tensor:
    """An image (C, H, W) in [0, 1] drawn at random, the same for a seed.

    Its kind is one of :data:`CONTENTS`, or ``'mixture'``, which draws the kind
    by :data:`MIXTURE` first.

    Example:
        >>> content('constant', (3, 2, 2), seed=1).std(dim=(1, 2))
        tensor([0., 0., 0.])
    """
    rng = torch.Generator().manual_seed(int(seed))
    if kind == 'mixture':
        shares = torch.tensor(list(MIXTURE.values()))
        kind = list(MIXTURE)[int(torch.multinomial(shares, 1, generator=rng))]
    if kind == 'patches':
        raise InputError('content "patches" is made of images that there are.')
    check_content(kind)
    return CONTENTS[kind](torch.Size(shape), rng)


def shuffled_patches(image: Tensor, seed: int, side: int) -> Tensor:
    """An image (C, H, W) whose squares are put back in a random order.

    What is left at the right and bottom stays where it is.

    Example:
        >>> image = torch.arange(16.).view(1, 4, 4)
        >>> shuffled_patches(image, 0, 2).flatten().sort().values.equal(
        ...     image.flatten())
        True
    """
    rows, columns = (length // side for length in image.shape[-2:])
    order = torch.randperm(
        rows * columns, generator=torch.Generator().manual_seed(int(seed))
    )
    if not rows * columns:
        return image.clone()
    patches = image.unfold(1, side, side).unfold(2, side, side)
    moved = patches.flatten(1, 2)[:, order].unflatten(1, (rows, columns))
    new = image.clone()
    inside = new[..., : rows * side, : columns * side]
    inside.copy_(moved.transpose(2, 3).reshape(inside.shape))
    return new


def randomised(image: Tensor, kind: Optional[str], seed: int) -> Tensor:
    """An image of the same size, type and range with another content.

    Args:
        image (Tensor): (C, H, W), of whole numbers up to 255 or of floats up
            to 1 or 255.
        kind (str, optional): One of :data:`CONTENTS`, ``'mixture'``, or
            ``'patches'``, the image's own patches moved about. None leaves it
            as it is.
        seed (int): Its place in the data set.

    Example:
        >>> image = torch.full((3, 8, 8), 200, dtype=torch.uint8)
        >>> randomised(image, 'uniform', 0).dtype
        torch.uint8
    """
    if kind is None:
        return image
    if kind == 'patches':
        side = min(PATCH, max(1, min(image.shape[-2:]) // 4))
        return shuffled_patches(image, seed, side)
    new = content(kind, image.shape, seed).to(image.device)
    whole = not image.is_floating_point()
    if whole or image.max() > 2:
        new = new * 255
    return (new.round() if whole else new).to(image.dtype)
