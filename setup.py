"""Packaging of mmchanpos.

``mmchanpos/.mim`` is where OpenMMLab packages carry their configs and tools.
Here it holds links into the tree: an editable install and a plain checkout
see the tree itself, a wheel and an sdist get copies.
"""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = {}
exec((HERE / 'mmchanpos' / 'version.py').read_text(), VERSION)

# No upper caps: a cap outlives its reason, and tools/misc/check_env.py says
# what is known to work. mmcv has to be built for the torch at hand first.
HOSTS = {
    'cls': ['mmpretrain>=1.2.0'],
    'seg': ['mmsegmentation>=1.2.2', 'ftfy', 'regex'],
    'det': ['mmdet>=3.3.0'],
}
TEST = ['pytest', 'pytest-cov', 'pytest-xdist', 'ruff', 'mypy']


def mim_files():
    """Files below ``.mim``, through its links, relative to the package."""
    package = HERE / 'mmchanpos'
    parts = ['.mim/model-index.yml']
    for folder in ('configs', 'tools'):
        parts += [
            str(Path('.mim', folder, path.relative_to(HERE / folder)))
            for path in sorted((HERE / folder).rglob('*'))
            if path.is_file() and path.suffix != '.pyc'
        ]
    assert all((package / part).is_file() for part in parts), (
        'mmchanpos/.mim must link to configs and tools: is this a checkout '
        'without symbolic links?'
    )
    return parts


setup(
    name='mmchanpos',
    version=VERSION['__version__'],
    description='Which channels of a latent encode position, for OpenMMLab',
    long_description=(HERE / 'README.md').read_text(encoding='utf8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['mmchanpos', 'mmchanpos.*']),
    package_data={'mmchanpos': mim_files() + ['report/*.j2']},
    python_requires='>=3.9',
    install_requires=[
        'torch>=2.6',
        'numpy',
        'scipy>=1.9',
        'mmengine>=0.10.7',
        'mmcv>=2.1.0',
        'matplotlib',
        'jinja2',
        'rich',
        'pycocotools',
        'msgspec',
    ],
    extras_require={**HOSTS, 'all': sum(HOSTS.values(), []), 'test': TEST},
    zip_safe=False,
)
