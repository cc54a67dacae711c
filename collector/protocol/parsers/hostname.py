"""
The host name of a BSD message: the word after the stamp, unless that word is something else.

    gate sshd[411]: text            gate
    2001:db8::1 text                an address, also in brackets
    su: text, cron[12] text         None: a tag
    last message repeated 3 times   None: sysklogd puts no name there
    fw1 : %ASA-6-302013: text       fw1, also without the blank
    --- text, {"a": 1}, id=3        None: no characters of a name

A name is what the sender says. ``../../etc/cron.d/x`` stands where a name belongs and is kept as one: whoever builds
a path of it makes it safe.
"""

import re
from typing import NamedTuple

NAME = r"(?:\[[0-9A-Fa-f:.]+\](?::[0-9]+)?|(?=[./:]*\w)[\w./:][\w./:@-]*(?:%\w+)?)"
CISCO_TAG = r"%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-9]{1,2}-\w+"

_WORD = re.compile(rf"({NAME})(?: |\Z|\t(?=MSWinEventLog\t))")
_CISCO_NEXT = re.compile(CISCO_TAG)
# AIX syslogd names the machine a message came through; Snare and NXLog part the name by a TAB when they send no header.
_NAMED = re.compile(rf"(?:Message f|F)orwarded from ({NAME}): |({NAME})\t(?=MSWinEventLog\t)")
_NO_NAME = ("last message repeated ", "Message forwarded from ", "Forwarded from ")


class Hostname(NamedTuple):
    """``end`` is where the text after the name and one blank begins."""

    name: str | None
    end: int


def read_hostname(text: str, start: int) -> Hostname:
    """The name at ``start``, in a message that has a stamp before it."""
    if text.startswith(_NO_NAME, start):
        return read_named(text, start)
    word = _WORD.match(text, start)
    if word is None:
        return Hostname(None, start)
    name, end = word[1], word.end()
    if not name.endswith(":") or name.endswith("::"):
        return Hostname(name, end)
    return Hostname(name[:-1], end) if _CISCO_NEXT.match(text, end) else Hostname(None, start)


def read_named(text: str, start: int) -> Hostname:
    """A name that is marked as one, so that it needs no stamp before it."""
    match = _NAMED.match(text, start)
    return Hostname(match[1] or match[2], match.end()) if match else Hostname(None, start)
