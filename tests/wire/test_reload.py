"""The configuration changes while the service runs: what comes into force, what is refused, what is left alone."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from itertools import cycle

import pytest
from observing import DEADLINE, until
from service_under_test import COLLECTOR, environment

from collector.service.control import request

CONFIG = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
routes:
  - "*.*  ./all"
workers: 2
watch: {watch}
"""
LINE = b"<13>Jul 23 15:54:31 host app: %s"
WRITTEN = b"Jul 23 15:54:31 host app: %s"


@pytest.fixture
def service(serve):
    return serve(CONFIG.format(watch="false"))


def write(service, text):
    (service.folder / "collector.yaml").write_text(f"{text}\nstate_dir: ./state\n")


def edit(service, old, new):
    place = service.folder / "collector.yaml"
    text = place.read_text()
    assert old in text
    place.write_text(text.replace(old, new))


def reload(service):
    return request(str(service.control), {"ask": "reload"}, DEADLINE)


def command(service, *arguments):
    return subprocess.run(
        [*COLLECTOR, *arguments, "--config", "collector.yaml"],
        cwd=service.folder, env=environment(), capture_output=True, text=True, check=False, timeout=DEADLINE,
    )  # fmt: skip


def test_a_change_of_the_file_comes_into_force_by_itself(serve):
    service = serve(CONFIG.format(watch="true"))
    edit(service, "./all", "./other")
    service.hears(r"Reloaded, plan \w+: added \./other; removed \./all; routes: 1 added, 1 removed\.")
    service.udp(LINE % b"one")

    service.writes(WRITTEN % b"one", name="other")
    assert service.lines("all") == []


def test_what_the_places_of_a_new_plan_lack_is_said_as_at_a_start_and_refuses_nothing(service):
    edit(service, '"*.*  ./all"', '"*.*  |./fifo"')
    answer = reload(service)
    said = "warning: the named pipe ./fifo is not there"
    printed = command(service, "reload")

    assert answer["result"] == "in force"
    assert [(one["id"], one["level"]) for one in answer["problems"]] == [("place", "warning")]
    service.hears(re.escape(said))
    assert (printed.returncode, said in printed.stderr) == (0, True)
    (service.folder / "fifo").mkdir()
    edit(service, "watch: false", "watch: true")
    assert reload(service)["result"] == "in force"
    service.hears("warning: ./fifo is no named pipe")


def test_a_file_that_is_replaced_by_renaming_and_one_that_is_included_are_watched_too(serve):
    service = serve(CONFIG.format(watch="true").replace('- "*.*  ./all"', "- include: routes.conf"), ready=False)
    service.died(78)
    (service.folder / "routes.conf").write_text("*.*  ./all\n")
    service = serve(CONFIG.format(watch="true").replace('- "*.*  ./all"', "- include: routes.conf"))
    (service.folder / "new").write_text("*.*  ./renamed\n")
    (service.folder / "new").rename(service.folder / "routes.conf")
    service.hears(r"Reloaded, .* added \./renamed; removed \./all")
    (service.folder / "routes.conf").write_text("*.*  ./included\n")

    service.hears(r"Reloaded, .* added \./included; removed \./renamed")


def test_hup_reloads_where_files_are_not_watched(service):
    edit(service, "./all", "./other")
    service.signal(signal.SIGHUP)
    service.hears("Reloaded, ")
    service.tcp(LINE % b"one", b"\n")

    service.writes(WRITTEN % b"one", name="other")


def test_the_command_says_what_changed_and_what_is_wrong(service):
    assert command(service, "reload").stderr.endswith(" is in force already.\n")
    edit(service, "./all", "./other")
    done = command(service, "reload")
    assert (done.returncode, done.stdout) == (0, "")
    assert re.fullmatch(r"Plan \w+ is in force: added \./other; removed \./all; .*\.\n", done.stderr)
    edit(service, '"*.*  ./other"', "kern.nfo  ./third")
    refused = command(service, "reload")

    assert refused.returncode == 1
    assert "collector.yaml:6:10: error: unknown severity" in refused.stderr
    assert refused.stderr.endswith("stays in force.\n")


def test_a_wrong_configuration_changes_nothing_and_is_told(service):
    before = service.status()["plan"]
    edit(service, '"*.*  ./all"', "local0.debug ./x ./y")
    answer = reload(service)
    service.udp(LINE % b"one")

    assert answer["result"] == "refused"
    assert answer["problems"][0]["line"] == 6
    service.hears(r"The new configuration is refused, errors: 1\. Plan \w+ stays in force\.")
    service.hears(r"collector\.yaml:6:\d+: error: ")
    service.writes(WRITTEN % b"one")
    status = service.status()
    assert status["plan"] == before
    assert status["reload"]["result"] == "refused"
    shown = command(service, "status").stdout
    assert "configuration: REFUSED at" in shown
    assert "collector.yaml:6:" in shown


