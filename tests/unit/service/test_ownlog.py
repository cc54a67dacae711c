import errno
import io
import os
import time

import pytest

from collector.service.ownlog import CLASSES, OwnLog, is_journal, printable


class Log(OwnLog):
    """Writes to memory; ``seconds`` is its clock."""

    def __init__(self, **options):
        self.stream = io.StringIO()
        self.seconds = 100.0
        super().__init__(self.stream, now=lambda: self.seconds, wall=lambda: 1_153_637_671 + self.seconds, **options)

    @property
    def lines(self):
        return self.stream.getvalue().splitlines()

    @property
    def texts(self):
        return [line.partition(": ")[2] for line in self.lines]


def test_a_line_begins_with_time_and_level(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    log = Log()
    log.warning("The disk is full.")
    monkeypatch.undo()
    time.tzset()

    assert log.lines == ["2006-07-23T15:56:11+09:00 warning: The disk is full."]


def test_in_the_journal_it_begins_with_the_priority_and_has_no_time():
    log = Log(journal=True, level="debug")
    log.error("One.")
    log.warning("Two.")
    log.info("Three.")
    log.debug("Four.")

    assert log.lines == ["<3>One.", "<4>Two.", "<6>Three.", "<7>Four."]


def test_what_is_below_the_level_is_not_shown():
    log = Log(level="warning")
    log.info("No.")
    log.debug("No.", event="x")
    log.warning("Yes.")

    assert log.texts == ["Yes."]


def test_of_a_class_one_line_is_shown_per_ten_seconds():
    log = Log()
    for number in range(5):
        log.write("warning", f"Bad frame {number}.", event="framing")
        log.seconds += 1

    assert log.texts == ["Bad frame 0."]


def test_what_was_held_back_is_told_with_its_number_when_the_ten_seconds_are_over():
    log = Log()
    for number in range(5):
        log.write("warning", f"Bad frame {number}.", event="framing")
    log.seconds += 9.9
    log.settle()
    log.seconds += 0.1
    log.settle()

    assert log.texts == ["Bad frame 0.", "Bad frame 4. (3 more like this were held back.)"]


def test_trouble_and_its_end_are_not_said_to_be_alike():
    log = Log()
    for text in ("No.", "Still no.", "Still no."):
        log.write("warning", text, event="chat")
    log.write("info", "Well again.", event="chat")
    log.seconds += 10
    log.settle()

    assert log.texts == ["No.", "Well again. (2 more about this were held back.)"]


def test_after_held_back_lines_the_next_ten_seconds_begin():
    log = Log()
    log.warning("One.", event="framing")
    log.warning("Two.", event="framing")
    log.seconds += 10
    log.warning("Three.", event="framing")
    log.seconds += 10
    log.settle()
    log.seconds += 10
    log.settle()
    log.warning("Four.", event="framing")

    assert log.texts == ["One.", "Two.", "Three.", "Four."]


def test_every_event_is_either_shown_or_in_a_number():
    log = Log()
    for _ in range(1000):
        log.warning("Bad frame.", event="framing")
        log.seconds += 0.37
    log.close()
    held = sum(int(text.partition("(")[2].split()[0]) for text in log.texts if "(" in text)

    assert held + len(log.texts) == 1000


def test_many_classes_make_no_line_slow():
    log = Log()
    started = time.process_time()
    for number in range(10_000):
        log.warning("Bad frame.", event=f"framing {number}")

    # A tenth of a second; ten seconds when each line looks at all classes.
    assert time.process_time() - started < 2.0


def test_classes_beyond_a_number_share_one_until_room_is_made():
    log = Log()
    for number in range(CLASSES + 3):
        log.write("warning", f"Bad frame of {number}.", event=f"framing {number}")
    log.seconds += 10
    log.settle()
    log.seconds += 10
    log.settle()
    log.warning("Again.", event="new")

    assert len(log.texts) == CLASSES + 3
    assert log.texts[CLASSES:] == [
        f"Bad frame of {CLASSES}.",
        f"Bad frame of {CLASSES + 2}. (1 more like this was held back.)",
        "Again.",
    ]


def test_classes_do_not_hold_each_other_back():
    log = Log()
    log.warning("One.", event="framing")
    log.warning("Two.", event="charset")
    log.warning("Three.")
    log.warning("Four.")

    assert log.texts == ["One.", "Two.", "Three.", "Four."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("one\ntwo\r\tthree\0", r"one\ntwo\r\tthree\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202etxt.exe", r"abc\u202etxt.exe"),
        ("\u2028", r"\u2028"),
        ("\udc83", r"\udc83"),
        ("監査の失敗\u3000① é", "監査の失敗\u3000① é"),
    ],
)
def test_text_from_outside_cannot_steer_a_terminal(text, shown):
    assert printable(text) == shown


def test_a_line_cannot_be_forged():
    log = Log(journal=True)
    log.info("name\n<3>Forged.")

    assert log.lines == [r"<6>name\n<3>Forged."]


class FullAtFirst(io.StringIO):
    full = True

    def write(self, text):
        if self.full:
            self.full = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(text)


def test_a_line_the_stream_has_no_room_for_is_lost_and_the_next_is_shown():
    stream = FullAtFirst()
    log = OwnLog(stream, journal=True)
    log.error("Nobody can read this.")
    log.error("There is room again.")

    assert stream.getvalue() == "<3>There is room again.\n"


def test_the_journal_is_known_by_its_device_and_inode(tmp_path):
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        assert is_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not is_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not is_journal(stream, {})


def test_a_stream_without_a_descriptor_is_not_the_journal():
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})
