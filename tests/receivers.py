"""Where a service forwards to: a TCP receiver in a thread, and a real rsyslogd."""

import shutil
import socket
import struct
import subprocess
import threading

import pytest
from observing import DEADLINE, until

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")


class TcpReceiver:
    """Keeps what each connection brought, in ``streams``; ``reset`` breaks those that are open."""

    def __init__(self, port=0):
        self.streams = []
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.streams.append(bytearray())
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._read, args=(connection, self.streams[-1])))
            self._threads[-1].start()

    def _read(self, connection, stream):
        try:
            while data := connection.recv(1 << 16):
                stream += data
        except OSError:
            return

    def lines(self):
        """Whole lines of all connections; what a connection left of one at its end is not among them."""
        return [line for stream in self.streams for line in bytes(stream).split(b"\n")[:-1]]

    def reset(self):
        """As a peer that crashes: what it has not read is lost."""
        while self._open:
            connection = self._open.pop()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)  # wakes the thread
            connection.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()
        for thread in self._threads:
            thread.join(DEADLINE)


class Rsyslog:
    """A rsyslogd that writes what it understands of each message into ``out``, and how it came into ``raw``."""

    def __init__(self, folder):
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        form = "%pri%|%timestamp%|%hostname%|%syslogtag%|%msg%\\n"
        lines = [
            f'global(workDirectory="{folder}")',
            'module(load="imtcp")',
            'module(load="imudp")',
            f'input(type="imtcp" address="127.0.0.1" port="{self.port}")',
            f'input(type="imudp" address="127.0.0.1" port="{self.port}")',
            f'template(name="parts" type="string" string="{form}")',
            f"*.* {folder}/out;parts",
        ]
        (folder / "rsyslog.conf").write_text("\n".join(lines) + "\n")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [RSYSLOGD, "-n", "-i", self._folder / "pid", "-f", self._folder / "rsyslog.conf"], stderr=subprocess.PIPE
        )
        until(self._listens)

    def _listens(self):
        assert self.process.poll() is None, self.process.stderr.read()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def lines(self):
        file = self._folder / "out"
        return file.read_bytes().split(b"\n")[:-1] if file.exists() else []

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(DEADLINE)
            self.process.stderr.close()
            self.process = None


@pytest.fixture
def receiver():
    made = TcpReceiver()
    yield made
    made.close()


@pytest.fixture
def rsyslog(tmp_path_factory):
    if RSYSLOGD is None:
        pytest.skip("rsyslogd is not installed")
    made = Rsyslog(tmp_path_factory.mktemp("rsyslog"))
    yield made
    made.stop()
