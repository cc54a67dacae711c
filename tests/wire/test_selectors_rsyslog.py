"""Selectors mean what they mean to rsyslog: the same 192 PRIs are sent to a real one, and to ours."""

import json
import random
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from observing import until
from selector_oracle import random_selector, selected

from collector.priority import FACILITIES
from collector.routing.selector import SelectorError, compile_selector

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
CASES = Path(__file__).resolve().parents[3] / "shared/data/selector_cases.jsonl"

OWN = [
    "*.*", "uucp.notice", "uucp.=notice", "uucp.*;uucp.!notice", "uucp.*;uucp.!=notice", "uucp.info;uucp.!crit",
    "*.notice;lpr.none;ftp,ntp.none", "lpr,*.alert", "user.crit,cron.err", "*.crit;cron.alert",
    "*.crit;cron.none;cron.alert", "*.!none", "cron.!*", "Cron.WARN", "security.panic", "console.=info", "local5.0",
    "*.info;", "*.info,", "cron,,lpr.info", "72.err", "168,8.=3", "cron.!warning", "cron.!=warning",
    "cron.none;cron.!info",
]  # fmt: skip
REFUSED = ["foo.err", "cron.foo", "audit.*", "clock.*", "alert.*", "cron.", "cron.!!err", "cron.==err", "cron.err*"]

pytestmark = pytest.mark.skipif(RSYSLOGD is None, reason="rsyslogd is not installed")


@pytest.fixture(scope="module")
def selectors():
    rng = random.Random(514)
    generated = [random_selector(rng, numbers=rng.random() < 0.2) for _ in range(60)]
    return [*OWN, *generated, *(selector for selector, wanted in cases() if isinstance(wanted, dict))]


def cases():
    """Selectors with rsyslog's answer: severities per facility, or a text that tells what is wrong."""
    if not CASES.is_file():
        return []
    return [(case["selector"], case["rsyslog"]) for case in map(json.loads, CASES.read_text().splitlines())]


class Rsyslog:
    """A rsyslogd that writes the PRIs each selector takes into a file of its own."""

    def __init__(self, folder, selectors):
        self.folder = folder
        self.selectors = selectors
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        lines = [
            f'global(workDirectory="{folder}")',
            'module(load="imtcp")',
            f'input(type="imtcp" address="127.0.0.1" port="{self.port}")',
            'template(name="pri" type="string" string="%pri%\\n")',
            *(self.route(number, selector) for number, selector in enumerate(selectors)),
            f"*.* {folder}/all;pri",
        ]
        (folder / "rsyslog.conf").write_text("\n".join(lines) + "\n")
        with (folder / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [RSYSLOGD, "-n", "-i", folder / "pid", "-f", folder / "rsyslog.conf"], stderr=stderr
            )

    def route(self, number, selector):
        # Its lexer takes no digits before the dot, and for "cron." the action for the rest of the selector.
        if not selector.endswith(".") and re.fullmatch(r"[*a-z][*a-z,]*[0-7]?\..*", selector, re.IGNORECASE):
            return f"{selector}\t{self.folder}/{number};pri"
        action = f'action(type="omfile" file="{self.folder}/{number}" template="pri")'
        return f'if prifilt("{selector}") then {action}'

    def connect(self):
        assert self.process.poll() is None, self.errors()
        try:
            return socket.create_connection(("127.0.0.1", self.port))
        except ConnectionRefusedError:
            return None

    def ask(self):
        """What each selector takes, in their order."""
        with until(self.connect) as peer:
            peer.sendall(b"".join(b"<%d>Oct 11 22:14:15 gate test: x\n" % pri for pri in range(192)))
        until(lambda: len(self.pris("all")) == 192)
        self.stop()
        return [self.pris(str(number)) for number in range(len(self.selectors))]

    def pris(self, name):
        file = self.folder / name
        return {int(line) for line in file.read_text().split()} if file.exists() else set()

    def errors(self):
        return (self.folder / "stderr").read_text()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def rsyslog(tmp_path):
    started = []

    def start(selectors):
        started.append(Rsyslog(tmp_path, selectors))
        return started[0]

    yield start
    for server in started:
        server.stop()


def test_selectors_take_the_pris_that_rsyslog_takes(rsyslog, selectors):
    answers = dict(zip(selectors, rsyslog(selectors).ask(), strict=True))
    assert answers["*.*"] == set(range(192))
    recent = bool(answers["cron.!warning"])  # rsyslog since June 2026; before, "!" on an empty mask leaves it empty
    assert {text: selected(text, full_when_empty=recent) for text in selectors} == answers
    same = {text: pris for text, pris in answers.items() if recent or pris == selected(text)}
    assert len(same) > len(selectors) // 2
    assert {text: compile_selector(text).pris() for text in same} == same


def test_what_rsyslog_refuses_is_refused(rsyslog):
    server = rsyslog(REFUSED)
    server.ask()
    complaints = [line for line in server.errors().splitlines() if "unknown" in line]
    assert len(REFUSED) == len(complaints)
    for text in REFUSED:
        with pytest.raises(SelectorError):
            compile_selector(text)


@pytest.mark.skipif(not CASES.is_file(), reason="the shared cases are not beside this checkout")
def test_selectors_answer_the_shared_cases():
    for text, wanted in cases():
        if isinstance(wanted, str):
            with pytest.raises(SelectorError):
                compile_selector(text)
            continue
        names = {"console": 14} | {name: number for number, name in enumerate(FACILITIES)}
        digits = [wanted.get("*", "")] * 24
        for name in wanted.keys() - {"*"}:
            digits[names[name]] = wanted[name]
        assert tuple(sum(1 << int(digit) for digit in some) for some in digits) == compile_selector(text).masks, text
