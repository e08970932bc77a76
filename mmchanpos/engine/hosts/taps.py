"""Where a model of a host keeps its latent, and what its head reads of it."""

from dataclasses import replace
from typing import Any, Optional

from torch import nn

from mmchanpos.engine.nested import part_of
from mmchanpos.errors import InputError
from mmchanpos.latent.outputs import Output
from mmchanpos.latent.tap import Tap, find_module, unwrap

#: Attributes by which a detector is told: its heads read every level.
DETECTOR_HEADS = (
    'rpn_head',
    'roi_head',
    'bbox_head',
    'mask_head',
    'panoptic_head',
)
#: Where a model keeps the one that predicts: trackers, semi-supervised
#: detectors, retrieval.
_INSIDE = ('detector', 'teacher', 'image_encoder')
#: Two branches, or tokens, each read by a head of its own.
_TWOFOLD = ('Conformer', 'DistilledVisionTransformer')
#: What hosts call the part that sees the image.
_BACKBONES = (
    'backbone',
    'vision_backbone',
    'visual_encoder',
    'vision_encoder',
    'visual',
    'image_encoder',
)


def tap_of(spec: Any, model: nn.Module) -> Tap:
    """The tap that is meant, with the output that the model's head reads.

    Args:
        spec (Tap | str | dict): A tap as a config gives it. An output that
            it names is kept.
        model (nn.Module): The model, wrapped or not.

    Returns:
        Tap: Its output stays None where the head reads the last one.
    """
    tap, model = Tap.of(spec), unwrap(model)
    if tap.tokens is None and tap.channel_dim == 1:
        tap = replace(tap, tokens=_tokens(model, tap.path))
    if tap.output is not None:
        return tap
    inside, model = predictor_of(model)
    if not tap.path.startswith(inside):
        return tap
    path = tap.path[len(inside) :]
    return replace(tap, output=_read_by_head(model, path))


def usual_tap(model: nn.Module) -> Tap:
    """The tap that the paper would use: what the head of the model reads.

    That is the neck of a segmentor or detector that has one, and else the
    backbone; the neck of a classifier only pools.

    Args:
        model (nn.Module): A model of OpenMMLab, or one with a ``backbone``.
            What it holds inside it to predict with is looked into.

    Returns:
        Tap: Its output is for :func:`tap_of` to find.
    """
    model = unwrap(model)
    if 'BaseSelfSupervisor' in {kind.__name__ for kind in type(model).__mro__}:
        raise InputError(
            f'{type(model).__name__} learns without labels and predicts '
            'nothing: it is not attackable. Take its backbone into a '
            'classifier (load_from), or give the tap to look at.'
        )
    inside, holder = predictor_of(model)
    if _neck_is_read(holder):
        return Tap(f'{inside}neck')
    for name in _BACKBONES:
        if has(holder, name):
            return Tap(inside + name)
    children = [name for name, _ in model.named_children()]
    raise InputError(
        f'{type(model).__name__} has no backbone to tap; name one of its '
        f'modules: {", ".join(children)}.'
    )


def has(model: Any, name: str) -> bool:
    """Whether a model, or its config, has a part of this name."""
    return part_of(model, name) is not None


def predictor_of(model: Any) -> tuple[str, Any]:
    """The part of a model, or of its config, that predicts.

    Returns:
        tuple: How its paths begin, and the part: mostly the model itself.
    """
    for name in _INSIDE:
        inner = part_of(model, name)
        if not has(model, 'backbone') and has(inner, 'backbone'):
            return f'{name}.', inner
    return '', model


def _neck_is_read(model: nn.Module) -> bool:
    dense = ('decode_head', *DETECTOR_HEADS)
    return has(model, 'neck') and any(has(model, name) for name in dense)


def _tokens(model: nn.Module, path: str) -> Optional[tuple[int, ...]]:
    """How the tokens of a transformer's blocks stand, where one is tapped."""
    names = path.split('.')
    for end in range(1, len(names)):
        try:
            outer = find_module(model, '.'.join(names[:end]))
        except InputError:
            return None
        kind, blocks = type(outer).__name__, names[end]
        if kind.startswith('SwinTransformer') and 'blocks' in names[end:-1]:
            return (0,)
        if blocks not in ('layers', 'ln1', 'norm1'):
            continue
        before = getattr(outer, 'num_extra_tokens', None)
        if before is None and hasattr(outer, 'pos_embed'):
            before = int(getattr(outer, 'with_cls_token', 0))
        if before is not None:
            return (before, *_patches(outer))
    return None


def _patches(backbone: nn.Module) -> tuple[int, ...]:
    """Rows and columns of patches, unless they are a square."""
    size = tuple(getattr(backbone, 'patch_resolution', None) or ())
    return size if len(set(size)) > 1 else ()


def _read_by_head(model: nn.Module, path: str) -> Output:
    encoder = getattr(model, 'image_encoder', None)
    if path == 'image_encoder' and getattr(encoder, 'output_cls_token', False):
        # The side network of SAN reads every level of CLIP.
        levels = len(encoder.out_indices) + encoder.out_origin
        return tuple(f'{level}.0' for level in range(levels))
    if path != ('neck' if _neck_is_read(model) else 'backbone'):
        return None
    backbone = getattr(model, 'backbone', None)
    plain = getattr(backbone, 'out_type', 'cls_token') == 'cls_token'
    if type(backbone).__name__ in _TWOFOLD and plain:
        return ('-1.0', '-1.1')
    found = _index_of_head(model)
    if path == 'backbone' and getattr(backbone, 'output_cls_token', False):
        # Pairs of map and class token, of which the map has places.
        if isinstance(found, tuple):
            return tuple(f'{index}.0' for index in found)
        return f'{-1 if found is None else found}.0'
    return found


def _index_of_head(model: nn.Module) -> Output:
    head = getattr(model, 'decode_head', None)
    if isinstance(head, nn.ModuleList) and len(head):
        head = head[0]
    index = getattr(head, 'in_index', None)
    if head is not None and index is None:
        return 'all'  # those of MaskFormer's kind take all levels
    if isinstance(index, (list, tuple)):
        return tuple(index)
    if isinstance(index, int):
        return None if index == -1 else index
    if hasattr(getattr(model, 'bbox_head', None), 'corner_emb_channels'):
        return None  # heads of corners test with the last hourglass alone
    if any(has(model, name) for name in DETECTOR_HEADS):
        return 'all'
    return None
