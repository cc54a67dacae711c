"""Who sends, as the running service knows it: over several workers and transports, reloads and ends of workers."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from observing import until
from service_under_test import COLLECTOR, DEADLINE, environment, run

from collector.service.account import by_label, from_json
from collector.service.control import request

CONFIG = """
sources: [{udp: "127.0.0.1:0"}, {tcp: "127.0.0.1:0"}, {unix: ./log}]
routes: ["*.* ./all"]
timezone: UTC
workers: 3
"""


@pytest.fixture(scope="module")
def service(serve_all):
    return serve_all(CONFIG)


def _stamp(ahead=0.0):
    return time.strftime("%b %d %H:%M:%S", time.gmtime(time.time() + ahead)).encode()


def _senders(service):
    answer = request(str(service.control), {"ask": "senders"}, DEADLINE)
    assert answer["next"] is None
    return {row["sender"]: row for row in answer["senders"]}


def _udp(service, host, *datagrams):
    """Each from a port of its own, so that all workers get some."""
    for datagram in datagrams:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((host, 0))
            sender.sendto(datagram, service.address("udp"))


def _tcp(service, host, text):
    with socket.create_connection(service.address("tcp"), DEADLINE, (host, 0)) as connection:
        connection.sendall(text)


def test_every_sender_is_one_row_over_all_workers_and_transports(serve):
    service = serve(CONFIG)
    line = b"<13>%b gate app: x" % _stamp()
    for number in range(2, 8):
        _udp(service, f"127.0.0.{number}", *[line] * 10 * number)
    _udp(service, "127.0.0.3", "<13>着信トラフィック".encode("cp932"), b"no pri")
    _tcp(service, "127.0.0.4", (line + b"\n") * 50)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local:
        local.sendto(line, str(service.folder / "log"))
    expected = {f"127.0.0.{number}": 10 * number for number in (2, 5, 6, 7)}
    expected |= {"127.0.0.3": 32, "127.0.0.4": 90, socket.gethostname(): 1}
    service.counts(sum(expected.values()))
    until(lambda: sum(row["messages"] for row in _senders(service).values()) == sum(expected.values()))
    rows = _senders(service)

    assert {name: row["messages"] for name, row in rows.items()} == expected
    assert rows["127.0.0.3"]["charsets"] == {"cp932": 1}
    assert rows["127.0.0.3"]["problems"] == {"no_pri": 1, "no_timestamp": 2}
    assert sorted(rows["127.0.0.4"]["via"]) == ["tcp", "udp"]
    assert all(abs(row["clock_skew"]) < 5 for name, row in rows.items())
    assert all(0 <= time.time() - row["last_seen"] < 60 for row in rows.values())


def test_the_command_sorts_filters_and_speaks_json(serve):
    service = serve(CONFIG)
    for number in (2, 3, 40):
        _udp(service, f"127.0.1.{number}", *[b"no pri"] * number)
    until(lambda: sum(row["messages"] for row in _senders(service).values()) == 45)
    asked = ("status", "--control", str(service.control), "--sort", "messages", "--filter", "127.0.1.0/27")
    code, table, _ = run(*asked, folder=service.folder)
    rows = [json.loads(line) for line in run(*asked, "--limit", "1", "--json", folder=service.folder)[1].splitlines()]

    assert code == 0
    assert [line.split()[0] for line in table.splitlines()[1:5:2]] == ["127.0.1.3", "127.0.1.2"]
    assert "3 senders, of which 2 are shown." in table
    assert max(map(len, table.splitlines())) <= 80
    assert [(row["sender"], row["messages"], row["problems"]["no_pri"]) for row in rows] == [("127.0.1.3", 3, 3)]
    assert "senders: 3 (--senders shows them)" in run(*asked[:3], folder=service.folder)[1]


def test_a_reload_keeps_the_senders_and_changes_what_is_said_of_them(serve):
    service = serve(CONFIG + "watch: false\n")
    _udp(service, "127.0.0.2", b"<13>one")
    until(lambda: "127.0.0.2" in _senders(service))
    config = service.folder / "collector.yaml"
    config.write_text(config.read_text() + "silent_after: {hosts: {127.0.0.2: 1s}}\n")
    code, _, said = run("reload", "--control", str(service.control), folder=service.folder)

    assert code == 0, said
    service.hears(r"warning: 127\.0\.0\.2 \(udp\) has sent nothing for \d+ s\.")
    assert {name: _senders(service)["127.0.0.2"][name] for name in ("messages", "silent")} == {
        "messages": 1, "silent": True,
    }  # fmt: skip
    _udp(service, "127.0.0.2", b"<13>two")
    service.hears(r"info: 127\.0\.0\.2 \(udp\) is back after \d+ s\.")


def test_a_worker_that_is_killed_takes_no_sender_with_it(service):
    _udp(service, "127.0.0.2", *[b"<13>one"] * 30)
    until(lambda: _senders(service).get("127.0.0.2", {}).get("messages") == 30)
    os.kill(service.workers()[0], signal.SIGKILL)
    until(service.is_whole)
    _udp(service, "127.0.0.2", *[b"<13>two"] * 30)

    until(lambda: _senders(service)["127.0.0.2"]["messages"] == 60)


def test_debugging_tells_of_connections_files_and_new_senders_a_few_times_only(serve):
    service = serve(CONFIG, arguments=("--log-level", "debug"))
    for _ in range(30):
        _tcp(service, "127.0.0.2", b"<13>one\n")
    service.counts(30)
    service.hears(r"debug: 127\.0\.0\.2 \(tcp\) is heard of for the first time\.")

    assert 1 <= len(re.findall(r"debug: tcp \S+ connection from 127\.0\.0\.2:\d+\.\n", service.said())) <= 2
    assert re.search(r"debug: tcp \S+ connection from 127\.0\.0\.2:\d+ is closed: peer\.", service.said())
    assert re.search(r"debug: Opened \S*all\.", service.said())


def test_our_own_lines_do_not_come_back_to_us(tmp_path):
    """stderr leads, as it does under systemd by way of the journal, to the very socket we listen on."""
    (tmp_path / "collector.yaml").write_text(CONFIG + "state_dir: ./state\n")
    command = [*COLLECTOR, "run", "--config", "collector.yaml"]
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal,
        subprocess.Popen(command, cwd=tmp_path, stderr=journal, env=environment()) as service,
    ):
        try:
            until((tmp_path / "state/control.sock").exists)
            until(lambda: request(str(tmp_path / "state/control.sock"), {"ask": "status"})["state"] == "running")
            journal.connect(str(tmp_path / "log"))
            service.send_signal(signal.SIGUSR1)  # it says that it opens the files anew
            until(lambda: _rejected(tmp_path).get("own", 0) >= 1)
            journal.send(b"<13>not ours")
            until((tmp_path / "all").exists)
        finally:
            service.terminate()

    assert (tmp_path / "all").read_bytes().endswith(b" not ours\n")
    assert (tmp_path / "all").read_bytes().count(b"\n") == 1


def _rejected(folder):
    answer = request(str(folder / "state/control.sock"), {"ask": "status"})
    return by_label(from_json(answer["counters"]), "rejected_messages", "reason")
