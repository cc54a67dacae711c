"""
Destinations as they are written → what delivers to them, and everything that is wrong.

    destinations:                                        in collector.yaml, by name
      ops: {mail: [ops@example.org], cap: {alerts: 60, per: 1h}}

    do: [ops, {exec: [/usr/local/bin/page, "{{ ip }}"]}]     in a rule, by name or written out

A destination written out has no name; two that are written in the same way are one, with one queue and one limit.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collector.actions import ACTIONS, Action, DeliveryError, Surroundings, action_class
from collector.actions.message import Message, names_for
from collector.actions.options import ActionOptions, TemplateText
from collector.config.document import Document, Path
from collector.config.mail import MailServer
from collector.config.options import Options
from collector.config.problems import Location, Problem
from collector.config.secrets import doubts, secrets_in
from collector.config.sections import read_component
from collector.config.settings import Settings
from collector.config.validation import component
from collector.rules.alert import Alert
from collector.rules.fields import TemplateNames
from collector.templates import TemplateError


@dataclass(frozen=True, slots=True)
class Destination:
    """``label`` is its name in rules, counters and the journal of alerts; ``names`` is what its templates may use."""

    label: str
    options: ActionOptions
    names: TemplateNames

    @property
    def kind(self) -> str:
        return self.options.kind


def read_destination(
    item: Any,
    document: Document,
    path: Path,
    settings: Settings,
    names: Collection[str] = (),
    label: str | None = None,
) -> tuple[Destination | None, list[Problem]]:
    """
    The destination that stands at ``path``, or None and what is wrong; warnings may come with one.

    ``names`` are those that its templates may use beside the parts of an alert and of a record: the captures of a rule.
    Without a ``label`` it gets one made of what is written.
    """
    spec, problems = read_component(item, document, path, "destination", ACTIONS)
    if spec is None:
        return None, problems
    options, found = component(spec, action_class(spec.kind).Options, document)
    problems += found
    if options is None:
        return None, problems
    destination = Destination(label or _label(options, item), options, names_for(names))
    problems += _doubts(destination, document, path, settings)
    return (None if any(one.level == "error" for one in problems) else destination), problems


def preview(destination: Destination, alert: Alert, mail: MailServer | None) -> str:
    """What this destination would do with an alert, in one line; it is not done."""
    around = Surroundings(lambda _level, _event, _sentence: None, mail)
    action: Action = action_class(destination.kind)(destination.options, destination.names, around)
    try:
        return action.preview(Message(alert.as_json(), alert.captures))
    except DeliveryError as error:
        return f"{destination.label}: {error}"


class Destinations:
    """
    All destinations of a configuration: ``by_label`` are those it names, and those that rules have written out, as they
    are read; ``places`` is where each of them stands. ``problems`` are those of the named ones, and of the mail server.
    """

    def __init__(self, settings: Settings) -> None:
        self.by_label: dict[str, Destination] = {}
        self.places: dict[str, Location] = {}
        self.problems: list[Problem] = []
        if settings.mail is not None:
            self.problems += _secret_problems(settings.mail, settings.document, ("mail",))
        self._settings = settings
        for name, item in settings.destinations.items():
            path = ("destinations", name)
            found, problems = read_destination(item, settings.document, path, settings, label=name)
            self.problems += problems
            if found is not None:
                self.by_label[name] = found
                self.places[name] = settings.document.location((*path, found.kind))

    @property
    def names(self) -> Collection[str]:
        """Also of those that are wrong, which is told where they stand."""
        return self._settings.destinations.keys()

    def read(
        self, item: Mapping[str, Any], document: Document, path: Path, names: Collection[str]
    ) -> tuple[str | None, list[Problem]]:
        """The label of a destination written out in a rule, or None and what is wrong with it."""
        found, problems = read_destination(item, document, path, self._settings, names)
        if found is None:
            return None, problems
        known = self.by_label.get(found.label)
        if known is not None:  # the same text in two rules, which capture other names
            found = Destination(found.label, found.options, TemplateNames(known.names | found.names))
        self.by_label[found.label] = found
        self.places.setdefault(found.label, document.location((*path, found.kind)))
        return found.label, problems


def _label(options: ActionOptions, item: Mapping[str, Any]) -> str:
    """Short words, and what tells apart those that have the same: it changes with every part of what is written."""
    written = json.dumps(item, sort_keys=True, ensure_ascii=True, default=str)
    return f"{options.label[:80]} #{hashlib.sha256(written.encode()).hexdigest()[:12]}"


def _doubts(destination: Destination, document: Document, path: Path, settings: Settings) -> Iterator[Problem]:
    options = destination.options
    start = document.location((*path, destination.kind))
    lacking = options.lacks()
    if lacking is not None:
        yield Problem(start, lacking[0], "missing-package", lacking[1])
    if destination.kind == "mail" and settings.mail is None and not settings.document.data.get("mail"):
        hint = 'mail: {server: "smtp.example.org:587", from: collector@example.org} in collector.yaml'
        yield Problem(start, "there is no mail server to send it by", "missing-key", hint)
    for template in options.templates():
        yield from _template_problems(template, destination.names, document, path)
    yield from _secret_problems(options, document, path)


def _secret_problems(options: Options, document: Document, path: Path) -> Iterator[Problem]:
    for steps, secret in secrets_in(options):
        for message, hint in doubts(secret):
            yield Problem(document.location((*path, *steps)), message, "secret", hint, "warning")


def _template_problems(
    template: TemplateText, names: TemplateNames, document: Document, path: Path
) -> Iterator[Problem]:
    try:
        template.compile(template.text, allowed=names)
    except TemplateError as first:
        for error in (first, *first.others):
            before = sum(len(line) + 1 for line in template.text.split("\n")[: error.line - 1])
            place = document.place_in((*path, *template.path), before + error.column - 1)
            yield Problem(place, str(error), "template", error.hint)
