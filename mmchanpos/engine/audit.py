"""Audit any model: which of its layers and channels know where things are."""

import importlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any, Callable, Iterator, Optional, Sequence

import msgspec
import torch
from mmengine.utils import to_2tuple
from torch import Tensor, nn

from mmchanpos.errors import InputError, choose
from mmchanpos.files import PathLike, clean, read_json
from mmchanpos.formats import as_typed
from mmchanpos.latent.fingerprint import fingerprint, pictures
from mmchanpos.latent.layers import find_layers
from mmchanpos.latent.padding import is_padded, set_padding_mode

from .checkpoint import checkpoint_sha256, load_checkpoint
from .config import load_config
from .hosts import predicts
from .nested import dicts, listed, untrained
from .probe import build_encoder

#: Names of parameters that tell a transformer its places.
_EMBEDDINGS = (
    'pos_embed',
    'pos_embedding',
    'position_embedding',
    'relative_position_bias_table',
)


class _Audit(msgspec.Struct):
    """What of an audit is shown beside others."""

    model: str
    weights: str
    layers: list[dict[str, Any]]
    without: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Subject:
    """A model ready to be looked into.

    Attributes:
        name (str): As the user gave it.
        model (nn.Module): In evaluation mode.
        run (Callable): Runs the layers on images (B, 3, H, W).
        size (tuple[int, ...]): Height and width of its images.
        weights (str): Where they come from.
    """

    name: str
    model: nn.Module
    run: Callable[[Tensor], Any]
    size: tuple[int, int]
    weights: str


def subject(
    name: str,
    checkpoint: Optional[str] = None,
    size: Optional[Sequence[int]] = None,
    seed: int = 0,
) -> Subject:
    """Build a model; nothing is downloaded.

    Args:
        name (str): A config of a host (``mmseg::...`` or a file), or
            ``torchvision:NAME``, ``timm:NAME``, or ``package.module:NAME`` of
            a model, or of a function or class that makes one.
        checkpoint (str, optional): Its weights. Defaults to random ones.
        size (Sequence[int], optional): Height and width of the images.
            Defaults to what the model says, else to 224 x 224, or 256 x 256
            where it has a dense head.
        seed (int): Seed of random weights. Defaults to 0.
    """
    torch.manual_seed(seed)
    if '::' in name or name.endswith('.py') or ':' not in name:
        model, run, usual = _of_config(name, seed)
    else:
        model, run, usual = _of_torch(name)
    weights = 'random'
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
        weights = checkpoint_sha256(checkpoint)[:16]
    height, width = size or to_2tuple(usual)
    return Subject(name, model.eval(), run, (height, width), weights)


def _of_config(name: str, seed: int) -> tuple[nn.Module, Callable, Any]:
    cfg = load_config(name)
    if cfg.get('model') is None:
        raise InputError(f'{name} has no model to audit.')
    untrained(cfg.model)
    for part in dicts(cfg.model):
        part.pop('data_preprocessor', None)
    cfg.data_preprocessor = None
    model = build_encoder(cfg, None, seed)
    for value in embeddings(model).values():
        if not value.any():  # hosts draw them when a training begins
            nn.init.trunc_normal_(value, std=0.02)
    if not hasattr(model, 'extract_feat'):
        raise InputError(
            f'{type(model).__name__} has no extract_feat, which an audit '
            'runs; name the torch model itself as package.module:NAME.'
        )
    size = getattr(getattr(model, 'backbone', None), 'img_size', None)
    usual = 224 if predicts(model) == 'labels' else 256
    return model, model.extract_feat, size or usual


def _of_torch(name: str) -> tuple[nn.Module, Callable, Any]:
    package, _, what = name.partition(':')
    model = _made(package, what, name)
    # As transformers say it that take one size alone: torchvision's, timm's.
    about = getattr(model, 'default_cfg', None)
    size = about.get('input_size') if isinstance(about, dict) else None
    sides = listed(getattr(model, 'image_size', None) or size)
    # A side of squares, or height and width, maybe with channels before them.
    return model, model, (sides * 2)[-2:] or 224


