from importlib.metadata import version

from mmchanpos.engine.hosts import HOSTS, PACKAGES, Package, versions


def test_a_fork_is_found_under_its_own_name():
    forked = Package('torch', 'pip install x', ('torch-by-us', 'torch'))
    assert forked.distribution == 'torch'
    # The module's own name is no fork, wherever it stands.
    assert forked.version == versions()['torch'] == version('torch')
    numpy = Package('numpylike', 'pip install x', ('numpylike', 'numpy'))
    assert numpy.version.endswith('(numpy)')
    missing = Package('nonesuch', 'pip install nonesuch')
    assert (missing.distribution, missing.version) == (None, None)


def test_every_host_has_an_extra_and_every_package_an_install_command():
    assert set(HOSTS) == {'mmpretrain', 'mmseg', 'mmdet'}
    assert HOSTS['mmseg'] == 'mmchanpos[seg]'
    for name, package in PACKAGES.items():
        assert package.install.startswith('pip install')
        assert package.needed != (name in (*HOSTS, 'torchvision'))
