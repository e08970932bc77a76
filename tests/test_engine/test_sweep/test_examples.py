"""Images are kept for what a ranking breaks in them, position by random."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.structures import PixelData

from mmchanpos.engine.sweep.examples import Examples
from mmchanpos.latent import Ablation, ChannelRanking, random_ranking

SIZE = (4, 10)
#: Pixels that each image loses to position channels, and to random ones.
LOST = {0: (2, 0), 1: (20, 18), 2: (9, 1), 3: (30, 10), 4: (0, 5)}


@pytest.fixture
def plan():
    overall = ChannelRanking('overall', list(range(8)))
    return [
        Ablation(top=0),
        Ablation(overall, top=2),
        Ablation(overall, top=4),
        Ablation(random_ranking(8, 0), top=2),
        Ablation(random_ranking(8, 0), top=4),
        Ablation(random_ranking(8, 1), top=4),
    ]


def sample(lost):
    truth = torch.ones(1, *SIZE, dtype=torch.long)
    truth[0, 0, 0] = 255
    found = torch.ones(1, *SIZE, dtype=torch.long)
    # What is not labelled does not count.
    found.flatten()[1 : 1 + lost] = 0
    found[0, 0, 0] = 7
    return SimpleNamespace(
        gt_sem_seg=PixelData(data=truth), pred_sem_seg=PixelData(data=found)
    )


def look(examples, places):
    """One batch through every row of the plan."""
    images = [torch.full((3, *SIZE), float(p)) for p in places]
    examples.begin({'inputs': images}, places)
    for row, lost in enumerate([None, 0, 0, 1, 1, 1]):
        examples.add(
            row, [sample(0 if lost is None else LOST[p][lost]) for p in places]
        )
    return examples.end()


@pytest.fixture
def evaluator():
    return SimpleNamespace(dataset_meta={'palette': [[0, 0, 0], [9, 9, 9]]})


@pytest.mark.parametrize('batches', [[[0, 1, 2, 3, 4]], [[4, 0], [1, 3], [2]]])
def test_the_images_that_break_most_beyond_chance_are_kept(
    plan, evaluator, batches
):
    examples = Examples(plan, 2, bgr=True)
    for places in batches:
        look(examples, places)
    arrays = examples.arrays(evaluator)
    # Image 3 loses 20 more, and 2 loses 8 more; 1 loses much either way.
    assert arrays['image'][:, 0, 0, 0].tolist() == [3, 2]
    assert arrays['off'].tolist() == ['none', 'overall', 'random']
    assert arrays['top'].tolist() == [0, 4, 4]
    wrong = (arrays['prediction'] == 0).sum(axis=(2, 3))
    assert wrong.tolist() == [[0, 30, 10], [0, 9, 1]]


def test_a_run_that_goes_on_keeps_the_same_images(plan, evaluator):
    first, again = Examples(plan, 2, bgr=True), Examples(plan, 2, bgr=True)
    for places in ([0, 2], [3, 4]):
        again.restore(look(first, places))
    for examples in (first, again):
        look(examples, [1])
    assert list(first.kept) == list(again.kept) == [3, 2]


def test_without_random_draws_it_is_what_the_ranking_costs(plan):
    examples = Examples(plan[:3], 1, bgr=True)
    look(examples, [0, 1, 3])
    assert list(examples.kept) == [3]
    assert list(examples.rows) == ['none', 'overall']


def test_nothing_is_kept_where_nothing_is_asked_for(plan, evaluator):
    examples = Examples(plan, 0, bgr=True)
    look(examples, [0, 1])
    assert examples.arrays(evaluator) is None


def test_of_several_views_the_first_one_is_kept(plan):
    examples = Examples(plan, 2, bgr=True)
    views = [[torch.full((3, *SIZE), float(v))] * 2 for v in (7, 8)]
    examples.begin({'inputs': views}, [0, 1])
    for row in range(len(plan)):
        examples.add(row, [sample(0), sample(1)])
    examples.end()
    assert {kept['image'].max().item() for kept in examples.kept.values()} == {
        7
    }
