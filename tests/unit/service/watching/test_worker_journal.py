import pytest

from collector.service.watching.plan import WatchPlan
from collector.service.watching.worker_journal import WorkerJournal
from collector.sinks.journal import Bell, JournalError, JournalReader, JournalWriter


class Meter(dict[tuple[str, str], int]):
    def count(self, name, amount=1, reason=""):
        self[name, reason] = self.get((name, reason), 0) + amount


class Said(list):
    def __call__(self, event, sentence):
        self.append((event, sentence))


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def said():
    return Said()


@pytest.fixture
def journal(closing, meter, said):
    return closing(WorkerJournal(3, closing(Bell()), meter, said))


def plan(folder, max_bytes=64 << 20):
    return WatchPlan("p", None, str(folder), max_bytes)


def read(folder):
    reader = JournalReader(str(folder / "worker-3"))
    found = []
    while entries := reader.read():
        found += [payload for _, payload in entries]
    reader.close()
    return found


def test_nothing_is_opened_before_there_is_something_to_write(journal, tmp_path, meter):
    journal.use(plan(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert journal.append(b"a")
    assert read(tmp_path) == [b"a"]
    assert meter == {("journal_offered", ""): 1, ("journal_written", ""): 1}


def test_the_same_journal_goes_on_under_another_plan(journal, tmp_path):
    journal.use(plan(tmp_path))
    journal.append(b"a")
    journal.use(None)
    journal.tidy()
    journal.use(plan(tmp_path, 128 << 20))
    journal.append(b"b")
    assert read(tmp_path) == [b"a", b"b"]


def test_what_cannot_be_written_is_counted_and_told_once_with_its_end(journal, tmp_path, meter, said, monkeypatch):
    journal.use(plan(tmp_path))
    journal.append(b"a")
    with monkeypatch.context() as broken:
        broken.setattr(JournalWriter, "append", _no_room)
        assert not journal.append(b"b")
        assert not journal.append(b"c")
    journal.append(b"d")
    journal.append(b"e")

    assert read(tmp_path) == [b"a", b"d", b"e"]
    assert meter["journal_offered", ""] == meter["journal_written", ""] + meter["journal_dropped", "write_error"] == 5
    assert [event for event, _ in said] == ["journal", "journal again"]
    assert "Cure: " in said[0][1]
    assert said[1][1].endswith("rules have not seen: 2.")


def test_a_folder_that_cannot_be_made_is_no_error_of_the_worker(journal, tmp_path, said):
    (tmp_path / "file").touch()
    journal.use(plan(tmp_path / "file"))
    assert not journal.append(b"a")
    assert "Not a directory" in said[0][1]


def test_when_it_is_full_the_oldest_go_counted_and_told(journal, tmp_path, meter, said):
    journal.use(plan(tmp_path, 1))
    for _ in range(12):
        journal.append(bytes(4 << 20))
    assert meter["journal_dropped", "full"] == 12 - len(read(tmp_path)) > 0
    assert said[0][0] == "journal full"
    assert "worker 3 is full" in said[0][1]


def _no_room(_self, _payload):
    raise JournalError("no room")
