"""Take position away from a latent along a few directions, not channels.

A channel that is switched off takes its content along, and what it coded
stays readable from others. An eraser leaves all channels in place and removes
the directions of the latent that position is read from:
``z <- z - A B (z - mean)`` at every place.
"""

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Callable, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError, choose
from mmchanpos.files import PathLike, read_npz, write_npz

from .deltas import Deltas
from .kinds import Kind, register
from .moments import Moments
from .readout import RANGE, regressed, residual_r2
from .tap import Tap


@dataclass(frozen=True, eq=False)
class Eraser:
    """Directions of a latent in the order in which they are to go.

    Args:
        kind (str): Which of :data:`ERASERS` made it.
        out (ndarray): What is taken away, per direction, (C, R).
        read (ndarray): How much of it there is, (R, C).
        mean (ndarray): Where the latent is left as it is, (C,).
        targets (Sequence[str]): What it erases.
        place (Tap, optional): Where the latent is.

    Example:
        >>> import torch
        >>> moments = Moments()
        >>> moments.add(torch.rand(4, 6, 5, 5))
        >>> eraser = erase('leace', moments)
        >>> eraser.rank, residual_r2(moments, eraser=eraser).max() < 1e-9
        (2, np.True_)
    """

    kind: str
    out: np.ndarray
    read: np.ndarray
    mean: np.ndarray
    targets: Sequence[str] = ()
    place: Optional[Tap] = None

    @property
    def digest(self) -> str:
        """Tells erasers apart whose numbers differ."""
        arrays = (self.out, self.read, self.mean)
        return sha256(b''.join(a.tobytes() for a in arrays)).hexdigest()[:16]

    @property
    def rank(self) -> int:
        """How many directions it has."""
        return self.read.shape[0]

    @property
    def channels(self) -> int:
        """How many channels the latent has."""
        return self.read.shape[1]

    def top(self, rank: int) -> 'Eraser':
        """The eraser of the first directions alone."""
        if not 0 <= rank <= self.rank:
            raise InputError(
                f'{rank} directions were asked for, but "{self.kind}" has '
                f'{self.rank}.'
            )
        return replace(self, out=self.out[:, :rank], read=self.read[:rank])

    def coded(self, latent: Tensor, channel_dim: int = 1) -> Tensor:
        """What there is along the directions, R in the place of C."""
        moved = latent.movedim(channel_dim, 1)
        coded = self._coded(moved.reshape(*moved.shape[:2], -1))
        found = coded.view(len(moved), self.rank, *moved.shape[2:])
        return found.movedim(1, channel_dim)

    def erased(self, latent: Tensor, channel_dim: int = 1) -> Tensor:
        """The latent without the directions."""
        moved = latent.movedim(channel_dim, 1)
        flat = moved.reshape(*moved.shape[:2], -1)
        out = torch.as_tensor(self.out).to(latent).expand(len(flat), -1, -1)
        # Products and difference in one, as a latent is large.
        left = torch.baddbmm(flat, out, self._coded(flat), alpha=-1)
        return left.view(moved.shape).movedim(1, channel_dim)

    def _coded(self, flat: Tensor) -> Tensor:
        read = torch.as_tensor(self.read).to(flat)
        mean = torch.as_tensor(self.read @ self.mean).to(flat)
        return read @ flat - mean[:, None]

    @property
    def matrix(self) -> np.ndarray:
        """What is left of the latent beyond its mean, (C, C)."""
        return np.eye(self.channels) - self.out @ self.read


def leace(moments: Moments) -> Eraser:
    """Least-squares concept erasure (Belrose et al., 2023).

    Of all linear changes after which no linear read-out knows the targets
    beyond their mean, this one changes the latent least. The targets that are
    known best go first.
    """
    order = np.argsort(-residual_r2(moments), kind='stable')
    white, back = _whitening(moments.covariance)
    q = np.linalg.qr(white @ moments.cross[:, order])[0]
    return _made('leace', back @ q, q.T @ white, moments)


