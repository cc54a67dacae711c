import pytest

from collector.config.problems import Location
from collector.routing.syslog_conf import MAX_DEPTH, ConfFile, ConfReader


def read(text, files=None, start=None):
    """What a reader makes of a text, where ``files`` are the texts of those an include may name."""

    def named(pattern, dialect):
        found = sorted(path for path in files or {} if path == pattern or path.startswith(pattern.rstrip("*/") + "/"))
        return [ConfFile(path, files[path]) for path in found]

    reader = ConfReader(named, ["vm.example.net", "vm"])
    reader.feed(text, start or Location("f.conf"))
    return reader


def parse(text):
    reader = read(text)
    return reader.rules, reader.problems


def routes_of(text):
    rules, problems = parse(text)
    assert problems == []
    return [(rule.selector.text, rule.action.target, rule.action.format) for rule in rules]


def problem_of(text):
    rules, problems = parse(text)
    assert ([rule for rule in rules if rule.selector], len(problems)) == ([], 1), (rules, problems)
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
    reader = read("# c\nuser.*;\\\n    cron.none   /var/x;raw\n", start=Location("r.conf", 10, 5))
    [rule] = reader.rules
    assert reader.problems == []
    assert rule.text == "user.*;cron.none   /var/x;raw"
    assert rule.location == rule.first == Location("r.conf", 11, 5)
    assert rule.action.location == Location("r.conf", 12, 21)
    assert rule.action.format_location == Location("r.conf", 12, 28)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("\n locl0.* /x", (2, 2), 'unknown facility "locl0"', 'did you mean "local0"?'),
        ("user.info;cron.nnoe /x", (1, 16), 'unknown severity "nnoe"', 'did you mean "none"?'),
        ("user.info;\\\n  cron.nnoe /x", (2, 8), 'unknown severity "nnoe"', 'did you mean "none"?'),
        ("user.info; cron.none /x", (1, 11), "a blank ends a selector", "without blanks"),
        ("user.info ;cron.none /x", (1, 10), "a blank ends a selector", "without blanks"),
        (
            "invld.* /x",
            (1, 1),
            'facility "invld" is internal to a syslog daemon: no message carries it',
            "leave it out",
        ),
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
        ("|exec /usr/bin/x", "running a program (|program)"),
        (":ommysql:db,logs", "output modules of rsyslog"),
        ("^/bin/program;RFC3164", "running a program (^program)"),
        ("$channel", "output channels"),
        (">db,table", "database (>)"),
        ("/x;raw,tz=1", '"tz=1" is no option of an action'),
        ("/x;raw,json", '"json" is no option of an action'),
        ("call queue", "RainerScript"),
        ('action(type="ommysql" server="db")', 'type "ommysql" is not supported'),
    ],
)
def test_what_other_daemons_do_with_a_message_is_named(action, words):
    problem = problem_of(f"user.*\t{action}")
    assert problem.id == ("unsupported-statement" if "Rainer" in words else "unsupported-action")
    assert words in problem.message
    assert problem.hint
    assert problem.location.line == 1


@pytest.mark.parametrize("text", ['action(type="omfile" file="/a")', 'action(\n  type="omfile"\n  file="/a")'])
def test_an_action_that_stands_alone_gets_everything(text):
    rules, problems = parse(text)
    assert problems == []
    assert [(rule.action.kind, rule.action.target) for rule in rules] == [("file", "/a")]
    assert set(rules[0].selector.masks) == {0xFF}


