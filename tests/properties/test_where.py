"""Conditions, compared with a reading that knows no regular expressions, sets or short cuts."""

from hypothesis import given
from hypothesis import strategies as st

from collector.routing.where import compile_where

texts = st.text("abAB*?\\.", max_size=8)
fields = st.sampled_from(["hostname", "app_name", "message"])
kinds = st.sampled_from(["", "|contains", "|startswith", "|endswith"])
modifiers = st.tuples(kinds, st.sampled_from(["", "|all"]), st.sampled_from(["", "|cased"])).map("".join)
entries = st.dictionaries(
    st.tuples(fields, modifiers).map("".join), st.lists(texts, min_size=1, max_size=3), min_size=1
)
conditions = st.recursive(
    entries,
    lambda inner: st.one_of(
        st.builds(lambda some: {"any": some}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda some: {"all": some}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one, more: {"not": one} | more, inner, entries),
    ),
    max_leaves=6,
)
records = st.fixed_dictionaries(dict.fromkeys(["hostname", "app_name", "message"], st.none() | texts))


def slowly(spec, record):
    for key, value in spec.items():
        if key == "any":
            found = [True for item in value if slowly(item, record)]
        elif key == "all":
            found = [] if [item for item in value if not slowly(item, record)] else [True]
        elif key == "not":
            found = [] if slowly(value, record) else [True]
        else:
            found = compared(key.split("|"), value, record)
        if not found:
            return False
    return True


def compared(key, patterns, record):
    text = record[key[0]]
    if text is None:
        return []
    results = [glob(tokens(pattern, key), text if "cased" in key else text.lower()) for pattern in patterns]
    return all(results) if "all" in key else any(results)


def tokens(pattern, key):
    """Characters to match one by one; None stands for any one, ... for any number of them."""
    if "cased" not in key:
        pattern = pattern.lower()
    found = []
    while pattern:
        if pattern[0] == "\\" and pattern[1:2] in ("\\", "*", "?"):
            found.append(pattern[1])
            pattern = pattern[2:]
            continue
        found.append({"*": ..., "?": None}.get(pattern[0], pattern[0]))
        pattern = pattern[1:]
    before = [...] if {"contains", "endswith"} & set(key) else []
    return before + found + ([...] if {"contains", "startswith"} & set(key) else [])


def glob(pattern, text):
    if not pattern:
        return not text
    if pattern[0] is ...:
        return any(glob(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in (None, text[0]) and glob(pattern[1:], text[1:])


@given(conditions, records)
def test_a_condition_is_true_where_the_slow_reading_says_so(spec, record):
    assert slowly(spec, record) == compile_where(spec).test(record)


@given(conditions, records)
def test_a_condition_or_its_negation_is_true(spec, record):
    assert compile_where(spec).test(record) != compile_where({"not": spec}).test(record)


@given(conditions, records)
def test_fields_it_does_not_need_change_nothing(spec, record):
    where = compile_where(spec)
    needed = {field: value for field, value in record.items() if field in where.needs}
    assert where.test(record) == where.test(needed)
