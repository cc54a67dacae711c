import pytest

from collector.errors import CollectorError
from collector.routing.selector import Selector, SelectorError, compile_selector, odd_facilities, selector_text


def severities(text, facility):
    """The severity digits that a selector takes of one facility number."""
    return "".join(str(pri & 7) for pri in sorted(compile_selector(text).pris()) if pri >> 3 == facility)


def error_of(text):
    with pytest.raises(SelectorError) as caught:
        compile_selector(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "facility", "expected"),
    [
        ("cron.notice", 9, "012345"),
        ("cron.=notice", 9, "5"),
        ("cron.*;cron.!notice", 9, "67"),
        ("cron.*;cron.!=notice", 9, "0123467"),
        ("cron.*;cron.none", 9, ""),
        ("cron.info;cron.!*", 9, ""),
        ("cron.!none", 9, "01234567"),
        ("cron.=none;cron.crit", 9, "012"),
        ("lpr.alert;lpr.=debug", 6, "017"),
        ("user,uucp,ftp.crit", 11, "012"),
        ("user,*.crit", 23, "012"),
        ("user.alert,uucp.crit", 8, "012"),
        ("user.alert,uucp.crit", 1, "01"),
        ("*.info;local3.none", 19, ""),
        ("*.crit;news.alert", 7, "012"),
        ("*.crit;news.none;news.alert", 7, "01"),
    ],
)
def test_parts_change_the_masks_from_left_to_right(text, facility, expected):
    assert expected == severities(text, facility)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("lpr.!warning", "567"), ("lpr.!=warning", "0123567"), ("lpr.none;lpr.!=debug", "0123456"), ("lpr.!debug", "")],
)
def test_negation_of_an_empty_mask_begins_with_everything(text, expected):
    assert expected == severities(text, 6)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("*.panic", "*.emerg"),
        ("*.error", "*.err"),
        ("*.WARN", "*.warning"),
        ("security.info", "auth.info"),
        ("LOCAL4.Info", "local4.info"),
        ("*.5", "*.notice"),
        ("*.=07", "*.=debug"),
        ("72.!=2", "cron.!=crit"),
        ("75.crit", "cron.crit"),
        ("console.*", "112.*"),
        ("bsd_security.*", "104.*"),
        ("mail.info;", "mail.info"),
        ("mail.info,;,", "mail.info"),
        ("mail,,news.info", "mail,news.info"),
        (" \tmail.info ", "mail.info"),
    ],
)
def test_two_ways_to_write_the_same(alias, name):
    assert compile_selector(name).masks == compile_selector(alias).masks


def test_severities_and_more_important_ones_have_lower_numbers():
    assert severities("daemon.err", 3) == "0123"


def test_a_selector_tells_its_text_and_which_pris_match():
    selector = compile_selector("kern.emerg;local7.=debug")
    assert selector == Selector("kern.emerg;local7.=debug", (1, *[0] * 22, 128))
    assert selector.pris() == {0, 191}
    assert [pri for pri in range(192) if selector.matches(pri)] == [0, 191]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lpr.>=notice", "012345"), ("lpr.=>notice", "012345"), ("lpr.>notice", "01234"), ("lpr.<=notice", "567"),
        ("lpr.<notice", "67"), ("lpr.<>notice", "0123467"), ("lpr.!>=notice", "67"), ("lpr.!<>notice", "5"),
        ("lpr.<emerg", "1234567"), ("lpr.>emerg", ""), ("*.*;lpr.<=notice", "567"), ("lpr.<=info;lpr.err", "012367"),
    ],
)  # fmt: skip
def test_the_flags_of_bsd_compare_severities_and_replace_what_stood_before(text, expected):
    assert expected == severities(text, 6)


@pytest.mark.parametrize(
    ("text", "mark"),
    [("*.*", None), ("mark.info", True), ("mark.*", True), ("mark,mail.debug", True), ("*.info;MARK.none", False),
     ("mark.err", False), ("mark.*;mark.!=info", False)],
)  # fmt: skip
def test_the_facility_of_mark_lines_is_its_own(text, mark):
    selector = compile_selector(text)
    assert (mark, 24) == (selector.mark, len(selector.masks))


def test_no_message_has_the_facility_mark():
    assert compile_selector("mark.*").pris() == frozenset()


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("*.*", "*.*"), ("*.*;mail.none", "*.*;mail.none"), ("mail.none", "*.none"), ("kern.emerg;local7.debug",
        "kern.emerg;local7.*"), ("mail.=info;news.=info", "mail,news.=info"), ("*.info;mail.!=crit,112.*",
        "*.info;mail.none;mail.=emerg;mail.=alert;mail.=err;mail.=warning;mail.=notice;mail.=info;112.*"),
        ("*.err;mail.info", "*.err;mail.info"), ("*.info;mail.none;mail.err", "*.info;mail.none;mail.err"),
    ],
)  # fmt: skip
def test_masks_have_a_shortest_selector(text, shortest):
    assert shortest == selector_text(compile_selector(text).masks)
    assert compile_selector(shortest).masks == compile_selector(text).masks