def test_a_port_that_is_taken_refuses_the_whole_change(service):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        edit(service, "routes:", f"  - tcp: 127.0.0.1:{port}\nroutes:")
        edit(service, "./all", "./other")
        answer = reload(service)
    service.udp(LINE % b"one")

    assert answer["result"] == "refused"
    assert f"cannot listen on 127.0.0.1:{port}" in answer["why"]
    service.writes(WRITTEN % b"one")
    assert len(service.status()["sources"]) == 2


def test_sources_come_and_go_and_the_others_do_not_notice(service):
    with service.connect() as connection:
        connection.sendall(LINE % b"before" + b"\n" + LINE[:10])
        service.counts(1)
        path = service.folder / "socket"
        edit(service, "routes:", "  - unix: ./socket\n    type: dgram\nroutes:")
        assert reload(service)["changes"] == "added unix ./socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(str(path))
            sender.send(b"<13>Jul 23 15:54:31 app: local")
        service.counts(2)
        edit(service, "  - unix: ./socket\n    type: dgram\n", "")
        assert reload(service)["changes"] == "removed unix ./socket"
        assert not path.exists()
        connection.sendall(LINE[10:] % b"after" + b"\n")
        service.counts(3)

    assert [line.rpartition(b" ")[2] for line in service.lines()] == [b"before", b"local", b"after"]
    assert service.count("received_messages", source="(removed)") == 1
    assert service.count("connections_accepted") == 1


def test_what_a_source_that_goes_was_sent_is_written(service):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        edit(service, "routes:", "  - unix: ./socket\n    type: dgram\nroutes:")
        reload(service)
        sender.connect(str(service.folder / "socket"))
        for pid in service.workers():
            os.kill(pid, signal.SIGSTOP)
        for number in range(5):
            sender.send(b"<13>Jul 23 15:54:31 app: %d" % number)
        edit(service, "  - unix: ./socket\n    type: dgram\n", "")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(reload(service)))
        asking.start()
        for pid in service.workers():
            os.kill(pid, signal.SIGCONT)
        asking.join(DEADLINE)

    assert answers[0]["result"] == "in force"
    service.counts(5)


def test_options_of_a_source_change_for_connections_that_are_open(service):
    with service.connect() as connection:
        connection.sendall(LINE % b"one" + b"\n")
        service.counts(1)
        edit(service, "tcp: 127.0.0.1:0", "tcp: 127.0.0.1:0\n    idle_timeout: 1s\n    max_connections: 1")
        assert reload(service)["changes"] == "changed tcp 127.0.0.1:0 (idle_timeout, max_connections)"
        with service.connect() as second:
            assert second.recv(1) == b""
        connection.settimeout(DEADLINE)
        assert connection.recv(1) == b""

    service.counts(1, "connections_closed", reason="idle")
    service.counts(1, "connections_closed", reason="limit")


def test_a_file_that_stays_is_not_opened_anew(service):
    service.udp(LINE % b"one")
    service.writes(WRITTEN % b"one")
    opened = {link for pid in service.workers() for link in descriptors(pid) if link.endswith("/all")}
    edit(service, "workers: 2", '  - "local0.*  ./more"\nworkers: 2')
    reload(service)

    assert opened == {link for pid in service.workers() for link in descriptors(pid) if link.endswith("/all")}
    assert len(opened) == 1


def test_files_of_a_destination_that_goes_are_closed(service):
    service.udp(LINE % b"one")
    service.counts(1)
    edit(service, "./all", "./other")
    reload(service)

    assert [link for pid in service.workers() for link in descriptors(pid) if link.endswith("/all")] == []


def descriptors(pid):
    folder = f"/proc/{pid}/fd"
    return {f"{name} {os.readlink(f'{folder}/{name}')}" for name in os.listdir(folder)}


def test_many_reloads_leave_no_descriptor_and_no_process_behind(service):
    pids = [service.process.pid, *service.workers()]
    texts = cycle(["./one", "./two"])
    last = "./all"

    def once():
        nonlocal last
        new = next(texts)
        edit(service, last, new)
        last = new
        assert reload(service)["result"] == "in force"

    once()
    before = [len(descriptors(pid)) for pid in pids]
    for _ in range(20):
        once()

    assert [len(descriptors(pid)) for pid in pids] == before
    assert pids == [service.process.pid, *service.workers()]


def test_what_cannot_change_while_it_runs_is_told(service):
    edit(service, "workers: 2", "workers: 1")
    reload(service)

    service.hears(r"A change of workers takes effect at the next start\.")
    assert len(service.workers()) == 2


def test_another_size_of_the_longest_message_holds_for_datagrams_and_new_connections(service):
    with service.connect() as old:
        service.settles(1, "connections_open")
        edit(service, "workers: 2", "workers: 2\nmax_message: 480B")
        reload(service)
        with service.connect() as new:
            for connection in (old, new):
                connection.sendall(LINE % (b"x" * 600) + b"\n")
            service.udp(LINE % (b"x" * 600))
            service.counts(3)

    assert service.count("marked_messages", mark="truncated") == 2
    assert WRITTEN % (b"x" * 600) in service.lines()


