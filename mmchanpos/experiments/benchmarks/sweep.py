"""A sweep of 40 ablations costs at most 0.303 of 40 evaluations.

No exact replay can cost less than what the head must do anew for every
ablation. For mmsegmentation's DeepLabv3-R50-D8 that is a 3x3 convolution of
2560 channels after ASPP. The measurement gives that limit too (``limit``): it
was 0.16 to 0.22 of the evaluations, by processor.
"""

from contextlib import ExitStack
from typing import Any, Callable

from .ratio import Ratio, compare, timed

SIZE = (512, 1024)
#: Two rankings times twenty N, up to half of the channels.
TOPS = [round(1024 * (i + 1) / 20) for i in range(20)]
EVALUATIONS = 3
#: Ablations that share a run of the head.
TOGETHER = {'cpu': 1, 'cuda': 8}
#: Share of pixels in which replay and separate runs may differ. A GPU's
#: convolutions round to ten bits (TF32), and random weights leave near ties.
MAY_MOVE = {'cpu': 1e-4, 'cuda': 3e-2}


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time a sweep against as many evaluations of the stock DeepLabv3."""
    from mmchanpos.engine.config import load_config

    name = 'deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'
    cfg = load_config(f'mmseg::{name}')
    return sweep_ratio(cfg.model, repeats, 1 / 3.3, device)


def sweep_ratio(
    model_cfg: Any, repeats: int, at_most: float, device: str
) -> Ratio:
    """Time a sweep of one image against separate evaluations of it.

    An evaluation is what ``tools/test.py`` does to an image beyond reading
    it: network, up-sampling, argmax, and our metric over four regions, which
    separate runs give its truth anew. Each costs the same, so three of them
    stand for forty.
    """
    import torch

    from mmchanpos.evaluation.areas import on_cpu
    from mmchanpos.latent import Ablation, ablate, random_ranking

    model, metric, image, evaluate = _subject(model_cfg, device)
    plan = [
        Ablation(random_ranking(2048, seed), top=top)
        for seed in (0, 1)
        for top in TOPS
    ]

    @torch.no_grad()
    def separate() -> list[Any]:
        found = []
        for ablation in plan[:: len(plan) // EVALUATIONS][:EVALUATIONS]:
            with ablate(model, 'backbone', ablation):
                found += on_cpu(evaluate(new_truth=True))
        peaks.setdefault('separate', _peak())
        return found

    swept, peaks = [], {}

    def sweep() -> None:
        swept[:] = _swept(model, metric, plan, evaluate, device)
        peaks.setdefault('sweep', _peak())

    ratio = compare(
        'sweep of 40 ablations',
        sweep,
        '40 evaluations',
        separate,
        repeats,
        warm_up=0,
        bare=lambda: model(image),
        at_most=at_most,
    )
    scale = len(plan) / EVALUATIONS
    ratio.bottom_seconds = [scale * s for s in ratio.bottom_seconds]
    pairs = zip(separate(), swept[:: len(plan) // EVALUATIONS])
    moved = max(float((a - b).abs().sum() / a.sum()) for a, b in pairs)
    if moved > MAY_MOVE[device]:
        raise RuntimeError(f'replay and evaluation differ in {moved:.1e}')
    ratio.notes.update(
        size=SIZE,
        limit=_limit(model, image, evaluate),
        peak_memory_mb=peaks,
        together=TOGETHER[device],
        moved=moved,
    )
    return ratio


def _subject(model_cfg: Any, device: str):
    import copy

    import torch
    from mmengine.registry import init_default_scope

    from mmchanpos.latent.replay import repeated
    from mmchanpos.registry import METRICS, MODELS

    init_default_scope('mmseg')
    torch.manual_seed(0)
    cfg = copy.deepcopy(model_cfg)
    cfg.pop('pretrained', None)
    cfg.pop('auxiliary_head', None)
    cfg.backbone.pop('init_cfg', None)
    for part in (cfg.backbone, cfg.decode_head):
        part.norm_cfg = dict(type='BN')
    model = MODELS.build(cfg).to(device).eval()
    image = torch.randn(1, 3, *SIZE).to(device)
    truth = torch.randint(0, 19, (1, *SIZE)).to(device)
    metric = METRICS.build(dict(type='mmchanpos.RegionIoUMetric'))
    metric.dataset_meta = dict(classes=range(19))
    meta = dict(img_shape=SIZE, ori_shape=SIZE, pad_shape=SIZE)

    def evaluate(new_truth: bool = False, times: int = 1) -> list[Any]:
        from mmengine.structures import PixelData
        from mmseg.structures import SegDataSample

        label = PixelData(data=truth.clone() if new_truth else truth)
        samples = [
            SegDataSample(metainfo=meta, gt_sem_seg=label)
            for _ in range(times)
        ]
        found = model(repeated(image, times), samples, mode='predict')
        metric.process({}, [one.to_dict() for one in found])
        counted, metric.results = metric.results, []
        return counted

    return model, metric, image, evaluate


def _swept(
    model: Any, metric: Any, plan: list[Any], evaluate: Callable, device: str
) -> list[Any]:
    from mmchanpos.engine.counted import counted
    from mmchanpos.engine.quick_postprocess import quick_postprocess
    from mmchanpos.evaluation.areas import on_cpu
    from mmchanpos.latent.replay import LatentReplay

    replay, together = LatentReplay(model, 'backbone'), TOGETHER[device]
    with ExitStack() as stack:
        stack.enter_context(quick_postprocess(model))
        replay.record(evaluate)
        if device == 'cuda':
            stack.enter_context(counted(model, metric))
        if together == 1:
            return on_cpu([replay.run(evaluate, a)[0] for a in plan])
        return on_cpu(
            [
                found
                for i in range(0, len(plan), together)
                for found in replay.run_together(
                    lambda: evaluate(times=together), plan[i : i + together]
                )
            ]
        )


def _limit(model: Any, image: Any, evaluate: Callable) -> float:
    """What no exact replay can do without, as a share of an evaluation.

    That is everything behind the layers that read the latent, once per
    ablation, and one whole evaluation.
    """
    import torch

    from mmchanpos.engine.quick_postprocess import quick_postprocess
    from mmchanpos.latent import Ablation
    from mmchanpos.latent.replay import LatentReplay

    with torch.no_grad(), quick_postprocess(model):
        whole = min(timed(evaluate) for _ in range(2))
        replay = LatentReplay(model, 'backbone')
        replay.record(evaluate)
        nothing = Ablation(top=0)
        behind = min(
            timed(lambda: replay.run(evaluate, nothing)) for _ in range(2)
        )
    return (whole + 40 * behind) / (40 * whole)


def _peak() -> float:
    """Most memory that this process ever held, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