def _made(package: str, what: str, name: str) -> nn.Module:
    try:
        module = importlib.import_module(package)
    except ImportError as e:
        raise InputError(
            f'{name}: the package "{package}" cannot be imported ({e}).'
        ) from e
    if package in ('torchvision', 'timm'):
        models = module.models if package == 'torchvision' else module
        names = dict.fromkeys(models.list_models())
        choose(names, what, f'{package} has no model')
        if package == 'timm':
            return models.create_model(what, pretrained=False)
        # Dense models come with a trained backbone unless told not to.
        takes = signature(models.get_model_builder(what)).parameters
        bare = dict.fromkeys({'weights', 'weights_backbone'} & takes.keys())
        return models.get_model(what, **bare)
    if not hasattr(module, what):  # which may make it when it is asked
        choose(vars(module), what, f'{package} has no')
    found = getattr(module, what)
    try:
        model = found if isinstance(found, nn.Module) else found()
    except TypeError as e:
        raise InputError(f'{name} makes no model by itself: {e}.') from e
    if not isinstance(model, nn.Module):
        raise InputError(f'{name} is a {type(model).__name__}, not a model.')
    return model


def audit(
    what: Subject,
    images: int = 16,
    content: str = 'mixture',
    seed: int = 0,
    progress: Callable[[str], None] = lambda said: None,
) -> dict[str, Any]:
    """Look into a model with images that have no scene.

    Args:
        what (Subject): The model.
        images (int): How many images. Defaults to 16.
        content (str): What they are drawn from. Defaults to ``'mixture'``.
        seed (int): Of the first image. Defaults to 0.
        progress (Callable): Is told what comes next.

    Returns:
        dict: Fit for JSON: ``layers`` as the model is, and, under
        ``without``, the layers with the same weights but with circular
        padding, without position embeddings, and with neither.
    """
    shown = pictures(what.size, images, content, seed)
    layers = find_layers(what.model, lambda: what.run(shown[:1]))

    ways: dict[str, Callable] = {}
    if any(map(is_padded, what.model.modules())):
        ways['padding'] = lambda m: set_padding_mode(m, 'circular')
    if embeddings(what.model):
        ways['embedding'] = _without_embeddings
    looked: dict[str, Any] = {}
    for without in ((), *((name,) for name in ways), tuple(ways)):
        said = ' and '.join(without)
        if said in looked:
            continue
        progress(f'without {said}' if said else 'as it is')
        with ExitStack() as stack:
            for name in without:
                stack.enter_context(ways[name](what.model))
            looked[said] = fingerprint(
                what.model, layers, shown, what.run, maps=not without
            )
    about = {'model': what.name, 'weights': what.weights, 'size': what.size}
    about.update(images=images, content=content, seed=seed)
    return clean({**about, 'layers': looked.pop(''), 'without': looked})


def read_audit(path: PathLike) -> dict[str, Any]:
    """What :func:`audit` gave, from a file."""
    found = read_json(path)
    as_typed(found, _Audit, path)
    return found


def embeddings(model: nn.Module) -> dict[str, Tensor]:
    """Parameters that tell a transformer its places."""
    return {
        name: value
        for name, value in (*model.named_parameters(), *model.named_buffers())
        if name.endswith(_EMBEDDINGS)
    }


@contextmanager
def _without_embeddings(model: nn.Module) -> Iterator[None]:
    """Put 0 in the place of position embeddings while the block runs."""
    kept = [(p, p.detach().clone()) for p in embeddings(model).values()]
    try:
        with torch.no_grad():
            for value, _ in kept:
                value.zero_()
        yield
    finally:
        with torch.no_grad():
            for value, before in kept:
                value.copy_(before)
