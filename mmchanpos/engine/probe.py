"""Probe any model of OpenMMLab for location: build, pool once, read out."""

import re
import time
from dataclasses import replace
from functools import partial
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor, nn

from mmchanpos.datasets.transforms import PlaceOnGrid
from mmchanpos.errors import InputError, nearest
from mmchanpos.latent import find_module
from mmchanpos.models.readouts.probe import (
    AUTHORS,
    Pooled,
    Recipe,
    pool_layers,
    score_readouts,
    standardised,
    train_readouts,
)
from mmchanpos.registry import MODELS

from .checkpoint import checkpoint_sha256, load_checkpoint
from .hooks.grid_check_hook import placements
from .hosts import tap_of
from .memory_format import suit_memory_format

#: Nets to compare with: the same one without training, the place where that
#: one is active and nothing else, and the net itself with labels that mean
#: nothing.
BASELINES = ('random', 'coordinates', 'shuffled')
_STAGE = re.compile(r'backbone\.(layer|stage|block)s?\.?\d+')


def probe(
    cfg: Config,
    checkpoint: Optional[str],
    data: Config,
    layers: Sequence[str] = (),
    baselines: Sequence[str] = BASELINES,
    recipe: Recipe = AUTHORS,
    bgr: bool = False,
) -> Dict[str, Any]:
    """Read location out of every layer of a frozen net.

    Args:
        cfg (Config): Config with the ``model``, of any host.
        checkpoint (str, optional): Its weights. None probes the net as it
            is built, which is the baseline ``random``.
        data (Config): Config whose ``train_dataloader`` and
            ``test_dataloader`` place images on a grid.
        layers (Sequence[str]): Paths as in ``model.named_modules()``.
            Defaults to the stages of the backbone.
        baselines (Sequence[str]): Of ``BASELINES``. Defaults to all.
        recipe (Recipe): How to train the read-outs.
        bgr (bool): Whether the net was trained on BGR images. Defaults to
            False.

    Returns:
        dict: ``rows`` with net, layer, read-out and accuracies in per cent;
        ``chance``, ``layers``, ``seconds`` and what was probed.
    """
    for name in baselines:
        if name not in BASELINES:
            raise InputError(
                f'baseline "{name}" is unknown. {nearest(name, BASELINES)}'
            )
    model = build_encoder(cfg, checkpoint, recipe.seed)
    layers = list(dict.fromkeys(layers)) or stages_of(model)
    for layer in layers:
        find_module(model, layer)
    views = GridViews(data, model, bgr)
    rows: List[Dict[str, Any]] = []
    seconds = {'pass': 0.0, 'read-outs': 0.0}

    def run(
        net: str, train: Pooled, test: Pooled, how: Recipe = recipe
    ) -> None:
        began = time.perf_counter()
        rows.extend(read_out(net, train, test, views.cells, how))
        seconds['read-outs'] += time.perf_counter() - began

    def pooled(encoder: nn.Module, coordinates: bool = False) -> List[Pooled]:
        began = time.perf_counter()
        sets = views.pooled(encoder, layers, coordinates, recipe.seed)
        seconds['pass'] += time.perf_counter() - began
        return sets

    train, test = pooled(model)
    run('random' if checkpoint is None else 'probed', train, test)
    if 'shuffled' in baselines:
        run('shuffled', shuffled(train, recipe.seed), test)
    untrained = build_encoder(cfg, None, recipe.seed)
    if 'random' in baselines and checkpoint is not None:
        run('random', *pooled(untrained))
    if 'coordinates' in baselines:
        centres = pooled(untrained, coordinates=True)
        # Two channels want larger steps than hundreds do.
        quick = replace(recipe, lr=20 * recipe.lr)
        run('coordinates', *standardised(*centres), quick)
    return dict(
        rows=rows,
        layers=layers,
        grid=views.grid,
        chance=100 / views.cells,
        images=views.count,
        seconds={k: round(v, 2) for k, v in seconds.items()},
        config=str(cfg.filename or ''),
        checkpoint_sha256=checkpoint and checkpoint_sha256(checkpoint),
        recipe=dict(vars(recipe), betas=list(recipe.betas)),
    )


def build_encoder(
    cfg: Config, checkpoint: Optional[str], seed: int
) -> nn.Module:
    """Build the model of a config for inference.

    Args:
        cfg (Config): Has ``model``, and ``data_preprocessor`` maybe.
        checkpoint (str, optional): Its weights; None leaves those that the
            layers are made with, drawn from the seed.
        seed (int): Of the weights.

    Returns:
        nn.Module: In evaluation mode, without gradients.
    """
    init_default_scope(cfg.get('default_scope') or 'mmengine')
    set_random_seed(seed)
    settings = cfg.model.to_dict()
    if cfg.get('data_preprocessor'):
        settings.setdefault('data_preprocessor', cfg.data_preprocessor)
    model = revert_sync_batchnorm(MODELS.build(settings))
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
    suit_memory_format(model)
    return model.eval().requires_grad_(False)


