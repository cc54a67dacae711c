"""Conditions of rules, compared with a reading that tries one part after the other and copies everything."""

import re

from condition_oracle import compared
from hypothesis import example, given
from hypothesis import strategies as st
from requirement_rig import Row, accepts
from rule_loading import FakeEvent

from collector.priority import pri_of
from collector.routing.clauses import ClauseError
from collector.rules.condition import Condition

PATTERNS = ["a(?P<x>b*)", "(?P<y>a|b)B", "b(?P<x>a)?", "(?P<z>.)(?P<y>.)", "A", "^(?P<User>[ab]*)$", "(a)|(?P<z>b)"]
CAPTURES = ("x", "y", "z")

texts = st.text("abAB* .", max_size=6)
words = st.text("abAB", max_size=3)
fields = st.sampled_from(["app_name", "message", "User", *CAPTURES])
modifiers = st.sampled_from(["", "|contains", "|startswith", "|endswith", "|contains|all", "|cased", "|contains|cased"])
searches = st.sampled_from(["re", "re|all", "re|i", "message|re", "User|re", "x|re"])
entries = st.one_of(
    st.tuples(st.tuples(fields, modifiers).map("".join), st.lists(words, min_size=1, max_size=2)),
    st.tuples(searches, st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["text", "text|all", "text|cased"]), st.lists(texts, min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["app_name|exists", "User|exists", "y|exists"]), st.booleans()),
    st.tuples(st.just("severity|lte"), st.sampled_from(["emerg", "err", "debug"])),
)
mappings = st.lists(entries, min_size=1, max_size=4).map(dict)
conditions = st.recursive(
    mappings,
    lambda inner: st.one_of(
        st.builds(lambda some, more: {"any": some} | more, st.lists(inner, min_size=1, max_size=3), mappings),
        st.builds(lambda some, more: more | {"all": some}, st.lists(inner, min_size=1, max_size=3), mappings),
        st.builds(lambda one, more: {"not": one} | more, inner, mappings),
    ),
    max_leaves=6,
)
events = st.builds(
    lambda line, severity, values: FakeEvent(line, severity=severity, **values),
    texts,
    st.sampled_from(["emerg", "err", "debug"]),
    st.fixed_dictionaries({"app_name": st.none() | words, "message": words, "User": st.none() | words | st.just("ab")}),
)


def names_of(pattern):
    return set(re.findall(r"\?P<(\w+)>", pattern))


def made(key, value):
    """What a part captures."""
    if key in {"any", "all"}:
        return {name for item in value for part in item.items() for name in made(*part)}
    if key == "not" or "re" not in key.split("|"):
        return set()
    return {name for pattern in value for name in names_of(pattern)}


def read(key, value):
    """What a part asks for that it does not capture itself."""
    if key in {"any", "all"}:
        return {name for item in value for part in item.items() for name in read(*part)} - made(key, value)
    if key == "not":
        return {name for part in value.items() for name in read(*part)}
    return {key.split("|")[0]}


def slowly(spec, event, captures):
    """The captures after a condition that fits, those before it included; None when it does not."""
    parts = list(spec.items())
    while parts:
        ready = [one for one in parts if not any(read(*one) & made(*two) for two in parts if two is not one)]
        parts.remove(ready[0])
        captures = part_slowly(*ready[0], event, captures)
        if captures is None:
            return None
    return captures


def part_slowly(key, value, event, captures):  # noqa: PLR0911 - one return for each shape
    if key == "not":
        return captures if slowly(value, event, captures) is None else None
    if key == "any":
        return next((found for item in value if (found := slowly(item, event, captures)) is not None), None)
    if key == "all":
        return slowly_in_order(value, event, captures)
    field, *flags = key.split("|")
    text = event.line if field in {"re", "text"} else captures.get(field, event.value(field))
    if "exists" in flags:
        return captures if (text is not None) is value else None
    if text is None:
        return None
    if "re" in key.split("|"):
        return searched(value, text, key, captures)
    if field == "severity":
        order = ["emerg", "err", "debug"]
        return captures if order.index(text) <= order.index(value) else None
    if field == "text":
        flags, value = [*flags, "contains"], [re.sub(r"[*?\\]", r"\\\g<0>", one) for one in value]
    return captures if compared([field, *flags], value, {field: text}) else None


def slowly_in_order(items, event, captures):
    """The items of ``all`` are put in the same order as the keys of a mapping."""
    items = list(items)
    while items:
        ready = [
            one for one in items if not any(read("all", [one]) & made("all", [two]) for two in items if two is not one)
        ]
        captures = slowly(ready[0], event, captures)
        if captures is None:
            return None
        items.remove(ready[0])
    return captures


def searched(patterns, text, key, captures):
    found = [re.search(one, text, re.ASCII | (re.IGNORECASE if "i" in key.split("|") else 0)) for one in patterns]
    if not (all(found) if "all" in key.split("|") else any(found)):
        return None
    fitting = [one for one in found if one] if "all" in key.split("|") else [one for one in found if one][:1]
    for one in fitting:
        captures = captures | {name: value for name, value in one.groupdict().items() if value is not None}
    return captures


def compiled(spec):
    try:
        return Condition(spec)
    except ClauseError:
        return None


@given(conditions, events)
@example({"x": ["b"], "re": ["a(?P<x>b*)"]}, FakeEvent("ab"))
@example({"any": [{"x": ["b"]}, {"re": ["A"]}], "re": ["a(?P<x>b*)"]}, FakeEvent("abA"))
def test_a_condition_fits_and_captures_where_and_what_the_slow_reading_says(spec, event):
    condition = compiled(spec)
    if condition is not None:
        assert condition.match(event) == slowly(spec, event, {})


@given(conditions, events)
def test_a_trace_comes_to_the_same_answer(spec, event):
    condition = compiled(spec)
    if condition is not None:
        assert condition.trace(event)[0].fits is (condition.match(event) is not None)


@given(conditions, events)
def test_what_is_required_is_there_whenever_a_condition_fits(spec, event):
    condition = compiled(spec)
    if condition is not None and condition.match(event) is not None:
        values = {name: "\0" if value is None else value for name, value in event.values.items()}
        severity = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"].index(values["severity"])
        assert accepts(condition.requirement, Row(pri_of(16, severity), event.line, values | {"line": event.line}))
