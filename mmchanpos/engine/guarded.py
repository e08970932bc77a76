"""Data that cannot be used stop a test with one message, not with noise."""

import math
import os
from inspect import signature
from pathlib import Path
from typing import Any, Iterator, Sequence

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from mmchanpos.datasets.image_folder import SUFFIXES
from mmchanpos.errors import InputError
from mmchanpos.files import mistaken_for, number_of, write_json
from mmchanpos.formats import read_typed

from .batches import all_finite
from .cli import say
from .nested import leaves, listed, set_of

#: Share of the images that ``--skip-broken`` may leave out.
MOST_BROKEN = 0.01


class GuardedPipeline:
    """The pipeline of a data set, with errors that name the file.

    Args:
        pipeline (Callable): From what is known of an image to a sample.
        classes (int): How many classes the data set has; 0 for none.
        ignore (int): Label of pixels that do not count.
    """

    def __init__(self, pipeline: Any, classes: int, ignore: int) -> None:
        self.pipeline = pipeline
        self.classes, self.ignore = classes, ignore

    @property
    def transforms(self) -> list[Any]:
        """Steps of the pipeline."""
        return self.pipeline.transforms

    def __call__(self, info: dict[str, Any]) -> Any:
        """Make a sample, or say what of it cannot be used."""
        paths = {
            key: str(path)
            for key, path in info.items()
            if str(key).endswith('_path')
            and isinstance(path, (str, os.PathLike))
        }
        try:
            sample = self.pipeline(info)
        except InputError:
            raise
        except Exception as e:  # decoders and hosts raise anything
            raise InputError(_blamed(paths, e)) from e
        if isinstance(sample, dict):
            self._check(sample.get('data_samples'), paths)
        return sample

    def _check(self, sample: Any, paths: dict[str, str]) -> None:
        if getattr(sample, 'gt_sem_seg', None) is None:
            return
        labels = sample.gt_sem_seg.data[-1]
        where = paths.get('seg_map_path') or paths.get('img_path')
        sizes = [sample.get(k) for k in ('ori_shape', 'img_shape')]
        sizes = [tuple(size[:2]) for size in sizes if size is not None]
        if sizes and tuple(labels.shape) not in sizes:
            raise InputError(
                f'label map {where} is {tuple(labels.shape)} pixels, its '
                f'image {sizes[0]}: another size was wanted.'
            )
        # Most maps hold no more than the classes and what is ignored.
        ids = labels[(labels >= self.classes) & (labels != self.ignore)]
        if self.classes and len(ids):
            found = sorted(set(ids.flatten().tolist()))[:5]
            raise InputError(
                f'label map {where} holds the ids {found} in {len(ids)} '
                f'pixels; the data set has the classes 0 to '
                f'{self.classes - 1}, and {self.ignore} is ignored.'
            )


def guard(dataset: Any) -> None:
    """Let every data set below a built one name the files that fail."""
    for inner in leaves(dataset):
        pipeline = getattr(inner, 'pipeline', None)
        if pipeline is None or isinstance(pipeline, GuardedPipeline):
            continue
        classes = (getattr(inner, 'metainfo', None) or {}).get('classes')
        ignore = getattr(inner, 'ignore_index', 255)
        inner.pipeline = GuardedPipeline(pipeline, len(classes or ()), ignore)


def leave_out_broken(cfg: Config) -> None:
    """Look at every image of the test set, and leave out what is broken.

    More than :data:`MOST_BROKEN` of the images is an error.
    """
    settings = set_of(cfg, 'test')
    init_default_scope(cfg.get('default_scope') or 'mmengine')
    kind = settings.type
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    if kind and 'check_images' in signature(kind).parameters:
        settings.check_images = False  # one that is missing is left out too
    dataset = DATASETS.build(settings)
    guard(dataset)
    broken: dict[int, str] = {}
    for i in range(len(dataset)):
        try:
            dataset.pipeline(dataset.get_data_info(i))
        except InputError as e:
            broken[i] = str(e)
    if not broken:
        return
    share = f'{len(broken)} of {len(dataset)} images are broken'
    first = f'The first: {next(iter(broken.values()))}'
    if len(broken) > MOST_BROKEN * len(dataset):
        raise InputError(
            f'{share}, more than the {MOST_BROKEN:.0%} that --skip-broken '
            f'leaves out. {first}'
        )
    say(f'{share} and left out (--skip-broken). {first}')
    # Places count in the set as it is built, maybe from a part of it.
    kept = [i for i in range(len(dataset)) if i not in broken]
    before = settings.get('indices')
    if isinstance(before, int):
        before = range(min(before, 0), 0)  # the last ones, or the first
    settings.indices = [before[i] for i in kept] if before else kept
    _leave_out_truth(cfg, [dataset.get_data_info(i) for i in broken])