def stages_of(model: nn.Module) -> List[str]:
    """Paths of the stages of a model's backbone."""
    names = [n for n, _ in model.named_modules() if _STAGE.fullmatch(n)]
    if not names:
        inside = (n for n, _ in model.named_modules() if '.' in n)
        raise InputError(
            'the backbone has no modules called layer1, stage1 or the like: '
            f'say which to probe with --layers. {nearest("backbone", inside)}'
        )
    return names


class GridViews:
    """Images on a grid, normalised as a foreign net wants them.

    Every image has one cell, which depends on its number alone. The canvas is
    filled with the net's own mean, so that it is 0 for the net.

    Args:
        data (Config): Has ``train_dataloader`` and ``test_dataloader``.
        model (nn.Module): Its data preprocessor has ``mean`` and ``std``.
        bgr (bool): Whether the net wants BGR.
    """

    def __init__(self, data: Config, model: nn.Module, bgr: bool) -> None:
        self.mean, self.std = _statistics(model, data)
        self.bgr = bgr
        self.loaders = {}
        self.grid = 0
        for split in ('train', 'test'):
            loader = dict(data[f'{split}_dataloader'].to_dict())
            loader.update(
                sampler=dict(type='mmengine.DefaultSampler', shuffle=False),
                num_workers=0,
                persistent_workers=False,
            )
            loader.pop('batch_sampler', None)
            built = Runner.build_dataloader(loader, seed=0)
            self._place(built.dataset, seed=0 if split == 'test' else 1)
            self.loaders[split] = built
        self.count = {k: len(v.dataset) for k, v in self.loaders.items()}

    @property
    def cells(self) -> int:
        """How many targets there are."""
        return self.grid**2

    def _place(self, dataset: Any, seed: int) -> None:
        places: List[PlaceOnGrid] = [p for _, p in placements(dataset)]
        if not places or any(p.task != 'location' for p in places):
            raise InputError(
                'the data config has no PlaceOnGrid for locations in its '
                'pipelines; see configs/probe for one that has.'
            )
        for place in places:
            place.where, place.seed = 'seeded', seed
            if place.canvas == 'mean':
                order = slice(None, None, -1 if self.bgr else 1)
                mean = self.mean.flatten().numpy()[order]
                place.mean = mean.astype('float32').copy()
            self.grid = place.grid

    def batches(
        self, split: str, device: torch.device
    ) -> Iterator[Tuple[Tensor, Tensor]]:
        """Images (B, 3, H, W) and cells (B, ) of a split."""
        mean, std = self.mean.to(device), self.std.to(device)
        for batch in self.loaders[split]:
            inputs = batch['inputs']
            if not isinstance(inputs, Tensor):
                inputs = torch.stack(list(inputs))
            inputs = inputs.to(device).float()
            if self.bgr:
                inputs = inputs.flip(1)
            labels = [s.gt_label for s in batch['data_samples']]
            yield (inputs - mean) / std, torch.cat(labels)

    def pooled(
        self,
        model: nn.Module,
        layers: Sequence[str],
        coordinates: bool,
        seed: int,
    ) -> List[Pooled]:
        """Pooled latents of the training and of the test images."""
        device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        model = model.to(device)
        inside = all(layer.startswith('backbone') for layer in layers)
        run = model.backbone if inside else model.extract_feat
        sets = []
        for split in ('train', 'test'):
            # Flips in the pipeline draw from numpy.
            set_random_seed(seed)
            batches = self.batches(split, device)
            find_tap = partial(tap_of, model=model)
            sets.append(
                pool_layers(model, layers, batches, run, coordinates, find_tap)
            )
        return sets


def _statistics(model: nn.Module, data: Config) -> Tuple[Tensor, Tensor]:
    own = getattr(model, 'data_preprocessor', None)
    if getattr(own, 'mean', None) is not None:
        return own.mean.cpu().view(-1, 1, 1), own.std.cpu().view(-1, 1, 1)
    given = data.get('data_preprocessor') or {}
    if 'mean' not in given:
        raise InputError(
            'neither the model nor the data config has a data_preprocessor '
            'with mean and std.'
        )
    return tuple(
        torch.tensor(given[k], dtype=torch.float).view(-1, 1, 1)
        for k in ('mean', 'std')
    )


def shuffled(data: Pooled, seed: int) -> Pooled:
    """The same vectors with targets dealt out at random."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(data.targets), generator=generator)
    return Pooled(data.vectors, data.targets[order])


def read_out(
    net: str, train: Pooled, test: Pooled, classes: int, recipe: Recipe
) -> List[Dict[str, Any]]:
    """Train all read-outs and test them; one row per layer and kind."""
    readouts = train_readouts(train, classes, recipe=recipe)
    scores = score_readouts(readouts, test)
    return [
        dict(net=net, layer=layer, readout=kind, accuracy=accuracies)
        for (layer, kind), accuracies in scores.items()
    ]
