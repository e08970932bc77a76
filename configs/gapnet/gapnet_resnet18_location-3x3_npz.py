# As on CIFAR-10, for images in one .npz with x_train, y_train, x_test, y_test
# (or train_images, ...); no decoding, and batches are placed in one piece.
_base_ = './gapnet_resnet18_location-3x3_cifar10.py'

train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.ArrayDataset',
        images='data/cifar10.npz',
        split='train',
        pipeline=_base_.train_dataloader.dataset.pipeline,
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.ArrayDataset',
        images='data/cifar10.npz',
        split='test',
        pipeline=_base_.val_dataloader.dataset.pipeline,
    ),
)
test_dataloader = val_dataloader