@pytest.mark.parametrize(
    ("action", "kind", "target", "options"),
    [
        ("|/dev/xconsole", "pipe", "/dev/xconsole", {}),
        ("-|./fifo;raw", "pipe", "./fifo", {}),
        ("/dev/console", "console", "/dev/console", {}),
        ("/dev/sysmsg", "console", "/dev/console", {}),
        ("-/dev/tty12", "console", "/dev/tty12", {}),
        ("/dev/pts/3", "console", "/dev/pts/3", {}),
        ("/dev/null", "file", "/dev/null", {}),
        ("root", "users", "root", {}),
        ("root,operator", "users", "root,operator", {}),
        ("root, operator;json", "users", "root,operator", {}),
        ("*", "users", "*", {}),
        (":omusrmsg:*", "users", "*", {}),
        (":omusrmsg:root,op # both", "users", "root,op", {}),
        (":omusrmsg:john.doe", "users", "john.doe", {}),
        ("@loghost", "forward", "udp://loghost:514", {}),
        ("@10.0.0.1:5514;RFC5424", "forward", "udp://10.0.0.1:5514", {}),
        ("@[2001:db8::7]", "forward", "udp://[2001:db8::7]:514", {}),
        ("@[2001:db8::7]:601", "forward", "udp://[2001:db8::7]:601", {}),
        ("@@loghost", "forward", "tcp://loghost:514", {}),
        ("@@(o)loghost:601", "forward", "tcp://loghost:601", {"framing": "octet_counting"}),
        ("@@(z9,o)loghost", "forward", "tcp://loghost:514", {"framing": "octet_counting"}),
        ("@(z9)loghost", "forward", "udp://loghost:514", {}),
        ("~", "discard", "~", {}),
        ("stop", "discard", "stop", {}),
        ("stop # here", "discard", "stop", {}),
        ("/x ;rotate=10M:5,RFC5424", "file", "/x", {"rotate": {"size": "10MiB", "keep": 4}}),
        ("/x;rotate=500k", "file", "/x", {"rotate": {"size": "500KiB"}}),
        ("/x ;10M:1", "file", "/x", {"rotate": {"size": "10MiB", "keep": 1}}),
        ("/x;rotate=:5", "file", "/x", {}),
        ('action(type="omfile" file="/x" fileCreateMode="0600")', "file", "/x", {"mode": "0600"}),
        ('action(type="omfwd" target="h" port="601" protocol="tcp")', "forward", "tcp://h:601", {}),
        ('action(type="omfwd" target="2001:db8::7")', "forward", "udp://[2001:db8::7]:514", {}),
        ('action(type="ompipe" pipe="/f")', "pipe", "/f", {}),
        ('action(type="omusrmsg" users=["root", "op"])', "users", "root,op", {}),
        ('action(type="omdiscard")', "discard", "", {}),
    ],
)
def test_an_action_is_a_destination(action, kind, target, options):
    [rule], problems = parse(f"user.*\t{action}")
    assert (kind, target, options) == (rule.action.kind, rule.action.target, rule.action.options)
    assert problems == []


@pytest.mark.parametrize("action", ["@", "@@", "@host:0", "@host:70000", "@[2001:db8::7", "@2001:db8::7", "@a@b"])
def test_a_host_that_is_none_is_a_problem(action):
    problem = problem_of(f"user.* {action}")
    assert (problem.id, place_of(problem)) == ("action", (1, 8))
    assert "is no host" in problem.message


@pytest.mark.parametrize(
    ("line", "identifier", "words"),
    [
        ("!ppp cron", "block", "program block"),
        ('!"sshd"', "block", "program block"),
        ("!!spamd", "block", "blocks of OpenBSD"),
        ("+gateway tower", "block", "host block"),
        ("+", "block", "host block"),
        (":msg", "filter", "a filter has"),
        (':mgs, contains, "x" /var/log/x', "filter", 'unknown property "mgs"'),
        (':msg, contain, "x" /var/log/x', "filter", 'unknown operation "contain"'),
        (":msg, contains  /var/log/x", "filter", "needs a text in quotes"),
        (':msg, regex, "\\\\(x" /var/log/x', "filter", "the regular expression is wrong"),
        (':$year, isequal, "2026" /x', "filter", "variables"),
        ("$Nonsense on", "directive", 'unknown directive "$Nonsense"'),
        ("$", "directive", "is no directive"),
        ("$FileCreateMode 999", "bad-value", '"999" is not a file mode'),
        ("$UDPServerRun x", "directive", '"x" is no port'),
        ("$template x", "template", "is no template"),
        ("$IncludeConfig /no/such", "unreadable", '"/no/such" is not there'),
        ("$IncludeConfig", "include", "names one file"),
        ("/* never closed", "comment", 'no "*/" ends'),
        ('tls_ca="/etc/ssl/ca.pem"', "unsupported-statement", "settings of NetBSD"),
        ("TLS_queue_length = 5", "unsupported-statement", "settings of NetBSD"),
        ("user.* ifdef(`LOGHOST', /x, @loghost)", "unsupported-statement", "m4"),
        ("user.* :1024000:debug", "unsupported-action", "memory buffers"),
        ("user.* @tls://log:6514", "action", "OpenBSD"),
        ("user.* @tcp6://log", "action", "OpenBSD"),
        ("remoteauth.* /x", "selector", "macOS"),
        ('template(name="x" type="list") { property(name="msg") }', "template", 'type "list" is not supported'),
        ('template(name="x" type="list") {\n  property(name="msg")\n}', "template", 'type "list" is not supported'),
        ("& stop", "action", 'no line stands before this "&"'),
        ("& /x", "action", 'no line stands before this "&"'),
        ('module(load="imudp"', "directive", "the bracket is not closed"),
        ("input(type=imudp)", "directive", "is no parameter"),
        ('template(name="x" type="list")', "template", 'type "list" is not supported'),
        ("if $msg contains 'x' then /var/log/x", "unsupported-statement", "RainerScript"),
        ('ruleset(name="x")', "unsupported-statement", "RainerScript"),
        ("ifdef(`LOGHOST', ,", "unsupported-statement", "m4"),
        ("rotate_size much", "directive", '"much" is no value of rotate_size'),
    ],
)
def test_what_cannot_be_read_is_named(line, identifier, words):
    problem = problem_of(f"# c\n  {line}")
    assert (identifier, 2) == (problem.id, problem.location.line)
    assert words in problem.message


