"""
Rules of any number, the same for everybody: as collector has them, as SEC has them, and as swatchdog has them.

The first two count: they match a share of the lines that the caller chooses, by address. All others match seldom and
alert once for each key. They look for what programs say, two or three words that no other rule has together, with
captures, alternatives and repeats, as people write them; one in four is plain text. No line matches two rules, so SEC
and swatchdog may stop at the first (``every_rule``: they go on, as collector does); the two that match most come first,
which serves them best.

All of it follows from the numbers given: two calls with the same ones give the same.
"""

import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

HOT = 0.4
"""The share of lines that the first two rules match, where nothing else is said."""

SEED = 1
ENOUGH = 5
HOUR = 3600
SECONDS = 600
FILLER = (
    "seq=20417 node=rack-12 zone=east uptime=86400 trace=5f2c9b7e1d queue=7 shard=3 region=tokyo-2 flags=none "
    "build=2026.11 tenant=4711 latency=12ms attempt=1"
)
"""To make a line as long as those of others are; no rule cares for it."""

SUBJECTS = (
    "disk quota", "mail queue", "power supply", "license server", "print spooler", "backup volume", "clock drift",
    "route table", "tape drive", "fan speed", "raid array", "user session", "ldap bind", "tls handshake",
    "zone transfer", "dhcp lease", "cache entry", "batch job", "file system", "memory module", "link state",
    "vpn tunnel", "web worker", "database lock", "replica set", "token refresh", "firmware image", "boot loader",
    "sensor reading", "audit record", "config file", "swap space",
)  # fmt: skip
EVENTS = (
    "exceeded", "rejected", "failed", "timed out", "degraded", "corrupted", "refused", "expired", "overflowed",
    "missing", "aborted", "throttled", "disabled", "detached", "stalled", "denied", "unreachable", "truncated",
    "reset", "revoked", "overheated", "mismatched", "exhausted", "locked", "dropped", "unverified", "suspended",
    "duplicated", "misrouted", "garbled", "blocked", "withdrawn",
)  # fmt: skip
PROGRAMS = ("storaged", "mailer", "healthd", "netmgr", "authd")
USERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
MOST = len(SUBJECTS) * len(EVENTS) * len(PROGRAMS)


@dataclass(frozen=True)
class BenchRule:
    """
    ``regex`` is that of Python, or text as it stands where ``plain``; ``key`` is the group that makes the key of its
    alerts, None where all its lines are one; ``count`` is how many it takes, and a rule of 1 alerts once for a key.
    """

    id: str
    regex: str
    key: str | None
    count: int = 1
    plain: bool = False

    @property
    def without_names(self) -> str:
        """For Perl: the key is its first group, nothing else is captured."""
        if self.plain:
            return re.sub(r"([^\w ])", r"\\\1", self.regex)
        return re.sub(r"\(\?P<(\w+)>", lambda group: "(" if group[1] == self.key else "(?:", self.regex)


def rules(number: int) -> list[BenchRule]:
    """The first ``number`` rules; those of a smaller number are among those of a larger one."""
    failed = r"sshd\[\d+\]: Failed password for (?:invalid user )?(?P<user>\S+) from (?P<ip>[\d.]+) port \d+"
    dropped = r"kernel: \[\d+\.\d+\] FW-DROP IN=\w+ SRC=(?P<ip>[\d.]+) .*DPT=(?P<port>\d+)"
    hot = [BenchRule("hot-0", failed, "ip", ENOUGH), BenchRule("hot-1", dropped, "ip", ENOUGH)]
    return hot + [_cold(index) for index in range(number - len(hot))]


def _names(index: int) -> tuple[str, str, str]:
    """Program, subject and event of a rule; no two rules have the same three."""
    index = index * 1021 % MOST  # 1021 and MOST have no common divisor: neighbours differ in everything
    rest, subject = divmod(index, len(SUBJECTS))
    program, event = divmod(rest, len(EVENTS))
    return PROGRAMS[program], SUBJECTS[subject], EVENTS[event]


