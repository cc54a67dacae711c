import pytest
from observing import open_descriptors


class Notices(list):
    def __call__(self, _event, sentence):
        self.append(sentence)


@pytest.fixture
def notices():
    return Notices()


@pytest.fixture
def closing():
    """Closes what is given to it, and looks that nothing stays open."""
    before = open_descriptors()
    ends = []

    def keep(end):
        ends.append(end)
        return end

    yield keep
    for end in ends:
        end.close()
    assert open_descriptors() - before == set()
