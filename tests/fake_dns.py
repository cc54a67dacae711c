"""
A DNS server for one test, and a name space in which a program asks it and nobody else.

It listens on port 53 of a loopback address of its own; the program sees that address in ``/etc/resolv.conf``.
"""

import os
import shutil
import socket
import subprocess
import threading

import pytest

ADDRESS = "127.53.77.1"
_A, _PTR = 1, 12
_NO_SUCH_NAME = 3  # RFC 1035 §4.1.1


class FakeDns:
    """``names`` by address and ``addresses`` by name; ``asked`` are the questions. While ``dead`` it says nothing."""

    def __init__(self):
        self.names, self.addresses, self.asked = {}, {}, []
        self.dead = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ADDRESS, 53))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (ADDRESS, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            data, client = self._socket.recvfrom(4096)
            if not data:
                return
            name, kind, end = _question(data)
            self.asked.append(name)
            if not self.dead:
                self._socket.sendto(_answer(data[:2], data[12:end], self._records(name, kind)), client)

    def _records(self, name, kind):
        if kind == _PTR:
            address = ".".join(reversed(name.removesuffix(".in-addr.arpa").split(".")))
            return [(_PTR, _encoded(self.names[address]))] if address in self.names else []
        if kind == _A:
            return [(_A, socket.inet_aton(address)) for address in self.addresses.get(name, ())]
        return []


def _question(data):
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels).lower(), int.from_bytes(data[at + 1 : at + 3]), at + 5


def _encoded(name):
    labels = name if isinstance(name, list) else name.split(".")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def _answer(number, question, records):
    flags = 0x8180 | (0 if records else _NO_SUCH_NAME)
    counts = (1).to_bytes(2) + len(records).to_bytes(2) + bytes(4)
    sections = b"".join(
        b"\xc0\x0c" + kind.to_bytes(2) + b"\0\1" + (60).to_bytes(4) + len(data).to_bytes(2) + data
        for kind, data in records
    )
    return number + flags.to_bytes(2) + counts + question + sections


@pytest.fixture
def dns():
    if os.geteuid():
        pytest.skip("a mount name space and port 53 need root")
    server = FakeDns()
    yield server
    server.close()


@pytest.fixture
def asking(dns, tmp_path):
    """What to put before a command so that it asks ``dns``."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("this system gives no mount name space")
    (tmp_path / "resolv.conf").write_text(f"nameserver {ADDRESS}\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    mounts = [f"mount --bind {tmp_path}/{name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf")]
    return ("unshare", "-m", "sh", "-ec", f'{"; ".join(mounts)}; exec "$@"', "sh")
