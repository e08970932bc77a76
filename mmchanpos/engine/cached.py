"""Keep the latents of a segmentor's images, and of the same ones elsewhere."""

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.latent import DeltaCollector, Deltas
from mmchanpos.latent.cached import PLACES, Cached
from mmchanpos.latent.moments import TARGETS
from mmchanpos.latent.relocated import relocated

from .batches import forwarder
from .hosts import tap_of, usual_tap
from .probe import build_encoder

#: Labels are scored at every so many pixels of the latent's stride.
_FINE = 2


@torch.no_grad()
def cache_latents(
    cfg: Config, checkpoint: str, images: int = 200
) -> tuple[Cached, Cached, dict[str, Cached], Deltas, Tensor]:
    """Run test images as they are, mirrored, displaced and relocated.

    The first half of the images is for fitting, the second for trying.

    Args:
        cfg (Config): Of a segmentor whose head reads one level.
        checkpoint (str): Its weights.
        images (int): At most so many. Defaults to 200.

    Returns:
        tuple: For :func:`mmchanpos.latent.study.study`, in its order.
    """
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = build_encoder(cfg, checkpoint, seed=0)
        loader = Runner.build_dataloader(cfg.test_dataloader)
    tap = usual_tap(model)
    index = tap_of(tap, model).output
    if not isinstance(index, int) or tap.path != 'backbone':
        raise InputError(
            'the study of scores takes a segmentor whose head reads one '
            f'output of its backbone; this reads {index} of "{tap.path}".'
        )

    def head(latent: Tensor) -> Tensor:
        return model.decode_head([None] * index + [latent])

    def latent(x: Tensor) -> Tensor:
        return model.backbone(x)[index]

    total = min(images, len(loader.dataset))
    half = total // 2
    collector = DeltaCollector(model, [tap], kinds=(), covariances=TARGETS)
    found: list[dict[str, Tensor]] = []
    labels: list[Tensor] = []
    for batch in loader:
        if len(labels) >= total:
            break
        seen = len(labels)
        places = range(half)[seen : seen + len(batch['inputs'])]
        if places:
            first = {k: v[: len(places)] for k, v in batch.items()}
            collector.add(forwarder(model, first), list(places))
        labels += [s.gt_sem_seg.data[0] for s in batch['data_samples']]
        x = model.data_preprocessor(batch, False)['inputs']
        plain = latent(x)
        moved = {name: latent(change(x)) for name, change in PLACES.items()}
        elsewhere = relocated(latent, (x,), plain)
        found.append({'plain': plain, 'relocated': elsewhere, **moved})
    latents = {
        name: torch.cat([part[name] for part in found])[:total]
        for name in found[0]
    }
    truth = _scored(torch.stack(labels)[:total], latents['plain'])
    whole = Cached(latents['plain'], truth, head)
    last = range(half, total)
    displaced = {
        name: Cached(latents[name], change(truth), head).part(last)
        for name, change in PLACES.items()
    }
    (deltas,) = collector.deltas()
    parts = whole.part(range(half)), whole.part(last)
    return *parts, displaced, deltas, latents['relocated'][half:]


def _scored(labels: Tensor, latents: Tensor) -> Tensor:
    """Labels on a grid twice as fine as the latent's, where all is scored."""
    sizes = zip(latents.shape[-2:], labels.shape[-2:])
    size = [min(_FINE * places, pixels) for places, pixels in sizes]
    scored = nn.functional.interpolate(labels[:, None].float(), size)
    return scored[:, 0].long()
