"""The shipped rules: each tells what it is made for, and nothing else; on a normal day none says anything."""

import glob
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
from rules.benign_lines import FOLDER, texts
from rules.rule_packs import READING, RULES, packs, run

from collector.rules.prefilter import compile_prefilter
from collector.rules.samples import events_of, failures, unseen_fields

BOOK = packs()
CORPUS = RULES.parents[1] / "shared/data/fail2ban_logs.tar.xz"
LOGCHECK = glob.glob("/etc/logcheck/ignore.d.server/*")
ENGINES = ("python", "hyperscan")

_JAPANESE = re.compile("[ぁ-ヿ一-鿿]")


def rules(pack):
    return [pytest.param(rule, id=rule.id) for rule in packs(pack).rules]


def benign():
    return [line for path in sorted(FOLDER.glob("*.log")) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_the_tests_of_a_rule_pass_and_show_all_that_it_names(rule):
    problems = [*failures(BOOK, rule, READING), *unseen_fields(rule, READING)]

    assert [f"{problem.message}: {problem.hint}" for problem in problems] == []


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_has_tests_that_alert_and_one_that_does_not(rule):
    assert {bool(sample.alerts) for sample in rule.tests} == {True, False}
    assert rule.limit is not None or rule.id == "unix-second-root"


@pytest.mark.parametrize("rule", rules("windows-ntsyslog.yaml"))
def test_rules_for_windows_know_japanese_where_texts_matter(rule):
    """Events that are known by their number alone are the same in every language."""
    lines = [line for sample in rule.tests if sample.alerts for line in sample.lines]

    assert any(map(_JAPANESE.search, lines)) or rule.id in {
        "windows-group-changed", "windows-service-failed", "windows-audit-lost",
    }  # fmt: skip


def test_the_benign_lines_are_those_of_their_templates():
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.log")} == dict(texts())


@pytest.fixture(scope="module")
def normal_day():
    lines = benign()
    assert len(lines) > 4000
    return run(BOOK, sorted(lines, key=lambda line: line.partition(">")[2][:15]))


def test_no_rule_alerts_on_a_normal_day(normal_day):
    engine = normal_day

    assert [f"{alert.rule}: {alert.title}" for alert in engine.outbox] == []
    assert {name: counters.errors for name, counters in engine.counters.items() if counters.errors} == {}


def test_rules_that_count_have_seen_something_on_that_day(normal_day):
    assert normal_day.counters["windows-logon-failures"].hits > 10
    assert normal_day.counters["sshd-failures"].hits > 10


def test_no_text_of_an_alert_fails():
    lines = [line for rule in BOOK.rules for sample in rule.tests for line in sample.lines]

    counters = run(BOOK, sorted(lines, key=lambda line: line.partition(">")[2][:15])).counters

    assert {name: found.errors for name, found in counters.items() if found.errors} == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_prefilter_misses_none_of_their_lines(engine):
    if engine == "hyperscan":
        pytest.importorskip("hyperscan", reason="hyperscan is not installed")
    prefilter = compile_prefilter([rule.condition.requirement for rule in BOOK.rules], engine)

    def candidates(event):
        text = f"<{event.field('pri')}>{event.line}\n".encode()
        return sorted({number for _, number in prefilter.scan(text)} | prefilter.residual)

    for rule in BOOK.rules:
        for sample in rule.tests:
            whole, picked = run(BOOK, sample.lines), run(BOOK, sample.lines, candidates)
            assert [alert.id for alert in picked.outbox] == [alert.id for alert in whole.outbox]
    assert prefilter.residual == frozenset()


def test_what_rules_look_for_is_what_the_collector_says():
    """Its sentences stand in the source as they are shown, but for what is filled in."""
    source = "".join(path.read_text() for path in sorted((RULES.parent / "collector").rglob("*.py")))
    said = re.sub(r'"\n\s*f?"', "", source)
    pieces = [
        "The kernel dropped messages of ", " so far: they came faster", ": no room on the disk. ",
        "cannot be written: ", ". Lines are dropped and counted until", ": lines are dropped: ",
        ". Messages wait, up to ",
        ", and are then dropped and counted", "it takes lines too slowly. They are dropped and counted",
        "was killed by ", "ended with status ", ". It is started again ", " gave no sign of life for ",
        "The journal of worker ", " bytes are dropped unseen by rules",
        "; what rules would have seen is lost, and counted",
        "The journal of alerts is full: its oldest ", " go, also if they are not delivered yet. ",
        ". Alerts wait, and rules with them, until they can be written. ", ": an alert is given up after ",
        ": too many alerts wait; further ones are dropped, and kept as dead letters.",
        "The new configuration is refused, errors: ", "has sent nothing for ", " senders have sent nothing for long: ",
    ]  # fmt: skip

    assert [piece for piece in pieces if piece not in said] == []


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_rule_is_in_the_readme(rule):
    assert f"\n| `{rule.id}` | {rule.alert.severity} | " in (RULES / "README.md").read_text()


def _fail2ban():
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not there")
    with tarfile.open(CORPUS) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                text = file.read().decode("utf-8", "replace")
                yield Path(member.name).name, [line for line in text.splitlines() if line and not line.startswith("#")]


def test_attacks_on_ssh_that_others_have_recorded_are_seen():
    lines = dict(_fail2ban())["sshd"]
    engine = run(packs("sshd.yaml"), lines)

    assert engine.counters["sshd-failures"].hits > 10
    assert engine.counters["sshd-too-many-attempts"].hits > 0
    assert sum(counters.errors for counters in engine.counters.values()) == 0


def test_logs_of_other_programs_are_none_of_the_rules_business():
    others = {name: lines for name, lines in _fail2ban() if name not in {"sshd", "dropbear", "syslog-plain.txt"}}
    assert len(others) > 40

    alerts = {name: {alert.rule for alert in run(BOOK, lines).outbox} for name, lines in others.items()}

    assert {name: found for name, found in alerts.items() if found} == {}


@pytest.mark.skipif(not LOGCHECK, reason="logcheck-database is not installed")
def test_nothing_that_alerts_is_what_logcheck_calls_normal(tmp_path):
    """But for lines that only count when they are many, and for root, who has a password in its eyes."""
    lines = {}
    for pack in ("sshd.yaml", "sudo-su.yaml", "kernel.yaml"):
        for rule in packs(pack).rules:
            for sample in rule.tests:
                if sample.alerts and rule.kind == "match" and rule.id != "sshd-root-by-password":
                    lines |= {event.line: rule.id for event in events_of(sample, READING)}
    patterns = tmp_path / "patterns"
    texts = [Path(name).read_text("utf-8", "replace") for name in LOGCHECK]
    wanted = [line for text in texts for line in text.splitlines() if line.strip() and not line.startswith("#")]
    patterns.write_text("\n".join(wanted) + "\n")

    done = subprocess.run(
        ["grep", "-E", "-f", str(patterns)], input="\n".join(lines), capture_output=True, text=True, check=False
    )

    assert done.returncode in (0, 1), done.stderr
    assert {line: lines[line] for line in done.stdout.splitlines()} == {}