def test_parts_that_cancel_each_other_select_nothing_and_are_no_error():
    assert compile_selector("mail.err;mail.none").pris() == frozenset()


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("locl3.info", 0, 'unknown facility "locl3"', 'did you mean "local3"?'),
        ("mail.info;nwes.err", 10, 'unknown facility "nwes"', 'did you mean "news"?'),
        ("mail,corn.err", 5, 'unknown facility "corn"', 'did you mean "cron"?'),
        ("mail.info;news.notise", 15, 'unknown severity "notise"', 'did you mean "notice"?'),
        ("mail.!=wraning", 5, 'unknown severity "!=wraning"', 'did you mean "warning"?'),
        ("mail.info.err", 5, 'unknown severity "info.err"', "did you mean"),
        ("  mail.foo", 7, 'unknown severity "foo"', None),
        ("mail", 4, '"mail" has no severity', "write"),
        ("kern.info;mail", 14, '"mail" has no severity', "write"),
        ("kern;mail.err", 4, '"kern" has no severity', "commas"),
        ("mail.", 5, "a severity is missing after the dot", "*"),
        ("mail.;news.err", 5, "a severity is missing after the dot", "*"),
        (".err", 0, "a facility is missing here", "facility.severity"),
        (";mail.err", 0, "a facility is missing here", "facility.severity"),
        (",mail.err", 0, 'unknown facility ""', None),
        ("", 0, "the selector is empty", "*.*"),
        ("mail.=*", 5, '"=*" means nothing: "=" takes one severity', "*"),
        ("mail.!=*", 5, '"!=*" means nothing: "=" takes one severity', "*"),
        ("mail.8", 5, 'severity number "8" is out of range', "7 (debug)"),
        ("mail.-1", 5, 'unknown severity "-1"', None),
        ("192.info", 0, 'facility number "192" is out of range', "184 local7"),
        ("mail.info; news.err", 10, "a blank ends a selector", "without blanks"),
        ("mail.info ;news.err", 9, "a blank ends a selector", "without blanks"),
        ("invld.info", 0, 'facility "invld" is internal to a syslog daemon: no message carries it', "leave it out"),
        ("*.info;INVLD.none", 7, 'facility "invld" is internal to a syslog daemon: no message carries it', "leave"),
        ("mail.>*", 5, '">*" means nothing: ">" takes one severity', "*"),
        ("mail.>none", 5, 'unknown severity ">none"', "none"),
        ("mail.><info", 5, 'unknown severity "><info"', "info"),
        ("audit.*", 0, 'unknown facility "audit"', "104"),
        ("clock.*", 0, 'unknown facility "clock"', "120"),
        ("\u212aern.info", 0, 'unknown facility "\u212aern"', "kern"),
        ("mail.\u0663", 5, 'unknown severity "\u0663"', None),
    ],
)
def test_a_mistake_is_named_with_its_column_and_cure(text, column, message, hint):
    error = error_of(text)
    assert (column, message) == (error.column, str(error))
    assert error.hint is None if hint is None else hint in error.hint


def test_endless_digits_are_out_of_range():
    assert "out of range" in str(error_of("mail." + "9" * 5000))
    assert "out of range" in str(error_of("9" * 5000 + ".info"))


def test_a_selector_error_is_a_collector_error():
    assert isinstance(error_of("x.y"), CollectorError)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("mial.info;locl0.debug", [0, 10]),
        ("mial,nws,news.inf;mail.err;kern", [0, 5, 14, 31]),
        (" x.*;.err;mail.=*", [1, 5, 15]),
    ],
)
def test_all_mistakes_are_told_at_once(text, columns):
    with pytest.raises(SelectorError) as caught:
        compile_selector(text)
    assert [error.column for error in (caught.value, *caught.value.others)] == columns


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("17.info", [(17, 2)]), ("16.info;mail.7", []), ("mail,9,news.3,191.err", [(9, 1), (191, 23)]),
        ("mail.!=7;1.*", [(1, 0)]), ("*.5,7.info", [(7, 0)]),
    ],
)  # fmt: skip
def test_a_facility_number_that_is_no_multiple_of_8_is_odd(text, found):
    compile_selector(text)
    assert odd_facilities(text) == found
