import pytest

from tests.known_sweep import known_sweep


@pytest.fixture
def sweep():
    """A sweep of which it is known what hurts where."""
    return known_sweep()
