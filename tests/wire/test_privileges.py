"""Started by root, it becomes the configured user, and can still listen on low ports after a reload."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from observing import until
from open_python import open_python
from service_under_test import COLLECTOR, NOBODY, environment, prefix_without_rights, run

PORT, SECOND_PORT = 995, 996

CONFIG = f"""
user: nobody
sources:
  - udp: 127.0.0.1:{PORT}
  - unix: ./root-only/log
routes:
  - "*.*  ./logs/all"
state_dir: ./state/of/it
control: ./run/control.sock
control_mode: "0600"
workers: 1
"""

as_root = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(
        int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= SECOND_PORT,
        reason="every user may listen on every port here",
    ),
]
pytestmark = as_root


@pytest.fixture
def folder(tmp_path):
    """One that the user may pass, with a folder that only root may write to and one for the user."""
    tmp_path.chmod(0o755)
    (tmp_path / "root-only").mkdir()
    (tmp_path / "logs").mkdir()
    os.chown(tmp_path / "logs", NOBODY, NOBODY)
    for outer in tmp_path.parents:  # pytest makes its folders for their owner alone
        if outer.name.startswith("pytest-"):
            outer.chmod(0o755)
    return tmp_path


def send(port, text):
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(text, ("127.0.0.1", port))


def owner(path):
    return path.stat().st_uid


def test_it_binds_as_root_and_works_as_the_user(serve, folder):
    service = serve(CONFIG)
    send(PORT, b"<13>Jul 23 15:54:31 host app: one")
    service.writes(b"Jul 23 15:54:31 host app: one", name="logs/all")

    for pid in (service.process.pid, *service.workers()):
        status = Path(f"/proc/{pid}/status").read_text()
        assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}\n" in status
        assert "NoNewPrivs:\t1\n" in status
    assert owner(folder / "root-only/log") == 0
    assert {owner(folder / name) for name in ("logs/all", "state", "state/of/it/lock", "run/control.sock")} == {NOBODY}
    assert (folder / "run/control.sock").stat().st_mode & 0o777 == 0o600


def permitted(pid):
    return re.search(r"^CapPrm:\t(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]


def test_no_other_process_than_the_supervisor_can_bind_low_ports(serve, folder):
    pid = serve(CONFIG).process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")

    assert permitted(pid) == "0000000000000400"
    until(lambda: {permitted(child) for child in children.read_text().split()} == {"0" * 16})
    assert len(children.read_text().split()) >= 2  # a worker, and who watches the configuration


def test_a_reload_may_listen_on_another_low_port(serve, folder):
    service = serve(CONFIG)
    config = folder / "collector.yaml"
    config.write_text(CONFIG.replace("  - unix", f"  - udp: 127.0.0.1:{SECOND_PORT}\n  - unix"))
    service.signal(signal.SIGHUP)
    service.hears("Reloaded, plan")
    send(SECOND_PORT, b"<13>Jul 23 15:54:31 host app: two")

    service.writes(b"Jul 23 15:54:31 host app: two", name="logs/all")


def test_a_change_of_the_user_waits_for_the_next_start(serve, folder):
    service = serve(CONFIG)
    (folder / "collector.yaml").write_text(CONFIG.replace("user: nobody", "user: daemon"))
    service.signal(signal.SIGHUP)

    service.hears("A change of user takes effect at the next start")


def test_what_the_user_may_not_write_is_told_at_the_start(serve, folder):
    service = serve(CONFIG.replace("./logs/all", "./root-only/all"))

    service.hears(r"collector.yaml:7:6: error: user nobody may not write in the folder ./root-only \[no-right\]")
    assert f"hint: setfacl -m u:nobody:rwx {folder}/root-only\n" in service.said()
    send(PORT, b"<13>Jul 23 15:54:31 host app: one")
    service.counts(1, "sink_dropped", reason="cannot_open")


def test_check_config_asks_for_the_user_of_the_configuration_or_the_one_named(folder):
    (folder / "collector.yaml").write_text(CONFIG.replace("./logs/all", "./root-only/all"))
    code, said, _ = run("check-config", "collector.yaml", folder=folder)
    other, _, _ = run("check-config", "--user", "root", "collector.yaml", folder=folder)

    assert code == 1
    assert "user nobody may not write in the folder ./root-only" in said
    assert other == 0


def test_a_user_who_is_not_root_cannot_start_it_for_another(folder, tmp_path):
    if open_python() is None:
        pytest.skip("a user without rights cannot read this Python")
    prefix = prefix_without_rights(tmp_path)
    (folder / "collector.yaml").write_text(CONFIG.replace("user: nobody", "user: daemon"))
    done = subprocess.run(
        [*prefix, *COLLECTOR, "run", "--config", "collector.yaml"],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip

    assert done.returncode == 1
    assert "collector: error: only root can become the user daemon\n    hint: start it as root, or as" in done.stderr


def test_the_lock_can_be_taken_by_the_user_at_a_later_start(serve, folder):
    serve(CONFIG).stop()
    lock = folder / "state/of/it/lock"

    assert until(lambda: owner(lock) == NOBODY)
    service = serve(CONFIG)
    assert lock.read_text() == f"{service.process.pid}\n"
