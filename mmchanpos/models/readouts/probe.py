"""How much location can be read from a frozen net, layer by layer (S1).

Pooling and a 1x1 convolution commute, so a GAPNet read-out of a frozen layer
is linear in the pooled latent GAP(z), and so is a PermuteNet read-out. One
pass over the images therefore suffices: the pooled latents of all layers are
kept, and the read-outs are trained on them in seconds.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Callable, Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.latent import Tap
from mmchanpos.latent.tap import Latent, gap, levels
from mmchanpos.models.necks import PermuteChannel

#: Name of a read-out and what it does to the channels first.
KINDS = ('gapnet', 'permutenet')


@dataclass(frozen=True)
class Pooled:
    """Pooled latents of all layers for a set of images.

    Args:
        vectors (dict[str, Tensor]): Name of a layer to (N, C).
        targets (Tensor): (N, ).
    """

    vectors: dict[str, Tensor]
    targets: Tensor


@torch.no_grad()
def pool_layers(
    model: nn.Module,
    layers: Sequence[str],
    batches: Iterable[tuple[Tensor, Tensor]],
    run: Callable[[Tensor], object],
    coordinates: bool = False,
    find_tap: Callable[[str], Tap] = Tap,
) -> Pooled:
    """Pass over the images once and pool what every layer says.

    Args:
        model (nn.Module): The frozen net, already in evaluation mode.
        layers (Sequence[str]): Paths as in ``model.named_modules()``.
        batches (Iterable): Images (B, 3, H, W), as the net wants them, and
            targets (B, ).
        run (Callable): Runs the net, or as much of it as the layers need.
        coordinates (bool): Pool the centre of activity instead, see
            :func:`centre_of_activity`. Defaults to False.
        find_tap (Callable): Makes a tap of a path, for who knows which of
            several outputs is meant. Defaults to the last.

    Returns:
        Pooled: Single precision, on the CPU.
    """
    taps = {layer: find_tap(layer) for layer in layers}
    for tap in taps.values():
        tap.module(model)
    rows: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    targets: list[Tensor] = []
    with ExitStack() as stack:
        seen = {k: stack.enter_context(t.read(model)) for k, t in taps.items()}
        for images, labels in batches:
            run(images)
            for layer, calls in seen.items():
                if not calls:
                    raise InputError(
                        f'"{layer}" was not reached: it is not used on the '
                        'way that images take through this net.'
                    )
                latent = calls.pop()
                calls.clear()
                if coordinates:
                    latent = centre_of_activity(latent)
                rows[layer].append(_pool(latent).float().cpu())
            targets.append(labels.cpu())
    if not targets:
        raise InputError('there are no images to probe the net with.')
    vectors = {layer: torch.cat(parts) for layer, parts in rows.items()}
    return Pooled(vectors, torch.cat(targets))


def _pool(latent: Latent) -> Tensor:
    # Transformers give tokens (B, N, C), everything else has (B, C, ...).
    parts = [gap(z, 2 if z.ndim == 3 else 1) for z in levels(latent)]
    return torch.cat(parts, 1)


def centre_of_activity(latent: Latent) -> tuple[Tensor, ...]:
    """Two channels in place of all: how active a place is, times its place.

    How far each position lies above the faintest one, averaged over the
    channels and scaled to a mean of 1, is multiplied by the two coordinates
    (-1 to 1). Pooled, the two are the centre of activity, on any scale of
    activations: what a read-out can tell that knows where a net is active
    and nothing else.

    Args:
        latent (Tensor | tuple[Tensor, ...]): Maps (B, C, H, W).

    Returns:
        tuple[Tensor, ...]: (B, 2, H, W) per level.

    Example:
        >>> latent = torch.zeros(1, 8, 3, 3)
        >>> latent[..., 0, 2] = 5
        >>> (centre,) = centre_of_activity(latent)
        >>> gap(centre)[0].tolist()
        [1.0, -1.0]
    """
    out = []
    for level in levels(latent):
        if level.ndim != 4:
            raise InputError(
                'the centre of activity needs maps (B, C, H, W), but a layer '
                f'gives {tuple(level.shape)}: leave the baseline '
                '"coordinates" away.'
            )
        height, width = level.shape[-2:]
        x = torch.linspace(-1, 1, width, device=level.device)
        y = torch.linspace(-1, 1, height, device=level.device)
        mass = level.abs().mean(1, keepdim=True)
        mass = mass - mass.amin((2, 3), keepdim=True)
        mass = mass / mass.mean((2, 3), keepdim=True).clamp_min(1e-12)
        out.append(torch.cat([mass * x, mass * y[:, None]], 1))
    return tuple(out)


def standardised(train: Pooled, test: Pooled) -> tuple[Pooled, Pooled]:
    """Both sets with every channel on one scale, that of the first.

    A read-out of few channels that hardly differ would need many steps.

    Args:
        train (Pooled): Its means become 0, its deviations 1.
        test (Pooled): Scaled by as much.
    """
    scale = {
        layer: (v.mean(0), v.std(0).clamp_min(1e-12))
        for layer, v in train.vectors.items()
    }
    new = [
        {k: (v - scale[k][0]) / scale[k][1] for k, v in part.vectors.items()}
        for part in (train, test)
    ]
    return Pooled(new[0], train.targets), Pooled(new[1], test.targets)


@dataclass(frozen=True)
class Recipe:
    """How read-outs are trained: the authors' Adam, for every layer alike.

    Args:
        epochs (int): Defaults to 20.
        batch_size (int): Defaults to 48.
        lr (float): Defaults to 0.001.
        betas (tuple[float, float]): Defaults to (0.5, 0.999).
        seed (int): Of the weights, the order and the permutations.
    """

    epochs: int = 20
    batch_size: int = 48
    lr: float = 0.001
    betas: tuple[float, float] = (0.5, 0.999)
    seed: int = 0


AUTHORS = Recipe()


class Readouts(nn.Module):
    """A linear layer per layer and kind, all trained together.

    Args:
        channels (Mapping[str, int]): Name of a layer to its width C.
        num_classes (int): K.
        seed (int): Of the weights and the permutations. Defaults to 0.
    """

    def __init__(
        self, channels: Mapping[str, int], num_classes: int, seed: int = 0
    ) -> None:
        super().__init__()
        self.names = [(layer, kind) for layer in channels for kind in KINDS]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.linear = nn.ModuleList(
                nn.Linear(channels[layer], num_classes)
                for layer, _ in self.names
            )
        self.shuffle = nn.ModuleList(
            PermuteChannel(seed=seed)
            if kind == 'permutenet'
            else nn.Identity()
            for _, kind in self.names
        )

    def forward(self, vectors: Mapping[str, Tensor]) -> list[Tensor]:
        """Logits (B, K) of every read-out, in the order of ``names``.

        Args:
            vectors (Mapping[str, Tensor]): Name of a layer to (B, C).
        """
        return [
            linear(shuffle(vectors[layer]))
            for (layer, _), linear, shuffle in zip(
                self.names, self.linear, self.shuffle
            )
        ]

    def redraw(self, seed: int) -> None:
        """Start the permutations again from a seed."""
        for shuffle in self.shuffle:
            if isinstance(shuffle, PermuteChannel):
                shuffle.redraw(seed)


def train_readouts(
    data: Pooled, num_classes: int, recipe: Recipe = AUTHORS
) -> Readouts:
    """Train read-outs of all layers on their pooled latents.

    As their losses are added and share no weight, each learns as it would
    alone.

    Args:
        data (Pooled): Of the training images.
        num_classes (int): K.
        recipe (Recipe): How to train.

    Returns:
        Readouts: Trained, in evaluation mode.
    """
    channels = {layer: v.shape[1] for layer, v in data.vectors.items()}
    readouts = Readouts(channels, num_classes, recipe.seed)
    optimizer = torch.optim.Adam(
        readouts.parameters(), recipe.lr, recipe.betas
    )
    generator = torch.Generator().manual_seed(recipe.seed)
    for _ in range(recipe.epochs):
        order = torch.randperm(len(data.targets), generator=generator)
        for rows in order.split(recipe.batch_size):
            batch = {k: v[rows] for k, v in data.vectors.items()}
            labels = data.targets[rows]
            losses = [F.cross_entropy(x, labels) for x in readouts(batch)]
            optimizer.zero_grad()
            torch.stack(losses).sum().backward()
            optimizer.step()
    return readouts.eval()


@torch.no_grad()
def score_readouts(
    readouts: Readouts, data: Pooled, redraws: int = 5, batch_size: int = 100
) -> dict[tuple[str, str], list[float]]:
    """Accuracy in per cent, once per draw of the permutations.

    Args:
        readouts (Readouts): What :func:`train_readouts` gave.
        data (Pooled): Of the test images.
        redraws (int): Draws for PermuteNet; a GAPNet needs one.
        batch_size (int): Images that share a permutation. Defaults to 100.

    Returns:
        dict: (layer, kind) to a list of accuracies.
    """
    draws = []
    for draw in range(redraws):
        readouts.redraw(draw)
        hits = torch.zeros(len(readouts.names))
        for rows in torch.arange(len(data.targets)).split(batch_size):
            logits = readouts({k: v[rows] for k, v in data.vectors.items()})
            labels = data.targets[rows]
            hits += torch.stack(
                [(x.argmax(1) == labels).sum() for x in logits]
            )
        draws.append((100 * hits / len(data.targets)).tolist())
    return {
        (layer, kind): list(each if kind == 'permutenet' else each[:1])
        for (layer, kind), each in zip(readouts.names, zip(*draws))
    }
