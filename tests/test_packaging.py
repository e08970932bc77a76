"""What a user gets: from a wheel, from an editable install, from a sdist."""

import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile

import pytest

from tests.conftest import ROOT, run

ASK = (
    'import json, mmchanpos; from mmengine.config import Config;'
    'from mmchanpos.engine.config import resolve_config;'
    'cfg = Config.fromfile("mine.py");'
    'print(mmchanpos.__file__, cfg.model.type, cfg.log_level,'
    'resolve_config("mmchanpos::_base_/default_runtime.py"))'
)
MINE = (
    "_base_ = ['mmseg::_base_/models/fcn_r50-d8.py',"
    "'mmchanpos::_base_/default_runtime.py']"
)


@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    """A copy of what git tracks, so that building leaves no trace here."""
    tree = tmp_path_factory.mktemp('tree')
    listed = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name, follow_symlinks=False)
    return tree


@pytest.fixture(scope='module')
def wheel(tree):
    build = 'setup.py', '-q', 'sdist', 'bdist_wheel'
    done = run(sys.executable, *build, cwd=tree)
    assert done.returncode == 0, done.stderr
    return next((tree / 'dist').glob('*.whl'))


def asked(python, folder, **variables):
    (folder / 'mine.py').write_text(MINE)
    done = run(python, '-c', ASK, cwd=folder, **variables)
    assert done.returncode == 0, done.stderr
    where, *values, file = done.stdout.split()
    assert values == ['EncoderDecoder', 'INFO']
    return where, file


def test_a_wheel_resolves_the_hosts_configs_and_ours(wheel, tmp_path):
    site = tmp_path / 'site'
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    where, file = asked(sys.executable, tmp_path, PYTHONPATH=str(site))
    assert where.startswith(str(site))
    assert file.startswith(str(site))


def test_a_wheel_carries_every_config_tool_and_toy(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ('configs', 'tools'):
        for path in (ROOT / folder).rglob('*.*'):
            if path.suffix in ('.py', '.sh', '.md', '.yml'):
                part = path.relative_to(ROOT)
                assert f'mmchanpos/.mim/{part}' in names
    assert 'mmchanpos/.mim/model-index.yml' in names
    for path in (ROOT / 'mmchanpos').rglob('*.*'):
        if path.suffix in ('.py', '.j2', '.css'):
            assert str(path.relative_to(ROOT)) in names
    assert not any(name.startswith('tests/') for name in names)


def test_an_sdist_holds_files_where_the_tree_has_links(wheel):
    archive = next(wheel.parent.glob('*.tar.gz'))
    with tarfile.open(archive) as tar:
        names = {m.name.split('/', 1)[-1]: m for m in tar.getmembers()}
    inside = 'mmchanpos/.mim/configs/_base_/default_runtime.py'
    assert names[inside].isfile()
    assert {'LICENSE', 'setup.cfg', 'tools/train.py'} <= set(names)


def test_an_editable_install_resolves_them_too(tree, tmp_path):
    venv.create(tmp_path / 'venv', with_pip=False)
    python = tmp_path / 'venv/bin/python'
    site = next((tmp_path / 'venv/lib').glob('python*/site-packages'))
    # The heavy packages of this interpreter, under the new one.
    paths = [p for p in sys.path if p.endswith('site-packages')]
    (site / 'heavy.pth').write_text('\n'.join(paths))
    install = 'install', '-q', '--no-deps', '--no-build-isolation', '-e', tree
    done = run(python, '-m', 'pip', *install, PYTHONPATH='')
    assert done.returncode == 0, done.stderr
    where, file = asked(python, tmp_path, PYTHONPATH='')
    assert where.startswith(str(tree))
    assert file.startswith(str(tree))


def test_no_requirement_has_an_upper_cap(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith('METADATA'))
        text = archive.read(name).decode()
    needs = [r for r in text.splitlines() if r.startswith('Requires-Dist')]
    assert len(needs) > 10
    assert not any('<' in line for line in needs)
    extras = {r.split()[1] for r in text.splitlines() if 'Extra:' in r}
    assert extras == {'cls', 'seg', 'det', 'all', 'test'}
