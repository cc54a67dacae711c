"""
Where a syslog.conf sends a message: against a walk through its lines, one after the other, as syslogd does it, with
everything looked up anew at each line.
"""

import random
import re

from hypothesis import given
from hypothesis import strategies as st
from selector_oracle import random_selector, selected

from collector.priority import FACILITIES, SEVERITIES
from collector.routing.table import Route, RouteTable
from collector.service.import_syslog_conf import import_conf
from collector.service.plan import build_plan_from_text

PROGRAMS = ["sshd", "su", "sudo", "postfix", "a*b"]
HOSTS = ["gate", "GATE", "tower", "192.0.2.7"]
VALUES = ["s", "ss", "gate", "GATE", "opened", "", "a*b", "x?", "back\\slash", 'a"b']
PROPERTIES = ["msg", "hostname", "programname", "syslogseverity-text", "syslogfacility-text", "fromhost-ip"]
OPERATIONS = ["contains", "isequal", "startswith"]


def quoted(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Conf:
    """A random file: ``lines`` as text, and the same as steps for the slow walk."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.lines, self.steps = [], []
        for number in range(self.rng.randint(1, 12)):
            self.rng.choice([self.rule, self.rule, self.rule, self.filter_rule, self.block])(number)

    def add(self, line, *step):
        self.lines.append(line)
        self.steps.append(step)

    def rule(self, number):
        selector = self.rng.choice(["*.*", "*.*;mail.none", random_selector(self.rng)])
        self.act(selector, ("select", selected(selector)), number)

    def filter_rule(self, number):
        text, test = self.filter()
        self.act(text, ("test", test), number)

    def act(self, text, how, number):
        action = self.rng.choice([f"/log/{number}", f"/log/{number}", "stop", "~"])
        self.add(f"{text}\t{action}", "act", how, action, True)
        while self.rng.random() < 0.3:
            action = self.rng.choice([f"/log/{number}-{len(self.lines)}", "stop"])
            self.add(f"&{self.rng.choice(['', ' '])}{action}", "act", None, action, False)

    def block(self, _number):
        self.rng.choice([self.programs, self.hosts, self.filter_block])()

    def programs(self):
        sign, names = self.rng.choice(["", "+", "-"]), self.names(PROGRAMS)
        comment = self.rng.choice(["", "#"]) if names != ["*"] and "a*b" not in names else ""
        self.add(f"{comment}!{sign}{','.join(names)}", "programs", sign, names)

    def hosts(self):
        sign, names = self.rng.choice(["+", "-"]), self.names(HOSTS)
        self.add(f"{sign}{','.join(names)}", "hosts", sign, names)

    def names(self, known):
        return self.rng.choice([["*"], *[self.rng.sample(known, self.rng.randint(1, 3))] * 4])

    def filter_block(self):
        if self.rng.random() < 0.3:
            self.add(":*", "filter", None)
            return
        text, test = self.filter()
        self.add(text, "filter", test)

    def filter(self):
        negated, folded = self.rng.choice(["", "!"]), self.rng.choice(["", "icase_"])
        name, operation, value = (self.rng.choice(some) for some in (PROPERTIES, OPERATIONS, VALUES))
        return f":{name}, {negated}{folded}{operation}, {quoted(value)}", (name, negated, folded, operation, value)


def walk(steps, message):
    """Where a message goes, and whether it was stopped."""
    programs = hosts = test = None
    taken, last = [], False
    for kind, *step in steps:
        if kind == "programs":
            programs = None if step[1] == ["*"] else step
        elif kind == "hosts":
            hosts = None if step[1] == ["*"] else step
        elif kind == "filter":
            test = step[0]
        else:
            how, action, first = step
            if first:
                last = in_blocks(programs, hosts, test, message) and asked(how, message)
            if last and not action.startswith("/"):
                return taken, True
            if last:
                taken.append(action)
    return taken, False


def in_blocks(programs, hosts, test, message):
    if programs and (message["program"] in programs[1]) == (programs[0] == "-"):
        return False
    if hosts:
        named = {name.lower() for name in hosts[1]}
        if (message["hostname"].lower() in named or message["address"] in named) == (hosts[0] == "-"):
            return False
    return test is None or matches(test, message)


def asked(how, message):
    return message["pri"] in how[1] if how[0] == "select" else matches(how[1], message)


def matches(test, message):
    name, negated, folded, operation, value = test
    text = {
        "msg": message["message"], "hostname": message["hostname"], "programname": message["program"],
        "fromhost-ip": message["address"], "syslogseverity-text": SEVERITIES[message["pri"] % 8],
        "syslogfacility-text": FACILITIES[message["pri"] // 8],
    }[name]  # fmt: skip
    if folded:
        text, value = text.lower(), value.lower()
    found = {"contains": value in text, "isequal": value == text, "startswith": text.startswith(value)}[operation]
    return found != bool(negated)


def random_message(rng):
    program = rng.choice([*PROGRAMS, "cron"])
    return {
        "pri": rng.randrange(192), "program": program, "app_name": program, "hostname": rng.choice([*HOSTS, "other"]),
        "address": rng.choice(["192.0.2.7", "192.0.2.8"]), "message": rng.choice([*VALUES, "session opened"]),
    }  # fmt: skip


def plan_of(text):
    plan, problems = build_plan_from_text(text, "c.yaml")
    assert [str(problem) for problem in problems if problem.level == "error"] == [], text
    return plan


def table_of(plan, key_of):
    tests = [route.where and route.where.test for route in plan.routes]
    routes = [
        Route(route.selector.pris(), route.destination, test) for route, test in zip(plan.routes, tests, strict=True)
    ]
    return RouteTable(routes, len(plan.destinations), key_of)


def never(_tests):
    return None


def always(_tests):
    return lambda message: tuple(message.values())


def ways(plan, messages, key_of=never):
    """For each message where it goes, and whether it was discarded or wanted by nobody."""
    table = table_of(plan, key_of)
    for message in messages:
        table.clear()
        table.put[message["pri"]](message)
        boxes = [plan.destinations[number].file for number, box in enumerate(table.boxes) for _ in box]
        yield sorted(boxes), len(table.discarded), len(table.nowhere)


@given(st.integers(0, 2**48))
def test_messages_go_where_a_walk_through_the_lines_sends_them(seed):
    conf = Conf(seed)
    rng = random.Random(seed)
    messages = [random_message(rng) for _ in range(30)]
    text = "\n".join(f"  {line}" for line in conf.lines)
    plan = plan_of(f"sources: [{{udp: 127.0.0.1:5514}}]\nroutes: |\n{text}\n")

    expected = []
    for message in messages:
        taken, stopped = walk(conf.steps, message)
        expected.append((sorted(taken), int(stopped and not taken), int(not stopped and not taken)))
    assert list(ways(plan, messages)) == expected, text
    assert list(ways(plan, messages * 2, always)) == expected * 2, text


@given(seed=st.integers(0, 2**48))
def test_the_imported_yaml_routes_as_the_file_itself(tmp_path_factory, seed):
    conf = Conf(seed)
    path = tmp_path_factory.mktemp("conf") / "syslog.conf"
    path.write_text("\n".join([*conf.lines, ""]))
    imported = import_conf([str(path)])
    assert imported.refused == 0
    ours = plan_of(imported.yaml)
    direct = plan_of(f"sources: [{{udp: 127.0.0.1:5514}}]\nroutes: [{{include: {path}}}]\n")

    rng = random.Random(seed)
    messages = [random_message(rng) for _ in range(20)]
    assert [route.selector.pris() for route in ours.routes] == [route.selector.pris() for route in direct.routes]
    assert list(ways(ours, messages)) == list(ways(direct, messages))


def test_the_walk_is_worth_comparing_with():
    """Random files do stop messages, send some on, and leave some alone."""
    outcomes = set()
    for seed in range(300):
        conf, rng = Conf(seed), random.Random(seed)
        for _ in range(5):
            taken, stopped = walk(conf.steps, random_message(rng))
            outcomes.add((bool(taken), stopped))
    assert len(outcomes) == 4
    assert any(re.match(r"#!", line) for seed in range(300) for line in Conf(seed).lines)
