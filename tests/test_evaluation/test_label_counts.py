"""Counts from small logits are those of the map that they stand for."""

import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from mmchanpos.errors import InputError
from mmchanpos.evaluation.areas import RegionAreas, named_boxes
from mmchanpos.evaluation.label_counts import label_counts
from tests.conftest import ROOT, environment
from tests.simulated_device import far, near, simulated


def literally(logits, code, bins, align):
    large = F.interpolate(
        logits, code.shape, mode='bilinear', align_corners=align
    )
    found = torch.zeros(len(logits), bins, dtype=torch.long)
    for one, labels in zip(found, large.argmax(1)):
        for number in (code + labels).flatten().tolist():
            one[number] += 1
    return found


@pytest.mark.parametrize('align', [False, True])
def test_they_are_counted_pixel_by_pixel(align):
    logits = torch.randn(3, 5, 4, 7)
    code = (5 * torch.randint(0, 4, (9, 20))).int()
    found = label_counts(logits, code, 21, align)
    assert torch.equal(found, literally(logits, code, 21, align))


def test_regions_are_those_of_the_enlarged_map():
    truth = torch.randint(0, 6, (33, 50))
    truth[truth == 5] = 255
    areas = RegionAreas(truth, named_boxes(['overall', 'left', 'center']), 5)
    logits = torch.randn(4, 5, 6, 9)
    found = areas.of_logits(logits, align_corners=False)
    large = F.interpolate(logits, truth.shape, mode='bilinear')
    for one, labels in zip(found, large.argmax(1)):
        assert torch.equal(one, areas.of(labels))
    with pytest.raises(InputError, match='logits of 4 channels'):
        areas.of_logits(logits[:, :4], align_corners=False)


def test_nothing_waits_for_a_device_without_the_kernel(monkeypatch):
    monkeypatch.setattr(
        'mmchanpos.evaluation.label_counts._kernel', lambda: None
    )
    logits, truth = torch.randn(2, 5, 4, 7), torch.randint(0, 5, (9, 20))
    boxes = named_boxes(['overall', 'left'])
    wanted = RegionAreas(truth, boxes, 5).of_logits(logits, False)
    with simulated() as log:
        areas, there = RegionAreas(far(truth), boxes, 5), far(logits)
        log.clear()
        found = areas.of_logits(there, False)
        assert set(log) <= {'made'}
        assert torch.equal(near(found), wanted)


SCRIPT = """
import torch
from mmchanpos.evaluation.label_counts import label_counts
from mmchanpos.evaluation.label_counts_kernel import count_labels

torch.manual_seed(0)
for shape, size, align, kind in (
    ((3, 19, 8, 16), (64, 130), False, torch.float32),
    ((2, 7, 5, 9), (33, 41), True, torch.float32),
    ((2, 7, 5, 9), (33, 41), False, torch.float16),
    ((1, 3, 6, 6), (6, 6), True, torch.float32),
    ((1, 2, 1, 1), (3, 5), True, torch.float32),
):
    logits = torch.randn(shape).to(kind)
    if align:
        logits = logits.round()  # many ties
    code = (shape[1] * torch.randint(0, 50, size)).int()
    bins = 50 * shape[1] + 1
    wanted = label_counts(logits, code, bins, align)
    found = count_labels(logits, code, bins, align, block=1024)
    moved = (found - wanted).abs().sum().item()
    print(size, kind, moved)
    assert found.sum() == wanted.sum() == shape[0] * code.numel()
    # A tie may be broken by the last digit, which processors round apart.
    assert moved <= 2 + (0.01 if align else 0.001) * wanted.sum(), moved
"""


def test_the_kernel_counts_what_torch_does():
    """In Triton's interpreter, as it has no machine code for a CPU."""
    pytest.importorskip('triton')
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT],
        env=dict(environment(), TRITON_INTERPRET='1', PYTHONPATH=str(ROOT)),
        cwd=os.getcwd(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