@pytest.mark.parametrize(
    "line",
    [
        "$ModLoad imudp", "$EscapeControlCharactersOnReceive off", "$PreserveFQDN on", "$RepeatedMsgReduction off",
        "$UDPServerRun 0", '$ModLoad "imtcp.so"', "$MainMsgQueueSize 10000", "$OMFileIOBufferSize 64k",
        "$ActionFileEnableSync on", "$ResetConfigVariables", "secure_mode 1", "secure_mode=2", "continue",
        'module(load="immark")', 'module(load="impstats" interval="60") # every minute', 'global(parser.x="on")',
        'main_queue(queue.type="LinkedList")', "$IncludeConfig /no/such/*.conf", "include /no/such/*.conf",
        'include(file="/no/such" mode="optional")', "!*", "+*", ":*", "#!prog", "#-----", "#+---+", "#- item",
        "#!/bin/sh", '#:msg, contains, "x"  /var/log/x', "#& stop",
    ],
)  # fmt: skip
def test_what_changes_nothing_is_read_in_silence(line):
    reader = read(f"{line}\nuser.* /x")
    assert (reader.problems, list(reader.settings)) == ([], [])
    assert [rule.action.target for rule in reader.rules] == ["/x"]


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        ("$UDPServerRun 514", "udp", "0.0.0.0:514"),
        ("$UDPServerAddress 127.0.0.1\n$UDPServerRun 5514", "udp", "127.0.0.1:5514"),
        ("$UDPServerAddress *\n$UDPServerRun 5514", "udp", "0.0.0.0:5514"),
        ("$InputTCPServerRun 601", "tcp", "0.0.0.0:601"),
        ('input(type="imudp" port="514")', "udp", "0.0.0.0:514"),
        ('input(type="imtcp"\n  address="::1" # here\n  port="601")', "tcp", "[::1]:601"),
        ('input(type="imuxsock" socket="/run/x/log")', "unix", "/run/x/log"),
        ("listen :1514", "udp", "0.0.0.0:1514"),
        ("listen 192.0.2.1", "udp", "192.0.2.1:514"),
        ("listen [2001:db8::1]:1514%eth0", "udp", "[2001:db8::1]:1514"),
        ("secure_mode 0", "udp", "0.0.0.0:514"),
        ("udp_size 2048", "max_message", 2048),
        ("$MaxMessageSize 64k", "max_message", "64KiB"),
        ("$AllowedSender UDP, 127.0.0.1, 192.0.2.0/24", "allow", ["127.0.0.1", "192.0.2.0/24"]),
        ("$RepeatedMsgReduction on", "repeat_reduction", True),
        ("$MarkMessagePeriod 1200", "mark", "1200s"),
        ("$PrivDropToUser syslog", "user", "syslog"),
        ('global(privDrop.group.name="adm")', "group", "adm"),
        ("$SystemLogRateLimitInterval 5", "rate_limit", None),
        ("$InputTCPMaxSessions 500", "max_connections", 500),
    ],
)
def test_what_is_a_setting_of_the_configuration_is_told_with_its_key(lines, key, value):
    reader = read(lines)
    assert [(setting.key, setting.value) for setting in reader.settings] == [(key, value)]
    assert reader.problems == []
    assert reader.settings[0].hint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("$ActionQueueType LinkedList", "see its option queue"),
        ("$ActionResumeRetryCount -1", "see its option queue"),
        ("$ActionExecOnlyOnceEveryInterval 10", "every message"),
        ("$DirOwner root", "new folders belong to the owner"),
        ("notify /sbin/x", "no program is started"),
        ('module(load="imfile")', "files are not followed"),
        ('input(type="imrelp" port="2514")', 'an input of type "imrelp"'),
        ("$DefaultNetstreamDriver gtls", "TLS is not spoken"),
        ("user.* @h;RFC5424,iface=eth0", '"iface=eth0" has no effect'),
        ("user.* @h;ttl=3", '"ttl=3" has no effect'),
        ('user.* action(type="omfile" file="/x" queue.type="LinkedList")', '"queue.type" has no effect'),
        ("include /no/such", '"/no/such" is not there'),
    ],
)
def test_what_has_no_effect_is_a_warning(line, words):
    [problem] = read(line).problems
    assert problem.level == "warning"
    assert words in problem.message


