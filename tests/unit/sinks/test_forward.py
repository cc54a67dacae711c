import errno
import os
import select
import socket
import struct
import time

import pytest
from observing import until
from pydantic import ValidationError
from sink_rig import rig

from collector.config.network import Address, Peer
from collector.sinks.forward import ForwardOptions

__all__ = ["rig"]

LONG = b"x" * 1000
WAITING = "Messages wait, up to 8MiB, and are then dropped and counted."


class Receiver:
    """A TCP peer: ``accept()`` makes a Connection; ``away()`` closes its port, ``back()`` opens it again."""

    def __init__(self, family=socket.AF_INET, room=None):
        self._family, self._room = family, room
        self._host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self._listener = None
        self.port = 0
        self.connections = []
        self.back()

    @property
    def url(self):
        return f"tcp://[{self._host}]:{self.port}" if ":" in self._host else f"tcp://{self._host}:{self.port}"

    def back(self):
        self._listener = socket.socket(self._family)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._room:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._room)
        self._listener.bind((self._host, self.port))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]

    def away(self):
        self._listener.close()

    def accept(self):
        self.connections.append(Connection(self._listener.accept()[0]))
        return self.connections[-1]

    def close(self):
        self._listener.close()
        for connection in self.connections:
            connection.close()


class Connection:
    def __init__(self, accepted):
        self._socket = accepted

    def seen(self):
        """All that has come by now."""
        found = b""
        while select.select([self._socket], [], [], 0.01)[0]:
            data = self._socket.recv(1 << 20)
            if not data:
                break
            found += data
        return found

    def some(self, size):
        return self._socket.recv(size)

    def say(self, data):
        self._socket.sendall(data)

    def close(self):
        self._socket.close()

    def reset(self):
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def narrow():
    """One whose connections take little before they are read."""
    made = Receiver(room=4096)
    yield made
    made.close()


