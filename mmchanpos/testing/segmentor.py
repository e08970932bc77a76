"""A segmentor small enough to be swept in a second, on built-in scenes."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmchanpos.datasets.synthetic import write_streets

from .toys import CONFIGS

CONFIG = CONFIGS / 'attack/deeplabv3_r18-small_synthetic.py'
_TEXT = """
_base_ = {base!r}
work_dir = {work_dir!r}
model = dict(
    data_preprocessor=dict(size=(48, 80)),
    backbone=dict(stem_channels=4, base_channels=8),
    decode_head=dict(in_channels=32, channels=8, dilations=(1, 2)))
train_dataloader = dict(dataset=dict(data_root={data!r}))
val_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False,
    dataset=dict(data_root={data!r}))
test_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False,
    dataset=dict(data_root={data!r}))
"""


def write_tiny(folder: Path, images: int = 7) -> tuple[Path, Path]:
    """Write scenes, a config that reads them, and untrained weights.

    Args:
        folder (Path): Where to.
        images (int): Scenes to test on. Defaults to 7.

    Returns:
        tuple[Path, Path]: The config and the checkpoint.
    """
    data = folder / 'streets'
    write_streets(data, dict(train=1, val=images), 48, 80)
    config = folder / 'tiny.py'
    texts = dict(base=str(CONFIG), work_dir=str(folder / 'work'))
    config.write_text(_TEXT.format(data=str(data), **texts))
    cfg = Config.fromfile(config)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    spread_out(model)
    checkpoint = folder / 'tiny.pth'
    meta = dict(dataset_meta=dict(classes=['a'] * 19))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return config, checkpoint


@torch.no_grad()
def spread_out(model: torch.nn.Module) -> None:
    """Let an untrained segmentor predict many classes, not one.

    Args:
        model (nn.Module): Its normalisation and its last layer are changed.
    """
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0, 0.3)
    model.decode_head.conv_seg.weight.normal_(0, 1)
    model.train()
    model.extract_feat(torch.randn(8, 3, 48, 80))
    model.eval()
