import contextlib
import io
import socket

import pytest
from observing import until

from collector.metrics import Board, Key, Layout
from collector.service import queues
from collector.service.ownlog import OwnLog
from collector.service.queues import ReceiveQueues
from collector.service.sockets import Listeners

SOURCE = (("source", "udp"),)
DROPS = Key("kernel_drops", SOURCE)


class Udp:
    name = kind = "udp"

    def shared_words(self, _slots):
        return 0

    def bind(self, slots, _inherited):
        made = []
        for _ in range(slots):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            made.append([sock])
        return made

    def describe(self, sockets):
        return f"udp on {len(sockets)} sockets"

    def release(self):
        """Nothing is left behind."""

    def warnings(self):
        return []


class Tcp(Udp):
    name = kind = "tcp"

    def bind(self, slots, _inherited):
        return [[socket.create_server(("127.0.0.1", 0))] for _ in range(slots)]


class Watched:
    def __init__(self, sources, slots):
        names = [source.name for source in sources]
        layout = Layout(queues.keys(names))
        self.board = Board(layout, 1)
        self.stream = io.StringIO()
        self.log = OwnLog(self.stream)
        self.listeners = Listeners(sources, slots)
        self.sockets = [share.sockets[name][0] for share in map(self.listeners.share, range(slots)) for name in names]
        self.queues = ReceiveQueues(self.listeners, layout, self.board.slot(0))

    def read(self):
        self.queues.read(self.log)
        return self.board.totals()


@pytest.fixture
def watch():
    with contextlib.ExitStack() as opened:

        def make(*sources, slots=1):
            watched = Watched(sources, slots)
            opened.callback(watched.listeners.close)
            return watched

        yield make


def send(sock, count, size=500):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x" * size, sock.getsockname())


def take_all(sock):
    count = 0
    with contextlib.suppress(BlockingIOError):
        while sock.recv(2048):
            count += 1
    return count


def test_what_was_dropped_and_what_was_read_is_what_was_sent(watch):
    watched = watch(Udp(), slots=2)
    for sock in watched.sockets:
        send(sock, 100)
    dropped = until(lambda: watched.read()[DROPS])

    assert sum(map(take_all, watched.sockets)) + dropped == 200


def test_drops_only_grow_with_new_ones(watch):
    watched = watch(Udp())
    (sock,) = watched.sockets
    send(sock, 100)
    first = watched.read()[DROPS]
    assert watched.read()[DROPS] == first
    send(sock, 10)

    assert watched.read()[DROPS] == first + 10


def test_the_kernels_counter_may_begin_again_at_zero(watch, monkeypatch):
    watched = watch(Udp())
    readings = iter([2**32 - 10, 2**32 - 1, 5, 5])
    monkeypatch.setattr(queues, "_meminfo", lambda _: [0] * 8 + [next(readings)])

    assert [watched.read()[DROPS] for _ in range(4)] == [2**32 - 10, 2**32 - 1, 2**32 + 5, 2**32 + 5]


def test_what_waits_is_shown_and_how_much_room_there_is(watch):
    watched = watch(Udp(), slots=2)
    for sock in watched.sockets:
        send(sock, 1)
    totals = watched.read()
    waiting, room = (totals[Key(f"receive_{name}_bytes", SOURCE)] for name in ("queue", "buffer"))

    assert 2 * 500 < waiting < room
    assert room == sum(sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for sock in watched.sockets)
    for sock in watched.sockets:
        take_all(sock)
    assert watched.read()[Key("receive_queue_bytes", SOURCE)] == 0


def test_a_loss_is_told_with_its_cure(watch):
    watched = watch(Udp(), slots=2)
    watched.read()
    assert watched.stream.getvalue() == ""
    send(watched.sockets[0], 100)
    dropped = watched.read()[DROPS]
    watched.read()

    (line,) = watched.stream.getvalue().splitlines()
    assert line.partition(" warning: ")[2] == (
        f"The kernel dropped messages of udp, {dropped} so far: they came faster than they were read, and the receive "
        "buffer (8,192 bytes on each of 2 sockets) was full. Raise receive_buffer of this source, with "
        "net.core.rmem_max, or the number of workers."
    )


def test_streams_have_no_drops(watch):
    watched = watch(Tcp())

    assert set(watched.read().values()) == {0}
