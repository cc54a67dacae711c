"""A prefilter never misses a row that a condition accepts, whatever stands between a field and its line."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from requirement_rig import REGEXES, REQUIREMENTS, TEXTS, VALUES, accepts, lines_of, rows, values_in

from collector.rules import choice, pairs
from collector.rules.choice import choose
from collector.rules.cores import core_of
from collector.rules.field_literals import formula_of_pattern, formula_of_value
from collector.rules.foldings import folded
from collector.rules.literal_index import LiteralIndex
from collector.rules.literals import literals_of
from collector.rules.needles import AllOf, AnyOf, Core, Form, Literal, Mark, Pair, Token, needles_in
from collector.rules.pairs import pair_of
from collector.rules.prefilter import compile_prefilter
from collector.rules.regex_tree import parse
from collector.rules.requirement import Pattern
from collector.rules.scan_hyperscan import HyperscanScanner

MANY = settings(max_examples=300, suppress_health_check=list(HealthCheck))
ENGINES = pytest.mark.parametrize("engine", ["hyperscan", "python"])


def holds(formula, line):  # noqa: PLR0911  (one return for each shape)
    """Whether a line (bytes) has what the formula says."""
    match formula:
        case AllOf(parts):
            return all(holds(part, line) for part in parts)
        case AnyOf(parts):
            return any(holds(part, line) for part in parts)
        case Literal(text, caseless):
            return text in (line.lower() if caseless else line)
        case Mark():
            return line.startswith(formula.text)
        case Core(pattern) | Pair(pattern):
            return re.search(pattern.encode(), line) is not None
        case Form(pattern):
            return re.search(pattern.encode(), line, re.IGNORECASE) is not None
        case Token(text):
            return stands_alone(text, line.lower().decode())


def stands_alone(text, line):
    """Not next to a letter or digit (a number: to a digit), unless that belongs to an escape."""
    own = "0-9" if text.isdigit() else "0-9a-z"
    before = r"\\[a-z]|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|[#\\][0-7]{3}|%[0-9a-f]{2}"
    zeros = "0*" if text.isdigit() else ""
    return re.search(rf"(?:[^{own}]|^|{before}){zeros}{text}(?![{own}])", line) is not None


@MANY
@given(st.data())
def test_literals_and_core_of_an_expression_stand_in_every_line_it_matches(data):
    pattern = data.draw(REGEXES)
    ignore_case = data.draw(st.booleans())
    line = data.draw(lines_of(pattern, ignore_case=ignore_case))
    assume(re.search(pattern, line, re.ASCII | (re.IGNORECASE if ignore_case else 0)))
    tree = parse(pattern, ignore_case=ignore_case)
    core = core_of(tree)
    assert holds(literals_of(tree), line.encode())
    assert core is None or holds(core, line.encode())


@MANY
@given(st.data())
def test_what_a_value_asks_for_stands_in_every_line_with_it(data):
    value = data.draw(VALUES)
    row = data.draw(rows([value], names=[value.field]))
    assume(accepts(value, row))
    line = row.line.encode()
    assert holds(formula_of_value(value), line) or holds(formula_of_value(value), folded(line))


@MANY
@given(st.data())
def test_what_an_expression_asks_of_a_field_stands_in_every_line_with_it(data):
    pattern = data.draw(REGEXES)
    text = data.draw(lines_of(pattern, ignore_case=False))
    asked = Pattern(data.draw(st.sampled_from(["message", "User"])), pattern)
    row = data.draw(rows(texts={asked.field: text}, names=[asked.field]))
    assume(accepts(asked, row))
    assert holds(formula_of_pattern(asked), row.line.encode())


NEEDLES = st.one_of(
    st.builds(Literal, TEXTS.filter(bool).map(str.lower).map(str.encode), st.booleans()).map(
        lambda needle: Literal(needle.text.lower(), needle.caseless)
    ),
    st.builds(Token, st.sampled_from(["861", "10", "3", "su", "ksi"])),
    st.builds(Mark, st.sampled_from([13, 134])),
    st.sampled_from([r"ks[^\n]*861", r"(?i:su)[^\n]*(?:0|\xc3\xa9)"]).map(
        lambda text: Pair(text, 0.1, "two", caseless=True)
    ),
)


LINES = st.lists(st.sampled_from(["ks", "su", " su", "861", "\\u0020", "#011", "0", ".", "é"]) | TEXTS, max_size=6).map(
    "".join
)


@MANY
@given(st.lists(NEEDLES, min_size=1, max_size=50, unique=True), st.lists(LINES, min_size=1, max_size=4))
def test_scanners_find_each_needle_in_each_line_that_holds_it(needles, some_lines):
    lines = [f"<13>{line}".encode() for line in some_lines]
    text = b"".join(line + b"\n" for line in lines)
    wanted = {
        (place, number) for place, line in enumerate(lines) for number, one in enumerate(needles) if holds(one, line)
    }
    for scanner in (HyperscanScanner.of(needles), LiteralIndex(needles)):
        assert wanted <= {(text.count(b"\n", 0, end), number) for end, number in scanner.scan(text)}


WORDS = st.text("abA", min_size=3, max_size=7).map(str.encode)


@MANY
@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, min_size=1, max_size=3), st.booleans(), st.data())
def test_a_pair_is_found_wherever_both_stand(some, others, caseless, data):
    if caseless:
        some = [text.lower() for text in some]
    one, other = tuple(Literal(text, caseless) for text in some), tuple(map(Literal, others))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(pairs, "_LEAST", 1)
        pair = pair_of(one, other, 0.5, in_order=False)
        behind = pair_of(one, other, 0.5, in_order=True)
    first, second = data.draw(st.sampled_from(some)), data.draw(st.sampled_from(others))
    if caseless and data.draw(st.booleans()):
        first = first.upper()
    assert holds(behind, first + data.draw(WORDS) + second)
    both = data.draw(st.sampled_from([*overlapping(first, second)]))
    assert pair is None or holds(pair, data.draw(WORDS) + both + data.draw(WORDS))


def overlapping(one, other):
    """Both texts in as few bytes as possible."""
    for first, second in ((one, other), (other, one)):
        for length in range(min(len(first), len(second)) + 1):
            if first.endswith(second[:length]):
                yield first + second[length:]


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(REGEXES, min_size=1, max_size=5))
def test_every_core_compiles(patterns):
    cores = [core for pattern in patterns if (core := core_of(parse(pattern)))]
    assume(cores)
    HyperscanScanner.of(cores)


@given(st.lists(REGEXES, min_size=1, max_size=5))
def test_chosen_needles_are_among_those_that_are_needed(patterns):
    formulas = [literals_of(parse(pattern)) for pattern in patterns]
    for formula, chosen in zip(formulas, choose(formulas, with_core=None), strict=True):
        assert chosen is None or chosen.needles <= set(needles_in(formula))


def found_by(prefilter, some_rows):
    """(row, rule) as the prefilter tells them; every offset must lie in a line."""
    text = "".join(f"<{row.pri}>{row.line}\n" for row in some_rows).encode()
    hits = prefilter.scan(text)
    assert [end for end, _ in hits] == sorted(end for end, _ in hits)
    found = {(row, rule) for row in range(len(some_rows)) for rule in prefilter.residual}
    for end, rule in hits:
        assert 0 < end < len(text)
        found.add((text.count(b"\n", 0, end), rule))
    return found


@ENGINES
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_accepted_row_is_missed(engine, data):
    judge(engine, data)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_accepted_row_is_missed_where_pairs_are_looked_for(data):
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(choice, "_PAIRS", replace(choice._PAIRS, from_=0.0, gain=1e-9))
        monkeypatch.setattr(choice, "_MEMBER", 1e9)
        monkeypatch.setattr(pairs, "_LEAST", 1)
        judge("hyperscan", data)


def judge(engine, data):
    requirements = data.draw(st.lists(REQUIREMENTS, min_size=1, max_size=4))
    wanted = [value for requirement in requirements for value in values_in(requirement)]
    some_rows = data.draw(st.lists(rows(wanted), min_size=1, max_size=4))
    found = found_by(compile_prefilter(requirements, engine), some_rows)
    accepted = {
        (place, rule)
        for place, row in enumerate(some_rows)
        for rule, requirement in enumerate(requirements)
        if accepts(requirement, row)
    }
    assert accepted <= found
