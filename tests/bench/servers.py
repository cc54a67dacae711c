"""The servers that are compared: how each is configured at its best, started, awaited and stopped."""

import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import rulesets

ROUTES = {
    "windows": "local0.debug",
    "auth": "auth,authpriv.*",
    "messages": "*.info;local0.none;auth.none;authpriv.none",
}
ALERTS = "alerts"
RECEIVE_BUFFER_MIB = 32
TOP = Path(__file__).resolve().parents[2]
SEARCH_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


@dataclass(frozen=True)
class Server:
    """
    A server to start in a folder of its own. ``python`` runs collector; ``options`` fill the configuration:
    ``selectors`` is how many there are, ``hosts`` of how many hosts each gets a file of its own instead; ``rules`` is
    how many of ``rulesets`` there are, or the text of a file of rules, whose alerts may go to ``log``.
    """

    name: str
    options: dict[str, str] = field(default_factory=dict)
    python: str = "python3"

    def configure(self, folder: Path, port: int) -> list[str]:
        """Write the configuration; returns the command that runs the server in the foreground."""
        if self.name == "rsyslog":
            return rsyslog_command(folder, port, self.options)
        return collector_command(folder, port, self.options, self.python)

    def files(self, folder: Path) -> list[Path]:
        """What it writes."""
        hosts = int(self.options.get("hosts", "0"))
        return [folder / f"hosts/host{host:05}.log" for host in range(hosts)] or [folder / name for name in ROUTES]


@dataclass(frozen=True)
class Running:
    pid: int
    port: int
    files: Sequence[Path]


# rsyslog at its best on this kind of load, found by trying (8.2302, 2 cores):
# - one main queue of FixedArray, large, with big dequeue batches: omfile writes hundreds of lines per write(2);
# - one queue worker: a second one costs CPU and breaks the order of lines;
# - omfile's own buffer is flushed at the end of each batch; asyncWriting adds a thread and a copy, and CPU;
# - imtcp for one connection (imptcp costs up to a tenth more), imptcp with four threads for many;
# - one imudp thread: a second one costs a third more CPU and breaks the order of lines; batch sizes hardly matter;
# - no DNS, receive buffer forced.
RSYSLOG = """\
global(workDirectory="{folder}" net.enableDNS="off" processInternalMessages="off" shutdown.queue.doubleSize="off")
main_queue(queue.type="{queue}" queue.size="{queue_size}" queue.dequeueBatchSize="{batch}"
           queue.workerThreads="{workers}")
module(load="builtin:omfile" template="RSYSLOG_TraditionalFileFormat")
module(load="{tcp}" {tcp_module})
module(load="imudp" batchSize="{udp_batch}" threads="{udp_threads}")
input(type="{tcp}" address="127.0.0.1" port="{port}")
input(type="imudp" address="127.0.0.1" port="{port}" rcvbufSize="{receive_buffer}m")
"""
RSYSLOG_DEFAULTS = {
    "queue": "FixedArray", "queue_size": "500000", "batch": "4096", "workers": "1",
    "tcp": "imtcp", "tcp_module": "", "udp_batch": "64", "udp_threads": "1",
}  # fmt: skip


def rsyslog_command(folder: Path, port: int, options: dict[str, str]) -> list[str]:
    values = {**RSYSLOG_DEFAULTS, **options}
    text = RSYSLOG.format(folder=folder, port=port, receive_buffer=RECEIVE_BUFFER_MIB, **values)
    for name, selector in ROUTES.items():
        text += f'{selector} action(type="omfile" file="{folder / name}" ioBufferSize="256k")\n'
    config = folder / "rsyslog.conf"
    config.write_text(text)
    return ["rsyslogd", "-n", "-C", "-f", str(config), "-i", str(folder / "rsyslog.pid")]


def collector_command(folder: Path, port: int, options: dict[str, str], python: str) -> list[str]:
    kind = options.get("format", "traditional")
    routes: list[object] = [f"{selector}  {folder / name}" for name, selector in ROUTES.items()]
    routes += [f"{selector}  {folder / name}" for name, selector in idle_routes(int(options.get("selectors", "0")))]
    if kind != "traditional":
        routes = [
            {"select": selector, "to": {"file": str(folder / name), "format": kind}}
            for name, selector in ROUTES.items()
        ]
    if "hosts" in options:
        routes = [{"select": "*.*", "to": {"file": f"{folder}/hosts/{{{{ hostname }}}}.log"}}]
    settings = {
        "sources": [
            {"tcp": f"127.0.0.1:{port}"},
            {"udp": f"127.0.0.1:{port}", "receive_buffer": f"{RECEIVE_BUFFER_MIB}MiB"},
        ],
        "routes": routes,
        "state_dir": str(folder / "state"),
        "control": str(folder / "control.sock"),
        "workers": int(options.get("workers", "1")),
        "max_paths": 20_000,
    }
    if "rules" in options:
        settings |= with_rules(folder, options["rules"])
    config = folder / "collector.yaml"
    config.write_text(json.dumps(settings, indent=1))  # JSON is YAML
    return [python, "-m", "collector", "run", "--config", str(config)]


def with_rules(folder: Path, wanted: str) -> dict[str, object]:
    """Write the rules; returns what the settings say of them."""
    text = rulesets.collector_rules(rulesets.rules(int(wanted))) if wanted.isdigit() else wanted
    (folder / "rules.yaml").write_text(text)
    return {"rules": ["rules.yaml"], "destinations": {"log": {"file": str(folder / ALERTS), "line": "{{ title }}"}}}


def idle_routes(selectors: int) -> Iterator[tuple[str, str]]:
    """As many more routes, each to its own file, as make ``selectors`` of them; what load.c sends matches none."""
    facilities = ("lpr", "news", "uucp", "ftp", *(f"local{number}" for number in range(1, 7)))
    severities = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
    for number in range(selectors - len(ROUTES)):
        one, other = facilities[number % 10], facilities[(number + 3) % 10]
        yield f"route{number}", f"{one}.{severities[number // 10 % 8]};{other}.={severities[number // 80 % 8]}"


@functools.cache
def is_available(name: str, python: str) -> bool:
    if name == "rsyslog":
        return shutil.which("rsyslogd", path=SEARCH_PATH) is not None
    probe = subprocess.run([python, "-m", "collector", "version"], check=False, capture_output=True, cwd=TOP)
    return probe.returncode == 0


@contextlib.contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Start the server, wait until both its ports listen; at the end stop it."""
    port = free_port()
    folder.mkdir(parents=True)
    environment = {**os.environ, "PATH": SEARCH_PATH}
    log = (folder / "log").open("wb")
    command = server.configure(folder, port)
    with log, subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=TOP) as process:
        try:
            wait_ready(process, port, folder / "log")
            yield Running(process.pid, port, server.files(folder))
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """A port that is free for TCP and UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        datagram.bind(("127.0.0.1", port))
        return port


def wait_ready(process: subprocess.Popen[bytes], port: int, log: Path, deadline: float = 20.0) -> None:
    give_up = time.monotonic() + deadline
    while not (is_listening("tcp", port, "0A") and is_listening("udp", port, "07")):
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"{process.args!r} did not start to listen:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.02)


def is_listening(protocol: str, port: int, state: str) -> bool:
    """Read from /proc/net, so that readiness leaves no connection behind in the server."""
    rows = (line.split() for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == state for row in rows)
