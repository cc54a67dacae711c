import operator
import os
import select
import signal
import time

import pytest
from observing import until

from collector.service.watching.snapshot import SnapshotError, Snapshots

PLACES = {"order": ("9f3c52d07ab1e864", 27, 1), "worker-0": ("52be80c6610dfa37", 16770310, 171)}


def places(number):
    return {"worker-0": ("52be80c6610dfa37", number, number)}


@pytest.fixture
def start(tmp_path, notices, closing):
    def start():
        return closing(Snapshots(str(tmp_path / "state"), notices))

    return start


def save(snapshots, state, at):
    assert snapshots.begin(lambda: state, at)
    return until(snapshots.look)


def files(tmp_path):
    return sorted(path.name for path in (tmp_path / "state").iterdir())


def test_a_state_is_there_after_a_restart_with_its_places(start):
    state = {("ssh-spray", ("192.0.2.7",)): [1795372595.5, "bob"], "counters": (1, 2)}
    assert save(start(), state, PLACES).saved
    snapshot = start().load()

    assert snapshot.state == state
    assert snapshot.places == PLACES


def test_before_the_first_there_is_none(start, notices):
    assert start().load() is None
    assert notices == []


def test_it_is_the_state_at_the_time_of_the_fork(start, tmp_path):
    snapshots, state = start(), [1]
    gate = tmp_path / "gate"

    def dump():
        until(gate.exists)
        return state

    assert snapshots.begin(dump, PLACES)
    state.append(2)
    assert snapshots.look() is None, "work goes on meanwhile"
    gate.touch()
    outcome = until(snapshots.look)

    assert outcome.saved
    assert outcome.seconds > 0
    assert start().load().state == [1]


def test_only_one_is_saved_at_a_time(start, tmp_path):
    snapshots, gate = start(), tmp_path / "gate"
    assert snapshots.begin(lambda: until(gate.exists), PLACES)
    assert not snapshots.begin(lambda: None, PLACES)
    gate.touch()
    assert until(snapshots.look).saved
    assert snapshots.look() is None

    assert snapshots.begin(lambda: None, PLACES)


def test_one_that_takes_very_long_is_told(start, tmp_path, notices, monkeypatch):
    snapshots, gate = start(), tmp_path / "gate"
    assert snapshots.begin(lambda: until(gate.exists), PLACES)
    monotonic = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 90)
    assert not snapshots.begin(lambda: None, PLACES)
    monkeypatch.undo()
    gate.touch()

    assert notices == ["Saving the state of rules takes 90 s already; is the disk slow?"]


def test_the_end_of_saving_can_be_waited_for(start):
    snapshots = start()
    assert snapshots.fileno() == -1
    snapshots.begin(lambda: None, PLACES)
    assert select.select([snapshots], [], [], 20)[0]
    until(snapshots.look)

    assert snapshots.fileno() == -1


def test_the_last_two_are_kept_and_what_the_older_one_needs_is_not_passed(start, tmp_path):
    snapshots = start()
    passed = [save(snapshots, number, places(number)).passed for number in range(1, 5)]

    assert passed == [None, places(1), places(2), places(3)]
    assert files(tmp_path) == ["00000003.state", "00000004.state"]


def test_after_a_restart_the_last_one_of_before_counts_as_one_of_the_two(start, tmp_path):
    snapshots = start()
    for number in (1, 2):
        save(snapshots, number, places(number))
    snapshots = start()
    assert snapshots.load().state == 2

    assert save(snapshots, 3, places(3)).passed == places(2)
    assert files(tmp_path) == ["00000002.state", "00000003.state"]


@pytest.mark.parametrize("harm", ["cut", "empty", "byte", "header", "longer"])
def test_a_damaged_one_is_told_and_the_one_before_it_is_used(start, tmp_path, notices, harm):
    snapshots = start()
    for number in (1, 2):
        save(snapshots, [number] * 1000, places(number))
    path = tmp_path / "state" / "00000002.state"
    data = path.read_bytes()
    middle = len(data) // 2
    changed = {
        "cut": data[:middle],
        "empty": b"",
        "byte": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "header": b"X" + data[1:],
        "longer": data + b"x",
    }
    path.write_bytes(changed[harm])
    snapshots = start()
    snapshot = snapshots.load()

    assert snapshot.state == [1] * 1000
    assert snapshot.places == places(1)
    assert len(notices) == 1
    assert notices[0].startswith(f"{path}: ")
    assert notices[0].endswith("the one before it is used, if there is one.")
    assert save(snapshots, 3, places(3)).passed == places(1)
    assert files(tmp_path) == ["00000001.state", "00000003.state"]


def test_when_none_is_whole_each_is_told(start, tmp_path, notices):
    snapshots = start()
    for number in (1, 2):
        save(snapshots, number, places(number))
    for path in (tmp_path / "state").iterdir():
        path.write_bytes(b"?")

    assert start().load() is None
    assert len(notices) == 2


