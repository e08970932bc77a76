"""SPC takes no longer than scipy's, per 224x224 image.

Both give the same numbers. Predictions come as PosENet makes them, enlarged
from 26x26, in batches of 32; the truth is ranked once for all of them.
"""

from .ratio import Ratio, compare


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time the scores of one batch, image by image with scipy and at once."""
    import torch
    from scipy.stats import spearmanr

    from mmchanpos.evaluation.position_map_scores import RankCorrelation
    from mmchanpos.models.readouts.posenet_loss import enlarge
    from mmchanpos.models.readouts.position_maps import position_map

    torch.manual_seed(0)
    truth = position_map('H', 224)
    maps = enlarge(torch.rand(1, 32, 26, 26), (224, 224))[0]
    rank_correlation = RankCorrelation(truth)

    def by_scipy() -> list:
        flat = truth.flatten().numpy()
        return [spearmanr(m.flatten().numpy(), flat)[0] for m in maps]

    there = maps.to(device)

    def batched() -> torch.Tensor:
        return rank_correlation(there).cpu()

    apart = (batched() - torch.tensor(by_scipy())).abs().max()
    return compare(
        'scipy, 32 images',
        by_scipy,
        'RankCorrelation, 32 images',
        batched,
        repeats=repeats,
        at_least=1.0,
        notes=dict(largest_difference=float(apart)),
    )
