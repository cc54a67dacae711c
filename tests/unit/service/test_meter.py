import pytest

from collector.metrics import Board, Key
from collector.service import ledger
from collector.service.meter import Meter

LAYOUT = ledger.layout(["udp"], {"all": "file"}, ["cp1252"])


@pytest.fixture
def board():
    return Board(LAYOUT, 1)


def counted(board):
    return {key: value for key, value in board.totals().items() if value}


def test_a_count_has_the_labels_of_its_meter(board):
    slot = board.slot(0)
    Meter(slot, LAYOUT, source="udp").count("received_messages", 3)
    Meter(slot, LAYOUT, sink="all").count("sink_written")
    Meter(slot, LAYOUT).count("batches")
    slot.publish()

    assert counted(board) == {
        Key("received_messages", (("source", "udp"),)): 3,
        Key("sink_written", (("sink", "all"),)): 1,
        Key("batches"): 1,
    }


@pytest.mark.parametrize(
    ("name", "reason", "labels"),
    [
        ("sink_dropped", "disk_full", (("sink", "all"), ("reason", "disk_full"))),
        ("sink_errors", "EROFS", (("sink", "all"), ("reason", "other"))),
    ],
)
def test_a_reason_is_a_label_and_an_unforeseen_one_is_other(board, name, reason, labels):
    slot = board.slot(0)
    meter = Meter(slot, LAYOUT, sink="all")
    meter.count(name, 2, reason)
    meter.count(name, 3, reason=reason)
    slot.publish()

    assert counted(board) == {Key(name, labels): 5}


@pytest.mark.parametrize(
    ("name", "reason", "label"),
    [
        ("marked_messages", "truncated", "mark"),
        ("charset_messages", "cp1252", "charset"),
        ("marked_messages", "new", "mark"),
    ],
)
def test_marks_and_charsets_are_called_so_in_their_labels(board, name, reason, label):
    slot = board.slot(0)
    Meter(slot, LAYOUT).count(name, reason=reason)
    slot.publish()

    assert counted(board) == {Key(name, ((label, "other" if reason == "new" else reason),)): 1}


def test_a_gauge_is_set_and_may_fall(board):
    slot = board.slot(0)
    meter = Meter(slot, LAYOUT, sink="all")
    meter.set("sink_open_files", 7)
    meter.set("sink_open_files", 2)
    meter.publish()

    assert counted(board) == {Key("sink_open_files", (("sink", "all"),)): 2}


def test_what_was_begun_and_never_published_is_received_and_unknown(board):
    meter = Meter(board.slot(0), LAYOUT, source="udp")
    meter.begin(5)
    meter.count("received_messages", 5)

    assert board.recover(0) == 5
    assert counted(board) == {Key("received_messages", (("source", "udp"),)): 5, Key("unknown_messages"): 5}


def test_what_was_published_is_over(board):
    meter = Meter(board.slot(0), LAYOUT, source="udp")
    meter.begin(5)
    meter.count("received_messages", 5)
    meter.publish()

    assert board.recover(0) == 0
    assert counted(board) == {Key("received_messages", (("source", "udp"),)): 5}


def test_a_counter_that_nobody_declared_is_an_error(board):
    with pytest.raises(KeyError):
        Meter(board.slot(0), LAYOUT).count("received_mesages")
