"""
Syslog: an alert for another receiver, one message each.

    destinations:
      central: {syslog: "tcp://central.example.net:514", facility: local4}
      local:   {syslog: "unix:/dev/log", format: rfc3164}

``udp://``, ``tcp://`` (octet counting, RFC 6587 §3.4.1, or a LF behind each with ``framing: lf``) and ``unix:`` with
the path of a datagram socket. The severity of the message follows that of the alert. In RFC 5424 the id, the rule and
the count are structured data; in RFC 3164 they stand at the end of the text. Over TCP an alert counts as delivered when
the other machine has acknowledged it, and not reset the connection; over UDP when it was sent, and nobody has said that
nobody listens.

An alert that is sent to the collector that made it is a message like any other: a rule that takes it makes the next.
"""

import contextlib
import fcntl
import os
import re
import socket
import struct
import termios
import time
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import model_validator

from collector.actions import DeliveryError, Surroundings
from collector.actions.connection import Watchdog, connect
from collector.actions.message import Message, one_line
from collector.actions.options import RemoteOptions, TemplateText
from collector.config.names import parse_socket_path
from collector.config.network import PEER_PATTERN, Peer, parse_peer
from collector.config.options import Written
from collector.config.problems import did_you_mean, quote
from collector.config.values import BadValueError, format_duration
from collector.priority import FACILITIES, FACILITY_NUMBERS, SEVERITY_NUMBERS, pri_of
from collector.protocol.timestamp import MONTHS, iso
from collector.rules.fields import TemplateNames
from collector.templates import compile_template

SEVERITY_OF = {
    "critical": "crit", "high": "err", "medium": "warning", "low": "notice", "info": "info", "informational": "info",
}  # fmt: skip
"""Severities of alerts as severities of syslog; one that is neither is a warning."""

_LONGEST = {"udp": 2048, "unix": 2048, "tcp": 8192}
"""Bytes of a message: what receivers should take (RFC 5426 §3.2, RFC 5425 §4.3.1)."""

_APP_NAME = re.compile(r"[!-9;-Z\\^-~]{1,32}")
_LOOK_AGAIN = 0.005
_STILL = 1.0


def parse_target(value: Any) -> Peer | str:
    """``udp://host:port``, ``tcp://host:port``, or the path of a unix socket behind ``unix:``."""
    if isinstance(value, str) and value.startswith("unix:"):
        return parse_socket_path(value.removeprefix("unix:"))
    if isinstance(value, str) and value.startswith("/"):
        raise BadValueError(f"{quote(value)} names no transport", hint=f'write "unix:{value}"')
    return parse_peer(value)


def parse_facility(value: Any) -> int:
    if isinstance(value, str) and value in FACILITY_NUMBERS:
        return FACILITY_NUMBERS[value]
    hint = did_you_mean(str(value), FACILITIES) or f"one of: {', '.join(FACILITIES)}"
    raise BadValueError(f"{quote(value)} is no facility", hint=hint)


Target = Annotated[
    Peer | str,
    Written(
        parse_target,
        lambda target: f"unix:{target}" if isinstance(target, str) else str(target),
        {
            "type": "string", "pattern": f"^({PEER_PATTERN}|unix:.+)$",
            "description": "A receiver of syslog: transport, host and port; 514 without one; or a unix socket.",
            "examples": ["udp://192.0.2.7:514", "tcp://central.example.net", "unix:/dev/log"],
        },
    ),
]  # fmt: skip

Facility = Annotated[
    int,
    Written(
        parse_facility,
        lambda number: FACILITIES[number],
        {"enum": list(FACILITIES), "description": "A facility.", "examples": ["daemon", "local0"]},
    ),
]


def parse_app_name(value: Any) -> str:
    if not isinstance(value, str) or not _APP_NAME.fullmatch(value):
        hint = "up to 32 printable characters of ASCII, without blanks, colons and brackets, such as alerts"
        raise BadValueError(f"{quote(value)} is not the name of a program", hint=hint)
    return value


AppName = Annotated[
    str,
    Written(
        parse_app_name,
        str,
        {"type": "string", "pattern": f"^{_APP_NAME.pattern}$", "description": "A name.", "examples": ["alerts"]},
    ),
]


class SyslogOptions(RemoteOptions):
    kind: ClassVar[str] = "syslog"
    target_field = "syslog"

    syslog: Target
    """Where to: udp://HOST:PORT, tcp://HOST:PORT, or unix:PATH; the port is 514 where none is named."""

    format: Literal["rfc5424", "rfc3164"] = "rfc5424"
    """The format of the message."""

    facility: Facility = FACILITY_NUMBERS["daemon"]
    """Its facility."""

    app_name: AppName = "collector"
    """Its program: up to 32 printable characters without blank, colon and brackets."""

    framing: Literal["octet-counting", "lf"] | None = None
    """For tcp: how messages are told apart; octet-counting where nothing is said."""

    message: str = "{{ title }}"
    """Template of the text, which becomes one line."""

    @model_validator(mode="after")
    def _framing_is_for_streams(self) -> "SyslogOptions":
        if self.framing is not None and self.transport != "tcp":
            raise BadValueError("framing is for tcp", hint="leave it out: a datagram is a message", option="framing")
        return self

    @property
    def transport(self) -> str:
        return "unix" if isinstance(self.syslog, str) else self.syslog.transport

    @property
    def label(self) -> str:
        return f"syslog {self.syslog}"

    def templates(self) -> Iterator[TemplateText]:
        yield TemplateText(("message",), self.message, finish=_one)


