"""Reach the total batch that a training config was written for.

A learning rate is right for one number of images per step. A config says it
in the hosts' ``auto_scale_lr.base_batch_size``: images per step of the
optimizer, over all processes. Its ``train_dataloader.batch_size`` is what a
process has memory for. With one process or many, the first is reached
without exceeding the second.
"""

from functools import cache
from math import ceil
from typing import Any, Optional

from mmengine.config import Config

from .config import load_config
from .nested import kind_of, listed

#: Numbers of iterations in a loop, and in a schedule.
_OF_LOOP = ('max_iters', 'val_interval', 'val_begin', 'dynamic_intervals')
_TIMES = (
    'begin',
    'end',
    'T_max',
    'total_steps',
    'step_size',
    'milestones',
    'periods',
)


def reach_batch(cfg: Config, processes: int = 1) -> Optional[str]:
    """Share the total batch among processes, and passes where it must be.

    Gradients of several passes are added up (``accumulative_counts``) where
    the processes cannot hold the total at once. That is what more processes
    would do, but takes more iterations: whatever a config counts in them is
    multiplied. Where the total cannot be met to the image, the learning rate
    is scaled by as much.

    Args:
        cfg (Config): Changed in place. One without ``base_batch_size``, and
            one that lets mmengine scale the rate (``auto_scale_lr.enable``)
            or accumulates by itself, is left as it is.
        processes (int): How many train together.

    Returns:
        str: One line that says what was done; None if nothing was.

    Example:
        >>> cfg = Config(dict(
        ...     auto_scale_lr=dict(base_batch_size=16),
        ...     train_dataloader=dict(batch_size=2),
        ...     train_cfg=dict(by_epoch=True, max_epochs=2),
        ...     optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1))))
        >>> reach_batch(cfg, processes=4).split(' (')[0]
        'total batch 16: 4 processes x 2 images x 2 passes'
        >>> cfg.optim_wrapper.accumulative_counts
        2
    """
    scale = cfg.get('auto_scale_lr') or {}
    wanted = scale.get('base_batch_size')
    loader, optimizer = cfg.train_dataloader, cfg.optim_wrapper
    fits = loader.get('batch_size')
    if not (wanted and fits) or scale.get('enable'):
        return None
    if optimizer.get('accumulative_counts', 1) > 1:
        return None
    share = max(1, round(wanted / processes))
    passes = ceil(share / fits)
    images = max(1, round(wanted / (processes * passes)))
    total = processes * images * passes
    loader.batch_size = images
    line = f'total batch {total}: {processes} process{"es" * (processes > 1)}'
    line += f' x {images} images'
    if passes > 1:
        optimizer.accumulative_counts = passes
        _stretch(cfg, passes)
        line += (
            f' x {passes} passes (counts of iterations are multiplied by '
            f'{passes})'
        )
    if total == wanted and processes == 1 and images < fits:
        return (
            f'{line}, as auto_scale_lr.base_batch_size says, though '
            f'train_dataloader.batch_size is {fits}'
        )
    if total == wanted:
        return f'{line}, as the config was written for'
    optimizer.optimizer.lr *= total / wanted
    return (
        f'{line}; the config was written for {wanted}, so the learning rate '
        f'is times {total / wanted:.3g}'
    )


@cache
def total_batch(config: str, processes: int = 1) -> str:
    """What :func:`reach_batch` will do to a config, in its one line."""
    cfg = load_config(config, check=False)
    said = reach_batch(cfg, processes)
    return said or 'the total batch is as the config has it'


def _stretch(cfg: Config, times: int) -> None:
    """Multiply what a config counts in iterations."""
    loop = cfg.train_cfg
    if 'max_iters' in loop:
        _multiply(loop, _OF_LOOP, times)
    for schedule in listed(cfg.get('param_scheduler')):
        if not schedule.get('by_epoch', True):
            _multiply(schedule, _TIMES, times)
    checkpoint = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    if not checkpoint.get('by_epoch', True):
        _multiply(checkpoint, ('interval', 'save_begin'), times)
    for hook in cfg.get('custom_hooks') or ():
        if kind_of(hook).endswith('EMAHook'):
            # Weights are averaged once per step of the optimizer.
            hook['interval'] = hook.get('interval', 1) * times
            _multiply(hook, ('begin_iter',), times)


def _multiply(part: Any, keys: tuple, times: int) -> None:
    for key in part.keys() & set(keys):
        part[key] = _times(part[key], times)


def _times(value: Any, times: int) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_times(item, times) for item in value)
    return value * times if isinstance(value, int) and value > 0 else value
