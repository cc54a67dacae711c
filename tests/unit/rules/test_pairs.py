import re

import pytest

from collector.rules.literals import literals_of
from collector.rules.needles import AllOf, AnyOf, Literal
from collector.rules.pairs import pair_of, texts_of
from collector.rules.prefilter import compile_prefilter
from collector.rules.regex_tree import parse
from collector.rules.requirement import All, Any, Text, Value

SUBJECTS = ("disk quota", "mail queue", "power supply", "print spooler", "clock drift", "route table")
EVENTS = ("exceeded", "rejected", "degraded", "corrupted", "overflowed", "aborted")


def texts(*some):
    return tuple(Literal(text.encode()) for text in some)


def found(requirements, *lines):
    """The rules of each line."""
    prefilter = compile_prefilter(requirements, "hyperscan")
    text = "".join(f"<38>{line}\n" for line in lines).encode()
    hits = {(text.count(b"\n", 0, end), rule) for end, rule in prefilter.scan(text)}
    return [{rule for row, rule in hits if row == number} for number in range(len(lines))]


def of_words(make):
    """Rules of one vocabulary: no word tells them apart, two together do."""
    return [make(subject, event) for subject in SUBJECTS for event in EVENTS]


def as_regex(subject, event):
    return Text(rf"(?:warning: |error: )?{subject} (?:[a-z]+ )?{event}.* by (\w+)")


def as_fields(subject, event):
    return All((Value("message", event, whole=False), Value("message", subject, whole=False)))


@pytest.mark.parametrize("make", [as_regex, as_fields])
def test_rules_that_share_their_words_are_told_apart_by_two(make):
    requirements = of_words(make)
    lines = [
        "storaged[4]: warning: mail queue was degraded again by bob",
        "storaged[4]: mail queue is fine by bob",
        "storaged[4]: request 17 degraded by peer",
    ]
    assert found(requirements, *lines) == [{1 * len(EVENTS) + 2}, set(), set()]
    report = compile_prefilter(requirements, "hyperscan").reports[0]
    assert (report.cost, ' and "exceeded"' in report.looks_for) == ("core", True)


def test_alternatives_have_pairs_of_their_own():
    requirements = of_words(lambda subject, event: Any((as_regex(subject, event), as_regex(subject[::-1], event))))
    assert found(requirements, "disk quota exceeded by bob", "atouq ksid exceeded by bob") == [{0}, {0}]


def test_what_looks_ahead_may_stand_before():
    requirements = of_words(lambda subject, event: Text(f"^(?=.*{event}).*{subject}"))
    assert found(requirements, "disk quota exceeded", "exceeded disk quota") == [{0}, {0}]


def test_what_repeats_belongs_to_both_its_neighbours():
    requirements = of_words(lambda subject, event: Text(f"{subject} (?:of a disk )+was {event}"))
    assert found(requirements, "disk quota of a disk was exceeded") == [{0}]


def test_one_of_both_may_be_found_only_when_case_does_not_count():
    requirements = of_words(
        lambda subject, event: All(
            (Text(f"(?i){subject} ß"), Value("message", f"{event} straße".casefold(), whole=False))
        )
    )
    line = "Disk Quota ß, EXCEEDED STRA\u1e9eE"
    assert re.search("(?i)disk quota ß", line, re.ASCII)
    assert 0 in found(requirements, line)[0]


def test_without_hyperscan_words_are_enough():
    prefilter = compile_prefilter(of_words(as_regex), "python")
    assert 0 in {rule for _, rule in prefilter.scan(b"<38>x: disk quota exceeded by bob\n")}


@pytest.mark.parametrize(
    ("one", "other", "lines"),
    [
        (("abcdefgh",), ("efghijklmn",), ["abcdefghijklmn", "efghijklmn abcdefgh"]),
        (("first text", "second text"), ("others here",), ["others here second text", "first text, others here"]),
    ],
)
def test_a_pair_is_found_in_either_order(one, other, lines):
    pair = pair_of(texts(*one), texts(*other), 0.1, in_order=False)
    assert (pair is None) is (len(other[0]) == len("efghijklmn") - 1)
    assert all(re.search(pair.pattern, line) for line in lines)
    assert not any(re.search(pair.pattern, text) for text in (*one, *other))


def test_a_text_within_another_makes_no_pair():
    assert pair_of(texts("overflowed"), texts("flowed"), 0.1, in_order=False) is None


def test_a_short_text_makes_no_pair():
    assert pair_of(texts("disk quota"), texts("reset"), 0.1, in_order=True) is None
    assert pair_of(texts("reset"), texts("disk quota"), 0.1, in_order=True) is not None


def test_what_alternatives_have_in_common_stands_for_them():
    assert texts_of(literals_of(parse("x: (?:warning: |error: |)disk quota"))) == texts(": disk quota")
    assert texts_of(AnyOf(texts("user alice", "user bob"))) == texts("user alice", "user bob")
    assert texts_of(AnyOf(texts("one", "two", "three", "four", "five"))) == ()
    assert texts_of(AllOf(texts("one", "two"))) == ()
