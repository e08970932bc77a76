import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.evaluation.miss_rate import (
    FPPI_POINTS,
    PersonDetections,
    PersonTruth,
    miss_rates,
)
from mmchanpos.evaluation.miss_rate_setups import (
    SETUPS,
    PersonSetup,
    resolve_setup,
    with_sides,
)
from mmchanpos.testing.plain_miss_rate import plain_miss_rate

TABLE_S1 = [SETUPS[n] for n in ('Reasonable', 'Small', 'Heavy', 'All')]
REASONABLE = SETUPS['Reasonable']


def truth(*rows, width=2048):
    """Rows of x, y, w, h, ignore, height, visibility."""
    rows = np.array(rows, dtype=np.float64).reshape(-1, 7)
    return PersonTruth(
        rows[:, :4], rows[:, 4].astype(bool), rows[:, 5], rows[:, 6], width
    )


def person(x=0.0, y=0.0, w=41.0, h=100.0, ignore=0, visibility=1.0):
    return (x, y, w, h, ignore, h, visibility)


def found(*rows):
    rows = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return PersonDetections(rows[:, :4], rows[:, 4])


def reasonable(truths, detections, **kwargs):
    return miss_rates(truths, detections, [REASONABLE], **kwargs)['Reasonable']


def mean_log(*miss):
    return float(np.exp(np.mean(np.log(np.array(miss)))))


def test_low_points_wrap_around_to_the_best_recall():
    truths = [truth(person(), person(x=500.0))] + [truth()] * 9
    detections = [found((900, 0, 41, 100, 0.9), (0, 0, 41, 100, 0.8))]
    detections += [found()] * 9
    got = reasonable(truths, detections)
    # FPPI is 0.1 from the first detection on; five points lie below.
    assert got.value == 0.5
    strict = reasonable(truths, detections, strict=True)
    assert strict.value == mean_log(*[1.0] * 4, *[0.5] * 5)
    assert strict.value == pytest.approx(0.6804, abs=1e-4)


def test_wrap_around_cannot_happen_from_100_images_on():
    truths = [truth(person(), person(x=500.0))] + [truth()] * 99
    detections = [found((900, 0, 41, 100, 0.9), (0, 0, 41, 100, 0.8))]
    detections += [found()] * 99
    got = reasonable(truths, detections)
    assert got.value == reasonable(truths, detections, strict=True).value


def test_perfect_recall_is_zero_or_clipped():
    truths, detections = [truth(person())], [found((0, 0, 41, 100, 0.9))]
    assert reasonable(truths, detections).value == 0.0
    clipped = reasonable(truths, detections, variant='pedestron').value
    assert clipped == 1.000000000028756e-06
    assert reasonable(truths, detections).ap == 1.0


def test_nothing_detected_or_all_filtered_away_is_one():
    assert reasonable([truth(person())], [found()]).value == 1.0
    small = [found((0, 0, 41, 39.9, 0.9))]
    for variant in ('official', 'pedestron'):
        got = reasonable([truth(person())], small, variant=variant)
        assert got.value == 1.0
        assert got.ap == 0.0


def test_no_usable_ground_truth_is_minus_one():
    truths = [truth(person(h=30.0), person(ignore=1), person(visibility=0.1))]
    got = reasonable(truths, [found((0, 0, 41, 100, 0.9))])
    assert (got.value, got.ap, got.people) == (-1.0, -1.0, 0)


def test_iou_of_exactly_half_matches():
    truths = [truth(person(w=40.0, h=100.0))]
    half = [found((0, 0, 20, 100, 0.9))]
    assert reasonable(truths, half).value == 0.0
    less = [found((0, 0, 19.999, 100, 0.9))]
    assert reasonable(truths, less).value == 1.0


def test_ignored_people_count_by_the_share_of_the_detection():
    crowd = (0.0, 0.0, 1000.0, 200.0, 1, 200.0, 1.0)
    truths = [truth(person(x=1500.0), crowd)] * 100
    none = [found()] * 99
    # IoU with the crowd is tiny, half of the detection lies in it.
    inside = [found((-20, 0, 40, 100, 0.9), (1500, 0, 41, 100, 0.8))]
    assert len(reasonable(truths, inside + none).fppi) == 1
    outside = [found((-20.001, 0, 40, 100, 0.9), (1500, 0, 41, 100, 0.8))]
    got = reasonable(truths, outside + none)
    np.testing.assert_array_equal(got.fppi, [0.01, 0.01])


def test_out_of_range_people_are_ignored_by_share_too():
    # 45 pixels are too small for Reasonable, 40 / 1.25 keeps the detection.
    truths = [truth(person(x=500.0), person(w=40.0, h=49.0))]
    got = reasonable(truths, [found((0, 0, 20, 45, 0.9))])
    assert len(got.fppi) == 0


def test_equal_overlaps_go_to_the_later_person():
    # The first detection overlaps both alike and takes the later one, so
    # the second detection finds the first person still free.
    people = truth(person(x=0.0, w=40.0), person(x=10.0, w=40.0))
    both = found((5, 0, 40, 100, 0.9), (-8, 0, 40, 100, 0.8))
    assert reasonable([people], [both]).value == 0.0


def test_second_detection_is_false_unless_it_covers_an_ignored_person():
    twice = found((0, 0, 41, 100, 0.9), (0, 0, 41, 100, 0.8))
    got = reasonable([truth(person())], [twice])
    np.testing.assert_array_equal(got.fppi, [0.0, 1.0])
    beside = truth(person(), person(x=1.0, ignore=1))
    assert len(reasonable([beside], [twice]).fppi) == 1


