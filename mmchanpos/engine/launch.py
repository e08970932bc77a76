"""Train and test any config of the three hosts: one call each."""

import os
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Optional

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.evaluator import DumpResults
from mmengine.model import is_model_wrapper
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmchanpos.errors import InputError
from mmchanpos.files import atomic_path, clean, write_json

from .builtin import LOADERS, require_data
from .checkpoint import REMOTE, check_checkpoint
from .distributed import first_alone, prepare_launch
from .hooks.dry_run_hook import DryRunDone
from .hosts import draw_into, load_as_usual
from .memory_format import suit_memory_format
from .recipe import reach_batch
from .resume import check_resumable, last_good
from .tta import apply_tta
from .workers import workers_end

_BUILT = count()


def train(
    cfg: Config,
    launcher: str = 'none',
    resume: Optional[str] = None,
    amp: bool = False,
    dry_run: bool = False,
) -> Optional[Runner]:
    """Train a config, with the total batch that it was written for.

    Args:
        cfg (Config): From :func:`mmchanpos.engine.config.load_config`.
        launcher (str): Who started the processes. Defaults to ``none``.
        resume (str, optional): A checkpoint to go on from, or ``auto`` for
            the latest in the work folder. Defaults to None (start anew).
        amp (bool): Mixed precision. Defaults to False.
        dry_run (bool): Build all, pass two batches of training and
            validation, write nothing. Defaults to False.

    Returns:
        Runner: The runner after training; None after a dry run.
    """
    require_parts(cfg, 'train_dataloader', 'train_cfg', 'optim_wrapper')
    if resume is None and cfg.get('resume'):
        resume = cfg.get('load_from') or 'auto'
    if resume is not None:
        _resume(cfg, resume)
    if cfg.get('load_from'):
        if not cfg.get('resume'):
            check_checkpoint(cfg.load_from)
        _guard(cfg)
    if amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    prepare_launch(cfg, launcher)
    # The first process may have to download.
    first_alone(require_data, cfg, ('train_dataloader', 'val_dataloader'))
    alone = launcher == 'none'
    said = reach_batch(cfg, 1 if alone else int(os.environ['WORLD_SIZE']))
    if dry_run:
        stages = ['train'] + ['val'] * (cfg.get('val_cfg') is not None)
        _dry_run(cfg, stages)
        return None
    runner = build_runner(cfg)
    if said:
        runner.logger.info(said)
    with workers_end(runner):
        runner.train()
    return runner


def test(
    cfg: Config,
    checkpoint: str,
    launcher: str = 'none',
    tta: bool = False,
    out: Optional[str] = None,
    show_dir: Optional[str] = None,
    dry_run: bool = False,
) -> Optional[dict]:
    """Test a checkpoint, which must fit the config.

    Args:
        cfg (Config): From :func:`mmchanpos.engine.config.load_config`.
        checkpoint (str): A local file or an address.
        launcher (str): Who started the processes. Defaults to ``none``.
        tta (bool): Test-time augmentation. Defaults to False.
        out (str, optional): ``.json`` for the metrics, ``.pkl`` for the
            predictions as the hosts' own tools write them.
        show_dir (str, optional): Folder for pictures of the predictions.
        dry_run (bool): Build all, pass two batches, write nothing.

    Returns:
        dict: The metrics; None after a dry run.
    """
    require_parts(cfg, 'test_dataloader', 'test_cfg', 'test_evaluator')
    if out is not None and Path(out).suffix not in ('.json', '.pkl'):
        raise InputError(
            f'--out {out}: .json (metrics) or .pkl (predictions) was wanted.'
        )
    check_checkpoint(checkpoint)
    cfg.load_from = checkpoint
    cfg.resume = False
    _guard(cfg)
    cfg.default_hooks['data_guard'] = dict(type='mmchanpos.DataGuardHook')
    cfg.default_hooks['same_draws'] = dict(type='mmchanpos.SameDrawsHook')
    if tta:
        apply_tta(cfg)
    if show_dir is not None:
        draw_into(cfg, show_dir)
    prepare_launch(cfg, launcher)
    first_alone(require_data, cfg, ('test_dataloader',))
    if dry_run:
        _dry_run(cfg, ['test'], show_dir is not None)
        return None
    runner = build_runner(cfg)
    suffix = Path(out or '').suffix
    with ExitStack() as stack:
        stack.enter_context(workers_end(runner))
        if suffix == '.pkl':
            loop = runner.test_loop
            if not hasattr(loop, 'evaluator'):
                raise InputError(
                    f'--out {out}: {type(loop).__name__} gives no '
                    'predictions; .json (metrics) was wanted.'
                )
            # Results that are there already have no predictions with them.
            loop.fresh = True
            # One process writes, and not over an earlier file until the end.
            whole = is_main_process()
            path = stack.enter_context(atomic_path(out)) if whole else out
            runner.test_evaluator.metrics.append(DumpResults(str(path)))
        metrics = runner.test()
    if suffix == '.json' and is_main_process():
        write_json(out, clean(metrics))
    return metrics