def test_a_statement_over_several_lines_is_one_problem():
    text = """
if $programname == 'a(' then {   # don't {
    action(type="omfile"
           file="/var/log/a")
    stop
}
user.* /u
"""
    rules, problems = parse(text)
    assert [rule.action.target for rule in rules] == ["/u"]
    assert [place_of(problem) for problem in problems] == [(2, 1)]


@pytest.mark.parametrize("select", ["*.*", ':msg, contains, "x"'])
def test_a_selector_with_a_block_of_statements_is_one_problem(select):
    text = f'{select} {{\n  action(type="omfile" file="/a")\n  /b\n}}\nuser.* /u'
    rules, problems = parse(text)
    assert [rule.action.target for rule in rules] == ["/u"]
    assert [(problem.id, problem.location.line) for problem in problems] == [("unsupported-statement", 1)]


def test_comments_in_slashes_and_stars_are_left_out():
    text = "/* one */ user.* /a\n/* two\nuser.* /no\n*/ cron.* /b /* three\n/**//* x */mail.* /c\n/*/\nuser.* /no\n*/\n"
    rules, problems = parse(text)
    assert [(rule.action.target, place_of(rule)) for rule in rules] == [("/a", (1, 11)), ("/c", (5, 12))]
    assert [problem.message for problem in problems] == ['"/* three" after the path']


def test_a_further_action_of_a_refused_statement_is_not_told_twice():
    rules, problems = parse("user.* /u\nif $msg contains 'x' then /a\n& stop\n:mgs, isempty /x\n& /y\ncron.* /c")
    assert [rule.action.target for rule in rules] == ["/u", "/c"]
    assert [problem.location.line for problem in problems] == [2, 4]


def test_all_problems_of_a_file_are_told_at_once():
    rules, problems = parse("usr.* /a\nuser.* /b\ncron.* ^h\n!p q\n")
    assert [rule.action.target for rule in rules if rule.selector] == ["/b"]
    assert [(str(problem.location), problem.id) for problem in problems] == [
        ("f.conf:1:1", "selector"),
        ("f.conf:3:8", "unsupported-action"),
        ("f.conf:4:1", "block"),
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("foo.* ^host", [1, 7]),
        ("foo.*;bar.* /x y", [1, 7, 16]),
        ("foo.* -/x;raw,tz=1", [1, 15]),
        ("foo.*,bar,mail.inf,news.err,x.y |x", [1, 7, 16, 29, 31, 33]),
        ("mail .info /x", [5]),
        ("foo.*; mail.none /x", [1]),
    ],
)
def test_a_selector_that_cannot_be_read_does_not_hide_the_other_mistakes_of_its_line(text, columns):
    rules, problems = parse(text)
    assert [problem.location.column for problem in problems] == columns
    assert [rule for rule in rules if rule.selector] == []


def test_the_action_behind_a_selector_that_cannot_be_read_is_told():
    [rule], [_problem] = parse("foo.*  /y;zz")
    action = rule.action
    assert (rule.selector, action.target, action.format, action.format_location.column) == (None, "/y", "zz", 11)


def wheres(text, **options):
    reader = read(text, **options)
    assert reader.problems == []
    return [dict(rule.where) for rule in reader.rules]


