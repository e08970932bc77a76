"""Any host's backbone with its strided layers anti-aliased."""

import re
from typing import Any, Iterable, Optional

import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS
from mmchanpos.shift import antialias

_MARK = re.compile(r'antialiased_by_(\w+)_filt(\d)(_stem)?(_max\d)?$')
#: What the value of a mark tells; marks of older checkpoints are 1.
_PADDINGS = (None, None, 'zeros', 'reflect', 'replicate', 'circular')


@MODELS.register_module(name='AntialiasedBackbone')
def antialiased_backbone(
    backbone: dict[str, Any],
    pool: str = 'BlurPool',
    filt: int = 3,
    stem: bool = False,
    padding_mode: Optional[str] = None,
    allow_plain: bool = False,
    max_pool: Optional[int] = None,
) -> nn.Module:
    """Build a backbone and convert its strided convolutions and pools.

    What is returned is the backbone itself, not a wrapper, so taps, weights
    and learning rate rules that name its layers stay valid. Its state dict
    gains one entry, such as ``antialiased_by_BlurPool_filt3``, by which a
    checkpoint of the plain network is told from an anti-aliased one.

    .. code-block:: python

        backbone=dict(
            type='mmchanpos.AntialiasedBackbone',
            backbone=dict(type='mmpretrain.ResNet', depth=50),
            pool='BlurPool',
            filt=4)

    Args:
        backbone (dict): Config of any backbone of mmpretrain, mmseg or mmdet.
        pool (str): ``BlurPool`` or ``APS``. Defaults to ``'BlurPool'``.
        filt (int): Side of the blur, 1 to 7. Defaults to 3.
        stem (bool): Whether to convert a strided first convolution.
        padding_mode (str, optional): Padding of all convolutions and pools,
            for instance ``'circular'``. Defaults to the backbone's own.
        allow_plain (bool): Accept weights of the plain network, to begin a
            training with. Defaults to False.
        max_pool (int, optional): Side of strided max pools; 2 as published.
            Defaults to the backbone's own.

    Returns:
        nn.Module: The converted backbone.
    """
    body = MODELS.build(backbone)
    antialias(body, pool, filt, stem, padding_mode, max_pool)
    mark = f'antialiased_by_{pool}_filt{filt}' + '_stem' * stem
    mark += f'_max{max_pool}' * (max_pool is not None)
    told = _PADDINGS.index(padding_mode, 1)
    body.register_buffer(mark, torch.tensor(float(told)))
    body.allow_plain = allow_plain
    # Guards of checkpoints leave it to the hook below.
    body.checked_when_loaded = (mark,)
    body._register_load_state_dict_pre_hook(_check, with_module=True)
    return body


def _check(
    body: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any
) -> None:
    wanted = _mark_in(dict(body.named_buffers(recurse=False)))
    own = [k[len(prefix) :] for k in state if k.startswith(prefix)]
    got = _mark_in(own)
    if not own:
        return
    mine = getattr(body, wanted)
    if got is None and not body.allow_plain:
        raise InputError(
            'The checkpoint is of a network without anti-aliasing, but the '
            f'config expects {_words(wanted, mine)}. Test it with its own '
            'config; or, to begin a training with its weights, set '
            'model.backbone.allow_plain=True.'
        )
    theirs = mine if got is None else state[prefix + got]
    if got not in (None, wanted) or theirs not in (1, mine):
        raise InputError(
            f'The checkpoint was trained with {_words(got, theirs)}, but the '
            f'config expects {_words(wanted, mine)}.'
        )
    state[prefix + wanted] = mine.clone()


def _mark_in(names: Iterable[str]) -> Optional[str]:
    return next((name for name in names if _MARK.match(name)), None)


def _words(mark: str, told: Tensor) -> str:
    pool, filt, stem, largest = _MARK.match(mark).groups()
    words = f'{pool} with filt={filt}' + ' on the stem too' * bool(stem)
    words += f' and max_pool={largest[-1]}' if largest else ''
    padding = _PADDINGS[int(told)]
    return f'{words} and padding_mode="{padding}"' if padding else words
