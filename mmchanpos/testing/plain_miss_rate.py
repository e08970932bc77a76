"""The miss rate of CityPersons once more, slowly and literally.

Written from the description of the algorithm, pair by pair, without a thought
for speed, and sharing no line with :mod:`mmchanpos.evaluation.miss_rate`. The
tests ask both for the same bits; the benchmark asks how much faster the other
one is.
"""

from math import inf

import numpy as np


def plain_miss_rate(truths, detections, height, visibility, pedestron=False):
    """MR^-2 of one setup.

    Args:
        truths (list): Per image a list of ``(x, y, w, h, ignore, height,
            visibility)``.
        detections (list): Per image a list of ``(x, y, w, h, score)``.
        height (tuple): Bounds of the height.
        visibility (tuple): Bounds of the visible part.
        pedestron (bool): Clip recall below 1. Defaults to False.

    Returns:
        float: -1.0 if nobody is to be found.
    """
    outcomes, people = [], 0
    for rows, found in zip(truths, detections):
        wanted, unwanted = [], []
        for row in rows:
            out = row[4]
            out = out or row[5] < height[0] or row[5] > height[1]
            out = out or row[6] < visibility[0] or row[6] > visibility[1]
            (unwanted if out else wanted).append(row)
        people += len(wanted)
        outcomes += _outcomes(wanted, unwanted, found, height)
    if people == 0:
        return -1.0
    outcomes.sort(key=lambda outcome: -outcome[0])
    recalls, fppis, hits, misses = [], [], 0, 0
    for _, hit in outcomes:
        if hit:
            hits += 1
        else:
            misses += 1
        recalls.append(hits / people)
        fppis.append(misses / len(truths))
    logs = []
    for point in (
        *(0.0100, 0.0178, 0.0316, 0.0562, 0.1000),
        *(0.1778, 0.3162, 0.5623, 1.0000),
    ):
        index = sum(1 for fppi in fppis if fppi <= point) - 1
        recall = recalls[index] if recalls else 0.0
        if pedestron:
            recall = min(max(recall, 0), 1 - 1e-6)
        # numpy's logarithm may differ from the one of math by one bit.
        logs.append(np.log(1 - recall) if recall < 1 else -inf)
    return float(np.exp(np.mean(logs)))


def _outcomes(wanted, unwanted, found, height):
    """Score and whether it hit, for detections that count either way."""
    found = sorted(found, key=lambda row: -row[4])[:1000]
    taken, outcomes = [False] * len(wanted), []
    for row in found:
        if row[3] < height[0] / 1.25 or row[3] >= height[1] * 1.25:
            continue
        best, match = 0.5, None
        for k, person in enumerate(wanted):
            overlap = _overlap(row, person, of_detection=False)
            if not taken[k] and overlap >= best:
                best, match = overlap, k
        if match is not None:
            taken[match] = True
            outcomes.append((row[4], True))
        elif not any(_overlap(row, u, True) >= 0.5 for u in unwanted):
            outcomes.append((row[4], False))
    return outcomes


def _overlap(found, person, of_detection):
    w = min(found[0] + found[2], person[0] + person[2])
    w = w - max(found[0], person[0])
    h = min(found[1] + found[3], person[1] + person[3])
    h = h - max(found[1], person[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = found[2] * found[3]
    if of_detection:
        return w * h / area
    return w * h / (area + person[2] * person[3] - w * h)
