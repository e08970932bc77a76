"""A sweep whose truth is known, as the sweep loop would have written it."""

import numpy as np

from mmchanpos.latent.iou import percent_iou
from mmchanpos.latent.sweep import Row, Sweep

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


def known_sweep(tops=(5, 10), draws=8, windows=(5, 10), per_image=True):
    """A sweep of which it is known what hurts where."""
    rng = np.random.default_rng(0)
    hardness = rng.uniform(0.7, 1, (IMAGES, CLASSES))
    rows, areas = [], []
    for row in draw_rows(tops, draws, windows):
        areas.append(areas_of(row, hardness))
        scores = percent_iou(areas[-1].mean(axis=0))
        row['scores'] = dict(zip(REGIONS, scores.tolist()))
        if row['kind'] == 'matched':
            row['matches'] = 'overall'
        rows.append(Row(**row))
    return Sweep(
        rows,
        'mIoU',
        channels=CHANNELS,
        boxes=REGIONS,
        images=[f'image_{i}' for i in range(IMAGES)],
        per_image=np.int32(areas) if per_image else None,
        provenance=dict(config='deeplabv3.py', checkpoint_sha256='ab12'),
    )


def renamed(sweep, **kinds):
    """The same with other names for its kinds of ranking."""
    for row in sweep.rows:
        row.kind = kinds.get(row.kind, row.kind)
    return sweep
