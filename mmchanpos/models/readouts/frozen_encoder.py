"""A frozen encoder that gives its stages as aligned maps."""

from contextlib import ExitStack
from math import isqrt
from pickle import UnpicklingError
from typing import Any, Collection, Mapping, Optional, Sequence, Union

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmchanpos.errors import InputError, nearest
from mmchanpos.latent.outputs import patches_as_map
from mmchanpos.latent.padding import padding_modes, set_padding_mode
from mmchanpos.latent.tap import Tap, levels
from mmchanpos.registry import MODELS

from .posenet_cache import FeatureCache


@MODELS.register_module()
class FrozenEncoder(nn.Module):
    """Any backbone, never trained, as stages of one size.

    Its weights are buffers, so no optimizer can hold them and no gradient
    reaches them, and it stays in evaluation mode, so its statistics stay too.

    Args:
        backbone (dict | str | nn.Module): A backbone, its config, or the
            config file (``mmseg::...`` too) of a model that has one.
        checkpoint (str, optional): Its weights, alone or in a whole model.
            Defaults to None: what ``init_cfg`` says, else random weights.
        taps (Sequence, optional): Modules of the backbone whose outputs are
            the stages. Defaults to None: what the backbone returns.
        padding (str, optional): Another padding mode for the same weights, of
            :data:`mmchanpos.latent.padding.PADDING_MODES`. Defaults to None.
        image_size (tuple[int, int]): Height and width of the images.
        feature_size (int): Side to which every stage is resized. Defaults to
            28.
        cache (dict, optional): Arguments of :class:`FeatureCache`. Defaults
            to None: features are computed anew in every epoch.
    """

    def __init__(
        self,
        backbone: Union[Mapping[str, Any], str, nn.Module],
        checkpoint: Optional[str] = None,
        taps: Optional[Sequence[Union[str, Mapping[str, Any]]]] = None,
        padding: Optional[str] = None,
        image_size: tuple[int, int] = (224, 224),
        feature_size: int = 28,
        cache: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__()
        known = _config_of(backbone)
        how = str(_without_weights(known))
        if not isinstance(known, nn.Module):
            known = MODELS.build(dict(known))
        self.backbone = revert_sync_batchnorm(known)
        self.checkpoint = checkpoint
        self.taps = None if taps is None else [Tap.of(tap) for tap in taps]
        self.feature_size = feature_size
        self.cache = None if cache is None else FeatureCache(**cache)
        if padding is not None:
            set_padding_mode(self.backbone, padding)
        freeze(self)
        self.channels = self._channels(image_size)
        # All but the weights that decides what an image becomes.
        modes = padding_modes(self.backbone)
        self._recipe = f'{how} {modes} {taps} {feature_size} {self.channels}'

    def init_weights(self) -> None:
        """Initialize the backbone, then load the checkpoint if there is one.

        Unlike the lenient loading of mmengine this refuses a checkpoint that
        leaves a weight of the backbone as it was: the numbers would be those
        of a random encoder.
        """
        if hasattr(self.backbone, 'init_weights'):
            self.backbone.init_weights()
        if self.checkpoint is not None:
            load_backbone(self.backbone, self.checkpoint)

    def train(self, mode: bool = True) -> 'FrozenEncoder':
        """Stay in evaluation mode, whatever is asked."""
        if self.cache is not None:
            self.cache.forget_encoder()
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Encode.

        Args:
            images (Tensor): (B, 3, H, W).

        Returns:
            tuple[Tensor, ...]: One (B, C, S, S) per stage.
        """
        if self.cache is None:
            return self._encode(images)
        return self.cache.fetch(images, self._encode, self, self._recipe)

    def _encode(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(
            align(_as_map(stage, images), self.feature_size)
            for stage in self._stages(images)
        )

    def _stages(self, images: Tensor) -> list[Tensor]:
        if self.taps is None:
            out = self.backbone(images)
            out = out.values() if isinstance(out, Mapping) else out
            return list(levels(out if isinstance(out, Tensor) else tuple(out)))
        with ExitStack() as stack:
            seen = [
                stack.enter_context(tap.read(self.backbone))
                for tap in self.taps
            ]
            self.backbone(images)
        for tap, calls in zip(self.taps, seen):
            if not calls:
                raise InputError(
                    f'"{tap}" was not reached: images do not pass it on '
                    'their way through the encoder.'
                )
        return [stage for calls in seen for stage in levels(calls[-1])]

    @torch.no_grad()
    def _channels(self, image_size: tuple[int, int]) -> tuple[int, ...]:
        try:
            stages = self._encode(torch.zeros(1, 3, *image_size))
        except RuntimeError as e:
            raise InputError(
                f'the encoder cannot take images of {image_size[0]}x'
                f'{image_size[1]} ({str(e).splitlines()[0]}); larger ones may '
                'do, above all where padding is removed.'
            ) from e
        return tuple(stage.shape[1] for stage in stages)


def freeze(module: nn.Module) -> nn.Module:
    """Turn every parameter into a buffer of the same name, in place.

    Example:
        >>> net = freeze(nn.Linear(2, 3))
        >>> len(list(net.parameters())), sorted(net.state_dict())
        (0, ['bias', 'weight'])
    """
    for part in module.modules():
        for name, weight in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, weight.detach())
    return module.eval()


def align(stage: Tensor, side: int) -> Tensor:
    """Resize a stage (B, C, h, w) bilinearly, corners on corners."""
    return F.interpolate(stage, side, mode='bilinear', align_corners=True)


def load_backbone(backbone: nn.Module, checkpoint: str) -> None:
    """Load all weights of a backbone, from its own or a model's checkpoint.

    That is a file, or an address that mmengine understands.
    """
    try:
        content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    except (OSError, EOFError, RuntimeError, UnpicklingError) as e:
        reason = str(e).splitlines()[0][:160] if str(e) else type(e).__name__
        raise InputError(
            f'checkpoint {checkpoint} of the encoder cannot be read '
            f'({reason}); give the path of a complete file.'
        ) from e
    known = content if isinstance(content, Mapping) else {}
    given: Mapping[str, Tensor] = known.get('state_dict', known)
    # What the backbone looks after itself, such as how it is anti-aliased.
    own = getattr(backbone, 'checked_when_loaded', ())
    wanted = {k: v for k, v in backbone.state_dict().items() if k not in own}
    prefix = _prefix(wanted, given)
    lacking = [
        k
        for k, v in wanted.items()
        if not k.endswith('num_batches_tracked')
        and getattr(given.get(prefix + k), 'shape', None) != v.shape
    ]
    if lacking:
        raise InputError(
            f'checkpoint {checkpoint} lacks, or has in another shape, '
            f'{len(lacking)} of {len(wanted)} weights of the encoder, such as '
            f'"{lacking[0]}". {nearest(lacking[0], given)}'
        )
    weights = {
        k[len(prefix) :]: v for k, v in given.items() if k.startswith(prefix)
    }
    backbone.load_state_dict(weights, strict=False)


def _prefix(wanted: Collection[str], given: Collection[str]) -> str:
    """What stands before the names of a backbone in a model's checkpoint."""
    first = next(iter(wanted))
    found = {k[: -len(first)] for k in given if k.endswith(first)}
    # The name of one weight may end those of others, all of them do not.
    return max(
        sorted(found),
        key=lambda p: sum(p + k in given for k in wanted),
        default='',
    )


def _config_of(
    backbone: Union[Mapping[str, Any], str, nn.Module],
) -> Union[Mapping[str, Any], nn.Module]:
    if not isinstance(backbone, str):
        return backbone
    read = get_config if '::' in backbone else Config.fromfile
    cfg = read(backbone)
    if 'backbone' not in cfg.get('model', {}):
        raise InputError(
            f'{backbone} has no model.backbone to take as encoder.'
        )
    backbone = cfg.model.backbone.to_dict()
    backbone.setdefault('_scope_', cfg.get('default_scope', 'mmengine'))
    return backbone


def _without_weights(value: Any) -> Any:
    """A config without what only says which weights there are."""
    if not isinstance(value, Mapping):
        return value
    return {
        key: _without_weights(part)
        for key, part in value.items()
        if key != 'init_cfg'
    }


def _as_map(stage: Tensor, images: Tensor) -> Tensor:
    """Bring tokens (B, N, C) into a map; leave out those before the grid."""
    if stage.ndim == 4:
        return stage
    height, width = images.shape[-2:]
    tokens = stage.shape[1] if stage.ndim == 3 else 0
    for extra in range(min(tokens, 9)):
        rows = isqrt((tokens - extra) * height // width)
        columns, rest = divmod(tokens - extra, max(rows, 1))
        if rest == 0 and rows * width == columns * height:
            return patches_as_map(stage, (extra, rows, columns))
    raise InputError(
        f'a stage of the encoder has shape {tuple(stage.shape)}; wanted is a '
        'map (B, C, H, W) or tokens (B, N, C) that form a grid. A vision '
        "transformer gives maps with out_type='featmap'."
    )
