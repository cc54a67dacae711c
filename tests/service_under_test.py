"""
The real service as a subprocess: ``serve(config)`` starts ``collector run`` in a folder of its own and waits until it
is ready. At the end of every test it is stopped, has to exit with 0 and to leave no process, and its account has to add
up.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from observing import DEADLINE, processes_of_session, until

from collector.service.account import Account, from_json
from collector.service.control import request

ROOT = Path(__file__).parents[1]
NOBODY = 65534


def _has_ipv6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


HAS_IPV6 = socket.has_ipv6 and _has_ipv6()
COLLECTOR = (sys.executable, "-W", "error", "-m", "collector")
_ACCOUNT = re.compile(
    r"Stopped: received ([\d,]+) = rejected ([\d,]+) \+ unrouted ([\d,]+) \+ routed ([\d,]+)(?: \+ unknown ([\d,]+))?;"
)


def environment():
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "TZ": "UTC", "LC_ALL": "C.UTF-8"}


class Service:
    """What it says, what it wrote, what it counts. Paths are relative to ``folder``, in which it runs."""

    def __init__(self, folder, config, *, prefix=(), arguments=(), ready=True):
        self.folder = folder
        (folder / "collector.yaml").write_text(config if "state_dir:" in config else f"{config}\nstate_dir: ./state\n")
        self.stderr = folder / f"stderr-{time.monotonic_ns()}"
        self.stopped = False
        with self.stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [*prefix, *COLLECTOR, "run", "--config", "collector.yaml", *arguments],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                start_new_session=True, env=environment(),
            )  # fmt: skip
        if ready:
            self.hears("Answering `collector status` at ")

    @property
    def control(self):
        return self.folder / re.search(r"Answering `collector status` at (\S+)\.\n", self.said())[1]

    def said(self):
        return self.stderr.read_text()

    def hears(self, pattern):
        def heard():
            found = re.search(pattern, self.said())
            assert found or self.process.poll() is None, f"ended without saying {pattern!r}:\n{self.said()}"
            return found

        return until(heard)

    def address(self, kind, family=socket.AF_INET):
        """Where the source of that kind listens: what connect() takes, found in what the service says."""
        pattern = r"\[(::1)\]:(\d+)" if family == socket.AF_INET6 else r"(127\.0\.0\.1):(\d+)"
        found = re.search(rf"Listening on {kind} {pattern}\.", self.said())
        return found[1], int(found[2])

    def udp(self, *datagrams, family=socket.AF_INET):
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.connect(self.address("udp", family))
            for datagram in datagrams:
                sender.send(datagram)

    def connect(self, family=socket.AF_INET):
        return socket.create_connection(self.address("tcp", family), DEADLINE)

    def tcp(self, *pieces):
        """One connection that sends the pieces and ends."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)

    def status(self):
        """The answer to ``status``. The account in it adds up at every moment."""
        answer = request(str(self.control), {"ask": "status"}, DEADLINE)
        account = Account.of(from_json(answer["counters"]))
        assert account.adds_up, str(account)
        return answer

    def count(self, name, **labels):
        """A counter, summed over all labels that are not asked for."""
        return sum(
            key_value
            for key, key_value in from_json(self.status()["counters"]).items()
            if key.name == name and labels.items() <= dict(key.labels).items()
        )

    def counts(self, number, name="received_messages", **labels):
        """Wait until a counter has reached a number, and see that it is not more."""
        try:
            until(lambda: self.count(name, **labels) >= number)
        finally:
            assert self.count(name, **labels) == number

    def settles(self, number, name, **labels):
        """Wait until a value that also falls (a gauge) is at a number."""
        until(lambda: self.count(name, **labels) == number)

    def workers(self):
        return [worker["pid"] for worker in self.status()["workers"]]

    def is_whole(self):
        """All workers are there and ready."""
        return all(worker["ready"] for worker in self.status()["workers"])

    def lines(self, name="all"):
        """The whole lines of a file, as bytes; none while it does not exist."""
        try:
            text = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return []
        return text.split(b"\n")[:-1]

    def writes(self, *lines, name="all"):
        """Wait until a file holds exactly these lines."""
        try:
            until(lambda: len(self.lines(name)) >= len(lines))
        finally:
            assert self.lines(name) == list(lines)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, *, exit_code=0):
        """TERM, the end, and what has to be true then; returns the final account as (received, …, unknown)."""
        if self.process.poll() is None:
            self.status()
        self.signal(signal.SIGTERM)
        return self.ends(exit_code=exit_code)

    def ends(self, *, exit_code=0):
        self.stopped = True
        assert self.process.wait(DEADLINE) == exit_code, self.said()
        assert processes_of_session(self.process.pid) == []
        assert "Traceback" not in self.said(), self.said()
        assert not self.control.exists()
        return self.final_account()

    def final_account(self):
        found = _ACCOUNT.search(self.said())
        received, *parts = (int((number or "0").replace(",", "")) for number in found.groups())
        assert received == sum(parts)
        return (received, *parts)

    def died(self, exit_code):
        """It ended by itself, with that code; returns what it said."""
        self.stopped = True
        assert self.process.wait(DEADLINE) == exit_code, self.said()
        assert processes_of_session(self.process.pid) == []
        return self.said()

    def clear_away(self):
        """Whatever the test did: leave nothing running."""
        for pid in processes_of_session(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(DEADLINE)


class Services:
    """Starts services in ``folder`` and sees to their end."""

    def __init__(self, folder):
        self.folder = folder
        self._begun = []

    def __call__(self, config, *, folder=None, **options):
        self._begun.append(Service(folder or self.folder, config, **options))
        return self._begun[-1]

    def end(self):
        try:
            for service in self._begun:
                if not service.stopped:
                    service.stop()
        finally:
            for service in self._begun:
                service.clear_away()


@pytest.fixture
def serve(tmp_path):
    services = Services(tmp_path)
    yield services
    services.end()


@pytest.fixture(scope="module")
def serve_all(tmp_path_factory):
    """For services that all tests of a file share: to start one takes half a second."""
    services = Services(tmp_path_factory.mktemp("service"))
    yield services
    services.end()


def run(*arguments, folder, stdin=b"", prefix=()):
    """A command of the collector, run to its end: exit code, stdout and stderr as text."""
    done = subprocess.run(
        [*prefix, *COLLECTOR, *arguments],
        cwd=folder, input=stdin, capture_output=True, timeout=DEADLINE, env=environment(), check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def prefix_without_rights(folder):
    """
    What to put before a command so that it runs as a user without rights, to whom ``folder`` belongs then; nothing when
    this is such a user already.
    """
    if os.geteuid():
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv of util-linux is not installed")
    os.chown(folder, NOBODY, NOBODY)
    for outer in folder.parents:  # pytest makes its folders for their owner alone
        if outer.name.startswith("pytest-"):
            outer.chmod(0o755)
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if run("version", folder=folder, prefix=prefix)[0]:
        pytest.skip("a user without rights cannot read this Python")
    return prefix
