import json
import pickle
import sys
from pathlib import Path

import pytest

from collector.errors import CollectorError
from collector.rules.prefilter import Report, compile_prefilter
from collector.rules.requirement import All, Any, Anything, Pattern, Pri, Text, Value

ENGINES = pytest.mark.parametrize("engine", ["hyperscan", "python"])
SSHD = "Oct 11 22:14:15 gate sshd[411]: Failed password for bob from 192.0.2.7 port 22 ssh2"
CRON = "Oct 11 22:14:16 gate CRON[77]: (root) CMD (run-parts /etc/cron.hourly)"


VECTORS = Path(__file__).parents[2] / "vectors" / "ntsyslog.jsonl"


def block(*lines, pri=38):
    return "".join(f"<{pri}>{line}\n" for line in lines).encode()


def found(prefilter, *lines):
    """(row, rule), each once."""
    text = block(*lines)
    return sorted({(text.count(b"\n", 0, end), rule) for end, rule in prefilter.scan(text)})


@ENGINES
def test_a_hit_tells_where_it_ends_and_whose_it_is(engine):
    prefilter = compile_prefilter([Text(r"never there"), Text(r"Failed password for (\S+)")], engine)
    text = block(CRON, SSHD)
    assert prefilter.scan(text) == [(text.index(b"for ") + 4, 1)]
    assert compile_prefilter([Text("port 22 ssh2$")], engine).scan(block(SSHD)) == [(len(SSHD) + 4, 0)]


@ENGINES
def test_rules_that_share_a_literal_are_all_told(engine):
    prefilter = compile_prefilter([Text("Failed password"), Text("Failed password"), Text("never there")], engine)
    assert found(prefilter, CRON, SSHD) == [(1, 0), (1, 1)]


@ENGINES
def test_of_what_must_all_be_there_the_rarest_is_looked_for(engine):
    requirement = All((Value("app_name", "sshd"), Text("preauth.*Unsupported ciphersuite"), Pri(frozenset((38,)))))
    prefilter = compile_prefilter([requirement], engine)
    assert prefilter.reports[0] == Report("literal", '"Unsupported ciphersuite"')


@ENGINES
def test_of_alternatives_each_is_looked_for(engine):
    prefilter = compile_prefilter([Any((Value("app_name", "cron"), Text("Failed password")))], engine)
    assert found(prefilter, CRON, SSHD, "Oct 11 22:14:16 gate su: nothing") == [(0, 0), (1, 0)]


@ENGINES
@pytest.mark.parametrize(
    "requirement",
    [
        Anything(),
        Text(r"\d+ \S+$"),
        Text(".*"),
        Any((Text("Failed password"), Anything())),
        All((Anything(), Text("."))),
        Value("peer", "192.0.2.7"),
        Value("Channel", "Security"),
        Value("User", '"<>\\'),
        Value("message", "\x1b", whole=False),
        Value("message", "", whole=False),
    ],
)
def test_a_rule_that_nothing_finds_is_residual(requirement, engine):
    prefilter = compile_prefilter([Text("Failed password"), requirement], engine)
    assert prefilter.residual == {1}
    assert prefilter.reports[1] == Report("residual", "nothing: every line is looked at")
    assert found(prefilter, SSHD) == [(0, 0)]


@ENGINES
def test_without_rules_nothing_is_found(engine):
    assert compile_prefilter([], engine).scan(block(SSHD)) == []
    assert compile_prefilter([Anything()], engine).scan(block(SSHD)) == []
    assert compile_prefilter([Text("Failed password")], engine).scan(b"") == []


@ENGINES
def test_what_cannot_be_is_never_found(engine):
    prefilter = compile_prefilter([Pri(frozenset())], engine)
    assert (prefilter.residual, prefilter.scan(block(SSHD))) == (frozenset(), [])


@ENGINES
def test_a_priority_is_found_at_the_beginning_of_a_line(engine):
    prefilter = compile_prefilter([Pri(frozenset((38, 39)))], engine)
    assert prefilter.scan(block(SSHD)) == [(4, 0)]
    assert prefilter.scan(block(SSHD, pri=3)) == []


