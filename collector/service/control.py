"""
The control socket: one question, one answer, as lines of JSON over a unix stream socket.

    {"ask": "status"}  →  {"version": "0.1.0", "pid": 4242, "counters": […], …}

Whoever may write to the socket file may ask: its owner and its group. The server lives in the supervisor's loop, so
nothing in it waits: a client that is slow keeps only its own connection, and that only for a few seconds.
"""

import contextlib
import errno
import grp
import json
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from collector.errors import CollectorError

Answer = Callable[[dict[str, Any]], None]
"""Takes the answer to a question, now or later."""
Respond = Callable[[dict[str, Any], Answer], None]

PATIENCE = 5.0
"""Seconds a client has for its question and for taking the answer."""
_THINKING = 120.0
CLIENTS = 32
_QUESTION = 4096


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask: the permissions of the socket file, and its group unless it is that of this process."""

    mode: int = 0o660
    group: int | None = None


_ACCESS = Access()


class ControlServer:
    """
    Answers questions at ``path``: ``respond(question, answer)``. The selector calls what is registered as its data.

    A socket file that nobody listens on is replaced. Raises CollectorError when somebody does, or when the file cannot
    be made.
    """

    def __init__(self, path: str, selector: selectors.BaseSelector, respond: Respond, access: Access = _ACCESS) -> None:
        self._path = Path(path)
        self._selector = selector
        self._respond = respond
        self._clients: dict[socket.socket, float] = {}
        self._listener = _listen(self._path, access)
        self._inode = self._path.stat().st_ino
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def expire(self, now: float) -> None:
        """Close connections that take too long, by the monotonic clock; to be called about once a second."""
        for client, since in list(self._clients.items()):
            if now - since > PATIENCE:
                self._drop(client)

    def close(self) -> None:
        for client in list(self._clients):
            self._drop(client)
        self._selector.unregister(self._listener)
        self._listener.close()
        if self._path.exists() and self._path.stat().st_ino == self._inode:
            self._path.unlink()

    def let_go(self) -> None:
        """In a worker, after the fork: close the descriptors. The file and the selector stay the supervisor's."""
        for sock in (self._listener, *self._clients):
            sock.close()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= CLIENTS:
            self._drop(next(iter(self._clients)))
        client.setblocking(False)
        self._clients[client] = time.monotonic()
        self._selector.register(client, selectors.EVENT_READ, lambda: self._read(client, bytearray()))

    def _read(self, client: socket.socket, question: bytearray) -> None:
        try:
            received = client.recv(_QUESTION)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        question += received
        if not received or len(question) > _QUESTION:
            self._drop(client)
            return
        if b"\n" not in question:
            self._selector.modify(client, selectors.EVENT_READ, lambda: self._read(client, question))
            return
        self._selector.unregister(client)
        self._clients[client] = time.monotonic() + _THINKING  # from here on it is us who take time
        self._ask(client, bytes(question.partition(b"\n")[0]))

    def _ask(self, client: socket.socket, line: bytes) -> None:
        try:
            question = json.loads(line)
        except (ValueError, RecursionError):
            question = None
        if isinstance(question, dict):
            self._respond(question, partial(self._answer, client))
        else:
            self._answer(client, {"error": "the question is not a JSON object on one line"})

    def _answer(self, client: socket.socket, answer: dict[str, Any]) -> None:
        if client not in self._clients:
            return  # it waited too long
        self._clients[client] = time.monotonic()
        data = memoryview(json.dumps(answer).encode() + b"\n")
        self._selector.register(client, selectors.EVENT_WRITE, lambda: self._write(client, data))

    def _write(self, client: socket.socket, answer: memoryview) -> None:
        try:
            rest = answer[client.send(answer) :]
        except BlockingIOError:
            return
        except OSError:
            rest = answer[:0]
        if not rest:
            self._drop(client)
            return
        self._selector.modify(client, selectors.EVENT_WRITE, lambda: self._write(client, rest))

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        if client in self._selector.get_map():
            self._selector.unregister(client)
        client.close()


def _listen(path: Path, access: Access) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    with contextlib.suppress(OSError):  # bind tells what is wrong
        path.parent.mkdir(mode=0o755, exist_ok=True)  # /run/collector, where no service manager made it
    mask = os.umask(0o777 & ~access.mode)  # the file is never there with other rights
    try:
        _make_way(path)
        listener.bind(str(path))
        if access.group is not None:
            _give(path, access.group)
        listener.listen(CLIENTS)
    except OSError as error:
        listener.close()
        raise CollectorError(
            f"cannot make the control socket {path}: {error.strerror or error}",
            hint="set control to a path in a folder this user may write to, at most 107 bytes long",
        ) from error
    except CollectorError:
        listener.close()
        raise
    finally:
        os.umask(mask)
    return listener


def _give(path: Path, group: int) -> None:
    try:
        os.chown(path, -1, group)
    except PermissionError as error:
        raise CollectorError(
            f"cannot give the control socket {path} to the group {grp.getgrgid(group).gr_name}",
            hint="make the user of the service a member of it, or run the service with that group",
        ) from error


def _make_way(path: Path) -> None:
    """Remove the socket file of a daemon that is gone. Nothing else is ever removed."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PATIENCE)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise CollectorError(
        f"another daemon answers at the control socket {path}", hint="stop it, or set control to another path"
    )


def request(path: str, question: dict[str, Any], timeout: float = PATIENCE) -> dict[str, Any]:
    """
    Ask the daemon whose control socket is at ``path``: ``request(path, {"ask": "status"})``.

    Raises CollectorError when there is no daemon, no permission, no answer within ``timeout`` seconds, or when the
    daemon refuses the question.
    """
    try:
        answer = json.loads(_converse(path, json.dumps(question).encode() + b"\n", timeout))
    except BlockingIOError as error:
        raise CollectorError(
            f"the collector at {path} did not answer within {timeout:g} s", hint="look at its own log"
        ) from error
    except OSError as error:
        raise _unreachable(path, error) from error
    except ValueError as error:
        raise CollectorError(
            f"what answers at {path} is not a collector, or it ended in the middle of its answer"
        ) from error
    if "error" in answer:
        raise CollectorError(answer["error"])
    return dict(answer)


def _converse(path: str, line: bytes, timeout: float) -> bytes:
    """Raises BlockingIOError when one step takes too long."""
    limit = struct.pack("@ll", int(timeout), int(timeout % 1 * 1_000_000))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        # The kernel's time limits, as Python's would have connect fail at once when the daemon is busy.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        client.connect(path)
        client.sendall(line)
        return b"".join(iter(lambda: client.recv(65536), b""))


def _unreachable(path: str, error: OSError) -> CollectorError:
    if error.errno in (errno.EACCES, errno.EPERM):
        return CollectorError(
            f"no permission to use the control socket {path}",
            hint="ask as root, as the user of the service, or as a member of its group",
        )
    if error.errno in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTSOCK):
        return CollectorError(
            f"no collector answers at {path}",
            hint="start it with `collector run`, or name its socket with --control or its configuration with --config",
        )
    return CollectorError(f"cannot ask the collector at {path}: {error.strerror or error}")
