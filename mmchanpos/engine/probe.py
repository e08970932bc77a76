"""Probe any model of OpenMMLab for location: build, pool once, read out."""

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor, nn

from mmchanpos.datasets.transforms import PlaceOnGrid
from mmchanpos.errors import InputError, choose, nearest
from mmchanpos.files import write_json
from mmchanpos.formats import read_typed
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

from .checkpoint import check_checkpoint, checkpoint_sha256, load_checkpoint
from .hooks.grid_check_hook import placements
from .hosts import tap_of
from .launch import require_parts
from .memory_format import suit_memory_format
from .provenance import decided_by, provenance
from .result_folder import claimed, earlier

#: Nets to compare with: the same one without training, the place where that
#: one is active and nothing else, and the net itself with labels that mean
#: nothing.
BASELINES = ('random', 'coordinates', 'shuffled')
#: What a probe and its report write.
HOLDS = ('probe.json', 'results.*', 'table-*', '*.png', '*.svg', '*.csv')
_SPLITS = ('train', 'test')
_STAGE = re.compile(r'backbone\.(layer|stage|block)s?\.?\d+')


def probe_once(
    folder: Path,
    cfg: Config,
    checkpoint: Optional[str],
    data: Config,
    fresh: bool = False,
    overwrite: bool = False,
    **what: Any,
) -> dict[str, Any]:
    """Probe, or read what an earlier run found of just the same.

    The folder takes ``probe.json`` and belongs to one run, unless it is to
    ``overwrite`` that of another; ``fresh`` probes again in any case. The
    rest is for :func:`probe`.
    """
    if checkpoint is not None:
        check_checkpoint(checkpoint)
    facts = dict(what, recipe=vars(what['recipe']), data=data.to_dict())
    init_default_scope(cfg.get('default_scope') or 'mmengine')
    loaders = [f'{split}_dataloader' for split in _SPLITS]
    require_parts(data, *loaders)
    sets = [DATASETS.build(data[name].dataset) for name in loaders]
    parts = decided_by(cfg, checkpoint, sets, **facts)
    file = folder / 'probe.json'

    def read(_: Path) -> tuple[dict[str, Any], Any]:
        content = read_typed(file, dict[str, Any])
        return content, content.get('decided_by')

    with claimed(folder, provenance(cfg, checkpoint), overwrite, HOLDS):
        found = earlier('this very probe is', file, read, parts, fresh)
        if found is None:
            found = dict(probe(cfg, checkpoint, data, **what))
            write_json(file, dict(found, decided_by=parts))
        return found


def probe(
    cfg: Config,
    checkpoint: Optional[str],
    data: Config,
    layers: Sequence[str] = (),
    baselines: Sequence[str] = BASELINES,
    recipe: Recipe = AUTHORS,
    bgr: bool = False,
) -> dict[str, Any]:
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
        ``chance``, ``layers`` and what was probed.
    """
    for name in baselines:
        choose(dict.fromkeys(BASELINES), name, 'there is no baseline')
    model = build_encoder(cfg, checkpoint, recipe.seed)
    layers = list(dict.fromkeys(layers)) or stages_of(model)
    for layer in layers:
        find_module(model, layer)
    views = GridViews(data, model, bgr)
    rows: list[dict[str, Any]] = []
    pooled = partial(views.pooled, layers=layers, seed=recipe.seed)

    def run(net: str, sets: Sequence[Pooled], how: Recipe = recipe) -> None:
        """Train all read-outs and test them; a row per layer and kind."""
        readouts = train_readouts(sets[0], views.cells, recipe=how)
        for (layer, kind), found in score_readouts(readouts, sets[1]).items():
            where = dict(net=net, layer=layer, readout=kind)
            rows.append(dict(where, accuracy=found))

    sets = pooled(model)
    run('random' if checkpoint is None else 'probed', sets)
    if 'shuffled' in baselines:
        # Targets are dealt out at random.
        generator = torch.Generator().manual_seed(recipe.seed)
        order = torch.randperm(len(sets[0].targets), generator=generator)
        dealt = Pooled(sets[0].vectors, sets[0].targets[order])
        run('shuffled', [dealt, sets[1]])
    untrained = build_encoder(cfg, None, recipe.seed)
    if 'random' in baselines and checkpoint is not None:
        run('random', pooled(untrained))
    if 'coordinates' in baselines:
        centres = pooled(untrained, coordinates=True)
        # Two channels want larger steps than hundreds do.
        quick = replace(recipe, lr=20 * recipe.lr)
        run('coordinates', standardised(*centres), quick)
    return dict(
        rows=rows,
        layers=layers,
        grid=views.grid,
        chance=100 / views.cells,
        images=views.count,
        config=str(cfg.filename or ''),
        checkpoint_sha256=checkpoint and checkpoint_sha256(checkpoint),
        recipe=dict(vars(recipe), betas=list(recipe.betas)),
    )


def build_encoder(
    cfg: Config, checkpoint: Optional[str], seed: int = 0
) -> nn.Module:
    """Build the model of a config for inference, without gradients.

    Without a checkpoint its weights are those that the layers are made with,
    drawn from the seed.
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


def stages_of(model: nn.Module) -> list[str]:
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
        for split in _SPLITS:
            loader = data[f'{split}_dataloader'].to_dict()
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
        places: list[PlaceOnGrid] = [p for _, p in placements(dataset)]
        if not places or any(p.task != 'location' for p in places):
            raise InputError(
                'the data config has no PlaceOnGrid for locations in its '
                'pipelines; see configs/probe for one that has.'
            )
        for place in places:
            place.where, place.seed = 'seeded', seed
            if place.canvas == 'mean':
                mean = self.mean.flip(0) if self.bgr else self.mean
                place.mean = mean.flatten().numpy()
            self.grid = place.grid

    def batches(
        self, split: str, device: torch.device
    ) -> Iterator[tuple[Tensor, Tensor]]:
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
        seed: int,
        coordinates: bool = False,
    ) -> list[Pooled]:
        """Pooled latents of the training and of the test images."""
        device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        model = model.to(device)
        inside = all(layer.startswith('backbone') for layer in layers)
        run = model.backbone if inside else model.extract_feat
        find_tap = partial(tap_of, model=model)
        sets = []
        for split in _SPLITS:
            # Flips in the pipeline draw from numpy.
            set_random_seed(seed)
            batches = self.batches(split, device)
            sets.append(
                pool_layers(model, layers, batches, run, coordinates, find_tap)
            )
        return sets


def _statistics(model: nn.Module, data: Config) -> tuple[Tensor, Tensor]:
    own = getattr(model, 'data_preprocessor', None)
    given = data.get('data_preprocessor') or {}
    if getattr(own, 'mean', None) is not None:
        given = dict(
            mean=own.mean.flatten().cpu(), std=own.std.flatten().cpu()
        )
    if 'mean' not in given:
        raise InputError(
            'neither the model nor the data config has a data_preprocessor '
            'with mean and std.'
        )
    return tuple(
        torch.as_tensor(given[k], dtype=torch.float).view(-1, 1, 1)
        for k in ('mean', 'std')
    )