class SyslogAction:
    Options = SyslogOptions

    def __init__(self, options: SyslogOptions, names: TemplateNames, _around: Surroundings) -> None:
        self._options = options
        self._text = compile_template(options.message, allowed=names)
        self._hostname = one_line(socket.gethostname(), 255).replace(" ", "_") or "-"

    def deliver(self, message: Message, _left: Any) -> None:
        line = cut_bytes(self._line(message).encode(), _LONGEST[self._options.transport])
        with Watchdog(self._options.timeout) as watchdog:
            try:
                self._send(line, watchdog)
            except OSError as error:
                raise self._explained(error, watchdog) from error

    def preview(self, message: Message) -> str:
        return f"{self._options.label}: {self._line(message)}"

    def close(self) -> None:
        """Each delivery has its own socket."""

    def _line(self, message: Message) -> str:
        severity = SEVERITY_NUMBERS[SEVERITY_OF.get(message.severity, "warning")]
        pri = pri_of(self._options.facility, severity)
        text = _one(message.fill_or_say(self._text))
        name, pid = self._options.app_name, os.getpid()
        facts = {"id": message.id, "rule": message.rule, "count": str(message.alert.get("count") or 1)}
        if self._options.format == "rfc3164":
            stamp = message.fired_at.astimezone()
            time_text = f"{MONTHS[stamp.month - 1]} {stamp.day:2} {stamp:%H:%M:%S}"
            return f"<{pri}>{time_text} {self._hostname} {name}[{pid}]: {text} ({_pairs(facts)})"
        # 32473 is the number that RFC 5612 gives to documentation: there is no other that everybody may use.
        data = " ".join(f'{key}="{_escaped(one_line(value))}"' for key, value in facts.items())
        return f"<{pri}>1 {iso(message.fired_at)} {self._hostname} {name} {pid} alert [alert@32473 {data}] {text}"

    def _send(self, line: bytes, watchdog: Watchdog) -> None:
        target = self._options.syslog
        if isinstance(target, str):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(watchdog.left)
                sock.connect(target)
                sock.send(line)
        elif target.transport == "udp":
            _send_datagram(target, line)
        else:
            framed = line + b"\n" if self._options.framing == "lf" else b"%d %b" % (len(line), line)
            with connect(target.address.host, target.address.port, watchdog) as sock:
                sock.sendall(framed)
                _await_end(sock, watchdog)

    def _explained(self, error: OSError, watchdog: Watchdog) -> DeliveryError:
        if watchdog.barked or isinstance(error, TimeoutError):
            took = format_duration(self._options.timeout)
            return DeliveryError(f"{self._options.label} took nothing within {took}", reason="timeout", again=True)
        text = f"{self._options.label} cannot be reached: {error.strerror or error}"
        return DeliveryError(text, reason="connection", again=True, reach="all")


def _send_datagram(target: Peer, line: bytes) -> None:
    """Raises OSError, also when the other side says at once that nobody listens (ICMP): then it is told by a read."""
    found = socket.getaddrinfo(target.address.host, target.address.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol) as sock:
        sock.connect(address)
        sock.send(line)
        try:
            sock.recv(1)
        except BlockingIOError:
            return


def _await_end(sock: socket.socket, watchdog: Watchdog) -> None:
    """
    Until the kernel of the other machine has it all (SIOCOUTQ, tcp(7)), and the program there has closed too, or kept
    still for a second: one that is not there any more makes its kernel reset the connection, an OSError.
    """
    while _unacknowledged(sock) and not watchdog.barked:
        time.sleep(_LOOK_AGAIN)
    if watchdog.barked:
        raise TimeoutError
    sock.shutdown(socket.SHUT_WR)
    sock.settimeout(min(_STILL, watchdog.left))
    with contextlib.suppress(TimeoutError):
        sock.recv(1)


def _unacknowledged(sock: socket.socket) -> int:
    answer = fcntl.ioctl(sock, termios.TIOCOUTQ, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def _one(text: str) -> str:
    return one_line(text, 6000)


def cut_bytes(data: bytes, longest: int) -> bytes:
    """At most so many bytes, whole characters."""
    return data if len(data) <= longest else data[:longest].decode(errors="ignore").encode()


def _pairs(facts: dict[str, str]) -> str:
    return ", ".join(f"{key} {one_line(value, 200)}" for key, value in facts.items())


def _escaped(value: str) -> str:
    """RFC 5424 §6.3.3."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
