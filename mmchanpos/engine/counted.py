"""Let a segmentor on a GPU say no more than its metric counts.

In a sweep most predictions are made to be counted and thrown away. Their maps
of classes, and an image of logits for each class before them, are then the
most that is written and read;
:mod:`mmchanpos.evaluation.label_counts` does without.
"""

from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, Sequence

from mmengine.evaluator import Evaluator
from torch import Tensor, nn

from mmchanpos.latent.replay import patched_method

from .quick_postprocess import is_hosts, is_untouched


def countable(
    model: nn.Module, evaluator: Evaluator, samples: Sequence[Any]
) -> bool:
    """Whether the counts of an image are all that is asked for.

    So it is if our metric by region is the only one, and if the logits are
    enlarged to the image once and nothing else is done to them.

    Args:
        model (nn.Module): Any model.
        evaluator (Evaluator): What is measured.
        samples (Sequence[BaseDataElement]): A batch with its truth.
    """
    head = getattr(model, 'decode_head', None)
    if not is_hosts(model, 'postprocess_result', 'segmentors.base'):
        return False
    if not is_hosts(head, 'predict_by_feat', 'decode_heads.decode_head'):
        return False
    from mmchanpos.evaluation.region_iou import RegionIoUMetric

    metric, *more = evaluator.metrics
    if more or type(metric) is not RegionIoUMetric or len(samples) != 1:
        return False
    if metric.format_only or metric.output_dir is not None:
        return False
    meta = samples[0].metainfo
    size = tuple(samples[0].gt_sem_seg.data.shape[-2:])
    return (
        model.test_cfg.mode == 'whole'
        and head.out_channels == len(metric.dataset_meta['classes']) > 1
        and is_untouched(meta, size)
        and all(
            tuple(meta.get(key, size)[:2]) == size
            for key in ('img_shape', 'pad_shape')
        )
    )


@contextmanager
def counted(model: Any, metric: Any) -> Iterator[None]:
    """Predictions have ``region_areas`` and no map while the block runs.

    Args:
        model (BaseSegmentor): For which :func:`countable` holds.
        metric (RegionIoUMetric): What counts.
    """
    head = model.decode_head

    def small(seg_logits: Tensor, batch_img_metas: list[dict]) -> Tensor:
        return seg_logits

    def count(seg_logits: Tensor, data_samples: list[Any]) -> list[Any]:
        truth = data_samples[0].gt_sem_seg.data.squeeze(0)
        found = metric.count(seg_logits, truth, head.align_corners)
        for sample, areas in zip(data_samples, found):
            sample.region_areas = areas
        return data_samples

    with ExitStack() as stack:
        stack.enter_context(patched_method(head, 'predict_by_feat', small))
        stack.enter_context(patched_method(model, 'postprocess_result', count))
        yield
