"""What is shipped beside the program works: the configuration, the unit, the snippets for senders, the first demo."""

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest
import yaml
from docs.pages import ROOT, examples
from observing import until

from collector.priority import FACILITIES, SEVERITIES
from collector.service.plan import build_plan_from_text

SHIPPED = (ROOT / "deploy/collector.yaml").read_text()
EXAMPLE = re.compile(r'^(\s*)# ((?: {2})*(?:- |"?[a-z_]+"?:).*)$')

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin")


def here(text, tmp_path):
    """The shipped configuration, with its files in a folder of ours."""
    shutil.copytree(ROOT / "rules", tmp_path, dirs_exist_ok=True)
    text = text.replace("user: collector", "user: root")  # one that is there
    text = text.replace("/etc/collector/rules/", f"{tmp_path}/")
    return text.replace("/etc/collector/routing.conf", str(tmp_path / "routing.conf"))


def test_the_shipped_configuration_has_no_problem(tmp_path):
    plan, problems = build_plan_from_text(here(SHIPPED, tmp_path), "collector.yaml")

    assert problems == []
    assert plan is not None


def test_the_examples_in_its_comments_have_none_either(tmp_path):
    lines = [EXAMPLE.sub(r"\1\2", line) for line in SHIPPED.splitlines()]
    text = "\n".join(lines)

    plan, problems = build_plan_from_text(here(text, tmp_path), "collector.yaml")

    assert problems == []
    assert len(plan.sources) == 5
    assert len(plan.settings.model_fields_set) == len(type(plan.settings).model_fields)


def test_the_defaults_in_its_comments_are_the_defaults(tmp_path):
    plan, _ = build_plan_from_text(here(SHIPPED, tmp_path), "collector.yaml")

    for key in ("max_files", "max_paths"):
        assert f"# {key}: {getattr(plan.settings, key)}\n" in SHIPPED
    assert "# max_message: 64KiB\n" in SHIPPED
    assert plan.settings.max_message == 64 * 1024


def test_the_shipped_routes_give_every_message_from_info_up_a_file(tmp_path):
    plan, _ = build_plan_from_text(here(SHIPPED, tmp_path), "collector.yaml")
    taken = {pri for route in plan.routes for pri in route.selector.pris()}
    info = SEVERITIES.index("info")

    missing = [pri for pri in range(8 * len(FACILITIES)) if pri & 7 <= info and pri not in taken]

    assert missing == []


def test_logins_stand_in_no_other_file(tmp_path):
    plan, _ = build_plan_from_text(here(SHIPPED, tmp_path), "collector.yaml")
    logins = {pri for pri in range(192) if FACILITIES[pri >> 3] in ("auth", "authpriv")}

    files = {plan.destinations[route.destination].file for route in plan.routes if route.selector.pris() & logins}

    assert files == {"/var/log/collector/auth.log"}


def test_the_demo_listens_on_loopback_and_writes_below_run_only():
    demo = yaml.safe_load((ROOT / "deploy/demo.yaml").read_text())
    text = (ROOT / "deploy/demo.yaml").read_text()

    assert [next(iter(source.values())) for source in demo["sources"]] == ["127.0.0.1:5514"] * 2
    assert re.findall(r"(?:^|\s)(/\S+)", re.sub("#.*", "", text)) == []


def test_a_setting_of_the_unit_is_written_once():
    text = (ROOT / "deploy/collector.service").read_text()
    names = re.findall(r"^(\w+)=", text, re.MULTILINE)

    assert {name for name in names if names.count(name) > 1} == {"SystemCallFilter"}  # its lines add up


@pytest.mark.skipif(RSYSLOGD is None, reason="rsyslogd is not installed")
def test_the_snippet_for_rsyslog_is_one_that_rsyslog_takes(tmp_path):
    snippet = ROOT / "contrib/rsyslog-forward.conf"

    done = subprocess.run([RSYSLOGD, "-N1", "-f", snippet], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


class Demo:
    """``make run`` as the README shows it, on a free port and in a folder of its own."""

    def __init__(self, folder):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder = folder
        (folder / "deploy").mkdir()
        (folder / "rules").symlink_to(ROOT / "rules")
        text = (ROOT / "deploy/demo.yaml").read_text()
        (folder / "deploy/demo.yaml").write_text(text.replace("5514", str(self.port)))
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        self.said = folder / "said"
        with self.said.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "collector", "run", "--config", "deploy/demo.yaml"],
                cwd=folder, env=self.environment, stdin=subprocess.DEVNULL, stderr=stderr,
            )  # fmt: skip
        until(lambda: "Answering" in self.said.read_text())

    def run(self, command):
        command = command.replace("5514", str(self.port))
        command = command.replace(".venv/bin/collector", f"{sys.executable} -m collector")
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.stdout

    def stop(self):
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture
def demo(tmp_path):
    service = Demo(tmp_path)
    yield service
    assert service.stop() == 0


def alike(text, port=5514):
    """Without what differs from run to run: times, numbers of processes and bytes, the name of the machine."""
    text = text.replace(str(port), "5514").replace(f" {socket.gethostname()} ", " myhost ")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "<time>", text)
    text = re.sub(
        r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d myhost \w+:", "<stamp> myhost user:", text, flags=re.MULTILINE
    )
    text = re.sub(r"pid \d+|up \d+ s|plan \w{12}", lambda found: found[0].split()[0], text)
    return re.sub(" +", " ", re.sub(r"[\d.]+ (B|KiB)", "<size>", text))


@pytest.mark.skipif(shutil.which("logger") is None, reason="logger is not installed")
def test_the_first_screen_of_the_readme_is_what_happens(demo):
    shown = {example.command: example.output for example in examples((ROOT / "README.md").read_text())}
    send, look, ask = (
        next(command for command in shown if command.startswith(begin))
        for begin in ("logger", "tail", ".venv/bin/collector status")
    )

    assert alike(shown["make run"]).splitlines()[1:] == alike(demo.said.read_text(), demo.port).splitlines()
    demo.run(send)
    assert until((demo.folder / "run/windows").exists)
    assert alike(shown[look]) == alike(demo.run(look), demo.port)
    assert until(lambda: alike(shown[ask]) == alike(demo.run(ask), demo.port))  # open files are counted once a second
