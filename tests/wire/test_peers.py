"""The senders that are everywhere: ``logger`` of util-linux, and rsyslog as a relay."""

import re
import shutil
import socket
import subprocess

import pytest
from observing import DEADLINE, until

CONFIG = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
  - unix: ./dgram
  - unix: ./stream
    type: stream
routes:
  - "*.*  ./all"
  - select: "*.*"
    to: {file: ./raw, format: raw}
workers: 2
"""
LOGGER = shutil.which("logger")
RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
STAMP = rb"[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}"
HERE = re.escape(socket.gethostname().encode())

needs_logger = pytest.mark.skipif(
    LOGGER is None or b"util-linux" not in subprocess.run([LOGGER, "-V"], capture_output=True, check=False).stdout,
    reason="logger of util-linux is not installed",
)
needs_rsyslog = pytest.mark.skipif(RSYSLOGD is None, reason="rsyslogd is not installed")


@pytest.fixture(scope="module")
def service(serve_all):
    return serve_all(CONFIG)


@needs_logger
@pytest.mark.parametrize("protocol", ["--rfc3164", "--rfc5424"])
@pytest.mark.parametrize("transport", ["-d", "-T", "-T --octet-count"])
def test_logger_over_the_network(service, protocol, transport):
    before, raw = len(service.lines()), len(service.lines("raw"))
    host, port = service.address("tcp" if "-T" in transport else "udp")
    command = [LOGGER, "-n", host, "-P", str(port), protocol, *transport.split(), "-p", "local0.debug"]
    subprocess.run([*command, "-t", "demo", "--id=4711", "hello, 世界"], check=True, timeout=DEADLINE)

    until(lambda: len(service.lines()) > before)
    (line,) = service.lines()[before:]
    assert re.fullmatch(STAMP + rb" " + HERE + " demo\\[4711\\]: hello, 世界".encode(), line)
    until(lambda: len(service.lines("raw")) > raw)
    assert service.lines("raw")[raw].startswith(b"<135>")


@needs_logger
@pytest.mark.parametrize("kind", ["dgram", "stream"])
def test_logger_over_a_unix_socket(service, kind):
    before = len(service.lines())
    command = [LOGGER, "-u", str(service.folder / kind), "-p", "auth.warning", "-t", "demo"]
    subprocess.run([*command, "hello"], check=True, timeout=DEADLINE)

    until(lambda: len(service.lines()) > before)
    (line,) = service.lines()[before:]
    assert re.fullmatch(STAMP + rb" " + HERE + rb" demo: hello", line)


MESSAGES = [
    b"<13>Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7",
    b"<34>Oct  1 02:14:05 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    b"<135>Jul 23 15:54:31 atropos app: " + "着信トラフィック".encode(),
    b"<191>Feb 28 00:00:00 host.example.org cron[1]: tab\tand  blanks",
]
FORWARDED = {
    "udp, traditional": 'protocol="udp" template="RSYSLOG_TraditionalForwardFormat"',
    "udp, rfc5424": 'protocol="udp" template="RSYSLOG_SyslogProtocol23Format"',
    "tcp, traditional": 'protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"',
    "tcp, rfc5424": 'protocol="tcp" template="RSYSLOG_SyslogProtocol23Format"',
    "tcp, counted": 'protocol="tcp" template="RSYSLOG_TraditionalForwardFormat" TCP_Framing="octet-counted"',
    "tcp, counted, rfc5424": 'protocol="tcp" template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"',
}


class Relay:
    """A rsyslogd that takes lines on a unix socket and forwards them."""

    def __init__(self, folder, action):
        self.folder = folder
        configuration = folder / "rsyslog.conf"
        configuration.write_text(f"""
            global(workDirectory="{folder}" parser.escapeControlCharactersOnReceive="off")
            module(load="imptcp")
            input(type="imptcp" path="{folder}/in")
            {action}
        """)
        with (folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen([RSYSLOGD, "-n", "-i", "NONE", "-f", configuration], stderr=stderr)

    def send(self, messages):
        def connected():
            assert self.process.poll() is None, (self.folder / "stderr").read_text()
            return sender.connect_ex(str(self.folder / "in")) == 0

        with socket.socket(socket.AF_UNIX) as sender:
            until(connected)
            sender.sendall(b"".join(message + b"\n" for message in messages))

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE)


@needs_rsyslog
@pytest.mark.parametrize("form", FORWARDED.values(), ids=FORWARDED)
def test_what_rsyslog_forwards_stands_in_the_file_as_it_was_sent(service, tmp_path, form):
    before = len(service.lines())
    host, port = service.address(re.search('protocol="(...)"', form)[1])
    relay = Relay(tmp_path, f'action(type="omfwd" target="{host}" port="{port}" {form})')
    try:
        relay.send(MESSAGES)
        until(lambda: len(service.lines()) >= before + len(MESSAGES))
    finally:
        relay.stop()

    assert service.lines()[before:] == [message.partition(b">")[2] for message in MESSAGES]
