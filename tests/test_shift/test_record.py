"""One shift test run on batches."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.shift import ShiftProtocol, ShiftRecord, merge


@pytest.fixture(scope='module')
def net():
    torch.manual_seed(0)
    body = torch.nn.Sequential(
        torch.nn.Conv2d(3, 12, 3, 2), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
    )  # fmt: skip
    head = torch.nn.Linear(12, 5)

    @torch.no_grad()
    def forward(images):
        latents = body(images)
        return (40 * head(latents - latents.mean(0))).softmax(1), latents

    return forward


IMAGES = torch.rand(20, 3, 9, 9, generator=torch.Generator().manual_seed(1))
LABELS = np.arange(20) % 5


def run(net, test, part=slice(None)):
    record = ShiftRecord(test)
    record.observe(net, IMAGES[part], np.arange(20)[part], LABELS[part])
    return record


def test_processes_merge_and_repeated_samples_count_once(net):
    # The mean over the batch in the net is that of single images here.
    def alone(images):
        rows = [net(torch.cat([image[None], IMAGES])) for image in images]
        return [torch.stack([row[k][0] for row in rows]) for k in (0, 1)]

    test = ShiftProtocol(max_shift=2, num_shifts=3)
    whole = run(alone, test).report()
    parts = [run(alone, test, slice(0, 12)), run(alone, test, slice(8, 20))]
    keep = np.ones(12, bool)
    keep[:4] = False
    states = [parts[0].state(), parts[1].state(keep)]
    found = run(alone, test).report(states)
    for key, value in whole.items():
        if isinstance(value, float):
            assert found[key] == pytest.approx(value, rel=1e-6)
    assert found['images'] == 20
    assert merge(states[::-1])['index'].tolist() == list(range(20))


def test_mean_change_is_of_the_unshifted_top_class(net):
    test = ShiftProtocol(mode='circular', max_shift=1, exhaustive=True)
    before = net(IMAGES)[0]
    top = before.argmax(1, keepdim=True)
    changes = [
        (net(IMAGES.roll((dy, dx), (2, 3)))[0] - before).gather(1, top).abs()
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    report = run(net, test).report()
    wanted = torch.stack(changes).mean().item()
    assert report['mean_change'] == pytest.approx(wanted, rel=1e-5)


def test_the_unshifted_image_is_not_tested_twice(net):
    calls = []

    def counted(images):
        calls.append(len(images))
        return net(images)

    run(counted, ShiftProtocol(max_shift=1, exhaustive=True))
    assert len(calls) == 9
    calls.clear()
    corner = ShiftProtocol(
        mode='crop', crop=7, max_shift=3, range='halfopen',
        anchor='topleft', exhaustive=True,
    )  # fmt: skip
    run(counted, corner)
    assert len(calls) == 1 + 9


def test_accuracy_is_that_of_the_centre_whatever_the_anchor(net):
    corner = ShiftProtocol(
        mode='crop', crop=7, max_shift=3, range='halfopen', anchor='topleft'
    )
    report = run(net, corner).report()
    centre = net(IMAGES[..., 1:8, 1:8])[0].argmax(1).numpy()
    assert report['top1'] == pytest.approx(100 * (centre == LABELS).mean())


def test_nan_and_emptiness_are_told():
    def broken(images):
        return torch.full((len(images), 5), float('nan')), None

    with pytest.raises(InputError, match='NaN'):
        run(broken, ShiftProtocol(max_shift=1))
    with pytest.raises(InputError, match='no images'):
        ShiftRecord(ShiftProtocol()).report([{'latent': None}])


def test_a_process_without_an_image_adds_nothing(net):
    record = run(net, ShiftProtocol(max_shift=1))
    states = [record.state(), {'latent': None}]
    assert record.report(states[::-1]) == record.report()
    for found in (merge(states), merge(states[::-1])):
        assert found['index'].tolist() == record.indices().tolist()


def test_without_latents_the_rest_is_reported(net):
    def plain(images):
        return net(images)[0], None

    report = run(plain, ShiftProtocol(max_shift=1)).report()
    assert 'latent_mse' not in report
    assert report['consistency'] == pytest.approx(
        run(net, ShiftProtocol(max_shift=1)).report()['consistency']
    )


def test_one_shift_has_no_spread(net):
    test = ShiftProtocol(max_shift=1, num_shifts=1, pair='original')
    report = run(net, test).report()
    assert report['latent_mse'] is report['invariance'] is None


def test_pairs_of_latents_are_those_of_labels(net):
    def mse(**fields):
        test = ShiftProtocol(max_shift=1, exhaustive=True, **fields)
        return run(net, test).report()['latent_mse']

    assert mse(exclude_identical=True) == pytest.approx(9 / 8 * mse())


def test_a_curve_starts_where_enough_shifts_can_agree(net):
    def sizes(**fields):
        test = ShiftProtocol(
            max_shift=4, range='halfopen', agree=5, exhaustive=True, **fields
        )
        return [row['max_shift'] for row in run(net, test).report()['curve']]

    assert sizes(exclude_identical=True) == [2, 3]
    # Two of these five may be one and the same, or there is one original.
    assert sizes() == sizes(pair='original') == [1, 2, 3]


@pytest.mark.parametrize('mode', ['zero', 'circular'])
@pytest.mark.parametrize('exhaustive', [True, False])
def test_shifts_that_go_together_say_what_single_ones_say(mode, exhaustive):
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(3, 12, 3, 2).double().eval()
    calls = []

    @torch.no_grad()
    def forward(images):
        calls.append(len(images))
        latents = conv(images.double()).relu().mean((2, 3))
        return (40 * latents[:, :5]).softmax(1), latents

    test = ShiftProtocol(
        mode=mode, max_shift=1, exhaustive=exhaustive, num_shifts=5
    )
    records = [ShiftRecord(test, together) for together in (1, 4)]
    for record in records:
        record.observe(forward, IMAGES, np.arange(20), LABELS)
    one, many = (record.report() for record in records)
    assert one.keys() == many.keys()
    for key, value in one.items():
        if isinstance(value, float):
            assert many[key] == pytest.approx(value, rel=1e-9)
    state, other = (record.state() for record in records)
    assert (state['predictions'] == other['predictions']).all()
    # Unshifted, then each shift but the still one, then four at a time.
    single = 8 if exhaustive else 5
    assert calls[: single + 1] == [20] * (single + 1)
    assert sum(calls[single + 1 :]) == 20 * (single + 1)
    assert max(calls) == 80
