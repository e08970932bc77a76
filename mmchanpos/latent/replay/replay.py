"""Record an image, then replay it for every ablation."""

from contextlib import ExitStack
from typing import Any, Callable, Optional

import torch
from torch import Tensor, nn

from mmchanpos.latent.ablation import Ablation
from mmchanpos.latent.tap import Latent, Tap, levels, unwrap

from .linear import GrowingOutput, is_linear, mixes
from .memo import Memo, patched_method
from .window import Applier, Window

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
        self.latents: list[Latent] = []
        self._growing: dict[tuple[nn.Module, int], GrowingOutput] = {}
        self._careful_readers = False

    @torch.no_grad()
    def record(self, run: Callable[[], Any]) -> Any:
        """Run the whole model on a batch and remember its encoder.

        ``run`` does so, the same each time; what it returns is returned.
        """
        output = self._record(run)
        before = self.memo.careful, self._careful_readers
        # Where a later layer works in place, keep copies from now on.
        self.memo.careful |= not self.memo.intact
        readers = self._growing.values()
        self._careful_readers |= not all(r.whole.intact for r in readers)
        if (self.memo.careful, self._careful_readers) != before:
            output = self._record(run)
        return output

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

    def run(
        self,
        run: Callable[[], Any],
        ablation: Ablation,
        apply: Optional[Applier] = None,
    ) -> Any:
        """Run the model on the recorded batch with channels switched off.

        Args:
            run (Callable): As it was recorded.
            ablation (Ablation): Which channels. In a curve, let N grow.
            apply (Callable, optional): ``ablation.applier()`` where it has to
                remember images, as ``value='resample'`` does.
        """
        return self.run_together(run, [ablation], apply and [apply])

    @torch.no_grad()
    def run_together(
        self,
        run: Callable[[], Any],
        ablations: list[Ablation],
        applies: Optional[list[Applier]] = None,
    ) -> Any:
        """Run several ablations of one image as a batch.

        A GPU has hardly begun with the head of one image when it is done, and
        waits for the next to be launched. Layers that read the latent are
        corrected for each ablation, all else takes the batch. The model must
        treat the images of a batch apart, and not tell them apart otherwise.

        Args:
            run (Callable): Runs the model on a batch in which the recorded
                image stands as often as there are ablations, by
                :func:`repeated`.
            ablations (list[Ablation]): One for each place; none that
                runs the encoder again (``value='relocate'``).
            applies (list[Callable], optional): As for :meth:`run`.

        Example:
            >>> net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1))
            >>> image = torch.rand(1, 3, 5, 5)
            >>> from mmchanpos.latent.replay import repeated
            >>> replay = LatentReplay(net, '0')
            >>> _ = replay.record(lambda: net(image))
            >>> plan = [Ablation(channels=[0]), Ablation(channels=[0, 2])]
            >>> batch = repeated(image, 2)
            >>> both = replay.run_together(lambda: net(batch), plan)
            >>> one = replay.run(lambda: net(image), plan[1])
            >>> torch.allclose(both[1:], one, atol=1e-6)
            True
        """
        if applies is None:
            applies = [a.applier(self.tap.channel_dim) for a in ablations]
        now = Window(ablations, applies, self.tap)

        def change(latent: Latent) -> Latent:
            number = now.number + 1
            known = self.latents[number : number + 1]
            return now.enter(latent, known[0] if known else None)

        change.__dict__['again'] = getattr(now.applies[0], 'again', None)
        with ExitStack() as stack:
            stack.enter_context(self.memo.replaying(now.times))
            stack.enter_context(self.tap.replace(self.model, change))
            if all(ablation.value in _FIXED for ablation in now.ablations):
                for layer in {layer for layer, _ in self._growing}:
                    forward = self._corrected(layer, now)
                    patch = patched_method(layer, 'forward', forward)
                    stack.enter_context(patch)
            return run()

    def _corrected(self, layer: nn.Module, now: Window) -> Callable:
        forward = layer.forward

        def correct(x: Tensor, *args, **kwargs) -> Tensor:
            growing = self._growing.get((layer, now.number))
            place = now.place_of(x, growing)
            if growing is None or place is None:
                return forward(x, *args, **kwargs)
            outputs = []
            for i, ablation in enumerate(now.ablations):
                part, off = now.parts[place][i], now.replaced(place, i)
                if off and ablation.value == 'erase':
                    outputs.append(growing.erased(ablation))
                else:
                    outputs.append(growing.of(part, off, ablation.filling))
            output = outputs[0] if now.times == 1 else torch.cat(outputs)
            return output.clone() if self._careful_readers else output

        return correct
