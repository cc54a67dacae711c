"""One rule as written → a Draft, which becomes a Rule when its number is known; and what is wrong with it."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal, Protocol

from collector.config.document import Document, Path
from collector.config.problems import Location, Problem, did_you_mean, quote
from collector.config.validation import validate
from collector.routing.clauses import ClauseError
from collector.rules.condition import Condition
from collector.rules.fields import ALERT_NAMES, is_known, template_names, unknown_hint
from collector.rules.hints import hint_for, with_example
from collector.rules.kinds import KINDS, kind_class
from collector.rules.options import AlertOptions, RuleOptions
from collector.rules.rule import AlertTexts, Clear, Rule, Sample
from collector.templates import Template, TemplateError, compile_template

DEFAULT = "default"
"""The destination for alerts of rules that name none, where there is one."""

_OF_ALERTS = ("limit", "mute", "clear")
_ALERT_KEYS = (
    "rule", "severity", "title", "body", "key", "count", "event_time", "fired_at", "records", "summary",
)  # fmt: skip
_TEMPLATE_HINT = "a field stands in two pairs of braces: {{ hostname }}"
_CAPTURES_HINT = "captures have names: (?P<user>…) in the pattern is {{ user }} here"
_DO_HINT = "the name of a destination, or one written out: {mail: [ops@example.org]}"


class Destinations(Protocol):
    """Where alerts may go. What a destination written out in a rule may be, is known to those who deliver."""

    @property
    def names(self) -> Collection[str]: ...

    def read(
        self, item: Mapping[str, Any], document: Document, path: Path, names: Collection[str]
    ) -> tuple[str | None, list[Problem]]:
        """The label of a destination written out, whose templates may use ``names``, or None and what is wrong."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a rule may refer to: sets, each with whether it is ordered, destinations, and the default time zone."""

    sets: Mapping[str, bool]
    destinations: Destinations
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that can be read; ``options`` are those of its kind."""

    written: Mapping[str, Any]
    document: Document
    path: Path
    options: Any
    condition: Condition
    alert: AlertTexts | None
    clear: Clear | None
    destinations: tuple[str, ...]
    around: Around

    @property
    def ordered(self) -> bool:
        return self.around.sets.get(self.options.set, False)

    def place(self, *steps: str | int, key: bool = False) -> Location:
        return self.document.location((*self.path, *steps), key=key)

    def rule(self, number: int) -> Rule:
        options, by = self.options, self.options.by
        within = getattr(options, "within", None)
        window: Literal["sliding", "anchored"] = getattr(options, "window", "sliding")
        count = options.count.count() if hasattr(options, "count") else None
        limit = options.limit and options.limit.limit(by)
        mute = options.mute and options.mute.mute(by)
        clear = self.clear and (self.clear.within, self.clear.at_most)
        state = (options.id, options.kind, options.on, by, within, window, count, clear, limit, mute)
        return Rule(
            number=number,
            id=options.id,
            kind=options.kind,
            condition=self.condition,
            by=by,
            within=within,
            window=window,
            count=count,
            clear=self.clear,
            limit=limit,
            times=options.time and options.time.times(self.around.zone),
            mute=mute,
            set=options.set or "",
            then=options.then or ("stop" if self.ordered else "next"),
            alert=self.alert,
            destinations=self.destinations,
            tests=tuple(self._samples()),
            state_key=hashlib.sha256(repr(state).encode("utf-8", "surrogatepass")).hexdigest()[:16],
            location=self.place("id"),
        )

    def _samples(self) -> Iterator[Sample]:
        for number, sample in enumerate(self.options.tests):
            yield Sample(sample.lines, sample.alerts, sample.wait, self.place("tests", number))


def read_rule(item: Any, document: Document, path: Path, around: Around) -> tuple[Draft | None, list[Problem]]:
    if not isinstance(item, Mapping):
        hint = "a rule is a mapping: - id: ssh-failures, and below it kind:, on:, alert:"
        return None, [Problem(document.location(path), f"{quote(item)} is not a rule", "bad-value", hint)]
    reading = _Reading(item, document, path, around)
    return reading.draft(), reading.problems


class _Reading:
    """
    Every part is judged as it is written, whether or not the others are good. Only names are left alone where the
    condition is broken: what it captures is not known then.
    """

    def __init__(self, item: Mapping[str, Any], document: Document, path: Path, around: Around) -> None:
        self.problems: list[Problem] = []
        self._item = item
        self._document = document
        self._path = path
        self._around = around

    def draft(self) -> Draft | None:
        options = self._options()
        condition = self._condition()
        self._check_set()
        self._check_use()
        self._check_samples()
        names = template_names(condition.captures) if condition else None
        if condition:
            self._check_fields(condition)
        alert, clear = self._texts("alert", names), self._texts("clear", self._names_of_key(), inner="alert")
        destinations = self._destinations(names)
        if options is None or condition is None or any(one.level == "error" for one in self.problems):
            return None
        return Draft(
            written=self._item,
            document=self._document,
            path=self._path,
            options=options,
            condition=condition,
            alert=_alert(options.alert or AlertOptions(), alert) if self._alerts() else None,
            clear=_clear(getattr(options, "clear", None), clear),
            destinations=destinations,
            around=self._around,
        )

    def _options(self) -> RuleOptions | None:
        model = self._model()
        fields = list((model or RuleOptions).model_fields)
        data = {key: value for key, value in self._item.items() if key in fields and value is not None}
        if model is None and "kind" in data:
            data["kind"] = ""  # what stands there has been told
        for key, value in self._item.items():
            if key not in fields and model is not None:
                self._unknown_key(key, fields)
            elif key in fields and value is None:
                hint = "write its value, or remove the key"
                self._add((key,), f"{quote(key)} is empty", "bad-value", hint, key=True)
        options, problems = validate(model or RuleOptions, data, self._document, self._path)
        empty = {f"missing key {quote(key)}" for key in self._item} if problems else set()
        for problem in problems:
            if problem.message in empty and problem.location == self._document.location(self._path):
                continue  # it is there, and told to be empty
            self.problems.append(with_example(problem))
        return options if model else None

    def _model(self) -> type[RuleOptions] | None:
        """The options of its kind; None when that is not known."""
        kind = self._item.get("kind")
        if isinstance(kind, str) and kind in KINDS:
            model: type[RuleOptions] = kind_class(kind).Options
            return model
        if kind is not None:
            hint = did_you_mean(str(kind), KINDS) or f"kinds are {' and '.join(KINDS)}"
            self._add(("kind",), f"unknown kind of rule {quote(kind)}", "unknown-kind", hint)
        return None

    def _unknown_key(self, key: str, fields: list[str]) -> None:
        others = [kind for kind in KINDS if key in kind_class(kind).Options.model_fields]
        if others:
            message = f"{quote(key)} is of no use in a rule of kind {self._item['kind']}"
            self._add((key,), message, "useless-key", f"it belongs to kind: {' or '.join(others)}", key=True)
            return
        self._add((key,), f"unknown key {quote(key)}", "unknown-key", hint_for(key, fields), key=True)

    def _condition(self) -> Condition | None:
        spec = self._item.get("on")
        if spec is None:
            return None
        if not isinstance(spec, Mapping) or not spec:
            hint = 'such as on: {app_name: sshd, text: "Failed password"}'
            if isinstance(spec, str):
                hint = "to search the line, on: {text: …} or on: {re: …}"
            if isinstance(spec, list):
                hint = "for one of several conditions, on: {any: […]}"
            what = "an empty mapping" if spec == {} else quote(spec)
            self._add(("on",), f"{what} is not a condition", "condition", hint)
            return None
        try:
            return Condition(spec)
        except ClauseError as first:
            for error in (first, *first.others):
                self._clause_problem(error)
            return None

    def _clause_problem(self, error: ClauseError) -> None:
        path = (*self._path, "on", *error.path)
        exact = error.offset is not None and error.offset >= 0
        place = self._document.place_in(path, error.offset or 0) if exact else self._document.location(path, key=True)
        self.problems.append(Problem(place, str(error), error.id, error.hint))

    def _check_set(self) -> None:
        name, sets = self._item.get("set"), self._around.sets
        if isinstance(name, str) and name not in sets:
            declared = f"sets are {', '.join(sets)}" if sets else f"declare it: sets: [{{name: {name}, ordered: true}}]"
            self._add(("set",), f"unknown set {quote(name)}", "unknown-set", did_you_mean(name, sets) or declared)
        elif "then" in self._item and not (isinstance(name, str) and sets[name]):
            message = '"then" is of use only in an ordered set'
            hint = "rules outside of one are all tried; see sets:"
            self._add(("then",), message, "useless-key", hint, key=True)

    def _alerts(self) -> bool:
        return self._item.get("alert") is not None or self._item.get("do") is not None

    def _check_use(self) -> None:
        for key in _OF_ALERTS:
            if key in self._item and not self._alerts():
                message = f"{quote(key)} is of no use in a rule without an alert"
                self._add((key,), message, "useless-key", 'add alert: {title: "…"}', key=True)

    def _check_samples(self) -> None:
        samples = self._item.get("tests")
        for number, sample in enumerate(samples if isinstance(samples, list) else ()):
            alerts = sample.get("alerts") if isinstance(sample, Mapping) else None
            for place, alert in enumerate(alerts if isinstance(alerts, list) else ()):
                for key in alert if isinstance(alert, Mapping) else ():
                    if key not in _ALERT_KEYS:
                        hint = did_you_mean(key, _ALERT_KEYS) or f"an alert has {', '.join(_ALERT_KEYS)}"
                        steps = ("tests", number, "alerts", place, key)
                        self._add(steps, f"an alert has no {quote(key)}", "unknown-key", hint, key=True)

    def _check_fields(self, condition: Condition) -> None:
        for steps, name in self._field_names():
            if not is_known(name, condition.captures):
                hint = unknown_hint(name, condition.captures)
                self._add(steps, f"unknown field {quote(name)}", "unknown-field", hint)
        count, by = self._item.get("count"), self._item.get("by")
        distinct = count.get("distinct") if isinstance(count, Mapping) else None
        if isinstance(distinct, str) and distinct in (by if isinstance(by, list) else [by]):
            message = f"{quote(distinct)} is part of the key, so there is never more than one"
            self._add(("count", "distinct"), message, "bad-value", "count another field, or take it out of by")

    def _field_names(self) -> Iterator[tuple[Path, str]]:
        """Every field that is named outside of the condition, and where."""
        blocks: list[tuple[Path, Any]] = [(("by",), self._item.get("by"))]
        for key, name in (("limit", "by"), ("mute", "by"), ("count", "distinct")):
            block = self._item.get(key)
            blocks.append(((key, name), block.get(name) if isinstance(block, Mapping) else None))
        for steps, value in blocks:
            if isinstance(value, str):
                yield steps, value
            for number, name in enumerate(value if isinstance(value, list) else ()):
                if isinstance(name, str):
                    yield (*steps, number), name

    def _names_of_key(self) -> frozenset[str]:
        """What is still known of a key when it is back to normal."""
        by = self._item.get("by")
        names = by if isinstance(by, list) else [by]
        return frozenset((*ALERT_NAMES, *(name for name in names if isinstance(name, str))))

    def _texts(self, key: str, names: Collection[str] | None, inner: str | None = None) -> dict[str, Template]:
        """The templates of a block, by key."""
        block: Any = self._item.get(key)
        steps: Path = (key,)
        if inner and isinstance(block, Mapping):
            block, steps = block.get(inner), (key, inner)
        if not isinstance(block, Mapping) or names is None:
            return {}
        texts = {name: block[name] for name in ("title", "body") if isinstance(block.get(name), str)}
        found = {name: self._template(text, (*steps, name), names) for name, text in texts.items()}
        return {name: template for name, template in found.items() if template}

    def _template(self, text: str, steps: Path, names: Collection[str]) -> Template | None:
        try:
            return compile_template(text, allowed=names)
        except TemplateError as first:
            for error in (first, *first.others):
                lines = text.split("\n")
                offset = sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1
                place = self._document.place_in((*self._path, *steps), offset)
                hint = error.hint or (_CAPTURES_HINT if "$" in text else _TEMPLATE_HINT)
                self.problems.append(Problem(place, str(error), "template", hint))
            return None

    def _destinations(self, names: Collection[str] | None) -> tuple[str, ...]:
        do = self._item.get("do")
        if do is None:
            # Listed: where there is no configuration any name will do, and there is no default.
            known = tuple(self._around.destinations.names)
            return (DEFAULT,) if self._alerts() and DEFAULT in known else ()
        paths: list[Path] = [("do", place) for place in range(len(do))] if isinstance(do, list) else [("do",)]
        labels: dict[str, Path] = {}
        for item, steps in zip(do if isinstance(do, list) else [do], paths, strict=True):
            label = self._destination(item, steps, names)
            if label in labels:
                self._add(steps, f"{quote(label)} is there twice", "bad-value", "name each destination once")
            if label is not None:
                labels[label] = steps
        if do == []:
            self._add(("do",), "an empty list of destinations", "bad-value", _DO_HINT)
        return tuple(labels)

    def _destination(self, item: Any, steps: Path, names: Collection[str] | None) -> str | None:
        known = self._around.destinations.names
        if isinstance(item, Mapping) and item:
            if names is None:
                return None
            label, problems = self._around.destinations.read(item, self._document, (*self._path, *steps), names)
            self.problems += problems
            return label
        if not isinstance(item, str):
            self._add(steps, f"{quote(item)} is not a destination", "bad-value", _DO_HINT)
            return None
        if item not in known:
            hint = did_you_mean(item, known) or "destinations: in collector.yaml gives them names"
            self._add(steps, f"unknown destination {quote(item)}", "unknown-destination", hint)
            return None
        return item

    def _add(
        self, steps: Path, message: str, id_: str, hint: str | None, *, key: bool = False,
        level: Literal["error", "warning"] = "error",
    ) -> None:  # fmt: skip
        place = self._document.location((*self._path, *steps), key=key)
        self.problems.append(Problem(place, message, id_, hint, level))


def _alert(options: AlertOptions, texts: Mapping[str, Template]) -> AlertTexts:
    title = texts.get("title") or compile_template(options.title, allowed=ALERT_NAMES)
    return AlertTexts(options.severity, title, texts.get("body"))


def _clear(options: Any, texts: Mapping[str, Template]) -> Clear | None:
    return options and Clear(options.within, options.at_most, _alert(options.alert, texts))
