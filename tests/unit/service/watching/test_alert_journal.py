import json

import pytest
from alerting import alert

from collector.service.watching.alert_journal import AlertJournal
from collector.sinks.journal import Bell, JournalError, JournalReader, JournalWriter


@pytest.fixture
def opened(tmp_path, closing, notices):
    """``opened()`` is the journal as a correlator finds it when it starts."""
    bell = closing(Bell())
    last = []

    def start(places=None):
        for journal in last:
            journal.close()
        last[:] = [AlertJournal(str(tmp_path), bell, notices)]
        last[0].resume(places or {})
        return last[0]

    yield start
    for journal in last:
        journal.close()


def ids(folder):
    reader = JournalReader(str(folder / "alerts"))
    found = []
    while entries := reader.read():
        found += [json.loads(payload)["id"] for _, payload in entries]
    reader.close()
    return found


def write(journal, *names):
    for name in names:
        journal.add(alert(id=name))
    assert journal.write()


def test_what_a_restart_raises_again_is_written_once(opened, tmp_path):
    journal = opened()
    write(journal, "a")
    places = journal.places
    write(journal, "b", "c")
    journal = opened(places)
    write(journal, "b", "c", "d")

    assert ids(tmp_path) == ["a", "b", "c", "d"]


def test_other_rules_may_raise_others_after_a_restart(opened, tmp_path):
    journal = opened()
    places = journal.places
    write(journal, "of a rule that is gone", "b", "c")
    write(opened(places), "new", "c")

    assert ids(tmp_path) == ["of a rule that is gone", "b", "c", "new"]


def test_one_that_was_there_twice_is_left_out_twice(opened, tmp_path):
    journal = opened()
    places = journal.places
    write(journal, "a", "a")
    write(opened(places), "a", "a", "a")

    assert ids(tmp_path) == ["a", "a", "a"]


def test_once_it_has_caught_up_everything_is_new(opened, tmp_path):
    journal = opened()
    places = journal.places
    write(journal, "a")
    journal = opened(places)
    journal.caught_up()
    write(journal, "a")

    assert ids(tmp_path) == ["a", "a"]


def test_without_a_snapshot_it_goes_on_where_the_last_one_was_passed(opened, tmp_path):
    journal = opened()
    write(journal, "a")
    journal.commit(journal.places)
    write(journal, "b")
    journal = opened()
    write(journal, "b")
    assert ids(tmp_path) == ["a", "b"]
    assert journal.written == 2


def test_what_does_not_fit_waits_in_its_order_is_told_once_and_so_is_the_end(opened, tmp_path, notices, monkeypatch):
    journal = opened()
    append, room = JournalWriter.append, []

    def no_room(self, payload):
        if not room:
            raise JournalError("no room")
        return append(self, payload)

    monkeypatch.setattr(JournalWriter, "append", no_room)
    journal.add(alert(id="a"))
    journal.add(alert(id="b"))
    assert not journal.write()
    assert not journal.write()
    assert journal.waits
    room.append(True)
    assert journal.write()
    assert not journal.waits
    assert journal.write()

    assert ids(tmp_path) == ["a", "b"]
    assert len(notices) == 2
    assert "Cure: " in notices[0]


def test_alerts_of_another_version_are_no_reason_to_fail(tmp_path, opened):
    (tmp_path / "alerts").mkdir()
    writer = JournalWriter(str(tmp_path / "alerts"))
    writer.append(b"{}")
    writer.close()

    assert opened().written == 1


def test_nothing_goes_before_a_dispatcher_has_ever_read_it(opened, tmp_path):
    """However often the correlator is started again before one can be started."""
    for name in "abc":
        journal = opened()
        write(journal, name)
        journal.tidy()
        journal.commit(journal.places)
    assert ids(tmp_path) == ["a", "b", "c"]
