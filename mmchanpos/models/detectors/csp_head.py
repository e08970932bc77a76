"""The head of CSP: centre, scale and offset in every cell of one map."""

from typing import Optional

import torch
from mmcv.cnn import ConvModule, Scale
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.utils import filter_scores_and_topk
from mmengine.model import bias_init_with_prob, normal_init
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS

from .csp_targets import csp_targets

PARTS = ('center', 'scale', 'offset')


@MODELS.register_module()
class CSPHead(BaseDenseHead):
    """Predict a centre heat map, log heights, and offsets (y, x).

    Args:
        num_classes (int): Only 1, the pedestrian. Defaults to 1.
        in_channels (int): Channels of the latent. Defaults to 768.
        feat_channels (int): Channels before each output. Defaults to 256.
        stride (int): Pixels per cell. Defaults to 4.
        shared_conv (bool): One convolution with 1x1 outputs, as in the
            original, in place of three branches with 3x3 outputs, as in
            Pedestron. Defaults to False.
        with_width (bool): Predict widths too. Defaults to False.
        aspect (float): Width over height where widths are not predicted.
            Defaults to 0.41.
        clip_mode (str): ``'corners'`` clips all four sides to the last pixel;
            ``'shift'`` moves a box that starts outside to 0 and keeps its
            width, as the original does. Defaults to ``'corners'``.
        norm_cfg (dict): Defaults to group norm of 32 groups.
        loss_center (dict): Defaults to :class:`CSPCenterLoss`.
        loss_scale (dict): Defaults to :class:`CSPScaleLoss`.
        loss_offset (dict): Defaults to :class:`CSPOffsetLoss`.
        train_cfg (dict, optional): Not used. Defaults to None.
        test_cfg (dict, optional): ``score_thr``, ``nms_pre``, ``nms``,
            ``max_per_img``. Defaults to None.
        init_cfg (dict, optional): Defaults to None.
    """

    def __init__(
        self,
        num_classes: int = 1,
        in_channels: int = 768,
        feat_channels: int = 256,
        stride: int = 4,
        shared_conv: bool = False,
        with_width: bool = False,
        aspect: float = 0.41,
        clip_mode: str = 'corners',
        norm_cfg: Optional[dict] = None,
        loss_center: Optional[dict] = None,
        loss_scale: Optional[dict] = None,
        loss_offset: Optional[dict] = None,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_classes != 1:
            raise InputError(
                f'CSP finds one class of things, got num_classes={num_classes}'
            )
        if clip_mode not in ('corners', 'shift'):
            raise InputError(
                f'clip_mode is "corners" or "shift", got "{clip_mode}".'
            )
        self.num_classes = num_classes
        self.stride = stride
        self.shared_conv = shared_conv
        self.with_width = with_width
        self.aspect = aspect
        self.clip_mode = clip_mode
        self.train_cfg = train_cfg
        self.test_cfg = test_cfg
        self.loss_center = MODELS.build(
            loss_center or {'type': 'mmchanpos.CSPCenterLoss'}
        )
        self.loss_scale = MODELS.build(
            loss_scale or {'type': 'mmchanpos.CSPScaleLoss'}
        )
        self.loss_offset = MODELS.build(
            loss_offset or {'type': 'mmchanpos.CSPOffsetLoss'}
        )
        norm_cfg = norm_cfg or {'type': 'GN', 'num_groups': 32}
        branches = ('shared',) if shared_conv else PARTS
        self.features = nn.ModuleDict(
            {
                branch: ConvModule(
                    in_channels,
                    feat_channels,
                    3,
                    padding=1,
                    bias=False,
                    norm_cfg=norm_cfg,
                )
                for branch in branches
            }
        )
        kernel = 1 if shared_conv else 3
        channels = {'center': 1, 'scale': 1 + with_width, 'offset': 2}
        self.outputs = nn.ModuleDict(
            {
                part: nn.Conv2d(
                    feat_channels, channels[part], kernel, padding=kernel // 2
                )
                for part in PARTS
            }
        )
        self.factors = nn.ModuleDict(
            {} if shared_conv else {p: Scale(1.0) for p in PARTS[1:]}
        )

    def init_weights(self) -> None:
        """Start with a centre in one of a hundred cells."""
        super().init_weights()
        for conv in self.features.values():
            normal_init(conv.conv, std=0.01)
        for part, conv in self.outputs.items():
            bias = bias_init_with_prob(0.01) if part == 'center' else 0
            normal_init(conv, std=0.01, bias=bias)

    def forward(self, x: tuple[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Predict every cell.

        Args:
            x (tuple[Tensor]): One map, (B, in_channels, H, W).

        Returns:
            tuple[Tensor]: Centre logits (B, 1, H, W), log heights in cells
            (B, 1 or 2, H, W) and offsets y, x in cells (B, 2, H, W), all
            float32.
        """
        (latent,) = x
        features = {k: conv(latent) for k, conv in self.features.items()}
        out = []
        for part in PARTS:
            feature = features['shared' if self.shared_conv else part]
            value = self.outputs[part](feature)
            if part in self.factors:
                value = self.factors[part](value)
            out.append(value.float())
        return tuple(out)

    def loss_by_feat(
        self,
        center: Tensor,
        scale: Tensor,
        offset: Tensor,
        batch_gt_instances: list[InstanceData],
        batch_img_metas: list[dict],
        batch_gt_instances_ignore: Optional[list[InstanceData]] = None,
    ) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            center (Tensor): (B, 1, H, W).
            scale (Tensor): (B, 1 or 2, H, W).
            offset (Tensor): (B, 2, H, W).
            batch_gt_instances (list[InstanceData]): ``bboxes`` in pixels.
            batch_img_metas (list[dict]): Not used.
            batch_gt_instances_ignore (list[InstanceData], optional): Regions
                to learn nothing from.

        Returns:
            dict[str, Tensor]: ``loss_center``, ``loss_scale``, and
            ``loss_offset``.
        """
        boxes = [gt.bboxes for gt in batch_gt_instances]
        regions = batch_gt_instances_ignore or [None] * len(boxes)
        ignored = [
            box[:0] if region is None else region.bboxes
            for box, region in zip(boxes, regions)
        ]
        shape = tuple(center.shape[2:])
        targets = csp_targets(
            boxes, ignored, shape, self.stride, self.with_width
        )
        return {
            'loss_center': self.loss_center(center, targets),
            'loss_scale': self.loss_scale(scale, targets),
            'loss_offset': self.loss_offset(offset, targets),
        }

    def predict_by_feat(
        self,
        center: Tensor,
        scale: Tensor,
        offset: Tensor,
        batch_img_metas: list[dict],
        cfg: Optional[dict] = None,
        rescale: bool = False,
        with_nms: bool = True,
    ) -> list[InstanceData]:
        """Boxes of each image.

        Args:
            center (Tensor): (B, 1, H, W).
            scale (Tensor): (B, 1 or 2, H, W).
            offset (Tensor): (B, 2, H, W).
            batch_img_metas (list[dict]): ``img_shape``, ``scale_factor``.
            cfg (dict, optional): In place of ``test_cfg``. Defaults to None.
            rescale (bool): To the size of the file. Defaults to False.
            with_nms (bool): Defaults to True.

        Returns:
            list[InstanceData]: ``bboxes`` (n, 4), ``scores``, ``labels``.
        """
        cfg = self.test_cfg if cfg is None else cfg
        found = []
        for i, meta in enumerate(batch_img_metas):
            score = center[i].sigmoid().reshape(-1, 1)
            scores, labels, cells, _ = filter_scores_and_topk(
                score, cfg['score_thr'], cfg.get('nms_pre', len(score))
            )
            boxes = self.decode(cells, scale[i], offset[i])
            results = InstanceData(
                bboxes=self._clip(boxes, meta['img_shape']),
                scores=scores,
                labels=labels,
            )
            found.append(
                self._bbox_post_process(results, cfg, rescale, with_nms, meta)
            )
        return found

    def decode(self, cells: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        """Boxes of some cells.

        Args:
            cells (Tensor): Indices into the flattened map, (n, ).
            scale (Tensor): (1 or 2, H, W).
            offset (Tensor): (2, H, W).

        Returns:
            Tensor: x1, y1, x2, y2 in pixels, not clipped, (n, 4).
        """
        columns = scale.shape[-1]
        y, x = cells // columns, cells % columns
        dy, dx = offset.flatten(1)[:, cells]
        cy = self.stride * (y + 0.5 + dy)
        cx = self.stride * (x + 0.5 + dx)
        sizes = self.stride * scale.flatten(1)[:, cells].exp()
        h = sizes[0]
        w = sizes[1] if self.with_width else self.aspect * h
        return torch.stack(
            [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=1
        )

    def _clip(self, boxes: Tensor, shape: tuple[int, int]) -> Tensor:
        height, width = shape[:2]
        if self.clip_mode == 'corners':
            last = boxes.new_tensor([width - 1, height - 1] * 2)
            return torch.minimum(boxes.clamp(min=0), last)
        start = boxes[:, :2].clamp(min=0)
        stop = start + boxes[:, 2:] - boxes[:, :2]
        return torch.cat(
            [start, torch.minimum(stop, boxes.new_tensor([width, height]))], 1
        )
