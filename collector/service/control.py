"""
The control socket: one question, one answer, as lines of JSON over a unix stream socket.

    {"ask": "status"}  →  {"version": "0.1.0", "pid": 4242, "counters": […], …}

Whoever may write to the socket file may ask: its owner and its group. The server lives in the supervisor's loop, so
nothing in it waits: a client that is slow keeps only its own connection, and that only for a few seconds.
"""

import contextlib
import errno
import json
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collector.errors import CollectorError

Answer = Callable[[dict[str, Any]], dict[str, Any]]

PATIENCE = 5.0
"""Seconds a client has for its question and for taking the answer."""
CLIENTS = 32
_QUESTION = 4096


class ControlServer:
    """
    Answers questions at ``path`` with what ``answer`` makes of them. The selector calls what is registered as its data.

    A socket file that nobody listens on is replaced. Raises CollectorError when somebody does, or when the file cannot
    be made.
    """

    def __init__(self, path: str, selector: selectors.BaseSelector, answer: Answer) -> None:
        self._path = Path(path)
        self._selector = selector
        self._answer = answer
        self._clients: dict[socket.socket, float] = {}
        self._listener = _listen(self._path)
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
        answer = json.dumps(self._reply(bytes(question.partition(b"\n")[0]))).encode() + b"\n"
        self._selector.modify(client, selectors.EVENT_WRITE, lambda: self._write(client, memoryview(answer)))

    def _reply(self, line: bytes) -> dict[str, Any]:
        try:
            question = json.loads(line)
        except (ValueError, RecursionError):
            question = None
        if not isinstance(question, dict):
            return {"error": "the question is not a JSON object on one line"}
        return self._answer(question)

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
        self._selector.unregister(client)
        client.close()


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    with contextlib.suppress(OSError):  # bind tells what is wrong
        path.parent.mkdir(mode=0o755, exist_ok=True)  # /run/collector, where no service manager made it
    mask = os.umask(0o117)  # the file is never there with other rights than rw-rw----
    try:
        _make_way(path)
        listener.bind(str(path))
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
