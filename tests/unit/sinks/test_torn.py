import contextlib
import fcntl
import os
import threading

import pytest

from collector.sinks.torn import end_torn_line


@contextlib.contextmanager
def appending(path):
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        yield fd
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    ("content", "ended"), [(b"", b""), (b"a\n", b"a\n"), (b"a", b"a\n"), (b"a\nb", b"a\nb\n"), (b"\0", b"\0\n")]
)
def test_a_line_without_its_end_is_ended(tmp_path, content, ended):
    path = tmp_path / "file"
    path.write_bytes(content)
    with appending(path) as fd:
        assert end_torn_line(str(path), fd, patient=True) == (ended != content)

    assert path.read_bytes() == ended


def test_what_is_no_file_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for path in (str(tmp_path / "pipe"), "/dev/null"):
            with appending(path) as fd:
                assert not end_torn_line(path, fd, patient=True)
    finally:
        os.close(reader)


def test_a_line_that_somebody_is_just_writing_is_not_torn(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"beg")
    grown = iter([b"un", b" and", b" ended\n"])

    def write_on(_seconds):
        with path.open("ab") as file:
            file.write(next(grown))

    monkeypatch.setattr("collector.sinks.torn.time.sleep", write_on)
    with appending(path) as fd:
        assert not end_torn_line(str(path), fd, patient=True)

    assert path.read_bytes() == b"begun and ended\n"


def test_several_that_find_the_same_line_end_it_once(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"torn")
    ended = []

    def end():
        with appending(path) as fd:
            ended.append(end_torn_line(str(path), fd, patient=True))

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ended) == [False] * 7 + [True]
    assert path.read_bytes() == b"torn\n"


def test_a_lock_that_somebody_else_holds_is_not_waited_for_forever(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"torn")
    with appending(path) as other, appending(path) as fd:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert end_torn_line(str(path), fd, patient=True)


def test_without_patience_nothing_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"torn")
    monkeypatch.setattr("collector.sinks.torn.time.sleep", lambda _: pytest.fail("waited"))
    with appending(path) as other, appending(path) as fd:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert end_torn_line(str(path), fd, patient=False)

    assert path.read_bytes() == b"torn\n"
