"""
The engine of ``collector send``: a sender for trying things.

    collector send udp://127.0.0.1:5514 -p local0.debug hello
    collector send tcp://[::1]:5514 --file messages.txt --raw --framing octet --rate 500

Targets are ``udp://HOST:PORT``, ``tcp://HOST:PORT``, ``unix:/PATH`` (datagrams) and ``unix-stream:/PATH``. Streams are
framed as RFC 6587 says: ``octet`` (§3.4.1) or ``lf`` (§3.4.2), where a line feed inside a message ends it. No transport
here acknowledges, so what was sent is not yet what arrived.
"""

import argparse
import contextlib
import errno
import itertools
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.config.network import parse_address
from collector.config.problems import did_you_mean
from collector.config.values import BadValueError
from collector.errors import CollectorError
from collector.service.compose import Header, compose, encode, parse_priority

FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "lf": lambda message: message + b"\n",
    "octet": lambda message: b"%d %s" % (len(message), message),
}
CONNECT_SECONDS = 10.0
_TARGET_HINT = "udp://HOST:PORT, tcp://HOST:PORT, unix:/PATH or unix-stream:/PATH"
# With a rate: what is due within a hundredth of a second goes out together.
_WAKE_UPS = 100


@dataclass(frozen=True, slots=True)
class SendResult:
    """Messages and bytes (frames included) handed to the kernel, and the seconds that took."""

    sent: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Target:
    """``udp`` and ``tcp`` with host and port, ``unix`` and ``unix-stream`` with a path."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_stream(self) -> bool:
        return self.scheme in ("tcp", "unix-stream")


def parse_target(text: str) -> Target:
    """Raises CollectorError."""
    scheme, colon, rest = text.partition(":")
    if scheme in ("unix", "unix-stream"):
        if not rest:
            raise CollectorError(f'"{text}" has no path', hint=_TARGET_HINT)
        return Target(scheme, path=rest.removeprefix("//"))
    if scheme not in ("udp", "tcp") or not rest.startswith("//"):
        near = did_you_mean(scheme, ("udp", "tcp", "unix", "unix-stream")) if colon else None
        raise CollectorError(f'"{text}" is not a target', hint=near or _TARGET_HINT)
    try:
        address = parse_address(rest[2:])
    except BadValueError as error:
        raise CollectorError(f"{text}: {error}", hint=error.hint) from None
    if not address.host:
        raise CollectorError(f'"{text}" has no host', hint=f"such as {scheme}://127.0.0.1:{address.port}")
    return Target(scheme, address.host, address.port)


def send(
    target: str,
    messages: Iterable[bytes],
    *,
    framing: str = "lf",
    rate: float | None = None,
    count: int = 1,
) -> SendResult:
    """
    Send all messages ``count`` times over, ``rate`` of them per second or as fast as they go.

    Raises CollectorError when the target is none, is not there, goes away, or does not take a message of that size.
    """
    place = parse_target(target)
    repeated = messages if count == 1 else itertools.chain.from_iterable(itertools.repeat(list(messages), count))
    frames = map(FRAMINGS[framing], repeated) if place.is_stream else repeated
    sent = size = 0
    with _explained(target, lambda: sent), _connect(place) as connection:
        start = time.monotonic()
        for batch in _paced(frames, rate, start):
            if place.is_stream:
                connection.sendall(b"".join(batch))
            else:
                _send_datagrams(connection, batch)
            sent += len(batch)
            size += sum(map(len, batch))
    return SendResult(sent, size, time.monotonic() - start)


def _connect(target: Target) -> socket.socket:
    if target.scheme == "tcp":
        connection = socket.create_connection((target.host, target.port), timeout=CONNECT_SECONDS)
        connection.settimeout(None)  # a receiver that is busy may hold back a stream as long as it likes
        return connection
    if target.scheme == "udp":
        family, kind, protocol, _, address = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)[0]
        return _connected(socket.socket(family, kind, protocol), address)
    kind = socket.SOCK_STREAM if target.is_stream else socket.SOCK_DGRAM
    return _connected(socket.socket(socket.AF_UNIX, kind), target.path)


def _connected(connection: socket.socket, address: Any) -> socket.socket:
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _paced(frames: Iterable[bytes], rate: float | None, start: float) -> Iterator[list[bytes]]:
    """Frames in batches, each when it is due. Without a rate one by one, so that `tail -f` can feed a pipe."""
    rest, sent = iter(frames), 0
    together = max(1, int(rate / _WAKE_UPS)) if rate else 1
    while batch := list(itertools.islice(rest, together)):
        if rate:
            time.sleep(max(0.0, start + sent / rate - time.monotonic()))
        sent += len(batch)
        yield batch


def _send_datagrams(connection: socket.socket, messages: list[bytes]) -> None:
    for message in messages:
        connection.send(message)
    # Nobody listening is told by ICMP, after the send that it answers.
    refused = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if refused:
        raise OSError(refused, os.strerror(refused))


@contextlib.contextmanager
def _explained(target: str, sent: Callable[[], int]) -> Iterator[None]:
    """What the system says about a target, as CollectorError with the cure."""
    try:
        yield
    except socket.gaierror as error:
        raise CollectorError(f"{target}: {error.strerror}", hint="is the host name right?") from None
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise CollectorError(f"{target}: {error.strerror}", hint="is a collector listening there?") from None
    except (ConnectionResetError, BrokenPipeError):
        raise CollectorError(
            f"{target}: the receiver closed the connection after about {sent()} messages", hint="its log tells why"
        ) from None
    except OSError as error:
        hint = "a datagram holds 65,507 bytes, a stream any number" if error.errno == errno.EMSGSIZE else None
        raise CollectorError(f"{target}: {error.strerror or error}", hint=hint) from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=_TARGET_HINT)
    message = parser.add_argument("message", metavar="MESSAGE", nargs="+", help="the text, unless --file; joins words")
    # With "*" argparse would take the empty message before the first option, and call the words behind it unknown.
    message.required = False
    parser.usage = "%(prog)s [OPTIONS] TARGET [MESSAGE ...]"
    parser.add_argument("--file", metavar="F", help="one message per line of this file; - is standard input")
    parser.add_argument("--raw", action="store_true", help="send text and lines as they are, without a header")
    parser.add_argument("-p", "--priority", default="user.notice", metavar="FACILITY.SEVERITY", help="or a number")
    parser.add_argument("--hostname", help="sender named in the message (default: this host)")
    parser.add_argument("--tag", default="collector", help='program named in the message, "" for none')
    parser.add_argument("--rfc5424", action="store_true", help="RFC 5424 header instead of RFC 3164")
    parser.add_argument("--charset", default="utf-8", help="such as cp932, euc-jp, iso-2022-jp (default: utf-8)")
    parser.add_argument("--framing", choices=sorted(FRAMINGS), default="lf", help="on streams (default: lf)")
    parser.add_argument("--rate", type=float, metavar="N", help="messages per second (default: as fast as they go)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="send everything so many times")


def run(arguments: argparse.Namespace) -> SendResult:
    """Do what the command line asks. Raises CollectorError."""
    if bool(arguments.message) == bool(arguments.file):
        raise CollectorError(
            "give a message or --file, not both" if arguments.file else "nothing to send",
            hint="a message, or --file F with one message per line (- is standard input)",
        )
    if (arguments.rate is not None and not 0 < arguments.rate < float("inf")) or arguments.count < 1:
        raise CollectorError("--rate and --count must be more than 0")
    return send(
        arguments.target,
        _messages(arguments),
        framing=arguments.framing,
        rate=arguments.rate,
        count=arguments.count,
    )


def _messages(arguments: argparse.Namespace) -> Iterator[bytes]:
    if not arguments.file:
        lines: Iterable[bytes] = [" ".join(arguments.message).encode("utf-8", "surrogateescape")]
    elif arguments.raw:
        return _lines(arguments.file)
    else:
        lines = _lines(arguments.file)
    texts = (line.removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in lines)
    if arguments.raw:
        return (encode(text, arguments.charset) for text in texts)
    header = Header(
        parse_priority(arguments.priority),
        arguments.hostname or socket.gethostname().partition(".")[0],
        arguments.tag or None,
        str(os.getpid()),
    )
    return (
        compose(text, header, datetime.now().astimezone(), rfc5424=arguments.rfc5424, charset=arguments.charset)
        for text in texts
    )


def _lines(file: str) -> Iterator[bytes]:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            for line in stream:
                yield line.removesuffix(b"\n")
    except OSError as error:
        raise CollectorError(f"{file}: {error.strerror}") from None
