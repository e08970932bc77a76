"""Read-outs on cached latents cost at most 0.1 of literal training."""

from .ratio import Ratio, forward_time, timed

IMAGES, EPOCHS, GRID = 192, 20, 3
LAYERS = [f'layer{i}' for i in (1, 2, 3, 4)]


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time read-outs of four stages, two kinds each, against literal training.

    The literal way is one pass for the features and then 20 epochs through
    the frozen net, of which one is timed, for a single read-out. The images
    are random, since a time does not depend on them.
    """
    import torch
    import torch.nn.functional as F
    from mmengine.registry import init_default_scope

    from mmchanpos.models.readouts.probe import (
        Recipe,
        pool_layers,
        train_readouts,
    )
    from mmchanpos.registry import MODELS

    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    net = MODELS.build(
        dict(
            type='mmchanpos.GridResNet',
            depth=18,
            stem_channels=32,
            base_channels=32,
        )
    )
    net.to(device).eval()
    head = MODELS.build(
        dict(
            type='mmchanpos.GAPHead',
            num_classes=GRID**2,
            in_channels=256,
            kernel_size=1,
        )
    ).to(device)
    optimizer = torch.optim.Adam(head.parameters(), 0.001, (0.5, 0.999))
    images = torch.randn(IMAGES, 3, 32 * GRID, 32 * GRID).to(device)
    cells = torch.randint(GRID**2, (IMAGES,)).to(device)
    batches = list(zip(images.split(48), cells.split(48)))
    pooled = []

    def feature_pass():
        pooled[:] = [pool_layers(net, LAYERS, batches, net)]

    def read_outs():
        train_readouts(pooled[0], GRID**2, recipe=Recipe(epochs=EPOCHS))

    def literal_epoch():
        for batch, labels in batches:
            with torch.no_grad():
                latent = net(batch)
            optimizer.zero_grad()
            F.cross_entropy(head(latent), labels).backward()
            optimizer.step()

    feature_pass()
    read_outs()
    cached, literal = [], []
    for _ in range(repeats):
        passed = timed(feature_pass)
        cached.append(timed(read_outs))
        literal.append(passed + EPOCHS * timed(literal_epoch))
    return Ratio(
        'read-outs of 4 stages x 2 kinds on cached latents',
        f'feature pass and {EPOCHS} literal epochs (one timed)',
        cached,
        literal,
        at_most=0.1,
        notes=dict(images=IMAGES, channels=32, canvas=32 * GRID),
        bare=forward_time(lambda: [net(batch) for batch, _ in batches]),
    )
