"""Journal entries → events, each with the rules it may matter to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from collector.protocol.forwarding import pri_before
from collector.protocol.render import traditional
from collector.rules.entry import Entry, row_numbers
from collector.rules.event import Event
from collector.service.watching.plan import RulesPlan
from collector.service.watching.rows import Rows

_shown = pri_before(traditional)


def candidate_events(entry: Entry, plan: RulesPlan) -> Iterator[tuple[Event, Sequence[int]]]:
    """
    In the order of the rows. An entry of another plan speaks of other needles: its rows are looked through anew. Rows
    that only this plan's rules would have wanted are not in it.
    """
    wanted = _wanted_of(entry, plan)
    residual = plan.prefilter.residual
    numbers = range(entry.text.count(b"\n")) if residual else list(wanted)
    rows = _rows(entry, plan, numbers)
    for place, number in enumerate(numbers):
        rules = wanted.get(number, ())
        if residual:
            rules = sorted({*rules, *residual})
        yield Event(rows[place], rows.moment, entry.received_at, entry.source), rules


def _rows(entry: Entry, plan: RulesPlan, numbers: Sequence[int]) -> Rows:
    return Rows(entry, plan.interpreter_of(entry.source), numbers)


def _wanted_of(entry: Entry, plan: RulesPlan) -> Mapping[int, Sequence[int]]:
    """The rules of each row that some may want, in the order of the rows."""
    if entry.plan != plan.plan:
        return _wanted_anew(entry, plan)
    rules_of = plan.prefilter.rules_of
    return {
        number: rules_of[needles[0]] if len(needles) == 1 else _together(map(rules_of.__getitem__, needles))
        for number, needles in entry.candidates()
    }


def _wanted_anew(entry: Entry, plan: RulesPlan) -> Mapping[int, Sequence[int]]:
    """Looked for in the lines, and in the rows as they came: a line shows no structured data, where fields may be."""
    rows = _rows(entry, plan, range(entry.text.count(b"\n")))
    wanted: dict[int, set[int]] = {}
    for text in (_shown([rows[number] for number in range(len(rows))], rows.moment), entry.text):
        for number, rule in row_numbers(text, plan.prefilter.scan(text)):
            wanted.setdefault(number, set()).add(rule)
    return {number: sorted(wanted[number]) for number in sorted(wanted)}


def _together(rules: Iterable[Sequence[int]]) -> Sequence[int]:
    return sorted({rule for some in rules for rule in some})