class OfAnotherVersion:
    def __reduce__(self):
        return (operator.attrgetter("no_such_name"), (0,))


def test_one_that_names_what_is_no_more_is_as_good_as_damaged(start, notices):
    snapshots = start()
    save(snapshots, 1, places(1))
    save(snapshots, OfAnotherVersion(), places(2))

    assert start().load().state == 1
    assert "it cannot be read: AttributeError(" in notices[0]


def test_a_state_that_cannot_be_saved_is_told_and_the_last_one_stays(start, tmp_path, notices):
    snapshots = start()
    save(snapshots, 1, places(1))
    outcome = save(snapshots, lambda: None, places(2))

    assert not outcome.saved
    assert outcome.passed is None
    assert "cannot be saved: " in notices[0]
    assert "pickle" in notices[0]
    assert files(tmp_path) == ["00000001.state"]
    assert start().load().state == 1
    assert save(snapshots, 3, places(3)).passed == places(1)


def test_a_state_that_raises_is_told(start, notices):
    save(start(), 1, PLACES)
    snapshots = start()
    snapshots.begin(lambda: 1 // 0, PLACES)

    assert not until(snapshots.look).saved
    assert "ZeroDivisionError" in notices[0]


def test_a_saving_process_that_is_killed_is_told_and_leaves_nothing_behind(start, tmp_path, notices):
    snapshots = start()
    save(snapshots, 1, places(1))

    class Slow:
        def __reduce__(self):
            os.kill(os.getpid(), signal.SIGKILL)

    outcome = save(snapshots, [bytes(1 << 20), Slow()], places(2))

    assert not outcome.saved
    assert notices == [
        "The state of rules cannot be saved: its process was killed by signal 9. The last one that was saved stays."
    ]
    assert files(tmp_path) == ["00000001.state"]


def test_one_whose_parent_died_does_not_disturb_the_next_one(start, tmp_path):
    """It goes on writing; what it wrote counts only when it was done before the restart."""
    orphaned, gate = start(), tmp_path / "gate"

    class Slow:
        def __reduce__(self):
            until(gate.exists)
            return (int, ())

    orphaned.begin(Slow, places(1))
    until(lambda: [name.endswith(".part") for name in files(tmp_path)] == [True])
    snapshots = start()
    assert snapshots.load() is None
    assert files(tmp_path) == []
    save(snapshots, "mine", places(2))
    gate.touch()
    until(orphaned.look)

    assert files(tmp_path) == ["00000001.state"]
    assert start().load().state == "mine"


def test_no_process_to_be_had_is_told(start, notices, monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    snapshots = start()
    monkeypatch.setattr(os, "fork", refuse)
    assert not snapshots.begin(lambda: None, PLACES)

    assert notices == ["The state of rules cannot be saved: Resource temporarily unavailable."]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, notices):
    (tmp_path / "file").touch()
    with pytest.raises(SnapshotError, match="Not a directory"):
        Snapshots(str(tmp_path / "file" / "state"), notices)


def test_nobody_else_may_read_or_change_what_is_saved(start, tmp_path):
    save(start(), 1, PLACES)

    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "00000001.state").stat().st_mode & 0o777 == 0o600


def test_it_is_on_the_disk_before_it_has_its_name_and_the_name_is_before_it_is_told(start, tmp_path, monkeypatch):
    steps = tmp_path / "steps"
    for name in ("fsync", "rename"):
        original = getattr(os, name)

        def noted(*arguments, name=name, original=original):
            original(*arguments)
            with steps.open("a") as file:
                file.write(f"{name}\n")

        monkeypatch.setattr(os, name, noted)
    save(start(), 1, PLACES)

    assert steps.read_text().split() == ["fsync", "rename", "fsync"]


def test_who_receives_messages_comes_before_who_saves(start):
    save(start(), None, PLACES)
    snapshots = start()
    snapshots.begin(lambda: os.nice(0), PLACES)
    until(snapshots.look)

    assert start().load().state > os.nice(0)


def test_one_whose_parent_died_leaves_the_folder_to_the_next_one(start, tmp_path, notices):
    gate, (ended, tell) = tmp_path / "gate", os.pipe()
    snapshots = start()
    pid = os.fork()
    if pid == 0:
        snapshots.begin(lambda: until(gate.exists), PLACES)
        os._exit(0)
    os.close(tell)
    os.waitpid(pid, 0)
    gate.touch()
    with os.fdopen(ended, "rb") as file:
        file.read()  # until nobody has the other end: it has ended

    assert [name for name in files(tmp_path) if not name.endswith(".part")] == []
    assert start().load() is None
    assert files(tmp_path) == []


def test_a_state_that_does_not_fit_is_told_and_the_one_before_is_used(start, notices):
    snapshots = start()
    for state in ("good", "odd"):
        assert save(snapshots, state, PLACES).saved

    def restore(state):
        if state == "odd":
            raise KeyError("engine")

    assert start().load(restore).state == "good"
    assert "its state is none of this version: KeyError('engine')" in str(notices[-1])
