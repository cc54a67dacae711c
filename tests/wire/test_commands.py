"""The commands as a user runs them: exit code, stdout, stderr; and all of it once more as a user without rights."""

import json
import re

import pytest
from observing import until
from prometheus_client.parser import text_string_to_metric_families
from service_under_test import ROOT, prefix_without_rights, run

from collector import __version__

CONFIG = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
  - unix: ./log
routes:
  - local0.debug  ./windows
  - auth.*  ./auth
  - select: "*.*"
    where: {hostname: "dc*"}
    to: {file: "./hosts/{{ hostname }}.json", format: json}
state_dir: ./state
workers: 2
"""
MESSAGE = "<135>Jul 23 15:54:31 atropos security[failure] 861 NT AUTHORITY\\SYSTEM 着信トラフィック"
CONFIGURED = ("--config", "collector.yaml")


@pytest.fixture(scope="module")
def service(serve_all):
    return serve_all(CONFIG)


@pytest.fixture(scope="module")
def folder(service):
    return service.folder


def test_status_for_people(service):
    service.udp(MESSAGE.encode(), b"<13>Jul 23 15:54:31 host app: unrouted", b"")
    until(lambda: service.count("received_messages") >= 3)
    code, out, err = run("status", *CONFIGURED, folder=service.folder)

    assert (code, err) == (0, "")
    assert out.startswith(f"collector {__version__}, running, pid {service.process.pid}, up ")
    assert "workers: 2 of 2 running, restarts: 0" in out
    for word in ("received", "rejected", "unrouted", "routed", "udp 127.0.0.1:0", "./windows", "kernel drops"):
        assert word in out
    assert "Everything received is accounted for" in " ".join(out.split())
    assert "\x1b" not in out


def test_status_as_json_holds_every_counter_and_adds_up(service):
    code, out, err = run("status", *CONFIGURED, "--json", folder=service.folder)

    assert (code, err) == (0, "")
    answer = json.loads(out)
    sums = {}
    for counter in answer["counters"]:
        sums[counter["name"]] = sums.get(counter["name"], 0) + counter["value"]
    assert sums["received_messages"] == sums["rejected_messages"] + sums["unrouted_messages"] + sums["routed_messages"]
    assert sums["sink_offered"] == sums["sink_written"] + sums["sink_dropped"] + sums["sink_pending"]
    assert [worker["alive"] for worker in answer["workers"]] == [True, True]


def test_status_for_prometheus_is_what_prometheus_reads(service):
    code, out, err = run("status", "--control", "state/control.sock", "--prometheus", folder=service.folder)

    assert (code, err) == (0, "")
    families = {family.name: family for family in text_string_to_metric_families(out)}
    received = families["collector_received_messages"]
    assert {sample.labels["source"] for sample in received.samples} == {
        "udp 127.0.0.1:0", "internal", "tcp 127.0.0.1:0", "unix ./log",
    }  # fmt: skip
    assert sum(sample.value for sample in received.samples) == service.count("received_messages")


def test_status_without_a_service_says_so(tmp_path):
    code, out, err = run("status", "--control", str(tmp_path / "nobody.sock"), folder=tmp_path)

    assert (code, out) == (1, "")
    assert err.startswith(f"collector: error: no collector answers at {tmp_path}/nobody.sock\n    hint: start it with")


@pytest.mark.parametrize("scheme", ["udp", "tcp", "unix"])
def test_send_reaches_the_service(service, folder, scheme):
    before = service.lines("auth")
    target = "unix:log" if scheme == "unix" else "{}://{}:{}".format(scheme, *service.address(scheme))
    arguments = ("-p", "auth.info", "--hostname", "dc1", "--tag", "demo", "hello 世界")
    code, out, err = run("send", target, *arguments, folder=folder)

    assert (code, out) == (0, "")
    assert err.startswith("Sent 1 message, ")
    until(lambda: len(service.lines("auth")) > len(before))
    assert re.search(r" dc1 demo\[\d+\]: hello 世界$", service.lines("auth")[-1].decode())


def test_check_config_is_fine(folder):
    code, out, err = run("check-config", "collector.yaml", folder=folder)

    assert (code, out) == (0, "")
    assert err.startswith("collector.yaml: fine: 3 sources, 3 routes, 3 destinations, plan ")


def test_check_config_tells_every_mistake_with_its_place_and_a_hint(tmp_path):
    (tmp_path / "bad.yaml").write_text(
        'sources:\n  - udp: 0.0.0.0:99999\n  - tpc: ":514"\nroutes:\n  - "*.inf  ./all"\nworkers: many\nmode: x\n'
    )
    code, out, _ = run("check-config", "bad.yaml", folder=tmp_path)
    as_json = run("check-config", "bad.yaml", "--json", folder=tmp_path)

    assert code == as_json[0] == 1
    assert [line.split(":")[:2] for line in out.splitlines() if line.startswith("bad.yaml:")] == [
        ["bad.yaml", str(line)] for line in (2, 3, 5, 6, 7)
    ]
    assert "did you mean" in out
    problems = [json.loads(line) for line in as_json[1].splitlines()]
    assert sorted(problem["line"] for problem in problems) == [2, 3, 5, 6, 7]


def test_parse_gives_a_record_for_each_message(tmp_path):
    euc = MESSAGE.encode("euc-jp")
    code, out, err = run("parse", folder=tmp_path, stdin=b"<13>Oct 11 22:14:15 h app[7]: one\n" + euc + b"\nbare\n")

    assert (code, err) == (0, "")
    first, second, third = map(json.loads, out.splitlines())
    assert (first["app_name"], first["proc_id"], first["message"]) == ("app", "7", "one")
    assert (second["facility"], second["severity"], second["charset"]) == ("local0", "debug", "euc-jp")
    assert second["message"] == MESSAGE.partition("] ")[2]
    assert (third["facility"], third["severity"], third["message"]) == ("user", "notice", "bare")


def test_explain_shows_where_a_message_goes(folder):
    code, out, err = run("explain", *CONFIGURED, MESSAGE, folder=folder)
    as_json = json.loads(run("explain", *CONFIGURED, "--json", "-", folder=folder, stdin=MESSAGE.encode("cp932"))[1])

    assert (code, err) == (0, "")
    assert "local0.debug" in out
    assert "./windows" in out
    assert as_json["record"]["charset"] == "cp932"


def test_schema_is_a_json_schema(tmp_path):
    code, out, err = run("schema", folder=tmp_path)

    assert (code, err) == (0, "")
    assert {"sources", "routes", "charset", "workers"} <= json.loads(out)["properties"].keys()


def test_version(tmp_path):
    code, out, _ = run("version", folder=tmp_path)

    assert code == 0
    assert out.startswith(f"collector {__version__} ")


@pytest.mark.parametrize(
    "arguments", [("status",), ("check-config", "nowhere.yaml"), ("explain", "--config", "nowhere.yaml", "x")]
)
def test_what_cannot_be_done_is_one_clear_error(tmp_path, arguments):
    code, out, err = run(*arguments, folder=tmp_path)

    assert code == 1
    assert "Traceback" not in err
    assert (out + err).strip()


def test_wrong_usage_ends_with_2(tmp_path):
    code, out, err = run("rum", folder=tmp_path)

    assert (code, out) == (2, "")
    assert "invalid choice: 'rum'" in err


def test_a_user_without_rights_can_run_the_demo_and_every_command(serve, tmp_path):
    prefix = prefix_without_rights(tmp_path)
    demo = (ROOT / "deploy/demo.yaml").read_text().replace("127.0.0.1:5514", "127.0.0.1:0")
    service = serve(demo.replace("../rules/", f"{ROOT}/rules/"), prefix=prefix)
    target = "udp://{}:{}".format(*service.address("udp"))

    assert run("send", target, "-p", "local0.debug", "hello", folder=tmp_path, prefix=prefix)[0] == 0
    until(lambda: service.lines("run/windows"))
    assert (tmp_path / "run/windows").stat().st_uid != 0
    for arguments in (
        ("status", *CONFIGURED), ("check-config", "collector.yaml"), ("explain", *CONFIGURED, MESSAGE), ("version",),
        ("schema",),
    ):  # fmt: skip
        code, _, err = run(*arguments, folder=tmp_path, prefix=prefix)
        assert (code, "Traceback" in err) == (0, False), err
