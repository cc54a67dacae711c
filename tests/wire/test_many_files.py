"""More files than may be open, in the real service."""

import os
import signal
import threading
import time
from collections import Counter

import pytest
from observing import until

HOSTS = 1500
LIMIT = 8
FOLDERS = 8
CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 16MiB
  - tcp: 127.0.0.1:0
routes:
  - select: "*.*"
    to: {file: "./hosts/{{ hostname }}.log", format: FORMAT}
max_files: LIMIT
workers: WORKERS
"""


def config(workers=1, form="traditional"):
    return CONFIG.replace("LIMIT", str(LIMIT)).replace("WORKERS", str(workers)).replace("FORMAT", form)


def block(turn, hosts=HOSTS):
    return b"".join(b"<13>Jul 23 15:54:31 host%d app: %d\n" % (host, turn) for host in range(hosts))


def descriptors(pid):
    """What a process has open, sockets left out."""
    found = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{entry}"))
        except OSError:
            continue
    return [name for name in found if not name.startswith("socket:")]


def texts_of(service, host):
    return [int(line.rpartition(b" ")[2]) for line in service.lines(f"hosts/host{host}.log")]


def test_every_line_is_in_its_file_in_order_and_few_files_are_open(serve):
    service = serve(config())
    (worker,) = service.workers()
    before = len(descriptors(worker))
    most = [0]
    enough = threading.Event()

    def watch():
        while not enough.is_set():
            most[0] = max(most[0], len(descriptors(worker)))
            time.sleep(0.002)

    watching = threading.Thread(target=watch)
    watching.start()
    service.tcp(*[block(turn) for turn in range(12)])
    service.counts(12 * HOSTS)
    enough.set()
    watching.join()

    assert all(texts_of(service, host) == list(range(12)) for host in range(HOSTS))
    assert service.count("sink_written") == 12 * HOSTS
    assert service.count("sink_open_files") <= LIMIT
    assert most[0] - before <= LIMIT + FOLDERS + 2  # and what is just being opened


@pytest.mark.parametrize("form", ["traditional", "json"])
def test_datagrams_and_streams_are_gathered_in_turn_and_none_is_lost(serve, form):
    service = serve(config(form=form))

    def send():
        for turn in range(3):
            service.udp(*block(turn, 400).splitlines())

    sending = threading.Thread(target=send)
    sending.start()
    service.tcp(*[block(turn, 400) for turn in range(10)])
    sending.join()
    service.counts(13 * 400, "sink_written")

    whole = Counter(len(service.lines(f"hosts/host{host}.log")) for host in range(400))
    assert whole == {13: 400}


def test_a_single_line_is_not_kept_waiting(serve):
    """However scattered the lines before it were."""
    service = serve(config())
    service.tcp(*[block(turn) for turn in range(3)])
    with service.connect() as connection:
        connection.sendall(b"<13>Jul 23 15:54:31 single app: text\n")
        service.writes(b"Jul 23 15:54:31 single app: text", name="hosts/single.log")


def test_what_is_gathered_is_written_at_the_end(serve):
    service = serve(config())
    service.tcp(*[block(turn) for turn in range(8)])
    received, *_ = service.stop()

    assert sum(len(service.lines(f"hosts/host{host}.log")) for host in range(HOSTS)) == received


def test_a_worker_that_is_killed_while_it_gathers_leaves_an_account_that_adds_up(serve):
    service = serve(config(workers=2))
    enough = threading.Event()
    sent = [0]

    def send():
        while not enough.is_set():
            try:
                service.tcp(block(sent[0]))
            except ConnectionError:
                continue
            sent[0] += 1

    sending = threading.Thread(target=send)
    sending.start()
    for _ in range(3):
        pid = service.workers()[0]
        goal = service.count("sink_written") + HOSTS
        until(lambda goal=goal: service.count("sink_written") > goal)
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in service.workers() and service.is_whole())
    enough.set()
    sending.join()
    received, *_, unknown = service.stop()

    written = sum(len(texts_of(service, host)) for host in range(HOSTS))
    assert received - unknown <= written <= received
