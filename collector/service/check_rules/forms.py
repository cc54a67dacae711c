"""
What a log is made of, found out from its first lines.

    <38>Oct 11 22:14:15 gate sshd[411]: …          syslog        messages as they come over the wire, also octet-counted
    Oct 11 22:14:15 gate sshd[411]: …              traditional   a file of any syslogd: no PRI, and often no year
    {"timestamp": …, "received_at": …, …}          json          records as we write them, with all that is known
"""

import json
import re
from collections import Counter
from typing import Literal

Form = Literal["syslog", "traditional", "json"]

_LINES = 100
_PRI = re.compile(rb"(?:[0-9]{1,8} )?<[0-9]{1,3}>")


def form_of(head: bytes) -> Form:
    """``head`` is how the log begins. A PRI stands nowhere but in messages; else what most of its lines are decides."""
    whole = head[: head.rfind(b"\n") + 1] or head
    forms: Counter[Form] = Counter(_form(line) for line in whole.split(b"\n")[:_LINES] if line.strip())
    if forms["syslog"]:
        return "syslog"
    return "json" if forms["json"] > forms["traditional"] // 2 else "traditional"


def _form(line: bytes) -> Form:
    if _PRI.match(line):
        return "syslog"
    return "json" if line.startswith(b"{") and _is_record(line) else "traditional"


def _is_record(line: bytes) -> bool:
    try:
        record = json.loads(line)
    except ValueError:
        return b'"message"' in line  # the last one, cut off
    return isinstance(record, dict) and "message" in record