SSHD = {"program|cased": "sshd"}
GATE = {"hostname": "gate"}


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ("!sshd", SSHD),
        ("!+sshd", SSHD),
        ("! sshd   # a comment", SSHD),
        ("#!sshd", SSHD),
        ("!-sshd", {"not": SSHD}),
        ("#!-sshd", {"not": SSHD}),
        ("!sshd,su*do", {"program|cased": ["sshd", "su*do"]}),
        (r"!a\*b", {"program|cased": r"a\\*b"}),
        ("+web*", {"hostname": "web*"}),
        ("!postfix/smtpd", {"app_name|cased": "postfix/smtpd"}),
        ("!sshd,a/b", {"any": [SSHD, {"app_name|cased": "a/b"}]}),
        ("+gate", GATE),
        ("#+gate", GATE),
        ("-gate", {"not": GATE}),
        ("+gate,Tower", {"hostname": ["gate", "Tower"]}),
        ("+@", {"hostname": ["vm.example.net", "vm"]}),
        ("-@", {"not": {"hostname": ["vm.example.net", "vm"]}}),
        ("+192.0.2.7", {"any": [{"hostname": "192.0.2.7"}, {"address": "192.0.2.7"}]}),
        ("-2001:db8::7", {"not": {"any": [{"hostname": "2001:db8::7"}, {"address": "2001:db8::7"}]}}),
        ("+gate\n!sshd", GATE | SSHD),
        ("!sshd\n-gate", {"not": GATE} | SSHD),
        ("!-sshd\n-gate", {"all": [{"not": GATE}, {"not": SSHD}]}),
        ("!sshd\n!*", {}),
        ("!sshd\n!", {}),
        ("+gate\n+*", {}),
        ("+gate\n-*", {}),
        ("!sshd\n+gate\n!*", GATE),
        (':msg, contains, "x"', {"message|contains|cased": "x"}),
        ('#:msg, contains, "x"', {"message|contains|cased": "x"}),
        (':msg, contains, "x"\n:*', {}),
        (':msg, contains, "x"\n:', {}),
        ('!sshd\n:msg, icase_contains, "x"', SSHD | {"message|contains": "x"}),
    ],
)
def test_a_block_narrows_the_lines_after_it(lines, where):
    assert wheres(f"cron.* /before\n{lines}\nuser.* /a\nmail.* /b") == [{}, where, where]


def test_a_block_ends_with_the_file_and_holds_again_after_an_include():
    text = "!sshd\nuser.* /a\ninclude /d\nuser.* /b"
    files = {"/d/1.conf": "user.* /c\n!cron\nuser.* /d", "/d/2.conf": "user.* /e"}
    assert wheres(text, files=files) == [SSHD, {}, {"program|cased": "cron"}, {}, SSHD]


def test_a_filter_with_an_action_is_about_that_action_alone():
    text = ':msg, contains, "x" /a\n& /b\nuser.* /c\n& stop'
    x = {"message|contains|cased": "x"}
    assert wheres(text) == [x, x, {}, {}]
    rules = read(text).rules
    assert [rule.action.kind for rule in rules] == ["file", "file", "file", "discard"]
    assert [rule.selector.text for rule in rules] == [':msg, contains, "x"'] * 2 + ["user.*"] * 2
    assert [rule.first.line for rule in rules] == [1, 1, 3, 3]


def test_a_filter_on_the_pri_narrows_the_selector():
    [rule] = read(':syslogseverity-text, isequal, "err"\nmail,news.* /a').rules
    assert rule.selector.pris() == {2 * 8 + 3, 7 * 8 + 3}
    assert rule.where == {}


def test_stop_alone_takes_everything():
    [rule] = read("stop").rules
    assert (len(rule.selector.pris()), rule.action.kind) == (192, "discard")


def test_directives_hold_for_the_files_after_them():
    text = (
        "user.* /a\n$FileOwner root\n$FileGroup adm\n$FileCreateMode 0664\n$DirCreateMode 0777\n$Umask 0022\n"
        "user.* /b\nuser.* @h\n$FileCreateMode 0600\nuser.* /c\n$ResetConfigVariables\nuser.* /d"
    )
    reader = read(text)
    common = {"owner": "root", "group": "adm", "dir_mode": "0755"}
    assert reader.problems == []
    assert [rule.action.options for rule in reader.rules] == [
        {}, common | {"mode": "0644"}, {}, common | {"mode": "0600"}, {},
    ]  # fmt: skip
    assert reader.rules[1].action.option_places["group"] == Location("f.conf", 3, 12)


def test_the_parameters_of_a_module_hold_for_the_files_after_it():
    text = 'module(load="builtin:omfile"\n  Template="RSYSLOG_TraditionalFileFormat" fileCreateMode="0600")\nuser.* /b'
    [rule] = read(text).rules
    assert (rule.action.format, rule.action.options) == ("traditional", {"mode": "0600"})


