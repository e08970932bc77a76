"""Record an image, then replay it for every ablation."""

from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn

from mmchanpos.latent.ablation import Ablation
from mmchanpos.latent.tap import Latent, Tap, levels, split, unwrap, widths

from .linear import GrowingOutput, is_linear, mixes
from .memo import Memo, patched

#: Values whose replacement depends on nothing but the channel itself.
_FIXED = ('zero', 'mean', 'optimal', 'erase')


class LatentReplay:
    """Predictions of many ablations for the price of the head.

    :meth:`record` runs the model on a batch and remembers what every module
    up to the latent gave. :meth:`run` runs it again without them, the latent
    ablated. Layers that read the latent and are linear in its channels are
    not computed anew either: their output is corrected for the channels that
    the ablation adds to the one before. The package's docstring draws it.

    Args:
        model (nn.Module): In evaluation mode; wrapped or not.
        tap (Tap | str): Where the latent is.

    Example:
        >>> net = nn.Sequential(
        ...     nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 3)).eval()
        >>> image = torch.rand(1, 3, 9, 9)
        >>> replay = LatentReplay(net, '1')
        >>> _ = replay.record(lambda: net(image))
        >>> out = replay.run(lambda: net(image), Ablation(channels=[3, 5]))
        >>> from mmchanpos.latent import ablate
        >>> with ablate(net, '1', Ablation(channels=[3, 5])):
        ...     torch.allclose(net(image), out, atol=1e-6)
        True
    """

    def __init__(self, model: nn.Module, tap: Any) -> None:
        self.model = unwrap(model)
        self.tap = Tap.of(tap)
        self.tap.module(self.model)
        self.memo = Memo(self.model, self.tap.path)
        self.latents: List[Latent] = []
        self._growing: Dict[Tuple[nn.Module, int], GrowingOutput] = {}
        self._careful_readers = False

    @torch.no_grad()
    def record(self, run: Callable[[], Any]) -> Any:
        """Run the whole model on a batch and remember its encoder.

        Args:
            run (Callable): Runs the model; it must do the same each time.

        Returns:
            Any: What ``run`` returned, nothing ablated.
        """
        output = self._record(run)
        if not (self.memo.intact and self._readers_intact):
            # A later layer works in place: keep copies from now on.
            self.memo.careful |= not self.memo.intact
            self._careful_readers |= not self._readers_intact
            output = self._record(run)
        return output

    @property
    def _readers_intact(self) -> bool:
        return all(growing.whole.intact for growing in self._growing.values())

    def _record(self, run: Callable[[], Any]) -> Any:
        self.latents, self._growing = [], {}
        module = self.tap.module(self.model)
        with ExitStack() as stack:
            if not self.memo.careful:
                behind = set(module.modules())
                for layer in self.model.modules():
                    if layer not in behind and is_linear(layer):
                        hook = layer.register_forward_hook(self._note_reader)
                        stack.enter_context(hook)
            stack.enter_context(self.memo.recording())
            hook = module.register_forward_hook(self._note_latent)
            stack.enter_context(hook)
            return run()

    def _note_latent(self, module, inputs, output) -> None:
        self.latents.append(self.tap.pick(output))

    def _note_reader(self, layer, inputs, output) -> None:
        if not self.latents or not inputs:
            return
        window = len(self.latents) - 1
        for level in levels(self.latents[window]):
            dim, ndim = self.tap.channel_dim, level.ndim
            if inputs[0] is level and mixes(layer, dim, ndim):
                whole = output.clone() if self._careful_readers else output
                growing = GrowingOutput(layer, level, whole)
                self._growing[layer, window] = growing

    @torch.no_grad()
    def run(
        self,
        run: Callable[[], Any],
        ablation: Ablation,
        apply: Optional[Callable[[Latent], Latent]] = None,
    ) -> Any:
        """Run the model on the recorded batch with channels switched off.

        Args:
            run (Callable): As it was recorded.
            ablation (Ablation): Which channels. In a curve, let N grow.
            apply (Callable, optional): ``ablation.applier()`` where it has to
                remember images, as ``value='resample'`` does.

        Returns:
            Any: What ``run`` returned.
        """
        with self.ablated(ablation, apply):
            return run()

    @contextmanager
    def ablated(
        self,
        ablation: Ablation,
        apply: Optional[Callable[[Latent], Latent]] = None,
    ) -> Iterator[None]:
        """As :meth:`run`, for a block that runs the recorded batch once."""
        apply = apply or ablation.applier(self.tap.channel_dim)
        now = _Window(ablation, self.tap)

        def change(latent: Latent) -> Latent:
            now.enter(latent, apply(latent))
            return now.ablated

        change.__dict__['again'] = getattr(apply, 'again', None)
        with ExitStack() as stack:
            stack.enter_context(self.memo.replaying())
            stack.enter_context(self.tap.replace(self.model, change))
            if ablation.value in _FIXED:
                for layer in {layer for layer, _ in self._growing}:
                    forward = self._corrected(layer, now)
                    stack.enter_context(patched(layer, forward))
            yield

    def _corrected(self, layer: nn.Module, now: '_Window') -> Callable:
        forward = layer.forward

        def correct(x: Tensor, *args, **kwargs) -> Tensor:
            growing = self._growing.get((layer, now.number))
            replaced = now.replaced_in(x, growing)
            if growing is None or replaced is None:
                return forward(x, *args, **kwargs)
            if now.ablation.value == 'erase':
                output = growing.erased(now.ablation)
            else:
                # Two rankings may bring other constants for a channel.
                value = now.ablation.value, now.ablation.ranking
                output = growing.of(x, replaced, value)
            return output.clone() if self._careful_readers else output

        return correct


class _Window:
    """Which call of the tapped module the replay has come to."""

    def __init__(self, ablation: Ablation, tap: Tap) -> None:
        self.ablation = ablation
        self.tap = tap
        self.number = -1
        self.latent: Latent = ()
        self.ablated: Latent = ()

    def enter(self, latent: Latent, ablated: Latent) -> None:
        self.number += 1
        self.latent = latent
        self.ablated = ablated
        self.widths = widths(latent, self.tap.channel_dim)

    def replaced_in(
        self, x: Tensor, growing: Optional[GrowingOutput]
    ) -> Optional[Tuple[int, ...]]:
        """Channels that fall in what a reader is given.

        Returns:
            Tuple[int, ...]: None if it is not the latent that was recorded, as
            for another image, of which nothing is known.
        """
        pairs = zip(levels(self.ablated), levels(self.latent))
        for place, (ablated, latent) in enumerate(pairs):
            if growing and x is ablated and latent is growing.latent:
                chosen = self.ablation.indices(self.widths)
                return split(chosen, self.widths)[place][1]
        return None
