"""A net with dead channels runs as fast as one without any."""

from .ratio import Ratio, compare

#: What weight decay leaves of a weight that no gradient reaches.
DEAD = 1e-40


def measure(repeats: int) -> Ratio:
    """Time a net with half of its channels dead, denormal numbers kept.

    Bottom is the same net with the flag that every process of ours sets; both
    have to give the same values, and the notes say how far from the time of a
    living net that is.
    """
    import torch
    from torch import nn

    torch.manual_seed(0)
    widths = [3, *[64] * 6]
    net = nn.Sequential(
        *(
            layer
            for i, o in zip(widths, widths[1:])
            for layer in (nn.Conv2d(i, o, 3, padding=1), nn.ReLU())
        )
    )
    images = torch.rand(4, 3, 96, 96)

    @torch.no_grad()
    def forward() -> torch.Tensor:
        torch.set_flush_denormal(True)
        return net(images)

    @torch.no_grad()
    def kept() -> torch.Tensor:
        torch.set_flush_denormal(False)
        try:
            return net(images)
        finally:
            torch.set_flush_denormal(True)

    alive = min(compare('', forward, '', forward, repeats).top_seconds)
    torch.set_flush_denormal(False)  # else no such number can be written
    for layer in net[::2]:
        layer.weight.data[::2] = DEAD * torch.randn_like(layer.weight[::2])
        layer.bias.data[::2] = 0
    apart = (forward() - kept()).abs().max() / kept().abs().max()
    if apart > 1e-6:
        raise RuntimeError('flushed and kept give other values')
    # A thread has the flag of the one that started it, and these have begun.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ratio = compare(
            'denormal numbers kept',
            kept,
            'flushed',
            forward,
            repeats,
            at_least=2.0,
        )
    finally:
        torch.set_num_threads(threads)
    ratio.notes.update(
        flushed_over_alive=min(ratio.bottom_seconds) / alive,
        largest_difference=float(apart),
    )
    return ratio
