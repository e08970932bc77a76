"""Audit any model: which of its layers and channels know where things are."""

import importlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
)

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmchanpos.errors import InputError, nearest
from mmchanpos.files import clean
from mmchanpos.latent.fingerprint import Contents, fingerprint
from mmchanpos.latent.layers import find_layers
from mmchanpos.latent.padding import is_padded, set_padding_mode
from mmchanpos.registry import MODELS

from .checkpoint import checkpoint_sha256, load_checkpoint
from .config import load_config

#: Names of parameters that tell a transformer its places.
_EMBEDDINGS = ('pos_embed', 'pos_embedding', 'position_embedding')
_BIASES = ('relative_position_bias_table',)


@dataclass(frozen=True)
class Subject:
    """A model ready to be looked into.

    Attributes:
        name (str): As the user gave it.
        model (nn.Module): In evaluation mode.
        run (Callable): Runs the layers on images (B, 3, H, W).
        size (tuple of int): Height and width of its images.
        weights (str): Where they come from.
    """

    name: str
    model: nn.Module
    run: Callable[[Tensor], Any]
    size: Tuple[int, int]
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
        size (sequence of int, optional): Height and width of the images.
            Defaults to 224 x 224, or 256 x 256 where a model has a dense
            head.
        seed (int): Seed of random weights. Defaults to 0.
    """
    torch.manual_seed(seed)
    is_config = '::' in name or name.endswith('.py') or ':' not in name
    model, run, usual = _of_config(name) if is_config else _of_torch(name)
    weights = 'random'
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
        weights = checkpoint_sha256(checkpoint)[:16]
    sides = tuple(size or (usual, usual))
    return Subject(name, model.eval(), run, sides, weights)


def _of_config(name: str) -> Tuple[nn.Module, Callable, int]:
    cfg = load_config(name)
    if cfg.get('model') is None:
        raise InputError(f'{name} has no model to audit.')
    built = _without_weights(cfg.model)
    with _scope(cfg.get('default_scope')):
        model = MODELS.build(built)
    for value in embeddings(model).values():
        if not value.any():  # hosts draw them when a training begins
            nn.init.trunc_normal_(value, std=0.02)
    if not hasattr(model, 'extract_feat'):
        raise InputError(
            f'{type(model).__name__} has no extract_feat, which an audit '
            'runs; name the torch model itself as package.module:NAME.'
        )
    sizes = getattr(getattr(model, 'backbone', None), 'img_size', None)
    dense = any(hasattr(model, n) for n in ('decode_head', 'bbox_head'))
    usual = max(sizes) if isinstance(sizes, (tuple, list)) else sizes
    dense = dense or hasattr(model, 'rpn_head')
    return model, model.extract_feat, int(usual or (256 if dense else 224))


def _without_weights(part: Any) -> Any:
    """A config with nothing in it that would load weights from elsewhere."""
    if isinstance(part, dict):
        return {
            key: _without_weights(value)
            for key, value in part.items()
            if key not in ('pretrained', 'data_preprocessor')
            and not (key == 'init_cfg' and _loads(value))
        }
    if isinstance(part, (list, tuple)):
        return type(part)(_without_weights(value) for value in part)
    return part


def _loads(init: Any) -> bool:
    several = init if isinstance(init, (list, tuple)) else [init]
    return any(
        isinstance(one, dict) and one.get('type') == 'Pretrained'
        for one in several
    )


@contextmanager
def _scope(name: Optional[str]) -> Iterator[None]:
    with ExitStack() as stack:
        if name is not None:
            stack.enter_context(DefaultScope.overwrite_default_scope(name))
        yield


def _of_torch(name: str) -> Tuple[nn.Module, Callable, int]:
    package, _, what = name.partition(':')
    model = _made(package, what, name)
    size = getattr(model, 'image_size', None)
    return model, model, size if isinstance(size, int) else 224


def _made(package: str, what: str, name: str) -> nn.Module:
    try:
        module = importlib.import_module(package)
    except ImportError as e:
        raise InputError(
            f'{name}: the package "{package}" cannot be imported ({e}).'
        ) from e
    if package == 'torchvision':
        names = module.models.list_models()
        if what not in names:
            raise InputError(
                f'torchvision has no model "{what}". {nearest(what, names)}'
            )
        return module.models.get_model(what, weights=None)
    if package == 'timm':
        if what not in module.list_models():
            names = module.list_models()
            raise InputError(
                f'timm has no model "{what}". {nearest(what, names)}'
            )
        return module.create_model(what, pretrained=False)
    if not hasattr(module, what):
        raise InputError(
            f'{package} has no "{what}". {nearest(what, dir(module))}'
        )
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
) -> Dict[str, Any]:
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
    contents = Contents(what.size, images, content, seed)
    first = contents.batches()[0][:1]
    layers = find_layers(what.model, lambda: what.run(first))

    def look(title: str, maps: bool = False) -> List[Dict[str, Any]]:
        progress(title)
        return fingerprint(what.model, layers, contents, what.run, maps)

    found: Dict[str, Any] = dict(
        model=what.name,
        weights=what.weights,
        size=list(what.size),
        images=images,
        content=content,
        seed=seed,
        layers=look('as it is', maps=True),
        without={},
    )
    ways = {}
    if any(is_padded(module) for module in what.model.modules()):
        ways['padding'] = _circular
    if embeddings(what.model):
        ways['embedding'] = without_embeddings
    for name, way in ways.items():
        with way(what.model):
            found['without'][name] = look(f'without its {name}')
    if len(ways) > 1:
        with ExitStack() as stack:
            for way in ways.values():
                stack.enter_context(way(what.model))
            found['without']['padding and embedding'] = look('without both')
    return clean(found)


def _circular(model: nn.Module) -> ExitStack:
    return set_padding_mode(model, 'circular')


def embeddings(model: nn.Module) -> Dict[str, Tensor]:
    """Parameters that tell a transformer its places."""
    names = (*_EMBEDDINGS, *_BIASES)
    return {
        name: value
        for name, value in (*model.named_parameters(), *model.named_buffers())
        if name.endswith(names)
    }


@contextmanager
def without_embeddings(model: nn.Module) -> Iterator[None]:
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
