_base_ = 'cifar10.py'

dataset = dict(type='CIFAR100', data_root='data/cifar100')
model = dict(head=dict(num_classes=100))
data_preprocessor = dict(
    num_classes=100,
    mean=[129.304, 124.070, 112.434],
    std=[68.170, 65.392, 70.418],
)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
