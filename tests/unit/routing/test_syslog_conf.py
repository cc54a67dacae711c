import pytest

from collector.config.problems import Location
from collector.routing.syslog_conf import parse_lines


def routes_of(text):
    lines, problems = parse_lines(text, "f.conf")
    assert problems == []
    return [(line.selector.text, line.action.path, line.format) for line in lines]


def problem_of(text):
    lines, problems = parse_lines(text, "f.conf")
    assert ([line for line in lines if line.selector], len(problems)) == ([], 1), (lines, problems)
    return problems[0]


def place_of(problem):
    return problem.location.line, problem.location.column


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("local0.debug\t/var/log/windows", ("local0.debug", "/var/log/windows", None)),
        ("cron.*   -/var/log/cron", ("cron.*", "/var/log/cron", None)),
        (" \t cron.* \t /var/log/cron \t ", ("cron.*", "/var/log/cron", None)),
        ("cron.* /var/log/cron # nightly", ("cron.*", "/var/log/cron", None)),
        ("cron.* /var/log/cron#1", ("cron.*", "/var/log/cron#1", None)),
        ("cron.* ./run/cron", ("cron.*", "./run/cron", None)),
        ("cron.* ../cron", ("cron.*", "../cron", None)),
        ("cron.* /var/log/日本語", ("cron.*", "/var/log/日本語", None)),
        ("cron.*; /var/log/cron", ("cron.*;", "/var/log/cron", None)),
        ("*.* /log/{{ hostname }}.log", ("*.*", "/log/{{ hostname }}.log", None)),
        ("*.* {{ hostname }}.log", ("*.*", "{{ hostname }}.log", None)),
        ("*.* /l/{{ a | replace('; }}', \"b c\") }}/x;raw", ("*.*", "/l/{{ a | replace('; }}', \"b c\") }}/x", "raw")),
        ("*.* /l/{% if a == 1 %}x{% endif %}/y", ("*.*", "/l/{% if a == 1 %}x{% endif %}/y", None)),
        ("cron.* /x;RSYSLOG_TraditionalFileFormat", ("cron.*", "/x", "traditional")),
        ("cron.* /x;RSYSLOG_SyslogProtocol23Format", ("cron.*", "/x", "rfc5424")),
        ("cron.* /x ; RFC3164 # comment", ("cron.*", "/x", "traditional")),
        ("cron.* -/x;rfc5424", ("cron.*", "/x", "rfc5424")),
        ("cron.* /x;traditional", ("cron.*", "/x", "traditional")),
        ("cron.* /x;JSON", ("cron.*", "/x", "json")),
        ("cron.* /x;MyOwn", ("cron.*", "/x", "MyOwn")),
        ("cron.* /x;", ("cron.*", "/x", None)),
        ("cron.* /dev/console", ("cron.*", "/dev/console", None)),
    ],
)
def test_a_line_is_a_selector_and_a_path_with_an_optional_format(text, route):
    assert [route] == routes_of(text)


def test_comments_blank_lines_and_windows_line_ends_do_not_matter():
    text = "\ufeff# comment\r\n\r\n   \t\r\n   # another\r\nuser.* /u\r\n\r\nlpr.* /l"
    assert routes_of(text) == [("user.*", "/u", None), ("lpr.*", "/l", None)]


@pytest.mark.parametrize(
    "text",
    [
        "user.info;\\\n   cron.none /x",
        "user.info;\\\r\n\tcron.none /x",
        "user.info;\\  \ncron.none /x",
        "user.info\\\n;cron.none \\\n   /x",
        "user.info;cron.none\\\n   /x",
        "user.info;cron.none /x \\",
    ],
)
def test_a_backslash_at_the_end_continues_a_line(text):
    assert routes_of(text) == [("user.info;cron.none", "/x", None)]


def test_a_comment_is_continued_too():
    assert routes_of("# old: \\\nuser.* /old\nuser.* /new") == [("user.*", "/new", None)]


