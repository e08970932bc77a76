"""Recording for all scores costs at most 1.15 of the pass for Eq. 2 alone."""

from .ranking import SIZE, encoder_and_image
from .ratio import Ratio, compare


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time a pass over one image and its mirror image, with and without."""
    from mmchanpos.latent import DeltaCollector

    backbone, image = encoder_and_image(device)

    def record(**what):
        collector = DeltaCollector(backbone, ['layer4'], **what)
        collector.add(lambda c: backbone(c(image) if c else image), [0])

    return compare(
        'all scores, and covariances for erasers',
        lambda: record(covariances=('x', 'y')),
        'Eq. 2 alone',
        lambda: record(maps=False),
        repeats=repeats,
        at_most=1.15,
        bare=lambda: backbone(image),
        notes=dict(size=SIZE, channels=2048),
    )