def test_rotation_of_all_files_fills_in_what_a_line_leaves_out():
    text = "user.* /a\nrotate_size 1M\nuser.* /b ;rotate=10M\nuser.* /c ;rotate=:3\nuser.* @h\nrotate_count 5"
    assert [rule.action.options for rule in read(text).rules] == [
        {"rotate": {"size": "1MiB", "keep": 4}}, {"rotate": {"size": "10MiB", "keep": 4}},
        {"rotate": {"size": "1MiB", "keep": 2}}, {},
    ]  # fmt: skip


def test_a_template_is_a_path_or_a_format():
    text = (
        '$template PerHost,"/l/%HOSTNAME%.log"\n$template Short,"%HOSTNAME%%msg%\\n"\n'
        "user.* ?PerHost;short\nuser.* -?perhost\nuser.* /x;RSYSLOG_FileFormat\nuser.* /y;Mine"
    )
    reader = read(text)
    assert reader.problems == []
    assert [(rule.action.kind, rule.action.target, rule.action.format) for rule in reader.rules] == [
        ("file", "/l/{{ hostname }}.log", "Short"),
        ("file", "/l/{{ hostname }}.log", None),
        ("file", "/x", "RSYSLOG_FileFormat"),
        ("file", "/y", "Mine"),
    ]
    assert reader.templates == {
        "Short": "{{ hostname }} {{ message }}",
        "RSYSLOG_FileFormat": "{{ timestamp }} {{ hostname }} {{ tag }} {{ message }}",
    }


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("user.* ?Nope", (1, 9), 'unknown template "Nope"'),
        ('$template T,"/%uuid%"\nuser.* ?T', (2, 9), 'template T: the property "%uuid%" is not supported'),
        ('$template T,"%msg:R,ERE,1,X:y--end%"\nuser.* /x;T', (2, 11), "template T: regular expressions"),
        ('$template T,"a\\nb"\nuser.* /x;T', (2, 11), "template T: a line format is one line"),
    ],
)
def test_a_template_that_cannot_be_said_is_told_where_it_is_used(text, place, words):
    problem = problem_of(text)
    assert (place, "template") == (place_of(problem), problem.id)
    assert words in problem.message


def test_a_template_of_the_file_may_have_the_name_of_a_format():
    reader = read('$template json,"%msg%\\n"\nuser.* /x;json')
    assert reader.templates == {"json_template": " {{ message }}"}


def test_included_files_are_read_where_they_are_included():
    files = {"/d/a.conf": "mail.* /2\nbad\n", "/d/b.conf": "news.* /3"}
    reader = read("user.* /1\n$IncludeConfig /d/*\nuucp.* /4", files)
    assert [rule.action.target for rule in reader.rules] == ["/1", "/2", "/3", "/4"]
    assert [str(problem.location) for problem in reader.problems] == ["/d/a.conf:2:4"]


def test_a_file_that_includes_itself_is_told_with_the_way_that_leads_to_it():
    files = {"/a": "user.* /1\ninclude /b", "/b": "include /a\nuser.* /2"}
    reader = read("include /a", files)
    assert [rule.action.target for rule in reader.rules] == ["/1", "/2"]
    [problem] = reader.problems
    assert (str(problem.location), problem.message) == ("/b:1:9", "/a includes itself: /a → /b → /a")


def test_includes_end_at_some_depth():
    files = {f"/{number}": f"include /{number + 1}" for number in range(30)}
    [problem] = read("include /0", files).problems
    assert (problem.id, problem.location.file) == ("include", f"/{MAX_DEPTH - 1}")
    assert "/0 → /1 → /2" in problem.message


def test_lines_of_several_texts_stand_in_one_file():
    reader = read("!sshd")
    reader.feed("user.* /a", Location("f.conf", 2))
    reader.feed("& stop", Location("f.conf", 3))
    assert [(dict(rule.where), rule.action.kind) for rule in reader.rules] == [(SSHD, "file"), (SSHD, "discard")]


def test_an_action_alone_is_one_after_all_lines():
    reader = read("$FileCreateMode 0600\n!sshd")
    action, problems = reader.action("/x;raw", Location("c.yaml", 4, 10))
    assert (action.target, action.format, action.options, problems) == ("/x", "raw", {"mode": "0600"}, [])
    action, [problem] = reader.action("x/y", Location("c.yaml", 4, 10))
    assert (action, str(problem.location)) == (None, "c.yaml:4:10")
