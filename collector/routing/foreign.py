"""
What sysklogd and rsyslog read in a syslog.conf and this program does not: each with its name and a cure.

Two shelves of patterns, for lines and for actions; the first that fits says what it is.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from collector.config.problems import quote


class Foreign(NamedTuple):
    """``id`` is the problem's; the hint is None where nothing else can be written."""

    message: str
    id: str
    hint: str | None


_MAPPING = 'write the route as a mapping with "select:", "where:" and "to:"'
_TO_FILE = 'messages can be written to files: "*.*  /var/log/file"'
_REMOVE = "remove the line; such settings are options of the sources and destinations"

_STATEMENT = Foreign("RainerScript statements are not supported", "unsupported-statement", _MAPPING)
_STATEMENTS = "if|foreach|else|set|unset|reset|call|call_indirect|reload_lookup_table"
_OBJECTS = (
    "module|input|action|template|property|constant|ruleset|global|main_queue|lookup_table|parser|timezone|dyn_stats"
    "|perctile_stats|ratelimit"
)

_LINES = (
    (r"!", Foreign('program blocks ("!program") are not supported', "unsupported-block", _MAPPING)),
    (r"[+-](?!/)", Foreign('host blocks ("+host", "-host") are not supported', "unsupported-block", _MAPPING)),
    (r":[^,]*,", Foreign('property filters (":property, …") are not supported', "unsupported-filter", _MAPPING)),
    (
        r"\$includeconfig\b|include\s*\(|include\s+\S",
        Foreign(
            "including a file from here is not supported",
            "unsupported-directive",
            'list each file in the configuration: "- include: FILE"',
        ),
    ),
    (r"\$", Foreign('directives ("$Name …") are not supported', "unsupported-directive", _REMOVE)),
    (
        r"&",
        Foreign(
            'a further action for the line before ("&") is not supported',
            "unsupported-action",
            "repeat the selector before each action",
        ),
    ),
    (rf"({_STATEMENTS})\b(?![.,;])|({_OBJECTS})\s*\(|[{{}}()]|(stop|continue)\s*;?\s*(#.*)?$", _STATEMENT),
    (
        r"(secure_mode|rotate_size|rotate_count|notify|listen|udp_size)\s+\S",
        Foreign("options of sysklogd are not supported", "unsupported-directive", _REMOVE),
    ),
)

_ACTIONS = (
    (r"@@", Foreign("forwarding to another host over TCP (@@) is not supported", "unsupported-action", _TO_FILE)),
    (r"@", Foreign("forwarding to another host (@) is not supported", "unsupported-action", _TO_FILE)),
    (r"\|", Foreign("writing to a named pipe (|) is not supported", "unsupported-action", _TO_FILE)),
    (
        r"(~|stop)\s*;?\s*(#.*)?$",
        Foreign(
            "discarding messages (~, stop) is not supported",
            "unsupported-action",
            'take them out of the other selectors: "*.*;mail.none"',
        ),
    ),
    (r"\*", Foreign("writing to all logged-in users (*) is not supported", "unsupported-action", _TO_FILE)),
    (r"\^", Foreign("running a program (^) is not supported", "unsupported-action", _TO_FILE)),
    (
        r"-?\?",
        Foreign(
            "a file name made by an rsyslog template (?name) is not supported",
            "unsupported-action",
            'write the template into the path: "/var/log/hosts/{{ hostname }}.log"',
        ),
    ),
    (
        r":omusrmsg:",
        Foreign("writing to logged-in users (:omusrmsg:) is not supported", "unsupported-action", _TO_FILE),
    ),
    (r":", Foreign("output modules of rsyslog (:module:) are not supported", "unsupported-action", _TO_FILE)),
    (r"-?\$", Foreign("output channels of rsyslog ($name) are not supported", "unsupported-action", _TO_FILE)),
    (r">", Foreign("writing to a database (>) is not supported", "unsupported-action", _TO_FILE)),
    (r"action\s*\(|call\s|\{(?!\{)", _STATEMENT),
    (r"-(\s|$)", Foreign('"-" stands alone', "action", 'write the path directly behind it: "-/var/log/file"')),
)

# A bracket outside of quotes and comments.
_BRACKET = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#.*|(?P<open>[({])|(?P<close>[)}])")


def foreign_line(text: str) -> Foreign | None:
    """What a line is that has no ``selector  action``; None for one that may have."""
    return _first(_LINES, text)


def foreign_action(text: str, path: str) -> Foreign | None:
    """What an action is that names no file to append to; ``path`` is its first word without a leading ``-``."""
    if path.startswith(("/", "./", "../")) or "{{" in path.partition("/")[0]:
        return None
    foreign = _first(_ACTIONS, text)
    if foreign:
        return foreign
    if "/" in path or "." in path:
        return Foreign(
            f"{quote(path)} is no path", "action", f'begin it with "/", or a relative one with "./": "./{path}"'
        )
    return Foreign(f"writing to logged-in users ({quote(path)}) is not supported", "unsupported-action", _TO_FILE)


def open_brackets(text: str) -> int:
    """How many brackets of a statement a line leaves open; negative where it closes more than it opens."""
    return sum(bool(match["open"]) - bool(match["close"]) for match in _BRACKET.finditer(text))


def _first(shelf: Iterable[tuple[str, Foreign]], text: str) -> Foreign | None:
    return next((foreign for pattern, foreign in shelf if re.match(pattern, text, re.IGNORECASE)), None)
