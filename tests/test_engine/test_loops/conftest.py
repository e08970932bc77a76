import pytest

from mmchanpos.testing.segmentor import write_tiny


@pytest.fixture(scope='session')
def tiny(tmp_path_factory):
    """Config and checkpoint of a tiny segmentor, with seven scenes."""
    return write_tiny(tmp_path_factory.mktemp('tiny'))
