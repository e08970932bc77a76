import sys

from mmchanpos.engine import environment
from mmchanpos.engine.environment import inspect_environment, inspect_part
from mmchanpos.engine.hosts import PACKAGES, Package


def test_the_stack_of_these_tests_is_fine():
    findings = inspect_environment()
    assert all(item.fine for item in findings)
    assert not any(item.advice for item in findings)
    assert {'torch', 'mmcv operators', 'GPU'} <= {f.part for f in findings}


def test_an_optional_host_may_be_missing_a_needed_part_may_not():
    command = 'pip install nonesuch'
    optional = inspect_part(Package('nonesuch', command, needed=False))
    needed = inspect_part(Package('nonesuch', command))
    assert optional.fine
    assert not needed.fine
    assert needed.advice == optional.advice == 'pip install nonesuch'


def test_a_broken_host_shows_why_and_the_missing_package(
    tmp_path, monkeypatch
):
    (tmp_path / 'mmseg.py').write_text('import ftfyy')
    monkeypatch.delitem(sys.modules, 'mmseg', raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = inspect_part(PACKAGES['mmseg'])
    monkeypatch.delitem(sys.modules, 'mmseg', raising=False)
    assert not finding.fine
    assert "No module named 'ftfyy'" in finding.found
    assert finding.advice == 'pip install ftfyy'


def test_a_host_whose_models_do_not_import_is_told(tmp_path, monkeypatch):
    """As mmpretrain with a new transformers, which it does not name."""
    folder = tmp_path / 'mmpretrain'
    folder.mkdir()
    (folder / '__init__.py').touch()
    (folder / 'models.py').write_text('class Model(None): pass')
    for name in [n for n in sys.modules if n.split('.')[0] == 'mmpretrain']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = inspect_part(PACKAGES['mmpretrain'])
    monkeypatch.delitem(sys.modules, 'mmpretrain')
    assert not finding.fine
    assert 'transformers<4.49' in finding.advice


def test_a_wrong_mmcv_is_told_with_its_mend(tmp_path, monkeypatch):
    text = "raise AssertionError('MMCV==2.2.0 is used but incompatible.')"
    (tmp_path / 'mmdet.py').write_text(text)
    monkeypatch.delitem(sys.modules, 'mmdet', raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    finding = inspect_part(PACKAGES['mmdet'])
    monkeypatch.delitem(sys.modules, 'mmdet', raising=False)
    assert 'MMCV==2.2.0' in finding.found
    assert 'mmcv==2.1.0' in finding.advice


def test_a_torch_that_we_refuse_is_told(monkeypatch):
    def refused(name):
        return (
            ImportError('torch 2.6 or newer') if 'registry' in name else None
        )

    monkeypatch.setattr(environment, '_import_error', refused)
    ours = environment._ourselves()
    assert (ours.found, ours.fine) == ('torch 2.6 or newer', False)
    monkeypatch.undo()
    assert environment._ourselves().fine
