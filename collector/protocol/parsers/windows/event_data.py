r"""
The data of an event, read from its text, for agents that send nothing else.

    Logon Failure:  Reason:Unknown user name or bad password  User Name:bob  Domain:IBM17M  Logon Type:3
    サブジェクト: アカウント名: - ログオンを失敗したアカウント: アカウント名: bob ソース ポート: 4428

Each datum was a line, with a TAB behind the label. On the way lines and TABs have become blanks: two and more, or just
one; or relays have written them as ``#015#012#011`` or ``\r\n\t``. So a value ends where the next label begins or at
two blanks. Where most labels stand behind two blanks, only such are labels; else all that are known (``labels.py``). A
label that is not known, behind two blanks, gets its words as a name: "Call Depth: 3" is ``CallDepth``.

A user name may look like labels, too, as whoever tries to log on can choose it. Windows names such things before it
adds an address, and after what it knows itself: so of data that comes twice the last counts, unless it came before.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from collector.protocol.parsers.windows.labels import HEADINGS, KNOWN, LABELS, WIDEST, key_of

_LONGEST = 10240
"""The longest message that such agents send."""

_GAP = "  "
_COLON = re.compile("[:：]")
_CONTROL = re.compile(r"[\t\r\n]|#01[1235]")
_LETTERS = re.compile(r"(?<!\\[rnt])(?:\\[rnt])+")
_OWN = re.compile(r"[A-Za-z][A-Za-z0-9 /()-]{0,39}")
_LINES = re.compile(" {2,}")
_WORD_BREAK = re.compile(r"[ /()-]+")
_GOES_ON = re.compile(r" (?:This event is generated|このイベントは|For more information, see|詳細な情報は)")

_CHOSEN = {"TargetUserName", "TargetDomainName", "WorkstationName", "Workstation"}
_LISTS = {"PrivilegeList", "AuditPolicyChanges"}
_NOT_DATA = {"", "Channel", "EventID", "EntryType", "Provider_Name", "Computer", "User"}
_ABSENT = ("", "-")
_PATHS = ("\\", "/")
_COLONS = (":", "：")


class _Label(NamedTuple):
    """``key`` is as the tables have it, "" where they do not; ``apart``: two blanks stand before it, or nothing."""

    start: int
    end: int
    key: str
    apart: bool


def event_data(text: str) -> dict[str, str]:
    """The data in the text of an event, by name; what is empty or "-" is left out."""
    text = _as_blanks(text[:_LONGEST]).strip()
    labels = _labels(text)
    ends = [*(label.start for label in labels[1:]), len(text)]
    found: dict[str, str] = {}
    sure: set[str] = set()
    names: Mapping[str, str] = {}
    for label, end in zip(labels, ends, strict=False):  # without labels there is still the end of the text
        value = text[label.end : end].strip()
        if not value and label.key in HEADINGS:
            names = HEADINGS[label.key]
            continue
        name = _name(text, label, names)
        if name in sure or name in _NOT_DATA:
            continue
        value = _cut(value, name, last=end == len(text))
        if value in _ABSENT:
            found.pop(name, None)
            continue
        if name in _CHOSEN and not sure:
            sure = {*found, name}
        found[name] = value
    return found


def _as_blanks(text: str) -> str:
    r"""
    With two blanks for every character of control, also where a relay has written it in others. A path holds ``\n`` and
    ``\t``, too: these count only before a label, and then behind one.
    """
    text = _CONTROL.sub(_GAP, text)
    if "\\" not in text:
        return text
    text = _LETTERS.sub(lambda found: _GAP if _is_before_label(text, found.end()) else found[0], text)
    return _LETTERS.sub(lambda found: _GAP if _is_behind_label(text, found.start()) else found[0], text)


def _is_before_label(text: str, end: int) -> bool:
    colon = _COLON.search(text, end, end + WIDEST)
    return colon is not None and key_of(text[end : colon.start()].strip()) in KNOWN


def _is_behind_label(text: str, start: int) -> bool:
    return text[start - 1 : start] in _COLONS and _known(text, max(0, start - WIDEST), start - 1) is not None


def _labels(text: str) -> list[_Label]:
    known: list[_Label | None] = []
    own: list[_Label | None] = []
    before, is_value = 0, False
    for colon in _COLON.finditer(text):
        label = _known(text, before, colon.start())
        known.append(label)
        own.append(None if label and label.apart else _own(text, before, colon.start(), is_value=is_value))
        before, is_value = colon.end(), label is not None and label.key in LABELS
    later = [label.apart for label in known if label and label.start]
    if 2 * sum(later) >= len(later):
        known = [label if label and label.apart else None for label in known]
    return [label for pair in zip(known, own, strict=True) if (label := pair[0] or pair[1])]


def _known(text: str, before: int, colon: int) -> _Label | None:
    """The longest known label that ends at the colon; ``before`` is the end of the colon before it."""
    start = max(before, colon - WIDEST)
    words = text[start:colon].rstrip(" ")
    at = words.rfind(_GAP) + len(_GAP) if _GAP in words else 0
    while True:
        key = key_of(words[at:])
        if key in KNOWN:
            return _Label(start + at, colon + 1, key, start + at == 0 or text.startswith(_GAP, start + at - len(_GAP)))
        at = words.find(" ", at) + 1
        if not at:
            return None


def _own(text: str, before: int, colon: int, *, is_value: bool) -> _Label | None:
    """A label that is not known, alone in its line. ``is_value``: what follows the last colon belongs to that one."""
    start = text.rfind(_GAP, max(before, colon - WIDEST), colon)
    if start < 0 or text[colon + 1 : colon + 2] in _PATHS or (is_value and not text[before:start].strip()):
        return None
    start += len(_GAP)
    return _Label(start, colon + 1, "", apart=True) if _OWN.fullmatch(text, start, colon) else None


def _name(text: str, label: _Label, names: Mapping[str, str]) -> str:
    if label.key:
        return names.get(label.key) or LABELS.get(label.key, "")
    return "".join(word[:1].upper() + word[1:].lower() for word in _WORD_BREAK.split(text[label.start : label.end - 1]))


def _cut(value: str, name: str, *, last: bool) -> str:
    """
    A value without what follows it: a line that has no label or, where lines are lost, how the text goes on. Lists have
    a line for each item.
    """
    if name in _LISTS:
        return "\n".join(_LINES.split(value))
    value = value.partition(_GAP)[0]
    return _GOES_ON.split(value, maxsplit=1)[0].strip() if last else value
