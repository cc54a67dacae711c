"""The service does its work under the unit's user, capabilities, mounts and filters of system calls."""

import ctypes.util
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from mail_server import Post, start
from observing import until
from open_python import open_python
from sandboxed import SKIP, settings
from service_under_test import NOBODY, ROOT

UNIT = ROOT / "deploy/collector.service"
LOW_PORT = 997  # of the udp source below

CONFIG = """
sources:
  - udp: 127.0.0.1:997
  - tcp: 127.0.0.1:0
  - unix: ./log
routes:
  - "*.*           ./all"
  - local0.debug  /var/log/windows
  - select: "*.*"
    to: {file: "/var/log/hosts/{{ hostname }}/all.json", format: json}
  - select: local1.*
    to: {file: "/var/log/rotated", rotate: {size: 64KiB, keep: 2, compress: gzip}}
  - "local2.*     |./fifo"
  - "local3.*     @127.0.0.1:CENTRAL"
workers: 2
dns: {lookups: on}
"""

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make mounts and become another user"),
]


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """What to put before the command."""
    missing = [name for name in ("systemd-analyze", "setpriv", "unshare") if shutil.which(name) is None]
    if missing or ctypes.util.find_library("seccomp") is None:
        pytest.skip(f"not installed: {', '.join(missing) or 'libseccomp'}")
    found = open_python()
    if found is None:
        pytest.skip("a user without rights cannot read this Python")
    monkeypatch.setenv("SANDBOX_PYTHON", found[0])
    monkeypatch.setenv("PYTHONPATH", found[1])
    log = tmp_path / "var-log"
    log.mkdir()
    for folder in (tmp_path, log):
        os.chown(folder, NOBODY, NOBODY)
    for outer in tmp_path.parents:  # pytest makes its folders for their owner alone
        if outer.name.startswith("pytest-"):
            outer.chmod(0o755)
    prefix = ("unshare", "--mount", sys.executable, str(ROOT / "tests/sandboxed.py"), str(UNIT), f"{NOBODY}",
              f"{NOBODY}", str(log))  # fmt: skip
    tried = subprocess.run([*prefix, "python", "-V"], cwd=tmp_path, capture_output=True, text=True, check=False)
    if tried.returncode == SKIP:
        pytest.skip(tried.stderr.strip())
    assert tried.returncode == 0, tried.stderr
    return prefix


def test_the_sandbox_is_one(sandbox, tmp_path):
    """Else what follows would prove nothing."""
    tries = """
import mmap, os, socket
def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except OSError:
        return True
print([
    refused(open, "/etc/x", "w"), refused(mmap.mmap, -1, 4096, prot=7), refused(socket.socket, 17, 3),
    refused(os.chown, ".", 1, 1), refused(os.unshare if hasattr(os, "unshare") else open, 0x10000000),
    os.path.exists("/dev/mem"), sorted(os.listdir("/proc"))[:1] == ["1"],
])
open("/var/log/x", "w").close()
"""
    done = subprocess.run([*sandbox, "python", "-c", tries], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout == "[True, True, True, True, True, False, False]\n"
    assert (tmp_path / "var-log/x").stat().st_uid == NOBODY


def test_everything_works_in_it(serve, sandbox, tmp_path):
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= LOW_PORT:
        pytest.skip("every user may listen on every port here")
    os.mkfifo(tmp_path / "fifo", 0o666)
    os.chown(tmp_path / "fifo", NOBODY, NOBODY)
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    with socket.socket(type=socket.SOCK_DGRAM) as central:
        central.bind(("127.0.0.1", 0))
        central.settimeout(10)
        service = serve(CONFIG.replace("CENTRAL", str(central.getsockname()[1])), prefix=sandbox)
        log = tmp_path / "var-log"
        service.udp(b"<135>Jul 23 15:54:31 atropos app: by udp")
        service.tcp(b"<150>Jul 23 15:54:31 atropos app: to a fifo\n<158>Jul 23 15:54:31 atropos app: forwarded\n")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<135>Jul 23 15:54:31 app: by unix", str(tmp_path / "log"))
        service.counts(4)
        assert until(lambda: len(service.lines("var-log/windows")) == 2)
        assert until((log / "hosts/atropos/all.json").exists)
        assert until(lambda: os.read(reader, 100) if readable(reader) else b"").endswith(b"to a fifo\n")
        assert central.recv(1000).endswith(b"forwarded")
        service.tcp(b"<141>Jul 23 15:54:31 atropos app: rotated\n" * 4000)
        archive = until(lambda: next(iter(log.glob("rotated*.gz")), None))
        assert until(lambda: gzip.decompress(archive.read_bytes()).startswith(b"Jul 23 15:54:31 atropos app: rotated"))
        (tmp_path / "collector.yaml").write_text((tmp_path / "collector.yaml").read_text() + "mark: 1h\n")
        service.signal(signal.SIGHUP)
        service.hears("Reloaded, plan")
        service.stop()
    os.close(reader)
    assert "not permitted" not in service.said()
    assert "Permission denied" not in service.said()


def readable(descriptor):
    import select

    return select.select([descriptor], [], [], 0)[0]


def test_the_filter_is_what_the_unit_says():
    words = settings(UNIT)["SystemCallFilter"]

    assert words == ["@system-service", "~@privileged", "@resources"]


def test_rules_raise_alerts_in_it_by_program_and_by_mail(serve, sandbox, tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    program = tmp_path / "page"
    program.write_text("#!/bin/sh\ncat >> ./paged\n")
    program.chmod(0o755)
    (rules / "some.yaml").write_text(
        f"""
rules:
  - id: bad
    kind: threshold
    on: {{re: 'bad (?P<what>\\w+)'}}
    by: what
    within: 1h
    count: 2
    alert: {{title: "{{{{ what }}}} is bad"}}
    do: [{{exec: [{program}], folder: {tmp_path}}}, {{mail: ops@example.org}}]
"""
    )
    post = Post()
    server = start(post)
    try:
        text = CONFIG.split("  - local0.debug", maxsplit=1)[0].replace("udp: 127.0.0.1:997", "udp: 127.0.0.1:0")
        mail = f'mail: {{server: "127.0.0.1:{server.port}", tls: none, from: collector@example.org}}\n'
        config = f"{text}workers: 2\nrules: [rules/*.yaml]\n{mail}"
        service = serve(config, prefix=sandbox)
        service.tcp(b"<13>Jul 23 15:54:31 gate app: bad disk\n")
        service.counts(1)
        until(lambda: service.status()["watcher"]["by_rule"]["bad"]["hits"] == 1)
        service.stop()
        service = serve(config, prefix=sandbox)
        service.tcp(b"<13>Jul 23 15:54:31 gate app: bad disk\n")
        until(lambda: (tmp_path / "paged").exists() and b"disk is bad" in (tmp_path / "paged").read_bytes())
        until(lambda: post.mails)
        service.stop()
    finally:
        server.stop()
    assert list((tmp_path / "state/journal/snapshots").glob("*.state"))
    assert "not permitted" not in service.said()
    assert "Permission denied" not in service.said()