def test_places_count_lines_and_columns_of_the_file():
    lines, problems = parse_lines("# c\nuser.*;\\\n    cron.none   /var/x;raw\n", "r.conf", first_line=10, column=5)
    assert problems == []
    assert lines[0].text == "user.*;cron.none   /var/x;raw"
    assert lines[0].location == Location("r.conf", 11, 5)
    assert lines[0].action.location == Location("r.conf", 12, 21)
    assert lines[0].format_location == Location("r.conf", 12, 28)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("\n locl0.* /x", (2, 2), 'unknown facility "locl0"', 'did you mean "local0"?'),
        ("user.info;cron.nnoe /x", (1, 16), 'unknown severity "nnoe"', 'did you mean "none"?'),
        ("user.info;\\\n  cron.nnoe /x", (2, 8), 'unknown severity "nnoe"', 'did you mean "none"?'),
        ("user.info; cron.none /x", (1, 11), "a blank ends a selector", "without blanks"),
        ("user.info ;cron.none /x", (1, 10), "a blank ends a selector", "without blanks"),
        ("mark.* /x", (1, 1), 'facility "mark" is internal to a syslog daemon: no message carries it', "leave it out"),
        ("/var/log/x", (1, 1), "a selector is missing before the action", "*.*"),
        ("@loghost", (1, 1), "a selector is missing before the action", "*.*"),
    ],
)
def test_a_wrong_selector_is_a_problem_at_its_column(text, place, message, hint):
    problem = problem_of(text)
    assert (place, message, "selector") == (place_of(problem), problem.message, problem.id)
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("user.*", (1, 7), "the line has no action"),
        ("user.*   # later", (1, 7), "the line has no action"),
        ("user.* log/x", (1, 8), '"log/x" is no path'),
        ("user.* x.log", (1, 8), '"x.log" is no path'),
        ("user.* -", (1, 8), '"-" stands alone'),
        ("user.* - /x", (1, 8), '"-" stands alone'),
        ("user.* /x y", (1, 11), '"y" after the path'),
        ("user.* /x;raw y", (1, 15), '"y" after the path'),
        ("user.* /x/{{ hostname", (1, 11), 'no "}}" closes this "{{"'),
        ("user.* /x\x07y", (1, 10), "control character '\\x07' in the line"),
        ("user.* /a\rcron.* /b", (1, 10), "control character '\\r' in the line"),
    ],
)
def test_an_action_that_is_no_path_is_a_problem_at_its_column(text, place, message):
    problem = problem_of(text)
    assert (place, message, "action") == (place_of(problem), problem.message, problem.id)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("@loghost", "forwarding to another host (@)"),
        ("@10.0.0.1:514;RFC5424", "forwarding to another host (@)"),
        ("@@loghost", "over TCP (@@)"),
        ("|/dev/xconsole", "named pipe (|)"),
        ("root,operator", 'logged-in users ("root,operator")'),
        ("*", "all logged-in users (*)"),
        (":omusrmsg:*", "logged-in users (:omusrmsg:)"),
        (":ommysql:db,logs", "output modules of rsyslog"),
        ("~", "discarding messages"),
        ("stop", "discarding messages"),
        ("^/bin/program;RFC3164", "running a program (^)"),
        ("?PerHost", "template (?name)"),
        ("-?PerHost;json", "template (?name)"),
        ("$channel", "output channels"),
        (">db,table", "database (>)"),
        ('action(type="omfile" file="/x")', "RainerScript"),
        ("/x;rotate=10M:5", '"rotate=10M:5": options'),
        ("/x;RFC5424,rotate=10M:5", '"rotate=10M:5": options'),
    ],
)
def test_what_other_daemons_do_with_a_message_is_named(action, words):
    problem = problem_of(f"user.*\t{action}")
    assert problem.id == ("unsupported-statement" if "Rainer" in words else "unsupported-action")
    assert words in problem.message
    assert problem.hint
    assert problem.location.line == 1


@pytest.mark.parametrize(
    ("line", "identifier", "words"),
    [
        ("!ppp", "unsupported-block", "!program"),
        ("!*", "unsupported-block", "!program"),
        ("+gateway", "unsupported-block", "+host"),
        ("-gateway,gw2", "unsupported-block", "+host"),
        (':msg, contains, "x" /var/log/x', "unsupported-filter", "property filters"),
        ("$ModLoad imudp", "unsupported-directive", "$Name"),
        ("$IncludeConfig /etc/rsyslog.d/*.conf", "unsupported-directive", "including"),
        ("include /etc/syslog.d/*.conf", "unsupported-directive", "including"),
        ('include(file="/etc/x")', "unsupported-directive", "including"),
        ("secure_mode 1", "unsupported-directive", "sysklogd"),
        ("& stop", "unsupported-action", "&"),
        ('module(load="imudp")', "unsupported-statement", "RainerScript"),
        ("if $msg contains 'x' then /var/log/x", "unsupported-statement", "RainerScript"),
        ("stop", "unsupported-statement", "RainerScript"),
    ],
)
def test_what_other_daemons_write_on_a_line_is_named(line, identifier, words):
    problem = problem_of(f"# c\n  {line}")
    assert (identifier, (2, 3)) == (problem.id, place_of(problem))
    assert words in problem.message
    assert problem.hint


def test_a_statement_over_several_lines_is_one_problem():
    text = """
if $programname == 'a(' then {   # don't {
    action(type="omfile"
           file="/var/log/a")
    stop
}
user.* /u
"""
    lines, problems = parse_lines(text, "f.conf")
    assert [line.action.path for line in lines] == ["/u"]
    assert [place_of(problem) for problem in problems] == [(2, 1)]


def test_all_problems_of_a_file_are_told_at_once():
    lines, problems = parse_lines("usr.* /a\nuser.* /b\ncron.* @h\n!p\n", "f.conf")
    assert [line.action.path for line in lines if line.selector] == ["/b"]
    assert [(str(problem.location), problem.id) for problem in problems] == [
        ("f.conf:1:1", "selector"),
        ("f.conf:3:8", "unsupported-action"),
        ("f.conf:4:1", "unsupported-block"),
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("foo.* @host", [1, 7]),
        ("foo.*;bar.* /x y", [1, 7, 16]),
        ("foo.* -/x;raw,tz=1", [1, 11]),
        ("foo.*,bar,mail.inf,news.err,x.y |/x", [1, 7, 16, 29, 31, 33]),
        ("mail .info /x", [5]),
        ("foo.*; mail.none /x", [1]),
    ],
)
def test_a_selector_that_cannot_be_read_does_not_hide_the_other_mistakes_of_its_line(text, columns):
    lines, problems = parse_lines(text, "f.conf")
    assert [problem.location.column for problem in problems] == columns
    assert [line for line in lines if line.selector] == []


def test_the_action_behind_a_selector_that_cannot_be_read_is_told():
    [line], [_problem] = parse_lines("foo.*  /y;zz", "f.conf")
    assert (line.selector, line.action.path, line.format, line.format_location.column) == (None, "/y", "zz", 11)
