"""Fifty position read-outs train at no more than twice the cost of one.

Five maps x five stages x two kernels in one pass over a frozen VGG16 at
224x224, against one read-out (H, all stages, 3x3); whole training steps.
"""

from .ratio import Ratio, compare

BATCH = 4


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time a training step of fifty read-outs and of one."""
    import torch

    from mmchanpos.registry import MODELS

    images = torch.rand(BATCH, 3, 224, 224).to(device)

    def step(**readouts):
        model = MODELS.build(
            dict(
                type='mmchanpos.PosENet',
                readouts=readouts,
                encoder=dict(
                    type='mmchanpos.FrozenEncoder',
                    backbone=dict(type='mmpretrain.VGG', depth=16),
                    taps=[f'features.{i}' for i in (1, 4, 8, 12, 16)],
                ),
            )
        )
        model.to(device).train()
        optimizer = torch.optim.SGD(
            model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4
        )

        def train() -> None:
            optimizer.zero_grad()
            model(images, mode='loss')['loss'].backward()
            optimizer.step()

        return train, model

    fifty, model = step(
        map=['H', 'V', 'G', 'HS', 'VS'], stages=[1, 2, 3, 4, 5], kernel=[3, 7]
    )
    one, _ = step(map='H', kernel=3)
    return compare(
        f'{len(model.specs)} read-outs',
        fifty,
        'one read-out',
        one,
        repeats=repeats,
        at_most=2.0,
        bare=lambda: model.encoder(images),
        notes=dict(batch=BATCH, threads=torch.get_num_threads()),
    )
