"""
What Cisco devices put before the stamp, all of it optional:

    45: sw1: 000123: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: text
    │   │    │       └ the clock is not set ("*") or lost its source (".")
    │   │    └ service sequence-numbers
    │   └ logging origin-id
    └ the message's number, kept as RFC 5424's ``meta`` ``sequenceId`` (§7.3.1)

    sw1: *spamApTask1: Feb  3 08:09:10.123: %CAPWAP-4-DISC: text          wireless controllers: the task
    45: RP/0/RSP0/CPU0:Sep 12 10:20:30.1 UTC: config[65]: %MGBL-SYS: text IOS XR: the node
    45: 1w2d: %SYS-5-CONFIG_I: text                                       no clock: time since the start
    45: %SYS-5-CONFIG_I: text                                             no time at all

Task, node and time since the start stay in the text.
"""

import re

from collector.protocol.parsers.context import Context
from collector.protocol.parsers.header import Header
from collector.protocol.parsers.hostname import CISCO_TAG, Hostname, read_hostname
from collector.protocol.parsers.stamp import read_stamp

_UPTIME = r"(?:(?:[0-9]+[ywdh])+|[0-9]{1,4}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)"
_NODE = r"\w+/[0-9]+/\w+/CPU[0-9]+:"
_PREFIX = re.compile(
    r"(?:(?P<number>[0-9]{1,10}):(?: |(?![0-9])))?(?:: )?"
    rf"(?:(?!(?:{_UPTIME}|[0-9]+): )(?P<hostname>[A-Za-z0-9][\w.-]*+)(?:: | (?={_NODE})))?"
    rf"(?:[0-9]{{1,10}}: )?(?P<origin>\*\w+: |{_NODE})?(?P<clock>[*.])?"
    rf"(?:(?P<uptime>{_UPTIME}: )(?=%)|(?P<bare>(?={CISCO_TAG})|\Z))?"
)
_TAG_AT = re.compile(CISCO_TAG)


def read_cisco(text: str, start: int, context: Context) -> Header | None:
    """The header of a Cisco message, or None when this is none."""
    prefix = _PREFIX.match(text, start)
    if prefix is None or prefix.end() == start:
        return None
    number, hostname, origin, clock = prefix.group("number", "hostname", "origin", "clock")
    header = Header(
        hostname=hostname,
        lead=prefix["uptime"] or (f"{origin.rstrip()} " if origin else ""),
        end=prefix.end(),
        data={"meta": {"sequenceId": number}} if number else None,
        marks=("unsynced_clock",) if clock else (),
    )
    if prefix["uptime"]:
        return header
    stamp = read_stamp(text, prefix.end(), context)
    if stamp and stamp.colon:
        name = Hostname(hostname, stamp.end) if hostname else _name_before_tag(text, stamp.end)
        return header._replace(moment=stamp.moment, shown=stamp.shown, hostname=name.name, end=name.end)
    return header if _stands_alone(prefix) else None


def _name_before_tag(text: str, start: int) -> Hostname:
    found = read_hostname(text, start)
    return found if _TAG_AT.match(text, found.end) else Hostname(None, start)


def _stands_alone(prefix: re.Match[str]) -> bool:
    """Without any time, a number or a name counts only right before Cisco's tag; a number alone is a message, too."""
    number, hostname, bare = prefix.group("number", "hostname", "bare")
    at_end = prefix.end() == len(prefix.string)
    return bare is not None and (not hostname if at_end else True) and bool(number or hostname)
