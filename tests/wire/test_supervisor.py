"""A supervisor and its workers: from start to stop, and what happens when one dies."""

import os
import re
import signal
import time

import pytest
from observing import DEADLINE, until
from supervised import SOURCE


def test_it_says_what_it_is_and_where_it_listens(start, tmp_path):
    service = start(workers=2)
    port = service.port

    service.hears(rf"Collector \S+ is ready: pid {service.process.pid}, workers: 2, plan 8f3a12c0\.")
    service.hears(re.escape(f"Answering `collector status` at {tmp_path}/control.sock."))
    assert port > 1024
    assert service.stop() == 0


def test_what_arrives_is_written_and_counted(start):
    service = start()
    service.send(b"one", b"two")

    service.has_written(b"one", b"two")
    assert until(lambda: service.counter("received_messages", SOURCE) == 2)
    assert service.counter("routed_messages") == 2
    assert service.stop() == 0
    service.hears(r"Stopped: received 2 = rejected 0 \+ unrouted 0 \+ routed 2; dropped by the kernel 0\.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_writes_what_is_queued_and_leaves_no_process(start, number):
    service = start(workers=2)
    lines = [f"line {number}".encode() for number in range(200)]
    service.send(*lines)

    assert service.stop(number) == 0
    assert service.has_written(*lines)
    assert service.is_gone()
    assert not (service.folder / "control.sock").exists()


def test_ctrl_c_which_reaches_every_process_of_the_group_stops_it_as_well(start):
    service = start(workers=2)
    service.send(b"last")
    os.killpg(service.process.pid, signal.SIGINT)

    assert service.process.wait(DEADLINE) == 0
    assert service.has_written(b"last")


def test_a_second_stop_signal_ends_workers_that_do_not_finish(start):
    service = start(obeys=False, timing={"drain": 60})
    service.port  # noqa: B018 - waits until it is ready
    service.process.send_signal(signal.SIGTERM)
    service.hears("SIGTERM: writing what was received")

    assert service.stop() == 1
    service.hears(r"Worker 0 \(pid \d+\) was killed by SIGKILL\.")
    assert service.is_gone()


def test_workers_that_do_not_finish_in_time_are_killed(start):
    service = start(obeys=False, timing={"drain": 0.2})
    service.port  # noqa: B018 - waits until it is ready

    assert service.stop() == 1
    service.hears(r"Workers did not finish within 0\.2 s and are killed\.")


def test_a_killed_worker_is_replaced_and_its_batch_is_unknown(start):
    service = start()
    service.send(b"before")
    service.has_written(b"before")
    (first,) = service.pids()
    service.send(b"crash", b"after")

    service.has_written(b"before", b"after")
    (second,) = service.pids()
    assert first != second
    assert until(lambda: service.counter("received_messages", SOURCE) == 3)
    assert service.counter("routed_messages") == 2
    assert service.counter("unknown_messages") == 1
    assert service.counter("connections_open", SOURCE) == 1
    assert service.counter("worker_restarts") == 1
    assert service.ask()["workers"][0]["restarts"] == 1
    service.hears(rf"Worker 0 \(pid {first}\) was killed by SIGKILL while it worked on 1 message, which may")
    assert service.stop() == 0


def test_datagrams_that_arrive_while_no_worker_lives_are_written_by_the_next(start):
    service = start(timing={"backoff": 1.0})
    lines = [f"line {number}".encode() for number in range(50)]
    service.send(b"crash", *lines)

    assert service.has_written(*lines)
    assert service.stop() == 0


def test_a_worker_that_dies_again_and_again_waits_longer_each_time(start):
    service = start(timing={"backoff": 0.02, "backoff_limit": 0.08})
    for wait in ("0.02", "0.04", "0.08", "0.08"):
        said = len(re.findall("is started again", service.said.read_text()))
        service.send(b"crash")
        until(lambda said=said: len(re.findall("is started again", service.said.read_text())) > said)
        assert f"is started again in {wait} s." in service.said.read_text().splitlines()[-1]
        until(service.is_ready)

    assert service.stop() == 0


def test_a_worker_that_lived_long_is_started_again_at_once(start):
    service = start(timing={"settled": 0.0})
    service.send(b"exit")

    service.hears(r"Worker 0 \(pid \d+\) ended with status \d.*\. It is started again now\.")
    until(service.is_ready)
    assert service.stop() == 0


def test_a_bug_in_a_worker_is_told_and_does_not_end_the_service(start):
    service = start()
    service.send(b"bug", b"after")

    service.hears("ZeroDivisionError: made on purpose")
    service.has_written(b"after")
    assert service.stop() == 0


def test_a_hung_worker_is_killed_counted_and_replaced(start):
    service = start(timing={"silence": 1.5})
    service.send(b"hang", b"after")

    service.has_written(b"after")
    service.hears(r"Worker 0 \(pid \d+\) gave no sign of life for \d s and is killed\.")
    assert service.counter("worker_hangs") == 1
    assert service.counter("unknown_messages") == 1
    assert service.stop() == 0


def test_nobody_counts_as_hung_because_the_whole_service_was_stopped(start):
    service = start(workers=2, timing={"silence": 1.5})
    pids = service.pids() if service.port else []
    os.killpg(service.process.pid, signal.SIGSTOP)
    long_enough = time.monotonic() + 2.0
    until(lambda: time.monotonic() > long_enough)
    os.killpg(service.process.pid, signal.SIGCONT)
    uptime = service.ask()["uptime"]
    until(lambda: service.ask()["uptime"] > uptime + 0.3)

    assert service.pids() == pids
    assert service.counter("worker_hangs") == 0
    assert service.stop() == 0


def test_a_worker_that_cannot_boot_ends_the_service_with_its_reason(start):
    service = start(boots="error", workers=2)

    assert service.process.wait(DEADLINE) == 1
    service.hears(r"error: A worker cannot go on: cannot open the file; make room\.")
    service.hears(r"ended with status 1 before it was ready\. Giving up\.")
    assert service.is_gone()


def test_one_worker_that_cannot_boot_ends_the_others_too(start):
    service = start(boots="second dies", workers=2)

    assert service.process.wait(DEADLINE) == 1
    assert service.is_gone()
    assert "Collector" not in service.said.read_text()


def test_a_worker_that_hangs_while_booting_ends_the_service(start):
    service = start(boots="silent", timing={"silence": 0.2})

    assert service.process.wait(DEADLINE) == 1
    service.hears(r"was killed by SIGKILL before it was ready\. Giving up\.")
