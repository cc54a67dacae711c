r"""
The tag of a BSD message: program and process id before the text. Two words alone are text: "host word text" has no tag.

    sshd[411]: text          sshd, 411       ends with a colon
    sshd(pam_unix)[12]:text  the same, odd characters, no blank
    cron[12] text            cron, 12        or with a process id
    security[failure] 861    security        NTsyslog: the Windows log and the type of the event
    %SYS-5-CONFIG_I: text    Cisco: facility, severity, mnemonic; the colon may be missing
    : text                   none, and the colon is no text
    http://x, C:\x , CEF:0|   none: after a colon without a blank come no ``/``, ``\`` and no digit
"""

import re
from typing import NamedTuple

from collector.protocol.parsers.hostname import CISCO_TAG

_CHAR = r"""[^\s\x00-\x1f\x7f:\[\]{}<>"'=|,;]"""
_TAG = re.compile(
    rf"({_CHAR}+(?::{_CHAR}+(?=\[))?)(?:\[([^\[\]]{{0,128}})\])?:(?: |(?![/\\0-9]))"
    rf"|({_CHAR}+)\[([0-9][\w.-]*)\](?: |\Z)"
    rf"|({_CHAR}+)\[(?:success|failure|info|warning|error)\](?: |\Z)"
    rf"|(?:: )?({CISCO_TAG})(?: ?: ?| |\Z)"
    r"|:(?: |\Z)"
)


def tagged(app_name: str | None, proc_id: str | None, message: str) -> str:
    """The text of a BSD message with this tag; None and "" are absent."""
    if not app_name:
        return message
    tag = f"{app_name}[{proc_id}]:" if proc_id else f"{app_name}:"
    # rsyslog sends the blank after the tag as the first character of the message.
    return f"{tag}{message}" if not message or message[0] == " " else f"{tag} {message}"


class Tag(NamedTuple):
    """``end`` is where the message begins, one blank after the tag not counted."""

    app_name: str | None
    proc_id: str | None
    end: int


def read_tag(text: str, start: int) -> Tag:
    match = _TAG.match(text, start)
    if match is None:
        return Tag(None, None, start)
    name, pid, bare_name, bare_pid, log, cisco = match.groups()
    return Tag(name or bare_name or log or cisco, pid or bare_pid or None, match.end())