def _cold(index: int) -> BenchRule:
    program, subject, event = _names(index)
    id_ = f"cold-{index}"
    shapes = (
        rf"{program}\[\d+\]: {subject} {event} for (?P<user>\S+) on (?P<place>\S+)",
        rf"{program}\[\d+\]: {subject} {event}: (?:user|account) (?P<user>\S+) from (?P<ip>[\d.]+)",
        rf"{program}\[\d+\]: (?:warning: |error: )?{subject} (?:[a-z]+ )?{event}.* by (?P<user>\w+)",
    )
    if index % 4 == 3:
        return BenchRule(id_, f"{program}: {subject} {event} on volume", None, plain=True)
    return BenchRule(id_, shapes[index % 4], "user")


def texts(seed: int, hot_share: float, number: int = 1000) -> list[str]:
    """What ``number`` lines say: that share matches the first two rules, one in a hundred others, the rest none."""
    some = random.Random(seed)
    hot, cold = round(number * hot_share), number // 100
    found = [_hot_text(some, index % 2) for index in range(hot)]
    found += [_cold_text(some, some.randrange(900)) for _ in range(cold)]
    found += [_other_text(some) for _ in range(number - hot - cold)]
    some.shuffle(found)
    return found


def _address(some: random.Random) -> str:
    return f"192.0.2.{some.randrange(100)}"


def _hot_text(some: random.Random, which: int) -> str:
    port = some.randrange(1024, 65536)
    if which == 0:
        user = some.choice(("", "invalid user ")) + some.choice(USERS)
        return f"sshd[{some.randrange(9999)}]: Failed password for {user} from {_address(some)} port {port} ssh2"
    uptime = f"{some.randrange(99999)}.{some.randrange(10**6):06}"
    return f"kernel: [{uptime}] FW-DROP IN=eth0 SRC={_address(some)} DST=198.51.100.7 DPT={port}"


def _cold_text(some: random.Random, index: int) -> str:
    program, subject, event = _names(index)
    user, pid = some.choice(USERS), some.randrange(9999)
    return (
        f"{program}[{pid}]: {subject} {event} for {user} on node{some.randrange(20)}",
        f"{program}[{pid}]: {subject} {event}: user {user} from {_address(some)}",
        f"{program}[{pid}]: warning: {subject} was {event} again by {user}",
        f"{program}: {subject} {event} on volume {some.randrange(9)}",
    )[index % 4]


def _other_text(some: random.Random) -> str:
    """Lines of the same programs and words as the rules have, and of others."""
    program, subject, event = some.choice(PROGRAMS), some.choice(SUBJECTS), some.choice(EVENTS)
    user, pid, port = some.choice(USERS), some.randrange(9999), some.randrange(1024, 65536)
    return some.choice((
        f"{program}[{pid}]: {subject} is fine for {user} on node{some.randrange(20)}",
        f"{program}[{pid}]: check {some.randrange(999)} of {subject} done in {some.randrange(99)} ms",
        f"{program}[{pid}]: request {some.randrange(10**6)} {event} by peer, trying the next one",
        f"sshd[{pid}]: Accepted publickey for {user} from {_address(some)} port {port} ssh2",
        f"CRON[{pid}]: ({user}) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.hourly)",
        f"postfix/smtpd[{pid}]: connect from unknown[{_address(some)}]",
        f"systemd[1]: Started Session {some.randrange(9999)} of User {user}.",
    ))  # fmt: skip


def lines(number: int, some_texts: Sequence[str], began: float, size: int = 180) -> Iterator[str]:
    """Lines of a traditional file, of SECONDS from ``began`` on, in the zone of this machine."""
    stamps = [time.strftime("%b %e %H:%M:%S", time.localtime(began + second)) for second in range(SECONDS)]
    for index in range(number):
        line = f"{stamps[index * SECONDS // number]} gate {some_texts[index % len(some_texts)]} id={index} "
        yield f"{line}{FILLER[: size - len(line) - 1]}\n"


