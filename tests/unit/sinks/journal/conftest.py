import pytest
from observing import open_descriptors

from collector.sinks.journal import JournalReader, JournalWriter


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def journal(folder):
    """Makes ends of one journal, and closes them."""
    before = open_descriptors()
    ends = []

    class Journal:
        def writer(self, **options):
            ends.append(JournalWriter(str(folder), **options))
            return ends[-1]

        def reader(self, *arguments):
            ends.append(JournalReader(str(folder), *arguments))
            return ends[-1]

        def close(self, end):
            ends.remove(end)
            end.close()

    yield Journal()
    for end in ends:
        end.close()
    assert open_descriptors() - before == set()
