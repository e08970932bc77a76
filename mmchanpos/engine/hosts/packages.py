"""The packages that ours stands on, their forks, and how to install them."""

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Optional

_TORCH = 'pip install torch==2.9.1 torchvision==0.24.1'


@dataclass(frozen=True)
class Package:
    """A package that ours stands on.

    Args:
        module (str): Name to import.
        install (str): Command that installs the version tested with.
        distributions (tuple[str, ...]): Names it may be installed under: its
            own, then those of forks. Defaults to the module's.
        needed (bool): Whether mmchanpos cannot do without. Defaults to True.
        extra (str): Our extra that brings it, if it is a host.
    """

    module: str
    install: str
    distributions: tuple[str, ...] = ()
    needed: bool = True
    extra: str = ''

    @property
    def distribution(self) -> Optional[str]:
        """The name it is installed under, None where it is not."""
        for name in self.distributions or (self.module,):
            with suppress(PackageNotFoundError):
                version(name)
                return name
        return None

    @property
    def version(self) -> Optional[str]:
        """Its version, and the name of a fork; None where it is missing."""
        name = self.distribution
        if name is None:
            return None
        fork = name not in (self.module, *self.distributions[:1])
        return version(name) + (f' ({name})' if fork else '')


def _host(module: str, extra: str, wanted: str, fork: str) -> Package:
    names = wanted.partition('==')[0], fork
    return Package(module, f'pip install {wanted}', names, False, extra)


PACKAGES = {
    package.module: package
    for package in (
        Package('torch', _TORCH),
        Package('torchvision', _TORCH, needed=False),
        Package('numpy', 'pip install numpy'),
        Package(
            'mmengine',
            'pip install mmengine==0.10.7',
            ('mmengine', 'onedl-mmengine'),
        ),
        Package(
            'mmcv',
            "pip install 'setuptools<81' wheel ninja psutil && "
            'pip install mmcv==2.1.0 --no-build-isolation --no-deps',
            ('mmcv', 'onedl-mmcv', 'mmcv-lite'),
        ),
        _host('mmpretrain', 'cls', 'mmpretrain==1.2.0', 'onedl-mmpretrain'),
        _host(
            'mmseg',
            'seg',
            'mmsegmentation==1.2.2 ftfy regex',
            'onedl-mmsegmentation',
        ),
        _host('mmdet', 'det', 'mmdet==3.3.0', 'onedl-mmdetection'),
    )
}
#: Host, and what to install for it.
HOSTS = {
    package.module: f'mmchanpos[{package.extra}]'
    for package in PACKAGES.values()
    if package.extra
}


def versions() -> dict[str, str]:
    """Version of every package, and of which fork, by import name."""
    return {
        name: package.version or 'not installed'
        for name, package in PACKAGES.items()
    }
