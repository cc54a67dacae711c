import json
import os
import socket
from contextlib import closing

import pytest

from collector.metrics import Board
from collector.service.plan import build_plan_from_text
from collector.service.sockets import Listeners
from collector.service.worker import Worker
from collector.sources.poller import Poller

TEXT = """
sources:
  - udp: 127.0.0.1:0
routes:
  - "*.*  ./all"
workers: 1
"""


@pytest.fixture
def poller(monkeypatch):
    with closing(Poller()) as one:
        monkeypatch.setattr("collector.service.worker.Poller", lambda: one)  # a worker's ends with its process
        yield one


def life(*orders):
    """What a worker says that gets these orders, each with its descriptors, and then is to end."""
    plan, problems = build_plan_from_text(TEXT, "c.yaml")
    assert plan is not None, problems
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(Listeners(plan.sources, 1)) as listeners, ours, theirs:
        worker = Worker(plan.work, listeners.share(0), Board(plan.layout, 2).slot(0), theirs)
        for order, *descriptors in (*orders, ({"do": "drain", "deadline": 1},)):
            socket.send_fds(ours, [json.dumps(order).encode()], descriptors)
        worker.run()
        ours.setblocking(False)
        return list(_said(ours))


def _said(link):
    while True:
        try:
            yield json.loads(link.recv(65536))
        except BlockingIOError:
            return


def test_a_plan_that_a_worker_cannot_use_is_no_end_of_it_whatever_belongs_to_that_plan_comes_later(tmp_path, poller):
    nonsense = os.memfd_create("plan")
    os.write(nonsense, b"no pickle at all")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "socket"))
        before = len(os.listdir("/proc/self/fd"))
        said = life(
            ({"do": "prepare", "plan": 7, "counters": [0, 0]}, nonsense),
            ({"do": "sockets", "source": "unix ./socket", "lent": False}, sock.fileno()),
            ({"do": "forget"},),
        )

    assert [event["event"] for event in said if event["event"] != "senders"] == ["ready", "unfit", "drained"]
    assert said[1]["plan"] == 7
    assert len(os.listdir("/proc/self/fd")) <= before
    os.close(nonsense)
