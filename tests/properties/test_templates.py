"""Templates of only text and names are filled without jinja2; they say what it would say."""

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import templates
from collector.templates import Template, TemplateError, compile_template

NAMES = ("hostname", "ip", "timestamp", "User")
pieces = st.sampled_from(
    ["{{ hostname }}", "{{ip}}", "{{  timestamp\t}}", "{{ User }}", "{{", "}}", "{", "}", "%}", "#}"]
)
texts = st.lists(pieces | st.text("a %#\n日", max_size=4), max_size=6).map("".join)
values = (
    st.none() | st.text(max_size=5) | st.integers() | st.floats() | st.datetimes(timezones=st.just(UTC)) | st.booleans()
)


def by_jinja(text):
    """The template as it is compiled where it is more than text and names."""
    tree = templates._ENVIRONMENT.parse(text)
    return Template(text, tree, templates._checked(tree, text, NAMES))


@given(texts, st.fixed_dictionaries(dict.fromkeys(NAMES, values)))
def test_a_plain_template_is_filled_as_by_jinja2(text, filling):
    pieces_of_it = templates._plain(text, NAMES)
    if pieces_of_it is None:
        return
    plain, other = compile_template(text, allowed=NAMES), by_jinja(text)
    assert (plain.text, plain.variables) == (other.text, other.variables)
    assert plain.render(filling) == other.render(filling)


@given(texts)
def test_what_is_missing_is_an_error_as_by_jinja2(text):
    plain = compile_template(text, allowed=NAMES) if templates._plain(text, NAMES) is not None else None
    if plain is not None and plain.variables:
        with pytest.raises(TemplateError) as caught:
            plain.render({})
        with pytest.raises(TemplateError) as by_other:
            by_jinja(text).render({})
        assert str(caught.value) == str(by_other.value)


@pytest.mark.parametrize(
    "text", ["plain", "{{ hostname }}!", "{{ timestamp | date('%Y') }}", "{% if ip %}{{ ip }}{% endif %}"]
)
def test_a_template_is_pickled(text):
    filling = {"hostname": "gate", "ip": "::1", "timestamp": datetime(2026, 7, 3, tzinfo=UTC)}
    template = compile_template(text, allowed=NAMES)
    again = pickle.loads(pickle.dumps(template))
    assert (again.text, again.variables, again.render(filling)) == (text, template.variables, template.render(filling))
