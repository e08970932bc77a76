"""A sweep of erasers through replay costs at most 1.3 of a zeroing sweep."""

from .ratio import Ratio, compare

SIZE = (64, 128)
CHANNELS = 512
#: Directions taken away, and as many ablations that switch channels off.
RANKS = (1, 2, 4, 8)


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time both sweeps of one latent that a convolution reads."""
    import torch
    from torch import nn

    from mmchanpos.latent import Ablation, random_ranking
    from mmchanpos.latent.erasers import erase
    from mmchanpos.latent.moments import Moments
    from mmchanpos.latent.replay import LatentReplay

    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(CHANNELS, 128, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(128, 19, 1),
    )
    net = net.to(device).eval()
    image = torch.randn(1, 3, *SIZE).to(device)
    moments = Moments()
    with torch.no_grad():
        moments.add(net[:2](image))
    eraser = erase('rasa', moments, rank=max(RANKS))
    replay = LatentReplay(net, '1')

    def sweep(plan):
        replay.record(lambda: net(image))
        for ablation in plan:
            replay.run(lambda: net(image), ablation)

    directions = [Ablation(eraser, top=n) for n in RANKS]
    channels = [
        Ablation(random_ranking(CHANNELS), top=n * CHANNELS // 16)
        for n in RANKS
    ]
    return compare(
        f'sweep of {len(directions)} erasures',
        lambda: sweep(directions),
        f'sweep of {len(channels)} zeroings',
        lambda: sweep(channels),
        repeats=repeats,
        at_most=1.3,
        bare=lambda: net(image),
        notes=dict(size=SIZE, channels=CHANNELS, ranks=RANKS),
    )
