"""
What a destination is given: an alert as JSON shows it (``collector/rules/alert.py``), what its rule captured, and how
templates and texts are made of them.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any

from collector.actions.record import line_of, row_values
from collector.protocol.columns import COLUMNS
from collector.protocol.render import escape_unseen
from collector.protocol.visible import show_controls
from collector.rules.alert import Alert
from collector.rules.fields import TemplateNames
from collector.templates import TIMES, Template, TemplateError

ALERT_NAMES = frozenset((
    "id", "rule", "severity", "title", "body", "key", "count", "event_time", "fired_at", "records", "summary",
))  # fmt: skip
"""``severity`` is a record's too; here it is the alert's."""

_NOT_KEPT = frozenset(("raw", "shape", "charset", "time_source"))
"""Names of a row that an alert does not carry."""

LONGEST = 256 * 1024
"""Characters of a text made of an alert; the rest is left out, and said to be."""

_BLANKS = re.compile(r"[\s\x1c-\x1f\x85]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_DISGUISES = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters without a shape of their own, which turn or join what is around them."""


def names_for(known: Collection[str]) -> TemplateNames:
    """What the templates of a destination may use: parts of the alert, and of the newest record that led to it."""
    return TemplateNames((frozenset(known) | frozenset(COLUMNS) | ALERT_NAMES | {"fields"}) - _NOT_KEPT)


@dataclass(frozen=True)
class Message:
    """
    ``alert`` is the alert as JSON shows it; ``captures`` what the rule took out of the line. Texts tell times in
    ``zone``.
    """

    alert: Mapping[str, Any]
    captures: Mapping[str, Any]
    zone: tzinfo = UTC

    @property
    def id(self) -> str:
        """The same at every try, and after a restart."""
        return str(self.alert["id"])

    @property
    def rule(self) -> str:
        return str(self.alert["rule"])

    @property
    def severity(self) -> str:
        return str(self.alert["severity"])

    @property
    def title(self) -> str:
        """One line, whatever was captured."""
        return one_line(str(self.alert["title"])) or self.rule

    @property
    def body(self) -> str:
        return readable(str(self.alert["body"]))

    @property
    def description(self) -> str:
        """The alert as a text for people: what its rule says, then what is known of it."""
        time = self._time(self.alert["event_time"])
        return readable(_described({**self.alert, "title": self.title, "event_time": time}))

    @property
    def fired_at(self) -> datetime:
        return self._time(self.alert["fired_at"]) or datetime.fromtimestamp(0, self.zone)

    @cached_property
    def json(self) -> str:
        """The alert as one line of JSON without LF, whatever is in it."""
        return as_json(self.alert)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What the names of templates stand for; what this alert does not have is absent, and written as nothing."""
        records = self.alert["records"]
        row = row_values(records[-1]) if records else {}
        known = {**row, **self.alert["key"], **self.alert, **self.captures, "title": self.title}
        return known | {name: self._time(known[name]) for name in TIMES if name in known}

    def fill(self, template: Template) -> str:
        """Raises TemplateError."""
        return whole(template.render({name: self.values.get(name) for name in template.variables}))

    def fill_or_say(self, template: Template) -> str:
        """An alert is not lost because its text cannot be made: then its title is there, with the reason."""
        try:
            return self.fill(template)
        except TemplateError as error:
            return f"{self.title} [{error}]"

    def _time(self, text: Any) -> datetime | None:
        """RFC 3339 text as a time of the zone; None where it is none."""
        try:
            return datetime.fromisoformat(text).astimezone(self.zone)
        except (TypeError, ValueError, OverflowError):
            return None


def decode(payload: bytes) -> tuple[Message, tuple[str, ...]]:
    """A message and the labels of its destinations, of an alert in its journal. Raises ValueError for anything else."""
    try:
        alert = json.loads(payload)
        labels, captures = tuple(alert.pop("destinations")), alert.pop("captures")
        Alert.from_json(alert)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no alert: {error!r}") from error
    return Message(alert, captures), labels


def as_json(value: Any) -> str:
    return escape_unseen(whole(json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


def whole(text: str) -> str:
    """Text that can be written as UTF-8: a half of a surrogate pair becomes U+FFFD."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def one_line(text: str, longest: int = 1000) -> str:
    """The text as one line in which nothing is hidden; every run of blanks and line ends is one blank."""
    text = _BLANKS.sub(" ", cut(whole(text), LONGEST)).strip()
    text = _DISGUISES.sub("\ufffd", show_controls(text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def readable(text: str) -> str:
    """The text with its lines, in which no control character is hidden."""
    lines = re.split(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]", cut(whole(text), LONGEST))
    return "\n".join(_DISGUISES.sub("\ufffd", show_controls(line)) for line in lines)


def cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… [{len(text) - longest:,} characters left out]"


def _described(alert: Mapping[str, Any]) -> str:
    lines = [alert["title"], "", alert["body"], "", f"Rule:   {alert['rule']} ({alert['severity']})"]
    lines += [f"{name + ':':7} {value}" for name, value in alert["key"].items()]
    lines += [f"Count:  {alert['count']}", f"Time:   {alert['event_time']}"]
    if alert["records"] and line_of(alert["records"][-1]) not in alert["body"]:
        lines += ["", "Last messages:", *(f"  {one_line(line_of(record), 2000)}" for record in alert["records"])]
    return "\n".join([*lines, "", f"Alert:  {alert['id']}"])
