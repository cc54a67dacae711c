r"""
NTsyslog, in the three forms that its versions wrote behind the syslog header:

    security[failure] Logon Failure:  User Name:bob …                   1.12 and before: no event id
    security[failure] 529 NT AUTHORITY\SYSTEM  Logon Failure: …         1.13, 1.14
    NT: <Service Control Manager;E7031;N/A> The … service …             1.15; also [NT:…;E7031;…]

Relays that take the header apart may send ``security[failure]:``, or the type as the process id of RFC 5424: that is
believed of the logs that every Windows has.

A user's name may hold blanks. Two follow it in the text that Windows itself wrote, but relays make one of them: then
the authorities that Windows has built in are known by name, and of any other user the first word is taken.
"""

import re
from typing import Any

from collector.batch import Record
from collector.protocol.parsers.windows.event_data import event_data

TYPES = {
    "success": "audit_success",
    "failure": "audit_failure",
    "info": "information",
    "warning": "warning",
    "error": "error",
}
_LETTERS = {"S": "audit_success", "F": "audit_failure", "I": "information", "W": "warning", "E": "error"}
_CHANNELS = {
    name.lower(): name
    for name in ("Security", "System", "Application", "Directory Service", "DNS Server", "File Replication Service")
}

_LOG = re.compile(
    r"((?i:Directory Service|DNS Server|File Replication Service)|\S{1,64})"
    r"\[(success|failure|info|warning|error)\](?: |\Z)"
)
_EVENT = re.compile(r"(0|[1-9][0-9]{0,4})(?:\s|\Z)")

# What Windows allows in the name of an account, which has 20 characters at most; where it ends when all is well.
_WORD = r'[^\s\\/\[\]:;|=,+*?<>"]{1,64}'
_END = r"(?=  |\t|#011)"
_USER = re.compile(
    r"(?:N/A(?=\s|\Z)"
    r"|(?i:NT AUTHORITY\\(?:SYSTEM|LOCAL SERVICE|NETWORK SERVICE|ANONYMOUS LOGON|INTERACTIVE|NETWORK|SERVICE|BATCH))"
    r"(?=\s|\Z)"
    rf"|(?:{_WORD}(?: {_WORD}){{0,2}}\\)(?=[^\\]{{1,20}}{_END}){_WORD}(?: {_WORD}){{1,3}}{_END}"
    rf"|(?:{_WORD}|(?i:NT AUTHORITY|NT SERVICE|IIS APPPOOL|WINDOW MANAGER|FONT DRIVER HOST|NT VIRTUAL MACHINE))"
    rf"\\{_WORD}(?=\s|#011|\Z)"
    rf"|{_WORD}{_END})"
)
# The letter is a blank for an event that is of no type.
_THIRD = re.compile(r"(?:<|\[NT:)([^;]{0,256});([EWISF ]?)(0|[1-9][0-9]{0,9});([^;<>\[\]]{0,256})[>\]] ?")
_NOBODY = ("", "N/A")


def read(record: Record) -> dict[str, Any] | None:
    """The fields of a record that NTsyslog sent; None for any other."""
    if record.app_name == "NT" or record.message.startswith("[NT:"):
        return _third(record)
    if record.proc_id in TYPES:
        channel = _CHANNELS.get((record.app_name or "").lower())
        return _first_or_second(record, channel, record.proc_id, record.message) if channel else None
    found = _LOG.match(record.text)
    if found is None or record.app_name not in {None, found[1]}:
        return None
    text = record.message if record.app_name else record.message[found.end() :]  # there control characters are exact
    return _first_or_second(record, _channel(found[1]), found[2], text)


def header_fields(app_name: str | None, text: str) -> dict[str, str]:
    """
    What stands before the message in the first two forms, of which a record keeps no more than the name of the log;
    ``text`` is that of the record. {} for any other header.
    """
    found = _LOG.match(text)
    if found is None or found[1] != app_name:
        return {}
    return {"Channel": _channel(found[1]), "EntryType": TYPES[found[2]]}


def _channel(name: str) -> str:
    return _CHANNELS.get(name.lower(), name)


def _first_or_second(record: Record, channel: str, kind: str, text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"Channel": channel}
    text = text.lstrip()
    event = _EVENT.match(text)
    user = None
    if event:
        fields["EventID"] = int(event[1])
        user = _USER.match(text, event.end())
        text = text[user.end() if user else event.end() :]
    return _finished(fields, record, TYPES[kind], user[0] if user else "", text)


def _third(record: Record) -> dict[str, Any] | None:
    text = record.message.lstrip()
    found = _THIRD.match(text)
    if found is None:
        return None
    source, letter, number, user = found.groups()
    # A longer number is that of a message: behind 16 bits of severity and facility.
    fields: dict[str, Any] = {"EventID": int(number) & 0xFFFF if len(number) > 5 else int(number)}
    fields["Provider_Name"] = source
    if letter in {"S", "F"}:
        fields["Channel"] = "Security"
    return _finished(fields, record, _LETTERS.get(letter), user, text[found.end() :])


def _finished(fields: dict[str, Any], record: Record, kind: str | None, user: str, text: str) -> dict[str, Any]:
    if kind:
        fields["EntryType"] = kind
    if record.hostname:
        fields["Computer"] = record.hostname
    if user not in _NOBODY:
        fields["User"] = user
    return fields | event_data(text)
