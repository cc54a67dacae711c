"""
What no sender should send. After each: the service lives, the account adds up (``status`` sees to it), no worker was
started again, and the text is in the file or counted under a named reason.
"""

import contextlib
import os
import socket

import pytest
from observing import until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
    receive_buffer: 1MiB
  - tcp: 127.0.0.1:0
routes:
  - "*.*  ./all"
  - select: "*.*"
    to: {file: "./hosts/{{ hostname }}/{{ app_name }}.json", format: json}
max_message: 64KiB
max_paths: 1000
workers: 2
"""


@pytest.fixture(scope="module")
def service(serve_all):
    return serve_all(CONFIG)


@pytest.fixture(autouse=True)
def unharmed(service):
    """A message that comes after the hostile one is written, by the same workers."""
    before = service.workers()
    yield
    token = os.urandom(6).hex().encode()
    service.udp(b"<13>Jul 23 15:54:31 after udp " + token)
    service.tcp(b"<13>Jul 23 15:54:31 after tcp " + token + b"\n")
    until(lambda: sum(line.endswith(token) for line in service.lines()) == 2)
    assert service.workers() == before
    assert "Traceback" not in service.said()
    outside = {path.name for path in service.folder.iterdir()} - {"all", "hosts", "state", "collector.yaml"}
    assert outside == {service.stderr.name}


def new_lines(service, before):
    return service.lines()[before:]


def marked(service, mark):
    return service.count("marked_messages", mark=mark)


TEXTS = {
    "no PRI": (b"no header at all", b"no header at all", "no_pri"),
    "a PRI over 191": (b"<999>text of 999", b"text of 999", "bad_pri"),
    "a PRI of 192": (b"<192>text of 192", b"text of 192", "bad_pri"),
    "a lone <": (b"<", b"<", "bad_pri"),
    "an open PRI": (b"<13 text", b"<13 text", "bad_pri"),
    "an empty PRI": (b"<>text of none", b"text of none", "bad_pri"),
    "a signed PRI": (b"<-1>text of minus", b"text of minus", "bad_pri"),
    "an ESC sequence": (b"<13>Jul 23 15:54:31 h app: \x1b[2J\x1b]0;evil\x07", b"#033[2J#033]0;evil#007", None),
    "CR LF inside": (b"<13>Jul 23 15:54:31 h app: a\r\n<0>Jul 1 00:00:00 h forged: b", b"a#015#012<0>Jul 1", None),
    "NULs inside": (b"<13>Jul 23 15:54:31 h app: nul\0nul", b"nul#000nul", None),
    "no UTF-8": (b"<13>Jul 23 15:54:31 h app: \xff\xfe\x80!", b"#377#376#200!", None),
    "line separators": ("<13>Jul 23 15:54:31 h app: a\u0085b\u2028c".encode(), b"a#302#205b#342#200#250c", None),
    "an octal notation": (b"<13>Jul 23 15:54:31 h app: #012 <0>x", b"#043012 <0>x", None),
}  # fmt: skip


@pytest.mark.parametrize(("wire", "shown", "mark"), TEXTS.values(), ids=TEXTS)
def test_an_odd_datagram_is_one_visible_line(service, wire, shown, mark):
    before, marks = len(service.lines()), marked(service, mark)
    service.udp(wire)

    until(lambda: len(service.lines()) > before)
    (line,) = new_lines(service, before)
    assert shown in line
    if mark:
        service.counts(marks + 1, "marked_messages", mark=mark)


def test_empty_datagrams_and_lines_are_counted(service):
    before = service.count("rejected_messages", reason="empty")
    service.udp(b"", b"\n", b"\0")
    service.tcp(b"\n\r\n\n")
    service.tcp(b"<13>Jul 23 15:54:31 host app: one\n\n\n")

    service.counts(before + 8, "rejected_messages", reason="empty")


def test_the_largest_datagram_is_written_whole(service):
    before, bytes_before = len(service.lines()), service.count("received_bytes")
    message = b"<13>Jul 23 15:54:31 host app: " + b"x" * (65507 - 30)
    service.udp(message)

    until(lambda: len(service.lines()) > before)
    assert new_lines(service, before) == [message[4:]]
    service.counts(bytes_before + 65507, "received_bytes")


def test_a_line_over_the_limit_is_cut_marked_and_counted_and_the_next_is_whole(service):
    before, marks = len(service.lines()), marked(service, "truncated")
    lost = service.count("lost_bytes", reason="oversize")
    service.tcp(
        b"<13>Jul 23 15:54:31 host app: " + b"x" * 300_000 + b"\n<13>Jul 23 15:54:31 host app: next\n",
    )

    until(lambda: len(service.lines()) >= before + 2)
    cut, following = new_lines(service, before)
    assert cut == b"Jul 23 15:54:31 host app: " + b"x" * (65536 - 30) + b" [truncated, 234494 bytes lost]"
    assert following == b"Jul 23 15:54:31 host app: next"
    service.counts(marks + 1, "marked_messages", mark="truncated")
    service.counts(lost + 300_030 - 65536, "lost_bytes", reason="oversize")
    service.hears("a message longer than max_message was cut")


def test_an_octet_counted_frame_over_the_limit_is_skipped_in_step(service):
    before, lost = len(service.lines()), service.count("lost_bytes", reason="oversize")
    service.tcp(b"200030 <13>Jul 23 15:54:31 host app: " + b"y" * 200_000, b"34 <13>Jul 23 15:54:31 host app: next")

    until(lambda: len(service.lines()) >= before + 2)
    cut, following = new_lines(service, before)
    assert cut == b"Jul 23 15:54:31 host app: " + b"y" * (65536 - 30) + b" [truncated, 134494 bytes lost]"
    assert following == b"Jul 23 15:54:31 host app: next"
    service.counts(lost + 200_030 - 65536, "lost_bytes", reason="oversize")


@pytest.mark.parametrize("count", [b"2000000010", b"0", b"99999999999999999999"])
def test_an_octet_count_that_cannot_be_is_named_and_the_text_behind_it_is_kept(service, count):
    before, problems = len(service.lines()), service.count("framing_problems", reason="bad_octet_count")
    service.tcp(count + b" <13>Jul 23 15:54:31 host app: odd\n34 <13>Jul 23 15:54:31 host app: next")

    until(lambda: len(service.lines()) >= before + 2)
    odd, following = new_lines(service, before)
    assert odd.endswith(b"host app: odd")
    assert following == b"Jul 23 15:54:31 host app: next"
    service.counts(problems + 1, "framing_problems", reason="bad_octet_count")
    service.hears(r"tcp 127\.0\.0\.1:0: 127\.0\.0\.1:\d+: a frame does not begin with its length")


FOREIGN = {
    "tls": bytes.fromhex("160301013a0100013603032b") + bytes(300),
    "http": b"GET / HTTP/1.1\r\nHost: logs.example.org\r\n\r\n",
    "relp": b"1 open 85 relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("protocol", FOREIGN)
def test_another_protocol_is_named_counted_and_its_connection_closed(service, protocol):
    before, received = len(service.lines()), service.count("received_bytes")
    reason, hello = f"foreign_{protocol}", FOREIGN[protocol]
    with service.connect() as connection:
        connection.sendall(hello)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""

    service.counts(1, "framing_problems", reason=reason)
    assert service.count("lost_bytes", reason=reason) == service.count("received_bytes") - received == len(hello)
    service.hears(rf"warning: tcp 127\.0\.0\.1:0: 127\.0\.0\.1:\d+: the peer speaks {protocol.upper()}")
    assert new_lines(service, before) == []


NAMES = [
    b"../../etc/cron.d/x", b"..", b".", b"/etc/passwd", b"a/../../../b", b"....//....//x", b"-rf", b"~root", b"a" * 300,
    b"..\\..\\x", b"%2e%2e%2fx", b"host\x00name", "\u202egnp".encode(), b"\xff\xfe", b"$(id)", b"{{ peer }}", b"*",
]  # fmt: skip


@pytest.mark.parametrize("place", ["hostname", "app_name"])
def test_a_name_is_never_a_path(service, place):
    before = len(service.lines())
    stamp = b"2026-07-23T15:54:31Z"
    for name in NAMES:
        host, app = (name, b"app") if place == "hostname" else (b"host", name)
        service.udp(b"<13>1 " + stamp + b" " + host + b" " + app + b" - - - text")
        service.udp(b"<13>Jul 23 15:54:31 " + host + b" " + app + b": text")

    until(lambda: len(service.lines()) >= before + 2 * len(NAMES))
    assert service.count("sink_dropped") == 0
    everything = {path for path in (service.folder / "hosts").rglob("*") if path.is_file()}
    assert all(len(path.relative_to(service.folder / "hosts").parts) == 2 for path in everything)
    assert all(path.suffix == ".json" for path in everything)
    assert not os.path.lexists("/etc/cron.d/x")


def test_more_files_than_allowed_are_not_made_and_their_messages_are_counted(serve, tmp_path):
    service = serve(CONFIG.replace("max_paths: 1000", "max_paths: 10").replace("workers: 2", "workers: 1"))
    service.udp(*[b"<13>Jul 23 15:54:31 host%d app: text" % number for number in range(25)])

    service.counts(15, "sink_dropped", reason="too_many_files")
    assert len(list((tmp_path / "hosts").iterdir())) == 10


def test_noise_is_written_or_counted(service):
    received, written = service.count("received_messages"), service.count("sink_written", sink="./all")
    before, rejected = service.count("received_bytes"), service.count("rejected_messages")
    noise = os.urandom(200_000)
    service.tcp(noise)
    service.udp(*[noise[start : start + 500] for start in range(0, len(noise), 500)])
    service.counts(before + 2 * len(noise), "received_bytes")
    service.settles(0, "connections_open")

    messages = service.count("received_messages") - received - service.count("rejected_messages") + rejected
    assert messages > 400
    service.counts(written + messages, "sink_written", sink="./all")


def test_connections_that_say_nothing_or_break_off_are_harmless(service):
    closed = service.count("connections_closed")
    for reset in (False, True):
        with service.connect() as connection:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    service.counts(closed + 2, "connections_closed")
    assert service.count("connections_open") == 0
