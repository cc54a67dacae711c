import locale
from datetime import UTC, datetime, timedelta, timezone

import pytest

from collector.errors import CollectorError
from collector.templates import TemplateError, compile_template

ALLOWED = ("hostname", "app_name", "message", "timestamp", "received_at", "structured_data", "proc_id")
VALUES = {
    "hostname": "Gate-7",
    "app_name": None,
    "message": "a <b> & 'c' {{ x }} 日本",
    "timestamp": datetime(2026, 7, 3, 15, 4, 5, 60_000, timezone(timedelta(hours=9))),
    "received_at": datetime(2026, 12, 31, 0, 0, 0, tzinfo=UTC),
    "structured_data": {"exampleSDID@32473": {"iut": "3"}},
    "proc_id": "411",
}


def rendered(text):
    return compile_template(text, allowed=ALLOWED).render(VALUES)


def error_of(text):
    with pytest.raises(TemplateError) as caught:
        compile_template(text, allowed=ALLOWED)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ hostname }}", "Gate-7"),
        ("{{hostname}}: {{ message }}\n", "Gate-7: a <b> & 'c' {{ x }} 日本\n"),
        ("[{{ app_name }}]", "[]"),
        ("{{ app_name | default('-') }}", "-"),
        ("{{ app_name | default('-', true) }}", "-"),
        ("{{ hostname | default('-') }}", "Gate-7"),
        ("{{ hostname | lower }}{{ hostname | upper }}", "gate-7GATE-7"),
        ("{{ hostname | replace('-', '_') }}", "Gate_7"),
        ("{{ hostname | truncate(4) }}|{{ hostname | truncate(40) }}", "Gate|Gate-7"),
        ("{{ timestamp | date('%Y-%m-%d %H:%M:%S') }}", "2026-07-03 15:04:05"),
        ("{{ timestamp | date }}", "2026-07-03"),
        ("{{ timestamp | date('%a %A %b %B %h %p %P %%b') }}", "Fri Friday Jul July Jul PM pm %b"),
        ("{{ timestamp | date('%c|%x|%X|%r') }}", "Fri Jul  3 15:04:05 2026|07/03/26|15:04:05|03:04:05 PM"),
        ("{{ timestamp | date('%z %s') }}", "+0900 1783058645"),
        ("{{ timestamp }} {{ received_at }}", "2026-07-03T15:04:05.060+09:00 2026-12-31T00:00:00+00:00"),
        ("{{ timestamp.year }}/{{ received_at.month }}", "2026/12"),
        ("{{ structured_data['exampleSDID@32473'].iut }}", "3"),
        ("{{ structured_data.a.b.c | default('none') }}", "none"),
        ("{{ structured_data }}", '{"exampleSDID@32473":{"iut":"3"}}'),
        ("{{ structured_data }}.", '{"exampleSDID@32473":{"iut":"3"}}.'),
        ("{{ structured_data['exampleSDID@32473'] | default('-') }}", '{"iut":"3"}'),
        ("{{ structured_data | truncate(9) | upper }}", '{"EXAMPLE'),
        ("{{ structured_data | replace('\"', \"'\") }}", "{'exampleSDID@32473':{'iut':'3'}}"),
        ("{{ ['日', none, hostname] }}", '["日",null,"Gate-7"]'),
        ("{% if proc_id %}[{{ proc_id }}]{% endif %}", "[411]"),
        ("{% if app_name %}{{ app_name }}{% else %}?{% endif %}", "?"),
        ("{{ 'x' if hostname == 'Gate-7' else 'y' }}", "x"),
        ("{% for c in hostname[:2] %}{{ c }}.{% endfor %}", "G.a."),
        ("{{ proc_id | int + 1 }}", "412"),
        ("{# a comment #}{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ],
)
def test_a_template_is_filled(text, expected):
    assert expected == rendered(text)


def test_names_of_days_and_months_do_not_follow_the_locale():
    before = locale.setlocale(locale.LC_TIME)
    other = next((name for name in ("ja_JP.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8") if has_locale(name)), "C")
    try:
        locale.setlocale(locale.LC_TIME, other)
        assert rendered("{{ timestamp | date('%a %b %d %c') }}") == "Fri Jul 03 Fri Jul  3 15:04:05 2026"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def has_locale(name):
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_TIME, before)
    return True