def _leave_out_truth(cfg: Config, broken: list[dict[str, Any]]) -> None:
    """What metrics read by themselves must not hold people in no image."""
    for i, metric in enumerate(listed(cfg.get('test_evaluator'))):
        if 'seg_prefix' in metric:
            raise InputError(
                f'{metric.type} reads the labels of all images below '
                f'{metric.seg_prefix}, so --skip-broken cannot leave any out.'
            )
        if metric.get('ann_file') is None:
            continue
        content = read_typed(metric.ann_file, dict[str, Any])
        ids = {info.get('img_id') for info in broken}
        for rows, key in ('images', 'id'), ('annotations', 'image_id'):
            content[rows] = [x for x in content[rows] if x[key] not in ids]
        file = Path(cfg.work_dir) / f'annotations-kept-{i}.json'
        write_json(file, content)
        metric.ann_file = str(file)


def check_outputs(outputs: Sequence[Any]) -> None:
    """Refuse predictions that are NaN, and labels that no class has."""
    for sample in outputs:
        for name, values in _predicted(sample):
            if isinstance(values, torch.Tensor) and not all_finite(values):
                raise InputError(
                    f'{name} of image {_name(sample)} hold NaN or infinity: '
                    'the weights or the image do. Scores of such predictions '
                    'mean nothing.'
                )
        scores = getattr(sample, 'pred_score', None)
        label = getattr(sample, 'gt_label', None)
        if scores is not None and label is not None:
            wrong = [x for x in label.flatten().tolist() if x >= len(scores)]
            if wrong and scores.ndim == 1:
                raise InputError(
                    f'image {_name(sample)} has the label {wrong[0]}, but '
                    f'the model has the classes 0 to {len(scores) - 1}.'
                )


def check_scores(scores: dict[str, Any]) -> None:
    """Refuse metrics of data without anything to measure."""
    # The hosts give NaN, -1 or -100 where there is nothing; numbers by class
    # come in lists, and a confusion matrix in a tensor.
    values = map(number_of, scores.values())
    nothing = [
        value is None
        or isinstance(value, (int, float))
        and (math.isnan(value) or value in (-1, -100))
        for value in values
        if not isinstance(value, str)
    ]
    if nothing and all(nothing):
        raise InputError(
            'the test set has nothing to measure: no labelled pixel, no '
            'label or nobody in any of its images.'
        )


def _predicted(sample: Any) -> Iterator[tuple[str, Any]]:
    """Numbers in a sample by what they are, and None where it has none."""
    found = getattr(sample, 'pred_instances', None)
    logits = getattr(sample, 'seg_logits', None)
    yield 'scores', getattr(sample, 'pred_score', None)
    yield 'logits', getattr(logits, 'data', None)
    yield 'scores', getattr(found, 'scores', None)
    boxes = getattr(found, 'bboxes', None)
    yield 'bboxes', getattr(boxes, 'tensor', boxes)


def _name(sample: Any) -> Any:
    path = getattr(sample, 'img_path', None)
    return path or getattr(sample, 'sample_idx', '?')


def _blamed(paths: dict[str, str], error: Exception) -> str:
    reason = ' '.join(str(error).split())[:200] or type(error).__name__
    for key, path in paths.items():
        kind = 'image' if key == 'img_path' else 'label map'
        if not os.path.exists(path):
            return f'{kind} {path} does not exist.'
        if os.path.isdir(path):
            return f'{kind} {path} is a folder.'
        if not os.access(path, os.R_OK):
            return f'{kind} {path} cannot be read: permission denied.'
        if Path(path).suffix.lower() not in SUFFIXES:
            continue
        raw = np.fromfile(path, np.uint8)
        if not raw.size or cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) is None:
            why = mistaken_for(path) or 'it is cut off, or no picture'
            return f'{kind} {path} cannot be read: {why}.'
    named = ', '.join(paths.values()) or 'an image'
    return (
        f'{named} cannot be used ({type(error).__name__}: {reason}). '
        '(MMCHANPOS_TRACEBACK=1 shows where.)'
    )