def test_bounds_are_inclusive_for_people():
    edge = truth(person(h=50.0), person(x=200.0, h=75.0, visibility=0.65))
    got = miss_rates([edge], [found()], TABLE_S1)
    assert [got[s.name].people for s in TABLE_S1] == [2, 2, 1, 2]


def test_heights_of_detections_are_half_open():
    people = truth(person(h=60.0))
    setups = [SETUPS['Small']]
    for height, kept in ((39.99, 0), (40.0, 1), (93.74, 1), (93.75, 0)):
        got = miss_rates([people], [found((900, 0, 41, height, 0.5))], setups)
        assert len(got['Small'].fppi) == kept


def test_only_the_first_thousand_detections_count():
    rows = [(900, 0, 41, 10, 0.9)] * 1000 + [(0, 0, 41, 100, 0.8)]
    # Small ones take their place before they are dropped.
    assert reasonable([truth(person())], [found(*rows)]).value == 1.0
    assert reasonable([truth(person())], [found(*rows[1:])]).value == 0.0


def test_ties_keep_the_order_of_images():
    truths = [truth(person()), truth(person())]
    hit, wrong = found((0, 0, 41, 100, 0.5)), found((900, 0, 41, 100, 0.5))
    first = reasonable(truths, [hit, wrong])
    last = reasonable(truths, [wrong, hit])
    np.testing.assert_array_equal(first.fppi, [0.0, 0.5])
    np.testing.assert_array_equal(last.fppi, [0.5, 0.5])


def test_sides_share_people_and_detections():
    people = truth(person(x=100.0), person(x=1500.0), person(x=1800.0))
    boxes = found((100, 0, 41, 100, 0.9), (1200, 0, 41, 100, 0.8))
    setups = with_sides([REASONABLE], ['left', 'right'])
    got = miss_rates([people], [boxes], setups)
    assert [r.people for r in got.values()] == [3, 1, 2]
    assert got['Reasonable_left'].value == 0.0
    assert got['Reasonable_right'].value == 1.0


def random_case(rng):
    truths, detections = [], []
    # One decimal of score and whole pixels make ties and exact halves common.
    for _ in range(rng.integers(1, 150)):
        n, m = rng.integers(0, 6), rng.integers(0, 9)
        people = [
            (
                *rng.integers(0, 200, 2),
                rng.integers(10, 50),
                (h := rng.integers(15, 130)),
                rng.random() < 0.3,
                h,
                rng.choice([0.0, 0.2, 0.5, 0.65, 0.9, 1.0]),
            )
            for _ in range(n)
        ]
        boxes = [
            (*rng.integers(0, 200, 2), *rng.integers(10, 130, 2))
            for _ in range(m)
        ]
        for k in range(min(n, m)):
            if rng.random() < 0.7:
                x, y, w, h = people[k][:4]
                boxes[k] = (x + rng.integers(-5, 6), y, w, h)
        truths.append(people)
        detections.append([(*b, round(rng.random(), 1)) for b in boxes])
    return truths, detections


@pytest.mark.parametrize('seed', range(200))
def test_equals_the_slow_version_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    truths, detections = random_case(rng)
    setups = [*TABLE_S1, PersonSetup('Odd', (33, 80), (0.1, 0.9))]
    for variant in ('official', 'pedestron'):
        got = miss_rates(
            [truth(*rows) for rows in truths],
            [found(*rows) for rows in detections],
            setups,
            variant=variant,
        )
        for s in setups:
            want = plain_miss_rate(
                truths,
                detections,
                s.height,
                s.visibility,
                pedestron=variant == 'pedestron',
            )
            assert got[s.name].value == want


def test_curve_and_average_precision_agree_with_their_definition():
    truths, detections = random_case(np.random.default_rng(5))
    got = reasonable(
        [truth(*rows) for rows in truths],
        [found(*rows) for rows in detections],
    )
    assert (np.diff(got.fppi) >= 0).all()
    assert (np.diff(got.miss) <= 0).all()
    area, best, recall = 0.0, 0.0, 1 - got.miss
    hits = recall * got.people
    for k in range(len(hits) - 1, -1, -1):
        best = max(best, hits[k] / (k + 1))
        area += best * (recall[k] - (recall[k - 1] if k else 0.0))
    assert got.ap == pytest.approx(area)


def test_published_setups_and_points():
    assert SETUPS['Heavy'].visibility == (0.2, 0.65)
    assert SETUPS['HeavyFrom0'].visibility == (0.0, 0.65)
    assert SETUPS['Middle'].height == (75, 100)
    assert len(FPPI_POINTS) == 9
    with pytest.raises(InputError, match='Reasonable'):
        resolve_setup('Resonable')
    with pytest.raises(InputError, match='no range'):
        resolve_setup({'name': 'x', 'height': (9, 2), 'visibility': (0, 1)})
    # Whatever was no "left" was taken for the right half.
    half = {'name': 'x', 'height': (2, 9), 'visibility': (0, 1)}
    with pytest.raises(InputError, match='sides= of the metric'):
        resolve_setup({**half, 'side': 'centre'})


def test_bad_calls():
    with pytest.raises(InputError, match='official'):
        reasonable([truth()], [found()], variant='offical')
    with pytest.raises(InputError, match='no images'):
        reasonable([], [])


def test_many_pairs_are_taken_in_parts(monkeypatch):
    truths, detections = random_case(np.random.default_rng(1))
    args = (
        [truth(*rows) for rows in truths],
        [found(*rows) for rows in detections],
        TABLE_S1,
    )
    whole = miss_rates(*args)
    monkeypatch.setattr('mmchanpos.evaluation.miss_rate.PAIRS_AT_ONCE', 7)
    parts = miss_rates(*args)
    assert [r.value for r in whole.values()] == [
        r.value for r in parts.values()
    ]