def test_it_tells_its_variables_and_whether_it_is_only_text():
    template = compile_template("a {{ hostname }} {% if message %}{% endif %}", allowed=ALLOWED)
    assert (template.variables, template.literal) == ({"hostname", "message"}, None)
    template = compile_template("/var/log/{{ 'x' }}", allowed=ALLOWED)
    assert (template.variables, template.literal) == (frozenset(), "/var/log/x")


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("{{ timestamp }} {{hostname}}: {{ message }}\n", (b"%b %b: %b\n", ("timestamp", "hostname", "message"))),
        ("100% of {{ hostname }} %s", (b"100%% of %b %%s", ("hostname",))),
        ("日本 {{ hostname }}", ("日本 %b".encode(), ("hostname",))),
        ("{{ hostname }}{{ hostname }}", (b"%b%b", ("hostname", "hostname"))),
        ("50%", (b"50%%", ())),
        ("{{ hostname | lower }}", None),
        ("{{ timestamp.year }}", None),
        ("{{ 'a' }}", None),
        ("{% if hostname %}x{% endif %}", None),
    ],
)
def test_text_and_plain_fields_are_a_bytes_format(text, percent):
    assert percent == compile_template(text, allowed=ALLOWED).as_percent()


def test_the_bytes_format_writes_what_the_template_writes():
    template = compile_template("%{{ hostname }}% {{ message }}\n", allowed=ALLOWED)
    form, fields = template.as_percent()
    assert template.render(VALUES) == (form % tuple(VALUES[field].encode() for field in fields)).decode()


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("/log/{{ hostnam }}", (1, 9), 'unknown variable "hostnam"', 'did you mean "hostname"?'),
        ("{{ hostname }}\n {{ mesage }}", (2, 5), 'unknown variable "mesage"', 'did you mean "message"?'),
        ("{{ x }}", (1, 4), 'unknown variable "x"', "known here: app_name"),
        ("{{ self }}", (1, 4), 'unknown variable "self"', "known here"),
        ("{{ loop }}", (1, 4), 'unknown variable "loop"', "known here"),
        ("a {{ hostname | uper }}", (1, 17), 'unknown filter "uper"', 'did you mean "upper"?'),
        ("{{ hostname | urlize }}", (1, 15), 'unknown filter "urlize"', "filters are"),
        ("{{ hostname is evn }}", (1, 16), 'unknown test "evn"', 'did you mean "even"?'),
        ("{{ hostname.upper }}", (1, 13), 'hostname has no attribute "upper"', "no parts"),
        ("{{ hostname['x'] }}", (1, 14), 'hostname has no attribute "x"', "no parts"),
        ("{{ timestamp.yeer }}", (1, 14), 'timestamp has no attribute "yeer"', 'did you mean "year"?'),
        ("{{ timestamp.__class__ }}", (1, 14), 'timestamp has no attribute "__class__"', "date filter"),
        ("{{ ''.__class__.__mro__ }}", (1, 7), 'this has no attribute "__class__"', "no parts"),
        ("{{ hostname | date('%Y') }}", (1, 15), "hostname is no time", "times are timestamp and received_at"),
        ("{{ hostname.upper() }}", (1, 1), "a template cannot use function calls", "made of fields"),
        ("x\n{{ range(10) }}", (2, 1), "a template cannot use function calls", "made of fields"),
        ("{{ 'a' * 1000000000 }}", (1, 1), 'a template cannot use "*"', "made of fields"),
        ("{{ 10 ** 1000000 }}", (1, 1), 'a template cannot use "**"', "made of fields"),
        ("{{ '%1000000000d' % 1 }}", (1, 1), 'a template cannot use "%"', "made of fields"),
        ("{% set x = 1 %}", (1, 1), 'a template cannot use "set"', "made of fields"),
        ("{% include '/etc/passwd' %}", (1, 1), "a template cannot use include", "made of fields"),
        ("{% macro x() %}{% endmacro %}", (1, 1), "a template cannot use macro", "made of fields"),
        ("{{ hostname", (1, 1), "unexpected end of template, expected 'end of print statement'", None),
        ("{{ hostname }} {{ app_name }", (1, 16), "unexpected '}'", None),
        ("{{ hostname }}\n{% if %}", (2, 1), "expected an expression, got 'end of statement block'", None),
        ("{% if hostname %}x", (1, 1), '"if" is never ended', None),
        ("{{ hostname | truncate }}", (1, 1), "the template cannot be filled: ", "arguments"),
        ("{{ hostname - 1 }}", (1, 1), "the template cannot be filled: ", "is text"),
        ("a\udcff", (1, 2), "the template is no valid text", None),
    ],
)
def test_a_mistake_is_named_with_its_place_and_cure(text, place, message, hint):
    error = error_of(text)
    assert (place, True) == ((error.line, error.column), str(error).startswith(message)), str(error)
    assert error.hint is None if hint is None else hint in error.hint
    assert isinstance(error, CollectorError)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ message | nofilter }} {{ messag }} {{ hostnam | foo }}", [
            (14, 'unknown filter "nofilter"'), (29, 'unknown variable "messag"'), (42, 'unknown variable "hostnam"'),
            (52, 'unknown filter "foo"'),
        ]),
        ("/x/{{ hostnam }}/{{ timestmp }}", [(7, 'unknown variable "hostnam"'), (21, 'unknown variable "timestmp"')]),
        ("{{ b }}{{ a }}{{ b }}", [(4, 'unknown variable "b"'), (11, 'unknown variable "a"')]),
        ("{{ range(9) }} {{ x }}", [(1, "a template cannot use function calls"), (19, 'unknown variable "x"')]),
        ("{{ hostname.upper(x) }}", [(1, "a template cannot use function calls"), (19, 'unknown variable "x"')]),
        ("{% for x in hostname %}{{ loop.index }}{{ x | y }}{% endfor %}", [(47, 'unknown filter "y"')]),
        ("{{ hostname.x }}{{ timestamp.y }}{{ app_name is z }}", [
            (13, 'hostname has no attribute "x"'), (30, 'timestamp has no attribute "y"'), (49, 'unknown test "z"'),
        ]),
    ],
)  # fmt: skip
def test_all_mistakes_are_told_at_once_in_the_order_of_the_text(text, found):
    error = error_of(text)
    assert [(one.column, str(one)) for one in (error, *error.others)] == found
    assert [one.others for one in error.others] == [()] * len(error.others)


