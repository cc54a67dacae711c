"""
Whatever stands in a routing file, reading it gives routes and problems, each with a place inside the text, and raises
nothing else.
"""

from fuzzing import generator, rounds
from selector_oracle import random_selector

from collector.config.problems import Location
from collector.routing.selector import SelectorError, compile_selector
from collector.routing.syslog_conf import ConfFile, ConfReader
from collector.routing.where import WhereError, compile_where
from collector.sinks.paths import PathTemplate
from collector.templates import TemplateError

PIECES = [
    *".;,!=* \t\r\n\\#-/@|:~^?&$(){}<>'\"0189",
    *(
        "mail",
        "*.*",
        "none",
        "err",
        "local0",
        "mark",
        "/var/log/x",
        "{{ hostname }}",
        "{{",
        "}}",
        "{%",
        "@@host",
        "stop",
    ),
    *(
        "if $x then",
        "action(",
        "!prog",
        "+host",
        ":msg,",
        "$ModLoad",
        ";RFC5424",
        "\u212a",
        "\udcff",
        "\x00",
        "\u3000",
        "é",
    ),
    *("timestamp", "| date('%Y')", "..", "[0]", ".x", "|lower", "%}", "for c in", "endfor", "if", "endif", "~", "=="),
]
FIELDS = {"hostname", "timestamp", "app_name", "message"}


MODIFIERS = ["contains", "startswith", "re", "cidr", "gt", "lte", "all", "cased", "spaced", "exists", "y"]
TAGS = [
    "{{ hostname }}",
    "{{ app_name|lower }}",
    "{{ message }}",
    "{{ hostname|replace('a', '/') }}",
    "{% if hostname %}",
]


def garbage(rng, most=12):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, most)))


def mutated(rng, text):
    place = rng.randint(0, len(text))
    return text[:place] + garbage(rng, 2) + text[place + rng.randint(0, 2) :]


def reading(read, error):
    """What ``read`` returns and None, or None and what it raised; any other error is a finding."""
    try:
        return read(), None
    except error as caught:
        return None, caught


def test_a_selector_is_read_or_refused_with_a_column_inside_it():
    rng = generator(20260723)
    outcomes = set()
    for _ in rounds(3000):
        text = rng.choice([garbage(rng), mutated(rng, random_selector(rng))])
        selector, error = reading(lambda text=text: compile_selector(text), SelectorError)
        assert len(selector.masks) == 24 if selector else 0 <= error.column <= len(text), text
        outcomes.add(error is None)
    assert outcomes == {True, False}


LINES = [
    "!sshd,cron", "+gate", "-@", "#!x", ':msg, contains, "a b"', ":*", ':msg, regex, "^a\\\\{1,2\\\\}[[:digit:]]"  /x',
    "& stop", "& /y;T", "stop", '$template T,"%hostname:1:3:lowercase% %msg%\\n"', "user.* ?T", "$FileCreateMode 0640",
    "$Umask 022", "$IncludeConfig /d/*.conf", "include /d", 'include(file="/d" mode="optional")', "$UDPServerRun 514",
    'input(type="imudp"', '  port="514")', 'module(load="builtin:omfile" template="T")', "if $x then {", "}",
    '*.* action(type="omfile" file="/z"', ")", "*.* @@(o)[::1]:514;RFC5424,rotate=10M:5", "rotate_size 10M",
    "listen :99999",
    "*.emerg :omusrmsg:*", "*.* root,op", "*.* |/f", "mark.info;mail.<=err /m", 'global(workDirectory="/x")',
]  # fmt: skip


def test_every_line_of_a_file_becomes_a_rule_or_a_problem_with_its_place():
    rng = generator(514)
    outcomes = set()
    for _ in rounds(3000):
        known = [mutated(rng, rng.choice(LINES)) if rng.random() < 0.3 else rng.choice(LINES) for _ in range(4)]
        text = "".join(
            f"{random_selector(rng)}\t{rng.choice(['', '/log/x'])}{garbage(rng)}\n{garbage(rng)}\n{rng.choice(known)}\n"
            for _ in range(rng.randint(0, 3))
        )
        inner = "\n".join(known)
        reader = ConfReader(lambda *_, inner=inner: [ConfFile("/d", inner)], ["vm"])
        reader.feed(text, Location("f", 7, 3))
        places = [place for rule in reader.rules for place in (rule.location, rule.first, rule.action.location)]
        places += [found.location for found in (*reader.problems, *reader.settings)]
        for place in places:
            first, whole = ((7, 3), text) if place.file == "f" else ((1, 1), inner)
            assert first[0] <= place.line <= first[0] + whole.count("\n"), (text, place)
            assert first[1] <= place.column <= first[1] + 1 + len(whole), (text, place)
        assert all(problem.message.isprintable() for problem in reader.problems), text
        assert all(compile_where(rule.where) for rule in reader.rules if rule.where), text
        outcomes |= {bool(reader.rules), not reader.problems}
    assert outcomes == {True, False}


def test_a_path_template_is_usable_or_refused_and_never_leaves_its_folder():
    rng = generator(3164)
    outcomes = set()
    for _ in rounds(3000):
        text = "/log/" + rng.choice([garbage(rng), f"{rng.choice(TAGS)}{garbage(rng, 2)}/{rng.choice(TAGS)}"])
        values = {"hostname": garbage(rng), "app_name": "..", "message": None, "timestamp": None}
        template, error = reading(lambda text=text: PathTemplate(text, allowed=FIELDS), TemplateError)
        outcomes.add(error is None)
        if error:
            assert min(error.line, error.column) >= 1
            continue
        path, error = reading(lambda made=template, values=values: made.path_for(values), TemplateError)
        assert error or path.startswith("/log/"), text
        assert error or template.literal is not None or not {"", ".", ".."} & set(path[5:].split("/")), text
    assert outcomes == {True, False}


def test_a_condition_is_usable_on_any_content_or_refused():
    rng = generator(5424)
    outcomes = set()
    for _ in rounds(3000):
        field = rng.choice(["hostname", "severity", "facility", "peer", "proc_id", "any", "not", "x"])
        key = "|".join([field, *rng.sample(MODIFIERS, rng.choice([0, 0, 1, 2]))])
        value = rng.choice([garbage(rng, 4), None, True, 3, 1.5, [garbage(rng, 2), "err"], {"hostname": "*"}, [], [{}]])
        where, error = reading(lambda spec={key: value}: compile_where(spec), WhereError)
        outcomes.add(error is None)
        if error:
            assert error.path[0] == key
            continue
        content = {name: rng.choice([garbage(rng), "err", "7", "192.0.2.7:514", None]) for name in where.needs}
        assert where.test(content) in (True, False)
    assert outcomes == {True, False}