def test_a_worker_that_is_killed_while_it_reloads_starts_with_a_whole_plan(service):
    answers = []
    for round_ in range(6):
        edit(service, "./all" if round_ == 0 else f"./round{round_ - 1}", f"./round{round_}")
        asking = threading.Thread(target=lambda: answers.append(reload(service)))
        asking.start()
        until(lambda done=round_ + 1: service.status()["reload"]["state"] != "resting" or len(answers) == done)
        os.kill(service.workers()[round_ % 2], signal.SIGKILL)
        asking.join(DEADLINE)
        until(service.is_whole)
    service.udp(LINE % b"one")

    assert [answer["result"] for answer in answers] == ["in force"] * 6
    service.writes(WRITTEN % b"one", name="round5")


def test_every_line_is_written_once_whatever_is_reloaded_meanwhile(service):
    """Two streams without a pause, while routes, destinations, formats, filters and sources change all the time."""
    variants = [
        ('- "*.*  ./all"', ""),
        ('- "*.*;local0.none  ./one"\n  - local0.*  ./two', "  - unix: ./socket"),
        ('- select: "*.*"\n    to: {file: "./hosts/{{ hostname }}"}', ""),
        ('- select: "*.*"\n    where: {app_name: app}\n    to: {file: ./filtered, mode: "0600"}', "  - unix: ./socket"),
        ('- "*.*  ./all"\nmax_files: 3', "  - {udp: 127.0.0.2:0, timezone: UTC}"),
    ]
    base = (service.folder / "collector.yaml").read_text()
    ends = threading.Event()
    sent = [0, 0]

    def stream(number):
        with service.connect() as connection:
            while not ends.is_set():
                lines = range(sent[number], sent[number] + 200)
                connection.sendall(b"".join(LINE % b"%d-%d" % (number, line) + b"\n" for line in lines))
                sent[number] += 200

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for _, (routes, source) in zip(range(25), cycle(variants), strict=False):
        text = base.replace('- "*.*  ./all"', routes).replace("routes:", f"{source}\nroutes:")
        (service.folder / "collector.yaml").write_text(text)
        answer = reload(service)
        assert answer["result"] in {"in force", "unchanged"}, json.dumps(answer)
    ends.set()
    for thread in threads:
        thread.join()
    service.counts(sum(sent))

    files = {path: path.read_bytes().splitlines() for path in service.folder.rglob("*") if is_log(path)}
    assert len(files) >= 4
    numbers = [line.rpartition(b" ")[2] for lines in files.values() for line in lines]
    assert sorted(numbers) == sorted(b"%d-%d" % (number, line) for number in range(2) for line in range(sent[number]))
    for lines in files.values():
        for number in (b"0", b"1"):
            own = [int(line.rpartition(b"-")[2]) for line in lines if line.rpartition(b" ")[2].startswith(number)]
            assert own == sorted(own)


def is_log(path):
    return path.is_file() and path.name in {"all", "one", "two", "filtered", "host"}


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_a_source_can_take_over_the_port_of_one_that_goes(service, kind):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    edit(service, "routes:", f"  - {kind}: 0.0.0.0:{port}\nroutes:")
    assert reload(service)["result"] == "in force"
    for old, new in (("0.0.0.0:", "127.0.0.1:"), ("127.0.0.1:", ":")):
        edit(service, f"{kind}: {old}{port}", f"{kind}: {new}{port}")
        assert reload(service)["result"] == "in force"
    kinds = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
    with socket.socket(socket.AF_INET, kinds[kind]) as sender:
        sender.connect(("127.0.0.1", port))
        sender.sendall(LINE % b"one" + b"\n")

        service.writes(WRITTEN % b"one")


def test_the_numbers_of_the_service_go_on_where_the_number_of_workers_is_changed(service):
    edit(service, "workers: 2", "workers: 1")
    reload(service)
    edit(service, "./all", "./one")
    reload(service)
    service.udp(LINE % b"one")
    service.counts(1)
    for path in ("./two", "./three"):
        edit(service, "./one" if path == "./two" else "./two", path)
        reload(service)
    for _ in range(20):
        service.udp(LINE % b"one")

    service.counts(21)
    service.counts(21, "routed_messages")


def test_a_socket_whose_file_is_gone_does_not_stop_a_reload(service):
    edit(service, "routes:", "  - unix: ./log\nroutes:")
    reload(service)
    (service.folder / "log").unlink()
    edit(service, "./all", "./other")

    assert reload(service)["result"] == "in force"
    service.hears(r"the mode of \S*log cannot be changed: No such file or directory")


def test_a_worker_that_starts_with_another_type_of_socket_than_is_bound_uses_it(service):
    edit(service, "routes:", "  - unix: ./log\nroutes:")
    reload(service)
    edit(service, "unix: ./log", "unix: ./log\n    type: stream")
    reload(service)
    service.hears("its type takes effect at the next start")
    os.kill(service.workers()[0], signal.SIGKILL)
    service.hears("It is started again")
    until(service.is_whole)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(service.folder / "log"))
        sender.send(LINE % b"one")

    service.writes(WRITTEN % b"one")
