"""Senders that do not pause, in threads of their own."""

import contextlib
import socket
import threading

from observing import until

BLOCK = b"<13>Jul 23 15:54:31 flood app: x\n" * 1000
DATAGRAM = b"<13>Jul 23 15:54:31 flood app: x"


@contextlib.contextmanager
def flood(service, transport="tcp"):
    """While the block runs, which begins when something has arrived, a sender sends as fast as it is read."""
    enough = threading.Event()
    sender = threading.Thread(target=_tcp if transport == "tcp" else _udp, args=(service, enough))
    sender.start()
    try:
        until(lambda: service.count("received_messages"))
        yield
    finally:
        enough.set()
        sender.join()


def _tcp(service, enough):
    with service.connect() as connection, contextlib.suppress(ConnectionError):
        while not enough.is_set():
            connection.sendall(BLOCK)


def _udp(service, enough):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(service.address("udp"))
        while not enough.is_set():
            with contextlib.suppress(ConnectionError):
                sender.send(DATAGRAM)
