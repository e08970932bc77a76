import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.runner import Runner

from mmchanpos.datasets import SyntheticObjects
from mmchanpos.engine.hooks.grid_check_hook import placements
from mmchanpos.errors import InputError
from mmchanpos.testing.toys import tiny_grid

PLACE = 'train_dataloader__dataset__pipeline__1__'
TEST_PLACE = 'test_dataloader__dataset__pipeline__0__'


def runner(folder, **options):
    cfg = tiny_grid(folder, **options)
    cfg.experiment_name = folder.name
    return Runner.from_cfg(cfg)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({PLACE + 'grid': 5}, 'num_classes=9.*25 targets.*5x5 cells'),
        ({PLACE + 'task': 'object'}, 'num_classes=9.*10 targets.*classes'),
        (dict(model__head__num_classes=4), 'num_classes=4.*9 targets'),
        ({PLACE + 'cell': (6, 6)}, '8x8 pixels.*6x6'),
        ({PLACE + 'mean': [1.0, 2.0, 3.0]}, 'the same mean'),
    ],
)
def test_a_misfit_is_told_before_the_first_batch(tmp_path, options, said):
    run = runner(tmp_path, **options)
    with pytest.raises(InputError, match=said):
        run.train()
    assert run.iter == 0


def test_the_test_set_is_checked_too(tmp_path):
    run = runner(tmp_path, **{TEST_PLACE + 'grid': 2})
    with pytest.raises(InputError, match='4 targets'):
        run.test()


def test_placements_are_found_inside_wrappers():
    place = dict(type='mmchanpos.PlaceOnGrid', grid=2, canvas='black')
    inner = SyntheticObjects(num=4, size=8, pipeline=[place])
    plain = SyntheticObjects(num=4, size=8)
    for wrapped in (
        inner,
        RepeatDataset(inner, times=2),
        ConcatDataset([plain, inner]),
    ):
        assert [(d, p.grid) for d, p in placements(wrapped)] == [(inner, 2)]
    assert not list(placements(plain))
