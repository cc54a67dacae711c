import pytest

from collector.routing.property_filter import SYNTAX, FilterError, both, read_filter
from collector.routing.where import compile_where

FAILED = {"message": "Failed password for bob"}


def asked(text, **options):
    return read_filter(SYNTAX.match(text), **options)


def fits(text, values, **options):
    test = asked(text, **options)
    where = compile_where(test.where)
    return where.test(dict.fromkeys(where.needs) | values)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (':msg, contains, "x"', {"message|contains|cased": "x"}),
        (':msg,contains,"x"', {"message|contains|cased": "x"}),
        (': MSG , Contains , "x"', {"message|contains|cased": "x"}),
        (':msg, !contains, "x"', {"not": {"message|contains|cased": "x"}}),
        (':msg, contains_i, "X"', {"message|contains": "X"}),
        (':msg, icase_contains, "X"', {"message|contains": "X"}),
        (':msg, !icase_isequal, "X"', {"not": {"message": "X"}}),
        (':msg, contains, " x"', {"any": [{"message|contains|cased": " x"}, {"message|startswith|cased": "x"}]}),
        (':msg, startswith, " x"', {"message|startswith|cased": "x"}),
        (':msg, isequal, "x"', {"message|cased": "x"}),
        (':msg, endswith, " x"', {"message|endswith|cased": " x"}),
        (':msg, contains, "a*b?c\\\\d\\"e"', {"message|contains|cased": 'a\\*b\\?c\\\\d"e'}),
        (':msg, regex, "^ a\\\\.b"', {"message|re|spaced": "^\\ a\\.b"}),
        (':msg, ereregex, "a+|b"', {"message|re|spaced": "a+|b"}),
        (':msg, eregex, "ab|c"', {"message|re": "ab|c"}),
        (':msg, icase_ereregex, "^ a"', {"message|re|spaced": "(?i)^\\ a"}),
        (':hostname, isequal, "gate"', {"hostname|cased": "gate"}),
        (':source, startswith, "g"', {"hostname|startswith|cased": "g"}),
        (':programname, isequal, "sshd"', {"program|cased": "sshd"}),
        (':app-name, startswith, "a"', {"program|startswith|cased": "a"}),
        (':syslogtag, isequal, "sshd[1]:"', {"tag|cased": "sshd[1]:"}),
        (':fromhost-ip, isequal, "192.0.2.7"', {"address|cased": "192.0.2.7"}),
        (':rawmsg, contains, "x"', {"raw|contains|cased": "x"}),
        (":procid, isempty", {"proc_id": [None, ""]}),
        (':procid, !isempty, ""', {"not": {"proc_id": [None, ""]}}),
        (':data, contains, "x"', {"sd|contains|cased": "x"}),
    ],
)  # fmt: skip
def test_a_filter_in_the_words_of_where(text, where):
    test = asked(text)
    assert (where, 192) == (test.where, len(test.pris))
    compile_where(where)


@pytest.mark.parametrize(
    ("text", "pris"),
    [
        (':syslogfacility-text, isequal, "mail"', set(range(16, 24))),
        (':syslogfacility, isequal, "2"', set(range(16, 24))),
        (':syslogseverity, !regex, "[0-6]"', set(range(7, 192, 8))),
        (':syslogseverity-text, startswith, "deb"', set(range(7, 192, 8))),
        (':pri, isequal, "13"', {13}),
        (':pri-text, isequal, "mail.err"', {19}),
        (':pri-text, icase_contains, "L0.INF"', {134}),
        (":pri, isempty", set()),
    ],
)  # fmt: skip
def test_a_filter_on_the_pri_is_a_set_of_pris(text, pris):
    test = asked(text)
    assert (pris, {}) == (test.pris, test.where)


@pytest.mark.parametrize(
    ("text", "values", "fit"),
    [
        (':msg, contains, " password"', FAILED, True),
        (':msg, contains, " Failed"', FAILED, True),
        (':msg, startswith, " Failed"', FAILED, True),
        (':msg, startswith, "Failed"', FAILED, True),
        (':msg, startswith, "failed"', FAILED, False),
        (':msg, regex, "^ F.*bob$"', FAILED, True),
        (':msg, regex, "^ *F"', FAILED, True),
        (':msg, ereregex, "^ +F"', FAILED, True),
        (':msg, ereregex, "^ {1,2}F"', FAILED, True),
        (':msg, ereregex, "^ {2}F"', FAILED, False),
        (':msg, ereregex, "^ ?F"', FAILED, True),
        (':msg, ereregex, "^[[:space:]]F"', FAILED, True),
        (':msg, ereregex, "^ A|^ F"', FAILED, True),
        (':msg, ereregex, "( x| F)"', FAILED, True),
        (':msg, icase_ereregex, " f"', FAILED, True),
        (':msg, !ereregex, "^ +F"', FAILED, False),
        (':msg, ereregex, "^F"', FAILED, True),
        (':programname, !isequal, "sshd"', {"program": None}, True),
        (':programname, contains, ""', {"program": None}, True),
        (':programname, regex, "^$"', {"program": None}, True),
        (':procid, isequal, "-"', {"proc_id": None}, True),
        (":procid, isempty", {"proc_id": None}, True),
        (":procid, isempty", {"proc_id": "1"}, False),
        (':msgid, !startswith, "-"', {"msg_id": None}, False),
    ],
)  # fmt: skip
def test_what_is_absent_is_empty_text(text, values, fit):
    assert fits(text, values) is fit


@pytest.mark.parametrize("text", [':msgid, contains, ""', ':msgid, !contains, "x"', ':msgid, isequal, "-"'])
def test_in_a_block_what_is_absent_fits_no_filter(text):
    assert fits(text, {"msg_id": None}, absent_fits=False) is False


def test_in_a_block_what_is_there_is_judged():
    assert fits(':msgid, !contains, "x"', {"msg_id": "y"}, absent_fits=False) is True


@pytest.mark.parametrize(
    ("text", "part", "words"),
    [
        (':mgs, contains, "x"', "property", 'unknown property "mgs"'),
        (':$year, isequal, "x"', "property", 'variables as "$year"'),
        (':msg, has, "x"', "operation", 'unknown operation "has"'),
        (":msg, contains", "operation", "needs a text in quotes"),
        (':msg, regex, "["', "string", "the regular expression is wrong"),
    ],
)
def test_what_is_wrong_is_told_with_its_part(text, part, words):
    with pytest.raises(FilterError) as caught:
        asked(text)
    assert (caught.value.part, bool(caught.value.hint)) == (part, part != "string")
    assert words in str(caught.value)


def test_conditions_are_joined_without_one_hiding_another():
    one, other = {"not": {"hostname": "a"}}, {"not": {"hostname": "b"}}
    assert both({}, one) == one
    assert both(one, {"program": "x"}) == one | {"program": "x"}
    assert both(one, other) == {"all": [one, other]}
