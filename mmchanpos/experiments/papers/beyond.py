"""Beyond Eq. 2: which score finds the channels that position matters for."""

from typing import Any, Iterator

from mmchanpos.experiments import Call, Context, Setting, Step
from mmchanpos.report import Section
from mmchanpos.report.erasers_section import erasers_section
from mmchanpos.report.scores_section import scores_section

from .attacks import NEEDS, SMALL, net_of, seeds_of, streets, train_steps

__all__ = ['NEEDS', 'read', 'steps']


def steps(setting: Setting) -> Iterator[Step]:
    """Train, keep the latents of test images, and try every score on them."""
    # To remove each of 2048 channels by itself takes hours on a CPU.
    small = SMALL if setting.builtin else None
    yield from train_steps(setting, small)
    root = streets(setting)
    for seed in seeds_of(setting):
        yield Call(
            f'scores-seed{seed}',
            function=study_scores,
            arguments=dict(
                config=(small or net_of(setting)).config,
                train=f'train-seed{seed}',
                root=root,
                images=setting.pick(story=40, quick=100, full=200),
            ),
            needs=[*['data'] * ('{data}' in root), f'train-seed{seed}'],
            seconds=setting.pick(quick=240, full=7200),
        )


def study_scores(
    context: Context, config: str, train: str, root: str, images: int
) -> dict[str, Any]:
    """Compare all scores on one training."""
    from mmchanpos.engine.attack import use_data_root
    from mmchanpos.engine.cached import cache_latents
    from mmchanpos.engine.config import load_config
    from mmchanpos.files import clean
    from mmchanpos.latent.study import study

    drawn = context.setting.builtin
    cfg = load_config(config, builtin=drawn)
    if drawn:
        # So few that each half has to see them all.
        cfg.test_dataloader.dataset = dict(
            type='RepeatDataset', times=2, dataset=cfg.test_dataloader.dataset
        )
    else:
        use_data_root(cfg, root)
    weights = str(context.checkpoint(train))
    return clean(study(*cache_latents(cfg, weights, images)))


def read(context: Context) -> list[Section]:
    """One page that says which score finds what."""
    seeds = seeds_of(context.setting)
    found = [context.results[f'scores-seed{seed}'] for seed in seeds]
    return [scores_section(found), erasers_section(found)]
