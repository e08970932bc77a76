import sys

import pytest
from mmengine.config import Config

from mmchanpos.engine import preflight as preflight_module
from mmchanpos.engine.preflight import (
    HOSTS,
    import_host,
    needed_hosts,
    preflight,
)
from mmchanpos.errors import InputError


def test_hosts_are_found_by_scope_prefix_and_inner_scope():
    cfg = Config(
        dict(
            default_scope='mmseg',
            model=dict(type='EncoderDecoder', backbone=dict(type='mmdet.X')),
            steps=[[dict(type='Resize', _scope_='mmpretrain')]],
        )
    )
    assert needed_hosts(cfg) == set(HOSTS)
    assert needed_hosts(Config(dict(a=dict(type='mmengine.X')))) == set()


def test_a_broken_host_shows_its_true_exception(tmp_path, monkeypatch):
    package = tmp_path / 'mmseg'
    package.mkdir()
    (package / '__init__.py').write_text('import ftfyy')
    for name in [m for m in sys.modules if m.split('.')[0] == 'mmseg']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError, match="No module named 'ftfyy'"):
        import_host('mmseg')


def test_a_missing_host_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(HOSTS, 'mmnone', 'mmchanpos[none]')
    with pytest.raises(InputError, match=r"pip install 'mmchanpos\[none\]'"):
        import_host('mmnone')


def test_a_misspelt_type_of_ours_is_found_before_building():
    hook = dict(type='mmchanpos.ChannelZeroingHok')
    with pytest.raises(InputError, match='mean "ChannelZeroingHook"'):
        preflight(Config(dict(custom_hooks=[hook])))
    preflight(Config(dict(custom_hooks=[dict(type='mmchanpos.DryRunHook')])))


@pytest.mark.parametrize(
    ('scale', 'warned'),
    [((640, 480), False), ((641, 481), False), ((500, 480), True)],
)
def test_a_size_that_shifts_the_map_is_told_once(scale, warned, capsys):
    preflight_module._say_once.cache_clear()
    resize = dict(type='Resize', scale=scale)
    cfg = Config(
        dict(
            model=dict(backbone=dict(type='ResNet')),
            test_dataloader=dict(dataset=dict(pipeline=[resize])),
        )
    )
    preflight(cfg)
    preflight(cfg)
    said = capsys.readouterr().out
    assert said.count('no multiple of the stride of 32') == warned
    assert ('480 x 500' in said) == warned