@pytest.fixture
def port():
    """A UDP receiver."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


def udp_url(port):
    return f"udp://127.0.0.1:{port.getsockname()[1]}"


def connected(one, receiver):
    one.tick()
    connection = receiver.accept()
    while one.turn(0):
        pass
    return connection


def all_of(one, connection):
    """Everything the connection brings until nothing waits."""
    got = b""
    while one.counts()[3]:
        one.turn()
        got += connection.seen()
    return got + connection.seen()


def stopped(one):
    """Offer until the peer takes no more; returns how many lines there were."""
    count = 0
    while one.counts()[3] < 50:
        one.offer(*[b"%06d" % (count + more) + LONG for more in range(50)])
        count += 50
    return count


def test_messages_go_out_over_tcp_as_lines(rig, receiver):
    one = rig("forward", forward=receiver.url)
    connection = connected(one, receiver)
    one.offer(b"<13>one", b"<13>two")

    assert connection.seen() == b"<13>one\n<13>two\n"
    assert one.counts() == (2, 2, 0, 0)
    assert one.count("sink_written_bytes") == 16
    one.tick()
    assert one.count("sink_connections") == 1
    assert one.told == []


def test_messages_go_out_counted_where_that_is_asked_for(rig, receiver):
    one = rig("forward", forward=receiver.url, framing="octet_counting")
    connection = connected(one, receiver)
    one.offer(b"<13>one", b"<13>three")

    assert connection.seen() == b"7 <13>one9 <13>three"
    assert one.counts() == (2, 2, 0, 0)


def test_over_ipv6(rig):
    receiver = Receiver(socket.AF_INET6)
    try:
        one = rig("forward", forward=receiver.url)
        connection = connected(one, receiver)
        one.offer(b"one")

        assert connection.seen() == b"one\n"
    finally:
        receiver.close()


def test_what_comes_before_the_connection_is_there_waits(rig, receiver):
    one = rig("forward", forward=receiver.url)
    one.offer(b"one")
    assert one.counts() == (1, 0, 0, 1)
    connection = connected(one, receiver)

    assert connection.seen() == b"one\n"


def test_a_peer_that_is_away_is_said_once_and_gets_what_waited_when_it_is_back(rig, receiver):
    one = rig("forward", forward=receiver.url)
    receiver.away()
    for number in range(5):
        one.tick()
        one.turn(0)
        one.offer(b"%d" % number)
    assert one.counts() == (5, 0, 0, 5)
    receiver.back()
    one.tick(60)
    connection = receiver.accept()
    while one.turn(0):
        pass

    assert connection.seen() == b"0\n1\n2\n3\n4\n"
    one.tick()
    name = f"@@127.0.0.1:{receiver.port}"
    assert one.sentences() == [
        f"{name}: it cannot be reached: Connection refused. {WAITING}",
        f"{name}: messages go out again.",
    ]


def test_the_pause_between_attempts_gets_longer_and_ends_at_half_a_minute(rig, receiver):
    one = rig("forward", forward=receiver.url)
    receiver.away()
    attempts = []
    for second in range(200):
        before = one.count("sink_errors", reason="ECONNREFUSED")
        one.tick()
        one.turn(0)
        if one.count("sink_errors", reason="ECONNREFUSED") > before:
            attempts.append(second)

    assert attempts == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181]


def test_after_a_good_connection_the_first_pause_is_short_again(rig, receiver):
    one = rig("forward", forward=receiver.url)
    receiver.away()
    for _ in range(40):
        one.tick()
        one.turn(0)
    receiver.back()
    one.tick(60)
    connection = receiver.accept()
    one.turn(0)
    for _ in range(11):
        one.tick()
    connection.close()
    one.turn()
    one.tick()

    assert receiver.accept()


def test_a_peer_that_closes_is_noticed_before_a_message_is_lost_to_it(rig, receiver):
    one = rig("forward", forward=receiver.url)
    connected(one, receiver).close()
    until(one.turn)
    one.offer(b"after")
    again = connected(one, receiver)

    assert again.seen() == b"after\n"
    assert one.count("sink_errors", reason="closed") == 1
    assert "it closed the connection. Messages wait" in one.sentences()[0]


def test_what_a_peer_says_is_thrown_away(rig, receiver):
    one = rig("forward", forward=receiver.url)
    connection = connected(one, receiver)
    connection.say(b"220 hello\r\n")
    until(one.turn)
    one.offer(b"one")

    assert connection.seen() == b"one\n"


def test_a_slow_peer_gets_everything_in_order(rig, narrow):
    one = rig("forward", forward=narrow.url)
    connection = connected(one, narrow)
    count = stopped(one)

    got = all_of(one, connection)
    assert [int(line[:6]) for line in got.split(b"\n")[:-1]] == list(range(count))
    assert one.counts() == (count, count, 0, 0)


@pytest.mark.parametrize("framing", ["lf", "octet_counting"])
def test_a_connection_that_breaks_within_a_message_is_followed_by_that_message_whole(rig, narrow, framing):
    one = rig("forward", forward=narrow.url, framing=framing)
    first = connected(one, narrow)
    count = stopped(one)
    written = one.counts()[1]
    first.some(3000)
    first.reset()
    until(lambda: one.turn() and one.told)
    one.tick()
    got = all_of(one, second := connected(one, narrow)) + second.seen()
    lines = got.split(b"\n")[:-1] if framing == "lf" else [rest[:1006] for rest in got.split(b"1006 ")[1:]]

    assert {len(line) for line in lines} == {1006}
    assert [int(line[:6]) for line in lines] == list(range(written, count))
    assert one.counts() == (count, count, 0, 0)
    assert "bytes that were under way may be lost" in one.sentences()[0]


def test_a_full_queue_drops_and_the_account_adds_up(rig, receiver):
    one = rig("forward", forward=receiver.url, queue=65536)
    receiver.away()
    for number in range(200):
        one.offer(b"%06d" % number + LONG)
    waiting = 65536 // 1007

    assert one.counts() == (200, 0, 200 - waiting, waiting)
    assert one.dropped() == {"queue_full": 200 - waiting}
    assert [sentence for sentence in one.sentences() if "64KiB wait, and that is all" in sentence] == one.sentences()
    receiver.back()
    got = all_of(one, connected(one, receiver))
    assert [int(line[:6]) for line in got.split(b"\n")[:-1]] == list(range(waiting))


def test_an_address_that_does_not_answer_is_given_up_after_a_while(rig):
    one = rig("forward", forward="tcp://127.0.0.1:9")
    one.sink._transport.is_open = lambda: False  # no answer: what connect(2) to a silent address looks like
    one.sink._ready = lambda: None
    one.tick()
    one.tick(9)
    assert one.told == []
    one.tick(1)

    assert "cannot be reached: Connection timed out" in one.sentences()[0]


def test_a_name_that_is_not_known_yet_lets_messages_wait(rig, receiver):
    known = {}
    one = rig("forward", forward=f"tcp://central:{receiver.port}", resolve=known.get)
    one.offer(b"one")
    for _ in range(3):
        one.tick()
    assert one.told == []
    for _ in range(9):
        one.tick()
    assert one.counts() == (1, 0, 0, 1)
    assert one.sentences() == [f"@@central:{receiver.port}: its name has no address. {WAITING}"]
    known["central"] = ["127.0.0.1"]
    one.tick()

    assert receiver.accept().seen() == b"one\n"


def test_all_addresses_of_a_name_are_tried_at_once(rig, receiver):
    one = rig("forward", forward=f"tcp://central:{receiver.port}", resolve=lambda _: ["127.0.0.2", "127.0.0.1"])
    one.offer(b"one")
    one.tick()
    one.turn()
    one.turn()

    assert receiver.accept().seen() == b"one\n"
    assert one.told == []


def test_at_the_end_what_waits_is_sent_while_the_peer_takes_it(rig, narrow):
    one = rig("forward", forward=narrow.url)
    connection = connected(one, narrow)
    count = stopped(one)
    pid = os.fork()
    if pid == 0:
        got = b""
        while not got.endswith(b"last\n"):
            got += connection.some(65536)
        os._exit(0 if got.count(b"\n") == count + 1 else 1)
    one.offer(b"last")
    one.sink.drain(time.monotonic() + 20)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert one.counts() == (count + 1, count + 1, 0, 0)


def test_at_the_end_a_peer_that_takes_nothing_costs_no_more_than_the_deadline(rig, narrow):
    one = rig("forward", forward=narrow.url)
    connected(one, narrow)
    count = stopped(one)
    started = time.monotonic()
    one.sink.drain(started + 0.1)
    one.sink.close()

    assert 0.09 < time.monotonic() - started < 2
    assert one.counts()[0] == count
    assert one.dropped() == {"shutdown": one.counts()[2]}


def test_at_the_end_nobody_waits_for_a_peer_that_is_away(rig, receiver):
    one = rig("forward", forward=receiver.url)
    receiver.away()
    one.offer(b"one")
    one.tick()
    one.turn()
    started = time.monotonic()
    one.sink.drain(started + 20)
    one.sink.close()

    assert time.monotonic() - started < 1
    assert one.dropped() == {"shutdown": 1}


def test_a_message_is_a_datagram_over_udp(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    one.offer(b"<13>one", b"<13>two")

    assert [port.recv(100), port.recv(100)] == [b"<13>one", b"<13>two"]
    assert one.counts() == (2, 2, 0, 0)


def test_datagrams_wait_for_the_first_tick(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.offer(b"one")
    one.tick()

    assert port.recv(100) == b"one"


def test_a_message_too_long_for_a_datagram_is_cut_and_marked(rig, port):
    one = rig("forward", forward=udp_url(port), max_datagram=480)
    one.tick()
    one.offer(b"<13>" + "ü".encode() * 1000)
    got = port.recv(65535)
    text, _, mark = got.decode().partition(" [truncated, ")

    assert len(got) <= 480
    assert set(text[4:]) == {"ü"}
    assert mark == f"{2004 - len(text.encode())} bytes lost]"
    assert one.count("sink_errors", reason="truncated") == 1
    assert one.counts() == (1, 1, 0, 0)


def test_the_longest_datagram_of_ipv4_goes_out(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    one.offer(b"x" * 65507)
    one.offer(b"x" * 70000)

    assert len(port.recv(65535)) == 65507
    assert 65500 < len(port.recv(65535)) <= 65507


def test_nobody_listening_over_udp_is_told_and_counted(rig, port):
    port.close()
    one = rig("forward", forward="udp://127.0.0.1:9")
    one.tick()
    for number in range(6):
        one.offer(b"%d" % number)
    one.tick()

    assert one.counts()[0] == 6
    assert one.counts()[3] == 0
    assert one.count("sink_errors", reason="ECONNREFUSED") > 0
    assert one.sentences() == ["@127.0.0.1:9: nobody listens there. Datagrams are lost."]


def test_over_udp_the_error_of_one_datagram_does_not_cost_the_next(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    name = port.getsockname()
    port.close()
    one.offer(b"lost")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(name)
        again.settimeout(5)
        one.offer(b"seen")

        assert again.recv(100) == b"seen"
    assert one.counts() == (2, 2, 0, 0)


def test_over_udp_it_is_said_when_messages_go_out_again(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    name = port.getsockname()
    port.close()
    one.offer(b"lost")
    one.turn()
    one.tick()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(name)
        one.tick()
        assert len(one.told) == 1
        one.offer(b"seen")
        one.tick()

    assert one.sentences()[1:] == [f"@127.0.0.1:{name[1]}: messages go out again."]


class Reluctant:
    """A socket that refuses some of its calls of ``send``, by their number, with an error each."""

    def __init__(self, real, errors):
        self._real, self._errors, self._calls = real, errors, 0

    def send(self, data):
        self._calls += 1
        if self._calls in self._errors:
            raise self._errors[self._calls]
        return self._real.send(data)

    def __getattr__(self, name):
        return getattr(self._real, name)


def reluctant(one, **errors):
    errors = {int(call[1:]): OSError(code, os.strerror(code)) for call, code in errors.items()}
    one.sink._transport._socket = Reluctant(one.sink._transport._socket, errors)


def test_datagrams_the_kernel_has_no_room_for_wait_and_keep_their_order(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    reluctant(one, n2=errno.EAGAIN)
    one.offer(b"one", b"two", b"three")
    assert one.counts() == (3, 1, 0, 2)
    until(one.turn)

    assert [port.recv(100) for _ in range(3)] == [b"one", b"two", b"three"]
    assert one.counts() == (3, 3, 0, 0)


def test_a_datagram_that_is_refused_twice_is_dropped_and_the_others_go_out(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    reluctant(one, n2=errno.EMSGSIZE, n3=errno.EMSGSIZE)
    one.offer(b"one", b"two", b"three")

    assert [port.recv(100) for _ in range(2)] == [b"one", b"three"]
    assert one.dropped() == {"unreachable": 1}
    assert one.count("sink_errors", reason="EMSGSIZE") == 2


def test_without_a_way_to_the_peer_datagrams_wait_for_one(rig, port):
    one = rig("forward", forward=udp_url(port))
    one.tick()
    reluctant(one, n2=errno.ENETUNREACH)
    one.offer(b"one", b"two", b"three")
    assert one.counts() == (3, 1, 0, 2)
    assert "it cannot be reached: Network is unreachable. Messages wait" in one.sentences()[0]
    one.tick(2)

    assert [port.recv(100) for _ in range(3)] == [b"one", b"two", b"three"]


def test_a_name_that_leads_elsewhere_is_followed_over_udp(rig, port):
    addresses = ["127.0.0.1"]
    one = rig("forward", forward=f"udp://central:{port.getsockname()[1]}", resolve=lambda _: list(addresses))
    one.tick()
    one.offer(b"one")
    assert port.recv(100) == b"one"
    addresses[0] = "127.0.0.2"
    one.tick()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", port.getsockname()[1]))
        other.settimeout(5)
        one.offer(b"two")

        assert other.recv(100) == b"two"


def test_options_are_easy_to_make_and_name_themselves_as_syslog_conf_does():
    assert ForwardOptions(forward="udp://central").label == "@central:514"
    assert ForwardOptions(forward="tcp://[2001:db8::7]:601").label == "@@[2001:db8::7]:601"
    assert ForwardOptions(forward="udp://central").forward == Peer("udp", Address("central", 514))


@pytest.mark.parametrize(
    "options",
    [
        {"forward": "udp://h", "framing": "lf"}, {"forward": "tcp://h", "max_datagram": 1000},
        {"forward": "tcp://h", "queue": 10}, {"forward": "udp://h", "max_datagram": 65508},
        {"forward": "tcp://h", "framing": "nul"},
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ValidationError):
        ForwardOptions(**options)
