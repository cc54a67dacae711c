import json
import os
import socket
import struct
from datetime import UTC, datetime

import pytest
from alerting import action, message, read, with_message

from collector.actions import DeliveryError
from collector.protocol.parsers.auto import parse
from collector.protocol.parsers.context import Context


def parsed(line):
    return parse(line.decode(), Context(datetime(2026, 7, 23, 7, tzinfo=UTC), UTC, None, "utf-8", None))


@pytest.fixture
def receiver():
    """A UDP socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def send(target, one=None, **options):
    action(json.dumps({"syslog": target, **options})).deliver(one or message(), None)


def failed(target, **options):
    with pytest.raises(DeliveryError) as caught:
        send(target, **options)
    return caught.value


def udp(receiver):
    return f"udp://127.0.0.1:{receiver.getsockname()[1]}"


def test_an_alert_is_a_message_of_rfc_5424(receiver):
    send(udp(receiver), facility="local4", app_name="watcher")
    record = parsed(receiver.recv(65536))

    assert (record.pri, record.app_name, record.proc_id, record.msg_id) == (
        20 * 8 + 3,
        "watcher",
        str(os.getpid()),
        "alert",
    )
    assert record.timestamp.timestamp() == 1_784_789_672
    assert record.hostname == socket.gethostname()
    assert record.structured_data == {"alert@32473": {"id": "6f1c2d", "rule": "ssh-spray", "count": "5"}}
    assert record.message == "192.0.2.7 tried 5 users"


def test_an_alert_is_a_message_of_rfc_3164(receiver):
    send(udp(receiver), format="rfc3164", message="{{ user }} from {{ ip }}")
    record = parsed(receiver.recv(65536))

    assert (record.pri, record.app_name) == (3 * 8 + 3, "collector")
    assert record.message == "root from 192.0.2.7 (id 6f1c2d, rule ssh-spray, count 5)"


@pytest.mark.parametrize(
    ("severity", "expected"), [("critical", 2), ("high", 3), ("medium", 4), ("low", 5), ("info", 6), ("odd", 4)]
)
def test_the_severity_follows_that_of_the_alert(receiver, severity, expected):
    send(udp(receiver), message(severity=severity))

    assert parsed(receiver.recv(65536)).pri & 7 == expected


def test_it_goes_to_a_unix_socket(tmp_path):
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        send(f"unix:{path}")
        assert parsed(sock.recv(65536)).message == "192.0.2.7 tried 5 users"


@pytest.mark.parametrize(("framing", "expected"), [(None, b"%d "), ("octet-counting", b"%d "), ("lf", b"")])
def test_it_goes_over_tcp_in_either_framing(talker, framing, expected):
    seen = []

    def take(connection, _stop):
        connection.settimeout(5)
        while piece := connection.recv(65536):
            seen.append(piece)

    one = talker(take)
    send(f"tcp://localhost:{one.port}", **({"framing": framing} if framing else {}))
    one.close()
    data = b"".join(seen)
    if expected:
        size, _, line = data.partition(b" ")
        assert int(size) == len(line)
    else:
        assert data.count(b"\n") == 1
        line = data[:-1]
    assert parsed(line).message == "192.0.2.7 tried 5 users"


def test_nobody_who_listens_is_tried_again(receiver):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        errors = [failed(f"{kind}://127.0.0.1:{sock.getsockname()[1]}") for kind in ("tcp", "udp")]
    errors.append(failed("unix:/run/absent/log"))

    assert [(error.reason, error.again) for error in errors] == [("connection", True)] * 3


def test_a_reset_is_tried_again(talker):
    def reset(connection, _stop):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    error = failed(f"tcp://localhost:{talker(reset).port}")

    assert (error.reason, error.again) == ("connection", True)


def test_a_receiver_that_does_not_hang_up_is_not_waited_for(talker, monkeypatch):
    monkeypatch.setattr("collector.actions.syslog._STILL", 0.05)

    send(f"tcp://localhost:{talker(lambda _connection, stop: stop.wait(10)).port}")


def test_a_receiver_that_takes_nothing_is_left_in_time():
    with socket.socket() as full:
        full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]  # fill its queue: further ones get no answer
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        error = failed(f"tcp://127.0.0.1:{port}", timeout="300ms")
        for sock in waiting:
            sock.close()

    assert (error.reason, error.again) == ("timeout", True)


@pytest.mark.parametrize("form", ["rfc5424", "rfc3164"])
@pytest.mark.parametrize("text", ['a\n<0>evil"]', "\x1b[2J\0", "\ud800]", "x" * 1_000_000, "監" * 100_000])
def test_no_message_makes_another_line_or_structure(receiver, form, text):
    send(udp(receiver), with_message(text, id=text, rule=text), format=form, message="{{ user }}")
    line = receiver.recv(65536)

    assert len(line) <= 2048
    assert line.decode().isprintable()
    assert parsed(line).app_name == "collector"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{syslog: /dev/log}", '"/dev/log" names no transport'),
        ("{syslog: 'udp://h', facility: locl0}", '"locl0" is no facility'),
        ("{syslog: 'udp://h', framing: lf}", "framing is for tcp"),
        ("{syslog: 'udp://h', app_name: 'a b'}", '"a b" is not the name of a program'),
    ],
)
def test_what_is_wrong_is_told(text, expected):
    assert [problem.message for problem in read(text)[1]] == [expected]