def marker(number: int) -> tuple[str, str]:
    """A text that no load has, and its alert: when that is raised, all before it has been judged. For 1,000 rules."""
    index = 991 - 4 * number
    program, subject, event = _names(index)
    return f"{program}: {subject} {event} on volume 1", f"cold-{index}"


def compiled(some_rules: Sequence[BenchRule]) -> list[tuple[BenchRule, re.Pattern[str]]]:
    return [(rule, re.compile(re.escape(rule.regex) if rule.plain else rule.regex)) for rule in some_rules]


def expected(some_rules: Sequence[BenchRule], some_lines: Iterable[str]) -> list[str]:
    """What must be raised: rule and key of each alert, sorted. The slow and obvious way."""
    patterns = compiled(some_rules)
    counts: dict[str, int] = {}
    raised: list[str] = []
    for line in some_lines:
        for rule, pattern in patterns:
            if found := pattern.search(line):
                name = f"{rule.id} {found[rule.key] if rule.key else ''}".rstrip()
                counts[name] = counts.get(name, 0) + 1
                if counts[name] == rule.count:
                    raised.append(name)
    return sorted(raised)


def collector_rules(
    some_rules: Sequence[BenchRule], destination: str | None = "log", more: Sequence[Mapping[str, object]] = ()
) -> str:
    """A file of rules, with ``more`` behind them. JSON is YAML."""
    return json.dumps({"rules": [*(_collector_rule(rule, destination) for rule in some_rules), *more]}, indent=1)


def _collector_rule(rule: BenchRule, destination: str | None) -> dict[str, object]:
    key = f" {{{{ {rule.key} }}}}" if rule.key else ""
    written: dict[str, object] = {
        "id": rule.id,
        "kind": "match" if rule.count == 1 else "threshold",
        "on": {"text|cased" if rule.plain else "re": rule.regex},
        "alert": {"title": f"{{{{ rule }}}}{key}"},
    }
    if rule.key:
        written["by"] = rule.key
    if rule.count == 1:
        written["limit"] = {"first": 1, "per": f"{HOUR}s", "summary": False}
    else:
        written |= {"within": f"{HOUR}s", "count": rule.count}
    if destination:
        written["do"] = destination
    return written


def sec_rules(some_rules: Sequence[BenchRule], alerts: str, *, every_rule: bool) -> str:
    """For SEC; alerts are written to that file as ``rule key``."""
    return "\n".join(_sec_rule(rule, alerts, "TakeNext" if every_rule else "DontCont") for rule in some_rules)


def _sec_rule(rule: BenchRule, alerts: str, then: str) -> str:
    kind = "SingleWithSuppress" if rule.count == 1 else "SingleWithThreshold"
    ptype, pattern = ("SubStr", rule.regex) if rule.plain else ("RegExp", rule.without_names)
    said = f"{rule.id} $1" if rule.key else rule.id
    text = f"type={kind}\ncontinue={then}\nptype={ptype}\npattern={pattern}\ndesc={said}\n"
    text += f"action=write {alerts} %s\nwindow={HOUR}\n"
    return text + (f"thresh={rule.count}\n" if rule.count > 1 else "")


def swatchdog_rules(some_rules: Sequence[BenchRule], *, every_rule: bool) -> str:
    """For swatchdog; alerts are written to standard output as ``alert: rule key``."""
    return "\n".join(_swatchdog_rule(rule, "\tcontinue\n" if every_rule else "") for rule in some_rules)


def _swatchdog_rule(rule: BenchRule, then: str) -> str:
    kind = "limit" if rule.count == 1 else "both"
    key = "$1" if rule.key else "all"
    said = f"alert: {rule.id}{' $1' if rule.key else ''}"
    return (
        f"watchfor /{rule.without_names}/\n"
        f"\tthreshold track_by={key},type={kind},count={rule.count},seconds={HOUR}\n"
        f'\tperlcode 3 print "{said}\\n";\n{then}'
    )
