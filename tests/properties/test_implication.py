"""What is said to follow from a condition does, in every message; and what is said to fit nothing fits none."""

from hypothesis import example, given
from hypothesis import strategies as st
from properties.test_conditions import conditions, words
from rule_loading import FakeEvent

from collector.routing.clauses import ClauseError
from collector.rules.condition import Condition
from collector.rules.implication import conflict_in, follows, is_absent, read_facts, values_of

LEAVES = st.sampled_from(
    [
        {"app_name": "a"}, {"app_name": ["a", "B"]}, {"app_name": None}, {"app_name|exists": True},
        {"app_name|exists": False}, {"app_name|startswith": "ab"}, {"app_name|startswith": "b"}, {"app_name": "a*"},
        {"app_name|cased": "A"}, {"text": "a"}, {"text": "ab"}, {"re": "ab+"}, {"re|i": "AB"}, {"re": "a|b"},
        {"re": ["ab", "ba"]}, {"re|all": ["ab", "ba"]}, {"User|gt": 5}, {"User|lt": 5}, {"User|lte": 5}, {"User": 5},
        {"severity|lte": "err"}, {"severity|gt": "err"}, {"severity": "debug"}, {"message|contains": ["ab", "ba"]},
        {"message|contains|all": ["ab", "ba"]}, {"message|endswith": "b"}, {"message": "ab"}, {"not": {"text": "b"}},
        {"not": {"app_name": "a*"}}, {"any": [{"app_name": "a"}, {"message": "b"}]},
    ]
)  # fmt: skip
PAIRS = st.lists(LEAVES, min_size=1, max_size=3).map(lambda parts: {"all": parts})
SPECS = st.one_of(LEAVES, PAIRS, conditions)


@st.composite
def messages(draw):
    """Events whose fields stand in their line, as they do in every message."""
    app, text = draw(st.none() | words), draw(words)
    line = f"Oct 11 22:14:15 x {app}: {text}" if app else f"Oct 11 22:14:15 x {text}"
    severity = draw(st.sampled_from(["emerg", "err", "debug"]))
    return FakeEvent(line, app_name=app, message=text, severity=severity, User=draw(st.none() | words | st.just("5")))


EVENTS = st.lists(messages(), min_size=1, max_size=8)


def fits(spec, event):
    return Condition(spec).match(event) is not None


@given(SPECS, SPECS, EVENTS)
@example({"app_name": "ab"}, {"text": "a"}, [FakeEvent("x ab: c", app_name="ab", message="c")])
def test_what_follows_does(first, second, events):
    try:
        follow = follows(read_facts(first), read_facts(second))
        fitting = [event for event in events if fits(first, event)]
        assert not follow or all(fits(second, event) for event in fitting)
    except ClauseError:
        return


@given(SPECS, EVENTS)
def test_what_can_never_be_is_not(spec, events):
    try:
        assert not (conflict_in(read_facts(spec)) and any(fits(spec, event) for event in events))
    except ClauseError:
        return


@given(SPECS, EVENTS, st.sampled_from(["app_name", "message", "User", "severity"]))
def test_fields_have_the_values_they_are_said_to_have(spec, events, field):
    try:
        facts = read_facts(spec)
        values = [event.value(field) for event in events if fits(spec, event)]
    except ClauseError:
        return
    known = values_of(facts, field)
    assert known is None or all(value is not None and value.casefold() in known for value in values)
    assert not is_absent(facts, field) or set(values) <= {None}
