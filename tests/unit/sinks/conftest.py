import pytest
from file_sink_rig import Bench
from observing import open_descriptors


@pytest.fixture
def bench():
    before = open_descriptors()
    made = []

    def make(**options):
        made.append(Bench(**options))
        return made[-1]

    yield make
    while made:
        made.pop().files.close()
    assert open_descriptors() - before == set()
