# CIFAR-10 images on a 3x3 grid; the target is the cell.
data_preprocessor = dict(
    mean=[125.307, 122.961, 113.8575],
    std=[51.5865, 50.847, 51.255],
    # CIFAR-10 images are RGB already
    to_rgb=False,
)

place = dict(
    type='mmchanpos.PlaceOnGrid', grid=3, mean=[125.307, 122.961, 113.8575]
)
flip = dict(type='mmchanpos.RandomFlip')
pack = dict(type='mmpretrain.PackInputs')

train_dataloader = dict(
    batch_size=48,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='mmpretrain.CIFAR10',
        data_root='data/cifar10',
        split='train',
        pipeline=[flip, place, pack],
    ),
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(
        type='mmpretrain.CIFAR10',
        data_root='data/cifar10',
        split='test',
        pipeline=[dict(place, where='seeded'), pack],
        test_mode=True,
    ),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1,))
test_evaluator = val_evaluator
