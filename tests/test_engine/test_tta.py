import pytest
from mmengine.config import Config

from mmchanpos.engine.tta import apply_tta
from mmchanpos.errors import InputError


def config(scope, pack, **kwargs):
    steps = [dict(type='LoadImageFromFile'), dict(type=pack)]
    return Config(
        dict(
            default_scope=scope,
            model=dict(type='Net'),
            test_dataloader=dict(dataset=dict(dataset=dict(pipeline=steps))),
            **kwargs,
        )
    )


@pytest.mark.parametrize(
    ('scope', 'pack'),
    [('mmpretrain', 'PackInputs'), ('mmdet', 'PackDetInputs')],
)
def test_image_and_mirror_image_by_default(scope, pack):
    cfg = config(scope, pack)
    apply_tta(cfg)
    # The data set is wrapped once; its own pipeline is what must change.
    *_, last = cfg.test_dataloader.dataset.dataset.pipeline
    flips, (packing,) = last.transforms
    assert last.type == 'TestTimeAug'
    assert [f.prob for f in flips] == [1.0, 0.0]
    assert packing.type == pack
    assert ('flip_direction' in packing.get('meta_keys', ())) == (
        scope == 'mmdet'
    )
    assert cfg.model.module.type == 'Net'


def test_joined_sets_keep_their_own_steps():
    cfg = config('mmpretrain', 'PackInputs')
    own = dict(pipeline=[dict(type='Mine'), dict(type='PackInputs')])
    first = cfg.test_dataloader.dataset.dataset
    cfg.test_dataloader.dataset = dict(datasets=[first, own])
    apply_tta(cfg)
    first, second = cfg.test_dataloader.dataset.datasets
    assert first.pipeline[0].type == 'LoadImageFromFile'
    assert second.pipeline[0].type == 'Mine'


def test_what_the_config_says_wins():
    cfg = config(
        'mmseg',
        'PackSegInputs',
        tta_model=dict(type='SegTTAModel'),
        tta_pipeline=[dict(type='Mine')],
    )
    apply_tta(cfg)
    assert cfg.model.type == 'SegTTAModel'
    assert cfg.test_dataloader.dataset.dataset.pipeline[0].type == 'Mine'


def test_no_default_is_an_error():
    with pytest.raises(InputError, match='tta_model and tta_pipeline'):
        apply_tta(config('mmseg', 'PackSegInputs'))
