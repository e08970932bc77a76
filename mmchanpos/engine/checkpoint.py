"""Read checkpoints with torch's safe loader, and say clearly what is wrong."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping
from zipfile import ZipFile, is_zipfile

import torch
from torch import Tensor, nn

from mmchanpos import registry  # noqa: F401  (allow-lists what mmengine stores)
from mmchanpos.errors import InputError
from mmchanpos.files import existing_file, mistaken_for
from mmchanpos.latent import unwrap

REMOTE = re.compile(r'^[a-z0-9-]+://')


def check_checkpoint(path: str) -> None:
    """Fail early if a file is missing, cut off, or holds foreign objects.

    Tensors stay on disk where the format allows; their checksums are
    compared once. Addresses (``https://...``) pass.
    """
    if not REMOTE.match(str(path)):
        read_checkpoint(path)


def read_checkpoint(path: str) -> dict:
    """Read a local checkpoint, of mmengine or a bare state dict, to the CPU.

    See :func:`state_dict_of` for its weights.
    """
    content = read_safely(path)
    if not isinstance(content, dict) or not state_dict_of(content):
        raise InputError(
            f'checkpoint {path} holds no weights: a dictionary of tensors, '
            f'or one under "state_dict", was wanted.'
        )
    return content


def read_safely(path: str) -> Any:
    """Read what any program saved with torch; no code of the file is run."""
    file = existing_file(Path(path).expanduser())
    try:
        # Files of before torch 1.6 are no archives and cannot stay on disk.
        archive = is_zipfile(file)
        about = file.stat()
        if archive:
            _compare_sums(file, about.st_size, about.st_mtime_ns)
        return torch.load(
            file, map_location='cpu', mmap=archive, weights_only=True
        )
    except Exception as e:  # a damaged file makes torch raise anything
        refused = re.search(r'GLOBAL (\S+)', str(e))
        if refused:
            raise InputError(
                f'checkpoint {path} holds "{refused[1]}", which could run '
                'code on loading, and is refused. If you trust its origin, '
                'save its state_dict alone and give that.'
            ) from e
        text = str(e).split('WeightsUnpickler error:')[-1].strip()
        why = mistaken_for(file) or text.split('\n')[0][:160]
        raise InputError(
            f'checkpoint {path} cannot be read ({why or type(e).__name__}). '
            'It may have been cut off while being copied or saved: fetch it '
            'again, or resume from an earlier one.'
        ) from e


@lru_cache(maxsize=64)
def _compare_sums(file: Path, size: int, changed: int) -> None:
    # torch does not: weights with a flipped bit are only worse.
    with ZipFile(file) as archive:
        damaged = archive.testzip()
    if damaged:
        raise RuntimeError(f'{damaged} is not as it was saved')


def state_dict_of(checkpoint: Mapping) -> dict[str, Tensor]:
    """The weights in a checkpoint, without the prefix that DDP adds.

    Empty if there are none.
    """
    weights = checkpoint.get('state_dict', checkpoint)
    items = weights.items() if isinstance(weights, Mapping) else ()
    return {
        name.removeprefix('module.'): value
        for name, value in items
        if isinstance(value, Tensor)
    }


def load_checkpoint(model: nn.Module, path: str) -> dict:
    """Load the weights of a local checkpoint, which must fit the model.

    Wrappers (DDP, TTA) are looked through. Gives the whole checkpoint.
    """
    checkpoint = read_checkpoint(path)
    model = unwrap(model)
    weights = state_dict_of(checkpoint)
    require_usable(model, weights, path)
    model.load_state_dict(weights, strict=False)
    return checkpoint


def require_usable(
    model: nn.Module, weights: Mapping[str, Tensor], path: str
) -> None:
    """Refuse weights of another architecture, and of a training that diverged.

    Weights that the model has no use for are allowed (a teacher, a head that
    was dropped); a tensor that it needs and does not get is not. Buffers
    other than running statistics may be infinite, as masks of attention are.
    """
    problems = misfits(model, weights)
    if problems:
        shown = '\n  '.join(problems[:5])
        more = len(problems) - 5
        raise InputError(
            f'checkpoint {path} is of another architecture than the config; '
            f'{len(problems)} of {len(model.state_dict())} tensors do not '
            f'fit:\n  {shown}' + (f'\n  and {more} more' * (more > 0))
        )
    names = [name for name, _ in model.named_parameters()]
    names += [name for name, _ in model.named_buffers() if '.running_' in name]
    bad = [
        name
        for name in names
        if name in weights and not torch.isfinite(weights[name]).all()
    ]
    if bad:
        raise InputError(
            f'checkpoint {path} holds NaN or infinity in {len(bad)} of '
            f'{len(names)} tensors, such as {", ".join(bad[:3])}: the '
            'training diverged. Give an earlier checkpoint, or train again '
            'with a lower learning rate.'
        )


def misfits(model: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """One line for every tensor that the model misses or has otherwise."""
    lines = []
    # What a module looks after itself when weights are loaded.
    own = {
        f'{path}.{name}'.lstrip('.')
        for path, module in model.named_modules()
        for name in getattr(module, 'checked_when_loaded', ())
    }
    for name, wanted in model.state_dict().items():
        got = weights.get(name)
        # Checkpoints from before torch counted batches lack the counter.
        spared = name in own or name.endswith('num_batches_tracked')
        if got is None and not spared:
            lines.append(f'{name}: missing')
        elif got is not None and got.shape != wanted.shape:
            lines.append(
                f'{name}: {tuple(got.shape)} in the checkpoint, '
                f'{tuple(wanted.shape)} in the model'
            )
    return lines


def checkpoint_sha256(path: str) -> str:
    """Fingerprint of a checkpoint file, for rankings and reports."""
    digest = hashlib.sha256()
    with open(Path(path).expanduser(), 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
