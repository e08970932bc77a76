"""A net with dead channels takes at most 1.1 of the time of one without."""

from .ratio import Ratio, compare

#: What weight decay leaves of a weight that no gradient reaches.
DEAD = 1e-40


def measure(repeats: int) -> Ratio:
    """Time a net with half of its channels dead against a living one.

    How much longer it takes where denormal numbers are kept is in the notes;
    that is the processor's own affair, and both have to give the same values.
    """
    import torch

    torch.manual_seed(0)
    alive, dead = _net(), _net()
    images = torch.rand(4, 3, 96, 96)
    torch.set_flush_denormal(False)  # else no such number can be written
    for layer in dead[::2]:
        layer.weight.data[::2] = DEAD * torch.randn_like(layer.weight[::2])
        layer.bias.data[::2] = 0

    @torch.no_grad()
    def run(net: torch.nn.Module, flush: bool = True) -> torch.Tensor:
        torch.set_flush_denormal(flush)
        return net(images)

    # A thread has the flag of the one that started it, and some have begun.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        kept, flushed = run(dead, flush=False), run(dead)
        apart = float((flushed - kept).abs().max() / kept.abs().max())
        if apart > 1e-6:
            raise RuntimeError('flushed and kept give other values')
        factor = compare(
            'kept',
            lambda: run(dead, flush=False),
            'flushed',
            lambda: run(dead),
            repeats,
        )
        return compare(
            'half of the channels dead',
            lambda: run(dead),
            'none dead',
            lambda: run(alive),
            repeats,
            at_most=1.1,
            notes=dict(
                kept_over_flushed=factor.value, largest_difference=apart
            ),
        )
    finally:
        torch.set_flush_denormal(True)
        torch.set_num_threads(threads)


def _net():
    from torch import nn

    widths = [3, *[64] * 6]
    layers = [
        layer
        for i, o in zip(widths, widths[1:])
        for layer in (nn.Conv2d(i, o, 3, padding=1), nn.ReLU())
    ]
    return nn.Sequential(*layers)
