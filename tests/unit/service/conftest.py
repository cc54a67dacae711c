import pytest
from observing import open_descriptors


@pytest.fixture(autouse=True)
def _no_descriptor_is_left_open():
    before = open_descriptors()
    yield
    assert open_descriptors() - before == set()
