"""Conditions, compared with a reading that knows no regular expressions, sets or short cuts."""

from condition_oracle import slowly
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
