"""Files that are moved, deleted, or lose their folder while the service writes them."""

import shutil
import signal

import pytest
from observing import until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
routes:
  - "*.*  ./logs/all"
workers: 2
"""


@pytest.fixture
def service(serve):
    return serve(CONFIG)


def send(service, word):
    """Over several connections, so that every worker has a part in it."""
    before = service.count("received_messages")
    for number in range(8):
        service.tcp(b"<13>Jul 23 15:54:31 host app: %s%d\n" % (word, number))
    service.counts(before + 8)


def words(service, name="logs/all"):
    return sorted(line.rpartition(b" ")[2].rstrip(b"01234567") for line in service.lines(name))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_after_the_rename_has_a_new_file_begun(service, number):
    send(service, b"old")
    logs = service.folder / "logs"
    (logs / "all").rename(logs / "all.1")
    service.signal(number)
    service.hears("reopening the files")
    send(service, b"new")

    assert sorted(words(service) + words(service, "logs/all.1")) == [b"new"] * 8 + [b"old"] * 8
    assert words(service, "logs/all.1")[-8:] == [b"old"] * 8


def test_a_file_that_was_moved_is_noticed_without_a_signal_and_no_line_is_lost(service):
    send(service, b"old")
    logs = service.folder / "logs"
    (logs / "all").rename(logs / "all.1")

    def begun():
        send(service, b"new")
        return (logs / "all").exists()

    until(begun, 5)
    total = service.count("received_messages")
    assert len(words(service) + words(service, "logs/all.1")) == total == service.count("sink_written")


def test_a_file_that_was_deleted_is_made_again(service):
    send(service, b"old")
    (service.folder / "logs/all").unlink()

    until(lambda: send(service, b"new") or service.lines("logs/all"), 5)
    assert set(words(service)) == {b"new"}


def test_a_folder_that_vanishes_is_made_again_with_its_rights(service):
    send(service, b"old")
    shutil.rmtree(service.folder / "logs")

    until(lambda: send(service, b"new") or service.lines("logs/all"), 5)
    assert (service.folder / "logs").stat().st_mode & 0o777 == 0o750
    assert (service.folder / "logs/all").stat().st_mode & 0o777 == 0o640


def test_while_a_folder_cannot_be_made_lines_are_counted_and_after_that_written(service):
    shutil.rmtree(service.folder / "logs", ignore_errors=True)
    (service.folder / "logs").write_text("in the way")
    send(service, b"lost")
    service.counts(8, "sink_dropped", reason="cannot_open")
    service.hears(r"\./logs/all: cannot be written: Not a directory")
    (service.folder / "logs").unlink()

    until(lambda: send(service, b"new") or service.lines("logs/all"), 5)
    assert set(words(service)) == {b"new"}


def test_a_file_that_is_truncated_in_place_goes_on_at_its_beginning(service):
    """As ``copytruncate`` of logrotate does."""
    send(service, b"old")
    (service.folder / "logs/all").write_bytes(b"")
    send(service, b"new")

    assert words(service) == [b"new"] * 8
