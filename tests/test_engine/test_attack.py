"""What an attack changes in a config before it runs."""

import pytest
from mmengine.config import Config
from mmseg.evaluation import IoUMetric

from mmchanpos.engine.attack import (
    REGIONS,
    use_data_root,
    use_images,
    use_regions,
    use_zones,
)
from mmchanpos.engine.guarded import leave_out_broken
from mmchanpos.errors import InputError


def config(evaluator):
    inner = dict(data_root='data/city/', img='data/city/val')
    wrapped = dict(type='RepeatDataset', times=1, dataset=inner)
    return Config(
        dict(test_dataloader=dict(dataset=wrapped), test_evaluator=evaluator)
    )


def test_the_innermost_set_is_cut_and_moved_with_its_annotations(tmp_path):
    cfg = config([dict(type='A'), dict(type='B', files=['data/city/a.json'])])
    use_images(cfg, 3)
    use_data_root(cfg, str(tmp_path))
    assert cfg.test_dataloader.dataset.dataset.indices == 3
    assert cfg.test_dataloader.dataset.dataset.data_root == str(tmp_path)
    assert cfg.test_evaluator[1].files == [f'{tmp_path}/a.json']


@pytest.mark.parametrize('several', [False, True])
def test_a_metric_of_all_images_cannot_test_some(several):
    metric = dict(type='CocoMetric', ann_file='val.json')
    cfg = config([dict(type='A'), metric] if several else metric)
    with pytest.raises(InputError, match='annotations of all images'):
        use_images(cfg, 3)


def test_of_joined_sets_none_is_cut_or_moved_alone(tmp_path):
    cfg = config(dict(type='A'))
    sets = [dict(data_root='a'), dict(data_root='b')]
    joined = dict(type='ConcatDataset', datasets=sets)
    cfg.test_dataloader.dataset.dataset = joined
    for change in (
        lambda: use_images(cfg, 3),
        lambda: use_data_root(cfg, str(tmp_path)),
    ):
        with pytest.raises(InputError, match='joins 2, where one is wanted'):
            change()


def test_a_config_without_a_test_set_is_told():
    for change in (lambda cfg: use_images(cfg, 3), leave_out_broken):
        with pytest.raises(InputError, match='no test set'):
            change(Config(dict(model=dict())))


@pytest.mark.parametrize(
    'kind', ['IoUMetric', 'mmchanpos.RegionIoUMetric', IoUMetric]
)
@pytest.mark.parametrize('asked', [None, ['overall', 'left']])
@pytest.mark.parametrize('own', [None, ['center']])
@pytest.mark.parametrize('listed', [False, True])
def test_regions_that_are_asked_for_win_over_those_of_the_config(
    kind, asked, own, listed
):
    metric = dict(type=kind, **({'regions': own} if own else {}))
    cfg = config([metric] if listed else metric)
    use_regions(cfg, asked)
    found = cfg.test_evaluator[0] if listed else cfg.test_evaluator
    assert found.type == 'mmchanpos.RegionIoUMetric'
    assert found.regions == (asked or own or list(REGIONS))


def test_regions_of_another_metric_are_refused():
    cfg = config(dict(type='CocoMetric'))
    use_regions(cfg)
    assert cfg.test_evaluator == dict(type='CocoMetric')
    with pytest.raises(InputError, match='CocoMetric'):
        use_regions(cfg, ['left'])


def test_zones_wrap_the_metric_once():
    coco = dict(type='CocoMetric', ann_file='val.json')
    for evaluator in (coco, [coco]):
        cfg = config(evaluator)
        use_zones(cfg)
        use_zones(cfg)
        assert cfg.test_evaluator == dict(
            type='mmchanpos.ZoneMetric', metric=coco
        )
    cfg = config(dict(type='IoUMetric'))
    use_zones(cfg)
    assert cfg.test_evaluator.metric.regions == ['overall']
    cfg = config(dict(type='mmchanpos.CityPersonsMissRate'))
    use_zones(cfg)
    assert cfg.test_evaluator.metric.by == 'AP'
    with pytest.raises(InputError, match='one test_evaluator'):
        use_zones(config([coco, coco]))