def rasa(moments: Moments, rank: Optional[int] = None) -> Eraser:
    """Regress the targets, take the read-out's directions away, and repeat.

    ``rank`` directions are found, by default those of three rounds.
    """
    wanted = min(rank or 3 * len(moments.targets), len(moments.mean))
    found = np.zeros((len(moments.mean), 0))
    while found.shape[1] < wanted:
        left = np.eye(len(found)) - found @ found.T
        weights = regressed(
            left @ moments.covariance @ left,
            left @ moments.cross,
            moments.covariance,
        )
        # A direction of the last round comes back as rounding only.
        weights = left @ weights
        found = np.linalg.qr(np.hstack([found, weights]))[0]
    found = found[:, :wanted]
    return _made('rasa', found, found.T, moments)


def svd(moments: Moments, maps: Optional[np.ndarray] = None) -> Eraser:
    """The eight directions along which mean maps (C, H, W) differ most."""
    if maps is None:
        raise InputError('the eraser "svd" needs maps, the mean ones.')
    flat = np.reshape(maps, (len(maps), -1))
    flat = flat - flat.mean(axis=1, keepdims=True)
    found = np.linalg.svd(flat, full_matrices=False)[0][:, :8]
    return _made('svd', found, found.T, moments)


def random_subspace(moments: Moments) -> Eraser:
    """As many directions as targets, drawn at random: the control."""
    white, back = _whitening(moments.covariance)
    size = len(white), min(len(moments.targets), len(white))
    drawn = np.random.default_rng(0).normal(size=size)
    q = np.linalg.qr(white @ back @ drawn)[0]
    return _made('random_subspace', back @ q, q.T @ white, moments)


#: By the name that a config and a report give.
ERASERS: dict[str, Callable[..., Eraser]] = {}
for _make, _title, _colour in (
    (leace, 'LEACE directions', '#064c73'),
    (rasa, 'RASA directions', '#2e7360'),
    (svd, 'position-map directions', '#5773d9'),
    (random_subspace, 'random directions', '#a66c6c'),
):
    ERASERS[_make.__name__] = _make
    register(Kind(_make.__name__, _title, _colour, control=True))


def erase(kind: str, moments: Moments, **options: Any) -> Eraser:
    """Make an eraser: one of :data:`ERASERS`, with its own options."""
    return choose(ERASERS, kind, 'there is no eraser')(moments, **options)


def usual_erasers(deltas: Deltas) -> list[Eraser]:
    """One eraser of every kind, from maps and covariances of a pass."""
    moments = Moments.merge(deltas.moments)
    options: dict[str, Any] = {'svd': dict(maps=deltas.maps[0].mean)}
    return [
        replace(make(moments, **options.get(kind, {})), place=deltas.tap)
        for kind, make in ERASERS.items()
    ]


def save_erasers(path: PathLike, erasers: Sequence[Eraser]) -> None:
    """Write erasers of one latent into one ``.npz``."""
    arrays: dict[str, np.ndarray] = {'mean': erasers[0].mean}
    for eraser in erasers:
        arrays[f'out_{eraser.kind}'] = eraser.out
        arrays[f'read_{eraser.kind}'] = eraser.read
    about = dict(
        targets=list(erasers[0].targets),
        tap=erasers[0].place and erasers[0].place.as_dict(),
    )
    arrays['about'] = np.array(json.dumps(about))
    write_npz(path, **arrays)


def load_erasers(path: PathLike) -> list[Eraser]:
    """Read what :func:`save_erasers` wrote."""
    arrays = read_npz(path)
    try:
        about = json.loads(str(arrays['about']))
        tap = Tap.of(about['tap']) if about['tap'] else None
        return [
            Eraser(
                kind,
                arrays[f'out_{kind}'],
                arrays[f'read_{kind}'],
                arrays['mean'],
                about['targets'],
                tap,
            )
            for kind in ERASERS
            if f'out_{kind}' in arrays
        ]
    except (KeyError, ValueError) as e:
        raise InputError(
            f'{path} holds no erasers ({e}); tools/rank_channels.py '
            '--erasers writes such a file.'
        ) from e


def _made(
    kind: str, out: np.ndarray, read: np.ndarray, moments: Moments
) -> Eraser:
    return Eraser(kind, out, read, moments.mean, moments.targets)


def _whitening(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inverse root of a covariance on its range, and the root."""
    values, vectors = np.linalg.eigh(covariance)
    there = values > RANGE * max(values.max(), np.finfo(float).tiny)
    values, vectors = values[there], vectors[:, there]
    roots = np.sqrt(values)
    return vectors / roots @ vectors.T, vectors * roots @ vectors.T