def build_runner(cfg: Config) -> Runner:
    """Build the runner that a config asks for, with its host's defaults."""
    for name in LOADERS:
        if cfg.get(name) is not None:
            load_as_usual(cfg[name], cfg.get('default_scope'))
    _name_apart(cfg)
    _spare_file(cfg)
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
        if not is_model_wrapper(runner.model):
            suit_memory_format(runner.model, runner.logger)
    else:
        runner = _Runner.from_cfg(cfg)
    return runner


class _Runner(Runner):
    """mmengine's, with weights in the format that suits them from the start.

    DDP sets its buckets out as the weights lie when it wraps them. If they
    were moved later, gradients would come back in each other's places.
    """

    def wrap_model(self, model_wrapper_cfg: Any, model: Any) -> Any:
        if not is_model_wrapper(model):
            suit_memory_format(model.to(get_device()), self.logger)
        return super().wrap_model(model_wrapper_cfg, model)


def _name_apart(cfg: Config) -> None:
    """Give a process's second and later runners a name of their own.

    mmengine keeps scope, log and history under the experiment's name and the
    second in which it began. Two runners of one name and second share them,
    so a segmentor is then looked up among the classifiers.
    """
    number = next(_BUILT)
    if number:
        name = cfg.get('experiment_name') or Path(cfg.filename or 'run').stem
        cfg.experiment_name = f'{name}_{number}'


def _spare_file(cfg: Config) -> None:
    """Keep mmengine from dumping a changed config over the user's own file.

    It writes ``work_dir/<name of the config>``, which is that very file where
    somebody tests with the config that a training left in its work folder.
    """
    file = Path(cfg.filename or '').resolve()
    dumped = Path(cfg.get('work_dir') or '', file.name).resolve()
    if file.is_file() and dumped == file:
        # Without a name the dump is called by its time.
        object.__setattr__(cfg, '_filename', None)
        # Results still say which config they are of.
        object.__setattr__(cfg, '_given', str(file))


def require_parts(cfg: Config, *keys: str) -> None:
    """End with one message if a config lacks a setting of these."""
    missing = [key for key in keys if cfg.get(key) is None]
    if missing:
        raise InputError(
            f'the config has no {", ".join(missing)}, which this needs. Is '
            'it a primitive from _base_ rather than a complete config?'
        )


def _resume(cfg: Config, source: str) -> None:
    found: Optional[str] = source
    if source == 'auto':
        found = last_good(cfg.work_dir)
    elif not REMOTE.match(source):
        check_resumable(source)
    cfg.resume = found is not None
    # With nothing to go on from, the weights to begin with still count.
    cfg.load_from = found or cfg.get('load_from')


def _guard(cfg: Config) -> None:
    hooks = cfg.setdefault('default_hooks', {})
    guard = dict(type='mmchanpos.CheckpointGuardHook')
    if hooks.setdefault('checkpoint_guard', guard) is None:
        del hooks['checkpoint_guard']


def _dry_run(cfg: Config, stages: list[str], drawn: bool = False) -> None:
    hooks = cfg.setdefault('default_hooks', {})
    hooks['dry_run'] = dict(type='mmchanpos.DryRunHook')
    for stage in ('val_cfg', 'test_cfg'):
        # Our loops write there, and go on from what they find there.
        (cfg.get(stage) or {}).pop('out', None)
    with TemporaryDirectory() as folder:
        cfg.work_dir = folder
        if drawn:
            draw_into(cfg, folder)
        runner = build_runner(cfg)
        for stage in stages:
            with workers_end(runner), suppress(DryRunDone):
                getattr(runner, stage)()
    if is_main_process():
        size = sum(p.numel() for p in runner.model.parameters())
        print(
            f'dry run: two batches of {" and ".join(stages)} went through '
            f'{type(runner.model).__name__} ({size:,} parameters); nothing '
            'was written'
        )
