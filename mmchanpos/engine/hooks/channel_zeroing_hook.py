"""Switch channels of the latent off while a model is validated or tested."""

from contextlib import ExitStack
from typing import Any, Optional, Sequence, Union

from mmengine.runner import Runner

from mmchanpos.engine.hooks.same_draws_hook import SameDrawsHook
from mmchanpos.engine.hosts import tap_of
from mmchanpos.engine.tta import is_augmented
from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation, ChannelRanking, Tap
from mmchanpos.latent.controls import choose_ranking
from mmchanpos.latent.erasers import Eraser
from mmchanpos.latent.kinds import side_of
from mmchanpos.registry import HOOKS

Metrics = Optional[dict[str, float]]


@HOOKS.register_module()
class ChannelZeroingHook(SameDrawsHook):
    """Test any model without some channels of its latent (the attack, 4.2).

    The channels are switched off before the first batch and on again after
    the last one, also when the loop ends with an error or an interrupt. What
    was switched off is logged in one line, and every metric goes to the
    visualizer once more under ``ablation/``, with the rank as its step.

    .. code-block:: python

        # in a child, custom_hooks would replace the hooks of its base
        default_hooks = dict(
            channel_zeroing=dict(
                type='mmchanpos.ChannelZeroingHook',
                ranking='ranking.json',
                kind='overall',
                top=100))

    Args:
        tap (str | dict, optional): Path of the module whose output is the
            latent, or the arguments of :class:`mmchanpos.latent.Tap`.
            Defaults to the tap that the ranking was made with, which also
            says the output that a path alone leaves open.
        ranking (str | ChannelRanking, optional): A ranking or its file, or
            an eraser or its file (``.npz``), whose first ``top`` directions
            are then taken away.
        kind (str, optional): Which ranking of the file; ``'random'`` needs
            no file.
        top (int, optional): How many channels from the top of the ranking.
        start (int, optional): First rank of a window, instead of ``top``.
        stop (int, optional): End of the window.
        channels (Sequence[int], optional): The channels themselves.
        value (str): What replaces them. Defaults to ``'zero'``.
        seed (int): Seed of random channels. Defaults to 0.
        per_level (bool): Count ``top`` on every level of a pyramid. Defaults
            to False.
        phases (Sequence[str]): When to do it. Defaults to
            ``('val', 'test')``.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        tap: Union[str, dict[str, Any], None] = None,
        ranking: Union[str, ChannelRanking, None] = None,
        kind: Optional[str] = None,
        top: Optional[int] = None,
        start: Optional[int] = None,
        stop: Optional[int] = None,
        channels: Optional[Sequence[int]] = None,
        value: str = 'zero',
        seed: int = 0,
        per_level: bool = False,
        phases: Sequence[str] = ('val', 'test'),
    ) -> None:
        super().__init__()
        phases = (phases,) if isinstance(phases, str) else tuple(phases)
        if not phases or not set(phases) <= {'val', 'test'}:
            raise InputError(
                f'phases={phases} were given; wanted are "val", "test" or '
                'both.'
            )
        self.phases = phases
        if ranking is None and channels is None and kind != 'random':
            raise InputError(
                f'kind={kind!r} without a ranking: give ranking="FILE.json" '
                '(tools/rank_channels.py writes one), kind="random" or '
                'channels.'
            )
        if ranking is not None and not isinstance(
            ranking, (ChannelRanking, Eraser)
        ):
            ranking = choose_ranking(ranking, kind, seed)
        self.tap = _find_tap(tap, ranking)
        self.ablation = Ablation(
            ranking, top, start, stop, channels, value, seed, per_level
        )
        self.switched_off: Optional[int] = None
        self._in_force = ExitStack()

    def before_run(self, runner: Runner) -> None:
        """Look for the tap, and put a ``finally`` around the loops."""
        self.tap.module(runner.model)
        self.tap = tap_of(self.tap, runner.model)
        super().before_run(runner)

    def _end(self) -> None:
        super()._end()
        self._in_force.close()

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Switch the channels off, before an epoch of one of the phases."""
        if mode not in self.phases:
            return
        self._in_force.close()
        self.switched_off = None
        apply = self.ablation.applier(self.tap.channel_dim)

        def change(latent):
            if self.switched_off is None:
                self.switched_off = self.ablation.count(
                    latent, self.tap.channel_dim
                )
            return apply(latent)

        change.again = getattr(apply, 'again', None)
        runner.logger.info(
            f'ChannelZeroingHook: {mode} with {self.ablation.name} of the '
            f'latent at "{self.tap}" switched off.'
        )
        if self.ablation.excess:
            runner.logger.warning(self.ablation.excess)
        if is_augmented(runner.model) and side_of(self.ablation.kind):
            runner.logger.warning(
                f'Test-time augmentation mirrors images, so "left" and '
                f'"right" channels ({self.ablation.kind}) lose their meaning.'
            )
        self._in_force.enter_context(self.tap.replace(runner.model, change))

    def after_val_epoch(self, runner: Runner, metrics: Metrics = None) -> None:
        """Switch the channels on again."""
        self._leave(runner, 'val', metrics)

    def after_test_epoch(
        self, runner: Runner, metrics: Metrics = None
    ) -> None:
        """Switch the channels on again."""
        self._leave(runner, 'test', metrics)

    def _leave(self, runner: Runner, phase: str, metrics: Metrics) -> None:
        if phase not in self.phases:
            return
        self._in_force.close()
        if self.switched_off is None:
            raise InputError(
                f'no image of the {phase} set went through "{self.tap}", so '
                'no channel was switched off; tap a module that the head '
                'depends on.'
            )
        about = {**self.ablation.as_dict(), 'tap': str(self.tap)}
        about['switched_off'] = self.switched_off
        runner.message_hub.update_info(f'ablation/{phase}', about)
        if metrics:
            scalars = {
                f'ablation/{self.ablation.kind}/{name}': metric
                for name, metric in metrics.items()
                if isinstance(metric, (int, float))
            }
            metrics['ablation/switched_off'] = self.switched_off
            runner.visualizer.add_scalars(scalars, step=self.switched_off)


def _find_tap(
    tap: Union[str, dict[str, Any], None], ranking: Optional[ChannelRanking]
) -> Tap:
    made_at = None if ranking is None else ranking.place
    if tap is None and made_at is None:
        raise InputError('give tap="...", the module to be tapped.')
    tap = Tap.of(tap or made_at).completed(made_at)
    if made_at is not None and made_at.path != tap.path:
        raise InputError(
            f'the ranking "{ranking.kind}" was made at the tap '
            f'"{made_at.path}", but "{tap.path}" is to be switched off.'
        )
    return tap
