"""Rank and sweep any model of any host, from its config and checkpoint."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

from mmengine.config import Config, ConfigDict

from mmchanpos.errors import InputError

from .builtin import leaves, move_paths
from .launch import test

#: Parts of the image by which a segmentor is measured.
REGIONS = ('overall', 'left', 'center', 'right')
_NO_TEST_SET = 'the config has no test set to attack on.'


@dataclass
class Attack:
    """What to find and switch off.

    Attributes:
        out (Path): Folder of everything that is written.
        tap (str, optional): Module whose output is the latent. Defaults to
            what the head reads.
        ranking (dict): More for :class:`RankingLoop`.
        sweep (dict): More for :class:`SweepLoop`.
        launcher (str): Who started the processes. Defaults to ``'none'``.
        fresh (bool): Use nothing of an earlier run. Defaults to False.
        overwrite (bool): Take over a folder that belongs to another run.
            Defaults to False.
    """

    out: Path
    tap: Optional[str] = None
    ranking: Dict[str, Any] = field(default_factory=dict)
    sweep: Dict[str, Any] = field(default_factory=dict)
    launcher: str = 'none'
    fresh: bool = False
    overwrite: bool = False

    def run(self, cfg: Config, checkpoint: str) -> Path:
        """Rank the channels, then switch them off.

        Args:
            cfg (Config): From :func:`mmchanpos.engine.config.load_config`.
            checkpoint (str): Checkpoint file.

        Returns:
            Path: The ``sweep.json`` that was written.
        """
        if cfg.get('test_cfg') is None or cfg.get('test_dataloader') is None:
            raise InputError(_NO_TEST_SET)
        shared = dict(
            fp16=bool(cfg.test_cfg.get('fp16')),
            fresh=self.fresh,
            folder=str(self.out),
        )
        plan = {**self.sweep}
        plan.pop('lower_is_better', None)
        rank_folder = self.out / 'rank'
        self._test(
            cfg,
            checkpoint,
            type='mmchanpos.RankingLoop',
            taps=[self.tap] if self.tap else None,
            out=str(rank_folder),
            overwrite=self.overwrite,
            plan=plan,
            **shared,
            **self.ranking,
        )
        self._test(
            cfg,
            checkpoint,
            type='mmchanpos.SweepLoop',
            rankings=str(rank_folder / 'ranking.json'),
            out=str(self.out / 'sweep'),
            erasers=str(rank_folder / 'erasers.npz')
            if self.ranking.get('erasers')
            else None,
            **shared,
            **self.sweep,
        )
        return self.out / 'sweep' / 'sweep.json'

    def _test(self, cfg: Config, checkpoint: str, **loop: Any) -> None:
        cfg = copy.deepcopy(cfg)
        cfg.test_cfg = loop
        test(cfg, checkpoint, self.launcher)


def use_regions(cfg: Config, regions: Optional[Sequence[str]] = None) -> None:
    """Measure a segmentor by region, unless its config says by which.

    Args:
        cfg (Config): ``test_evaluator`` is changed in place.
        regions (sequence of str, optional): Names of regions. Defaults to
            those of the config, else to :data:`REGIONS`.
    """
    evaluator = cfg.get('test_evaluator')
    kind = None
    if isinstance(evaluator, dict):
        kind = str(evaluator.get('type')).split('.')[-1]
    if kind not in ('IoUMetric', 'RegionIoUMetric'):
        if regions is not None:
            raise InputError(
                f'--regions {" ".join(regions)} are of a segmentor that is '
                f'tested by IoUMetric; this config has {kind or "several"}.'
            )
        return
    if regions is not None or 'regions' not in evaluator:
        evaluator.regions = list(regions or REGIONS)
    evaluator.type = 'mmchanpos.RegionIoUMetric'
    evaluator.digits = None


def use_zones(cfg: Config) -> None:
    """Measure any segmentor or detector ring by ring of the image.

    Args:
        cfg (Config): ``test_evaluator`` is changed in place.
    """
    evaluator = cfg.get('test_evaluator')
    if isinstance(evaluator, (list, tuple)) and len(evaluator) == 1:
        evaluator = evaluator[0]
    if not isinstance(evaluator, dict):
        raise InputError('--zones are of a config with one test_evaluator.')
    kind = str(evaluator.get('type')).split('.')[-1]
    if kind == 'ZoneMetric':
        return
    if kind in ('IoUMetric', 'RegionIoUMetric'):
        use_regions(cfg, ['overall'])
    cfg.test_evaluator = dict(type='mmchanpos.ZoneMetric', metric=evaluator)


def use_data_root(cfg: Config, root: str) -> None:
    """Let the test set and what is told about it lie in another folder.

    Args:
        cfg (Config): Changed in place.
        root (str): The new ``data_root``.
    """
    if not Path(root).is_dir():
        raise InputError(f'the data root {root} does not exist.')
    dataset = _test_set(cfg)
    before = str(dataset.get('data_root') or '').rstrip('/')
    dataset.data_root = root
    if before:
        move_paths(cfg.get('test_evaluator'), {before: root.rstrip('/')})


def _test_set(cfg: Config) -> ConfigDict:
    """The innermost test set, whatever wraps it."""
    if cfg.get('test_dataloader') is None:
        raise InputError(_NO_TEST_SET)
    return next(leaves(cfg.test_dataloader.dataset))


def use_images(cfg: Config, count: int) -> None:
    """Keep only the first images of the test set.

    Args:
        cfg (Config): Changed in place.
        count (int): How many.
    """
    if count < 1:
        raise InputError(f'{count} images were asked for; at least 1.')
    _test_set(cfg).indices = count
    metrics = cfg.get('test_evaluator') or []
    metrics = metrics if isinstance(metrics, (list, tuple)) else [metrics]
    if any('ann_file' in metric for metric in metrics):
        raise InputError(
            'the metric of this config reads the annotations of all images, '
            'so it cannot test some of them.'
        )
