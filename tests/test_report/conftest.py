"""A sweep whose truth is known, as the sweep loop would have written it."""

import numpy as np
import pytest

from mmchanpos.files import write_json, write_npz
from mmchanpos.report.attack.judge import percent_iou

CHANNELS, IMAGES, CLASSES = 40, 60, 3
REGIONS = {
    'overall': [0, 0, 1, 1],
    'left': [0, 0, 0.5, 1],
    'right': [0.5, 0, 1, 1],
}
#: Share of pixels lost per channel, in the left and in the right half.
LOSS = {
    'overall': (0.02, 0.02),
    'left': (0.03, 0.01),
    'right': (0.01, 0.03),
    'magnitude': (0.01, 0.01),
    'random': (0.003, 0.003),
    'matched': (0.01, 0.01),
}


def draw_rows(tops, draws, windows):
    yield dict(kind='none', start=0, stop=0)
    for kind in ('overall', 'left', 'right', 'magnitude'):
        for top in tops:
            yield dict(kind=kind, start=0, stop=top)
    for start in windows:
        yield dict(kind='overall', start=start, stop=start + tops[0])
    for kind in ('random', 'matched'):
        for seed in range(draws):
            for start, stop in [(0, t) for t in tops] + [
                (w, w + tops[0]) for w in windows if kind == 'random'
            ]:
                yield dict(kind=kind, start=start, stop=stop, seed=seed)


def areas_of(row, hardness):
    rng = np.random.default_rng(1000 * row.get('seed', 0) + row['stop'])
    lost = np.array(LOSS.get(row['kind'], (0, 0)))
    # Later ranks matter less; draws differ a little.
    lost = lost * (row['stop'] - row['start']) / (1 + row['start'] / 5)
    lost = np.clip(lost * rng.normal(1, 0.1), 0, 0.9)
    areas = np.zeros((IMAGES, 3, 3, CLASSES))
    for side, share in ((1, lost[0]), (2, lost[1])):
        hits = 100 * hardness * (1 - share)
        areas[:, side] = np.stack([hits, np.full_like(hits, 100.0)] * 2, 1)[
            :, [0, 1, 3]
        ]
    areas[:, 0] = areas[:, 1] + areas[:, 2]
    return np.round(areas)


def build(folder, tops=(5, 10), draws=8, windows=(5, 10), per_image=True):
    rng = np.random.default_rng(0)
    hardness = rng.uniform(0.7, 1, (IMAGES, CLASSES))
    rows, areas = list(draw_rows(tops, draws, windows)), []
    for row in rows:
        areas.append(areas_of(row, hardness))
        scores = percent_iou(areas[-1].mean(axis=0))
        row.update(value='zero', scores=dict(zip(REGIONS, scores.tolist())))
        if row['kind'] == 'matched':
            row['matches'] = 'overall'
    content = dict(
        format=1,
        metric='mIoU',
        higher_is_better=True,
        channels=CHANNELS,
        regions=REGIONS,
        rows=rows,
        images=[f'image_{i}' for i in range(IMAGES)],
        provenance=dict(config='deeplabv3.py', checkpoint_sha256='ab12'),
    )
    if per_image:
        write_npz(folder / 'sweep.npz', areas=np.int32(areas))
        content['per_image'] = 'sweep.npz'
    write_json(folder / 'sweep.json', content)
    return folder / 'sweep.json'


@pytest.fixture
def sweep_file(tmp_path):
    return build(tmp_path)


@pytest.fixture
def build_sweep(tmp_path):
    return lambda **kwargs: build(tmp_path, **kwargs)
