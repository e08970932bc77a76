"""Rank and sweep any model of any host, from its config and checkpoint."""

import copy
from pathlib import Path
from typing import Any, Optional, Sequence

from mmengine.config import Config, ConfigDict

from mmchanpos.errors import InputError

from .launch import test
from .nested import kind_of, listed, move_paths, set_of

#: Parts of the image by which a segmentor is measured.
REGIONS = ('overall', 'left', 'center', 'right')


def run_attack(
    cfg: Config,
    checkpoint: str,
    out: Path,
    tap: Optional[str] = None,
    ranking: Optional[dict[str, Any]] = None,
    sweep: Optional[dict[str, Any]] = None,
    launcher: str = 'none',
    fresh: bool = False,
    overwrite: bool = False,
) -> Path:
    """Rank the channels, switch them off, and give the ``sweep.json``.

    Args:
        cfg (Config): Of the model and its test set.
        checkpoint (str): Its weights.
        out (Path): Folder of everything that is written.
        tap (str, optional): Module whose output is the latent. Defaults to
            what the head reads.
        ranking (dict, optional): More for :class:`RankingLoop`.
        sweep (dict, optional): More for :class:`SweepLoop`.
        launcher (str): Who started the processes. Defaults to ``'none'``.
        fresh (bool): Use nothing of an earlier run. Defaults to False.
        overwrite (bool): Take over a folder that belongs to another run.
            Defaults to False.
    """
    ranking, sweep = ranking or {}, sweep or {}
    beside = {'lower_is_better', 'together'}
    rank = dict(
        type='mmchanpos.RankingLoop',
        taps=[tap] if tap else None,
        overwrite=overwrite,
        plan={k: v for k, v in sweep.items() if k not in beside},
        **ranking,
    )
    erased = str(out / 'rank/erasers.npz') if ranking.get('erasers') else None
    swept = dict(
        type='mmchanpos.SweepLoop',
        rankings=str(out / 'rank/ranking.json'),
        erasers=erased,
        **sweep,
    )
    fp16 = bool((cfg.get('test_cfg') or {}).get('fp16'))
    for name, loop in (('rank', rank), ('sweep', swept)):
        loop.update(fp16=fp16, fresh=fresh)
        loop.update(folder=str(out), out=str(out / name))
        asked = copy.deepcopy(cfg)
        asked.test_cfg = loop
        test(asked, checkpoint, launcher)
    return out / 'sweep/sweep.json'


def use_regions(cfg: Config, regions: Optional[Sequence[str]] = None) -> None:
    """Measure a segmentor by region, unless its config says by which.

    Args:
        cfg (Config): ``test_evaluator`` is changed in place.
        regions (Sequence[str], optional): Names of regions. Defaults to
            those of the config, else to :data:`REGIONS`.
    """
    evaluator = _only_metric(cfg)
    kind = kind_of(evaluator) if evaluator else None
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
    evaluator = _only_metric(cfg)
    if evaluator is None:
        raise InputError('--zones are of a config with one test_evaluator.')
    kind = kind_of(evaluator)
    if kind == 'ZoneMetric':
        return
    if kind in ('IoUMetric', 'RegionIoUMetric'):
        use_regions(cfg, ['overall'])
    if kind == 'CityPersonsMissRate':
        # Few people are in a zone. Once all of them are found, at any number
        # of false positives, the published miss rate is 0.
        evaluator.setdefault('by', 'AP')
    cfg.test_evaluator = dict(type='mmchanpos.ZoneMetric', metric=evaluator)


def _only_metric(cfg: Config) -> Optional[ConfigDict]:
    metrics = listed(cfg.get('test_evaluator'))
    return metrics[0] if len(metrics) == 1 else None


def use_data_root(cfg: Config, root: str) -> None:
    """Let the test set and what is told about it lie in another folder."""
    if not Path(root).is_dir():
        raise InputError(f'the data root {root} does not exist.')
    dataset = set_of(cfg, 'test')
    before = str(dataset.get('data_root') or '').rstrip('/')
    dataset.data_root = root
    move_paths(cfg.get('test_evaluator'), {before: root.rstrip('/')})


def use_images(cfg: Config, count: int) -> None:
    """Keep only the first images of the test set."""
    if count < 1:
        raise InputError(f'{count} images were asked for; at least 1.')
    set_of(cfg, 'test').indices = count
    if any('ann_file' in one for one in listed(cfg.get('test_evaluator'))):
        raise InputError(
            'the metric of this config reads the annotations of all images, '
            'so it cannot test some of them.'
        )