@pytest.mark.parametrize(
    ("text", "value"),
    [("{{ structured_data.a.b }}", {}), ("{{ timestamp | date }}", "now"), ("{{ message | join(1) }}", 5)],
)
def test_what_goes_wrong_while_filling_is_a_template_error(text, value):
    template = compile_template(text, allowed=ALLOWED)
    with pytest.raises(TemplateError):
        template.render(dict.fromkeys(ALLOWED, value))


def test_names_whose_values_are_numbers_can_be_compared_and_counted_with():
    text = "{% if count > 1 and EventID >= 4624 %}{{ count + 1 }}{% else %}-{% endif %}"
    template = compile_template(text, allowed=("count", "EventID"))
    assert template.render({"count": 2, "EventID": 4625}) == "3"
    assert template.render({"count": 1, "EventID": 529}) == "-"


def test_values_are_data_and_never_templates():
    template = compile_template("{{ message }}", allowed=ALLOWED)
    assert template.render({"message": "{{ hostname }}{% endif %}"}) == "{{ hostname }}{% endif %}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ hostname | foobar }}", "filters are capitalize, date, "),
        ("{{ hostname[50] }}", "truncate(60)"),
        ("{{ hostname.x }}", "has no parts with names"),
        ("{{ hostname | truncate }}", "too few arguments"),
        ("{{ 'a' if hostname is zzz }}", "is defined"),
    ],
)
def test_a_mistake_has_a_cure_of_its_own(text, words):
    with pytest.raises(TemplateError) as raised:
        compile_template(text, allowed=["hostname"])
    assert words in raised.value.hint