@ENGINES
def test_a_priority_is_preferred_to_a_common_word_and_a_rare_one_to_it(engine):
    common = compile_prefilter([All((Pri(frozenset((38,))), Text("to be")))], engine)
    rare = compile_prefilter([All((Pri(frozenset((38,))), Text("rekeying")))], engine)
    assert (common.reports[0].looks_for, rare.reports[0].looks_for) == ("<38>", '"rekeying"')


@ENGINES
def test_a_short_number_is_found_where_it_is_no_part_of_another(engine):
    prefilter = compile_prefilter([Value("EventID", "861")], engine)
    head = "Jul 23 15:54:31 atropos "
    yes = ["security[failure] 861 NT", "x: EventID=861", 'x: {"EventID":861}', "x: 4#011861#011x", r"x: a\u0009861\n"]
    assert found(prefilter, *(head + line for line in yes)) == [(row, 0) for row in range(len(yes))]
    assert found(prefilter, head + "sshd[8610]: x", head + "x[10]: 8612") == []


@ENGINES
def test_an_event_id_with_severity_and_facility_is_found(engine):
    prefilter = compile_prefilter([Value("EventID", "7036")], engine)
    assert found(prefilter, "Feb  7 10:00:00 host NT: <Service Control Manager;I1073748860;N/A> x") == [(0, 0)]


@ENGINES
def test_a_short_name_is_found_alone(engine):
    prefilter = compile_prefilter([Value("app_name", "su")], engine)
    head = "Oct 11 22:14:15 gate "
    assert found(prefilter, head + "su[3]: x", head + "su: x", head + "SU x") == [(0, 0), (1, 0), (2, 0)]
    if engine == "hyperscan":
        assert found(prefilter, head + "sudo: result") == []


@ENGINES
@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("DI\u017fK full on \u212aernel", "disk full on kernel"),  # long s, Kelvin sign
        ("STRASSE gesperrt", "straße gesperrt"),
        ("Straße gesperrt", "STRASSE gesperrt"),
        ("ﬁle not found", "file NOT found"),
        ("ログオン失敗 BOB", "ログオン失敗 bob"),
        ("issue #043123 raised", "issue #123 raised"),
        ("half #033[31m red", "half \x1b[31m red"),
    ],
)
def test_text_of_a_message_is_found_however_its_case(written, asked, engine):
    prefilter = compile_prefilter([Value("message", asked.casefold(), whole=False)], engine)
    assert not prefilter.residual
    line = f"Oct 11 22:14:15 gate app: {written}"
    assert found(prefilter, CRON, line, line) == [(1, 0), (2, 0)]


@ENGINES
@pytest.mark.parametrize(
    "written",
    [
        r"C:\Temp\Größe.exe", r"C:\\Temp\\Größe.exe", r"C:\\Temp\\Gr\u00F6\u00dfe.exe", r"C:\Temp\Gr&#246;&#223;e.exe",
        r"C:\Temp\Gr&#xF6;&#xDF;e.exe", r"C:\\Temp\\Gr#303#266#303#237e.exe",
    ],
)  # fmt: skip
def test_a_value_of_a_payload_is_found_however_it_is_escaped(written, engine):
    value = Value("Image", r"temp\grösse.exe", whole=False)
    prefilter = compile_prefilter([value, Value("Image", "e.exe", whole=False)], engine)
    assert not prefilter.residual
    assert {rule for _, rule in found(prefilter, f"Oct 11 22:14:15 gate app: x={written}")} == {0, 1}


@ENGINES
@pytest.mark.parametrize(
    "written", ["管理者", r"\u7ba1\u7406\u8005", "&#31649;&#29702;&#32773;", "#347#256#241#347#220#206#350#200#205"]
)
def test_japanese_in_a_payload_is_found_in_all_its_ways(written, engine):
    prefilter = compile_prefilter([Value("User", "管理者")], engine)
    assert found(prefilter, CRON, f"Oct 11 22:14:15 gate app: user={written};") == [(1, 0)]


