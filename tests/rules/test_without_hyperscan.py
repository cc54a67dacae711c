"""
``check-rules`` says the same of a mixed log with Hyperscan and without: alerts to the letter, findings, and counters.

The prefilter only picks candidates, and of those each of the two may name too many. What is left must not differ.
"""

import json
from functools import partial
from pathlib import Path

import pytest
from cli_under_test import call, nothing_of_this_machine
from japanese_lines import TEXTS
from rules.benign_lines import FOLDER
from rules.rule_packs import RULES, packs

from collector.rules.prefilter import compile_prefilter
from collector.service.check_rules import findings

__all__ = ["call", "nothing_of_this_machine"]

EVERY_WAY = r"""
sets: [{name: first, ordered: true}]
rules:
  - {id: words, kind: match, on: {text: [障害, Ｆailed, "failed password"]}, alert: {title: "{{ message }}"}}
  - {id: cased, kind: match, on: {text|cased|all: [Failed, bob]}, alert: {title: "{{ line }}"}}
  - {id: captured, kind: match, on: {re: 'from (?P<ip>[\d.]+)', ip|cidr: 192.0.2.0/25}, alert: {title: "{{ ip }}"}}
  - {id: caseless, kind: match, on: {re|i: 'straße|PASSWORD FOR'}, alert: {title: "{{ line }}"}}
  - {id: short, kind: match, on: {re: '\bsu\b'}, alert: {title: "{{ line }}"}}
  - {id: begins, kind: match, on: {re: '^\w{3} .\d .{8} gate '}, alert: {title: "{{ line }}"}}
  - {id: visible, kind: match, on: {text: "#007"}, alert: {title: "{{ line }}"}}
  - {id: number, kind: match, on: {EventID: [861, 529]}, alert: {title: "{{ EventID }}"}}
  - {id: path, kind: match, on: {message|endswith: '\ntsyslog.exe'}, alert: {title: "{{ message }}"}}
  - {id: absent, kind: match, on: {app_name: null}, alert: {title: "{{ line }}"}}
  - {id: residual, kind: match, on: {not: {text|cased: e}}, alert: {title: "{{ line }}"}}
  - {id: level, kind: match, on: {severity|lte: crit, facility: [kern, auth]}, alert: {title: "{{ severity }}"}}
  - {id: data, kind: match, on: {sd|contains: 'a="\'}, alert: {title: "{{ sd }}"}}
  - {id: shape, kind: match, on: {shape|startswith: "Failed password for bob from #"}, alert: {title: "{{ shape }}"}}
  - {id: top, kind: match, set: first, on: {app_name: "s*d"}, then: {goto: bottom}}
  - {id: middle, kind: match, set: first, on: {text: bob}, alert: {title: "{{ line }}"}}
  - {id: bottom, kind: match, set: first, on: {message|re: 'o{2}'}, alert: {title: "{{ line }}"}}
  - {id: many, kind: threshold, on: {hostname|exists: true}, by: shape, within: 1h, count: {distinct: line, gte: 2},
     limit: {by: hostname, first: 1, per: 1h}, alert: {title: "{{ count }} × {{ line }}"}}
"""

ODD = [
    b"<38>Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7 port 22 ssh2",
    b"<38>1 2026-10-11T22:14:15+09:00 gate sshd 411 - - FAILED PASSWORD for bob from 192.0.2.200",
    b'<34>1 2026-10-11T22:14:16.5Z gate su 7 ID1 [a@1 a="\\"x\\"" b="\xe9\x9a\x9c"] \xef\xbb\xbfroot on \x07 pts',
    b"Failed password for bob from 192.0.2.9", b"<0>", b"<999>x", b"<2>Oct 11 22:14:17 gate kernel: oops \x07 \xff\xfe",
    b"<135>Oct 11 22:14:18 atropos security[failure] 861 NT AUTHORITY\\SYSTEM  Path:C:\\ntsyslog.exe",
    b"<5>Oct  1 22:14:19 gate STRASSE: Stra\xc3\x9fe gesperrt, su\xc5\xbft #007",
    b"<2>su: foo \xe2\x84\xaaelvin boo", b'<13>Oct 11 22:14:20 w x: {"EventID": 529, "Message": "a\\u969c\\u5bb3"}',
    b"<5>Oct 11 22:14:21 gate ftp: " + b"a" * 70_000,
]  # fmt: skip


def log():
    japanese = [f"<13>Oct 11 22:15:00 gate svc: {text}" for text in TEXTS]
    samples = [line for rule in packs().rules for sample in rule.tests for line in sample.lines]
    benign = [line for path in sorted(FOLDER.glob("*.log")) for line in path.read_text("utf-8").splitlines()[:100]]
    lines = [*ODD, *(text.encode("cp932", "replace") for text in japanese), *map(str.encode, (*samples, *benign))]
    return b"".join(line.replace(b"\n", b" ") + b"\n" for line in lines)


def told(call):
    code, out, err = call("check-rules", "mixed.yaml", str(RULES), "--log", "log", "--json", "--year", "2026")
    assert (code, err) == (0, "")
    return list(map(_without_cost, map(json.loads, out.splitlines())))


def _without_cost(record):
    """Measured times differ from run to run, and so does what a finding says of them."""
    of_problems, of_runs = {"message", "level"}, {"ns_per_line", "seconds", "lines_per_second"}
    measured = of_problems if record["type"] == "problem" else of_runs
    return {key: value for key, value in record.items() if key not in measured}


def test_it_says_the_same(call, monkeypatch):
    pytest.importorskip("hyperscan", reason="there is nothing to compare with")
    Path("mixed.yaml").write_text(EVERY_WAY)
    Path("log").write_bytes(log())
    with_it = told(call)
    monkeypatch.setattr(findings, "compile_prefilter", partial(compile_prefilter, engine="python"))
    without = told(call)

    assert without == with_it
    assert {record["rule"] for record in with_it if record["type"] == "rule" and not record["hits"]} == set()
