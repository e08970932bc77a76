"""The miss rate takes at most a tenth of the time of a plain one."""

from .ratio import Ratio, compare

IMAGES, DETECTIONS = 500, 10_000
SETUPS = ('Reasonable', 'Small', 'Heavy', 'All')


def measure(repeats: int) -> Ratio:
    """Time the four setups of Table S1 on a set the size of CityPersons val.

    Both get the same people and detections, and have to give the same bits.
    """
    from mmchanpos.evaluation.miss_rate import miss_rates
    from mmchanpos.evaluation.miss_rate_setups import SETUPS as PUBLISHED
    from mmchanpos.testing.plain_miss_rate import plain_miss_rate

    truths, detections = _scene()
    setups = [PUBLISHED[name] for name in SETUPS]
    rows = [
        [
            (*box, False, box[3], seen)
            for box, seen in zip(t.boxes.tolist(), t.visibility.tolist())
        ]
        for t in truths
    ]
    found = [
        [(*box, s) for box, s in zip(d.boxes.tolist(), d.scores.tolist())]
        for d in detections
    ]

    def fast():
        return [
            r.value for r in miss_rates(truths, detections, setups).values()
        ]

    def plain():
        return [
            plain_miss_rate(rows, found, s.height, s.visibility)
            for s in setups
        ]

    if fast() != plain():
        raise RuntimeError('the two miss rates differ; a time means nothing')
    return compare(
        'plain implementation',
        plain,
        'CityPersonsMissRate',
        fast,
        repeats=repeats,
        at_least=10.0,
        notes={'images': IMAGES, 'detections': DETECTIONS},
    )


def _scene():
    """People as many and as tall as in CityPersons, found more or less."""
    import numpy as np

    from mmchanpos.evaluation.miss_rate import PersonDetections, PersonTruth

    rng = np.random.default_rng(0)
    truths, detections = [], []
    for _ in range(IMAGES):
        people = _boxes(rng, rng.poisson(11))
        share = rng.choice([1.0, 0.8, 0.5, 0.3], len(people))
        truths.append(
            PersonTruth(
                people, np.zeros(len(people), bool), people[:, 3], share
            )
        )
        # Some people are found roughly, the rest is somewhere else.
        hits = people[rng.random(len(people)) < 0.8]
        hits = hits * rng.normal(1, 0.02, hits.shape)
        wrong = _boxes(rng, max(DETECTIONS // IMAGES - len(hits), 0))
        boxes = np.concatenate([hits, wrong])[: DETECTIONS // IMAGES]
        detections.append(PersonDetections(boxes, rng.random(len(boxes))))
    return truths, detections


def _boxes(rng, n):
    import numpy as np

    h = 20 * 15 ** rng.random(n)
    x, y = rng.uniform(0, 2000, n), rng.uniform(350, 450, n)
    return np.stack([x, y, 0.41 * h, h], axis=1).round()