@ENGINES
def test_all_that_a_windows_event_says_is_found(engine):
    for vector in map(json.loads, VECTORS.read_text().splitlines()):
        names = list(vector["fields"])
        wanted = [Value(name, str(vector["fields"][name]).casefold()) for name in names]
        prefilter = compile_prefilter(wanted, engine)
        rules = {rule for _, rule in prefilter.scan(vector["text"].encode() + b"\n")} | prefilter.residual
        assert rules == set(range(len(names))), (vector["name"], names)


@ENGINES
def test_an_expression_in_a_field_is_found_by_what_is_not_escaped_of_it(engine):
    prefilter = compile_prefilter([Pattern("Image", r"\\(?:cmd|powershell)\.exe$"), Pattern("sd", "x+yz")], engine)
    assert prefilter.residual == {1}
    assert found(prefilter, r'Oct 11 22:14:15 gate app: {"Image":"C:\\x\\cmd.exe"}') == [(0, 0)]


def test_common_words_get_the_core_of_their_expression():
    prefilter = compile_prefilter([Text(r"^\S+ error.*disk \d+$"), Text(r"Failed password for \S+")], "hyperscan")
    assert [report.cost for report in prefilter.reports] == ["core", "literal"]
    assert found(prefilter, "Oct 11 22:14:15 gate app: x error 7 on disk 4") == [(0, 0)]
    assert found(prefilter, "Oct 11 22:14:15 gate app: error", "Oct 11 22:14:15 gate app: disk error") == []


def test_a_core_does_not_reach_into_the_next_line():
    prefilter = compile_prefilter([Text(r"error[^;]+disk")], "hyperscan")
    assert prefilter.reports[0].cost == "core"
    assert found(prefilter, "x error", "disk 2", "an error is on disk 3") == [(2, 0)]


@ENGINES
def test_it_can_be_pickled(engine):
    prefilter = compile_prefilter([Text("Failed password"), Value("app_name", "su"), Anything()], engine)
    loaded = pickle.loads(pickle.dumps(prefilter))
    assert loaded.scan(block(SSHD)) == prefilter.scan(block(SSHD)) != []
    assert (loaded.engine, loaded.residual, loaded.reports) == (engine, {2}, prefilter.reports)


def test_without_hyperscan_the_plain_engine_is_taken_unless_it_is_asked_for(monkeypatch):
    monkeypatch.delitem(sys.modules, "collector.rules.scan_hyperscan", raising=False)
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert compile_prefilter([Text("x")]).engine == "python"
    with pytest.raises(CollectorError, match="Hyperscan is not installed"):
        compile_prefilter([Text("x")], "hyperscan")


def test_reports_hide_no_characters():
    texts = ["abcd\tefgh", "abcd\u2028efgh", "abcd\x85efgh", "ログイン失敗"]
    reports = compile_prefilter([Text(text) for text in texts]).reports
    assert [one.looks_for for one in reports] == [
        r'"abcd\x09efgh"',
        r'"abcd\x2028efgh"',
        r'"abcd\x85efgh"',
        '"ログイン失敗"',
    ]


def test_with_hyperscan_it_is_taken():
    assert compile_prefilter([Text("x")]).engine == "hyperscan"


@ENGINES
def test_groups_nested_deeper_than_anybody_writes_are_no_harm(engine):
    nested = "(a|" * 200 + "b" + ")" * 200
    prefilter = compile_prefilter([Text(f"Failed password {nested}"), Pattern("message", nested)], engine)
    assert prefilter.residual == {1}
    assert found(prefilter, f"{SSHD} Failed password b") == [(0, 0)]


@ENGINES
def test_no_bytes_harm_it(engine):
    prefilter = compile_prefilter([Value("message", "disk full", whole=False)], engine)
    assert prefilter.scan(b"<13>\xff\xfe \xc3\x9f \xe2\x84\xaa\xff DI\xc5\xbfK FULL\n") == [(9, 0)]
