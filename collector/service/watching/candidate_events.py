"""Journal entries → events, each with the rules it may matter to."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from collector.protocol.forwarding import pri_before
from collector.protocol.render import traditional
from collector.rules.entry import Entry, row_numbers
from collector.rules.event import Event, LaterEvent, event_time
from collector.service.watching.plan import RulesPlan
from collector.service.watching.rows import Lines, Rows

Candidates = Iterator[tuple[Event, Sequence[int]]]

_STAMP = len("Mmm dd hh:mm:ss")

_shown = pri_before(traditional)


def candidate_events(entry: Entry, plan: RulesPlan) -> Candidates:
    """
    In the order of the rows. An entry of another plan speaks of other needles: its rows are looked through anew. Rows
    that only this plan's rules would have wanted are not in it.
    """
    wanted = _wanted_of(entry, plan)
    residual = plan.prefilter.residual
    if residual:
        everywhere = sorted(residual)
        rows = range(entry.text.count(b"\n"))
        wanted = {row: sorted({*wanted[row], *residual}) if row in wanted else everywhere for row in rows}
    if entry.ends and entry.plan == plan.plan and not (entry.fixes or plan.zones):
        return _of_lines(entry, plan, wanted)
    return _of_rows(entry, plan, wanted)


def _of_lines(entry: Entry, plan: RulesPlan, wanted: Mapping[int, Sequence[int]]) -> Candidates:
    """Of a batch that the fast parser read whole, every row a line of RFC 3164, and all hosts in one zone."""
    lines = Lines(entry, plan.interpreter_of(entry.source))
    texts, peers, arrival, source = entry.text.decode().split("\n"), entry.peers, entry.received_at, entry.source
    reads = {peer: partial(lines.read, peer) for peer in set(peers)}
    times: dict[str, float] = {}
    for number, rules in wanted.items():
        raw = texts[number]
        line = raw.partition(">")[2]
        stamp = line[:_STAMP]
        time = times.get(stamp)
        if time is None:
            time = times[stamp] = min(event_time(lines.moment.time_of(stamp, "", None), lines.moment), arrival)
        yield LaterEvent(line, time, arrival, source, reads[peers[number]], raw), rules


def _of_rows(entry: Entry, plan: RulesPlan, wanted: Mapping[int, Sequence[int]]) -> Candidates:
    rows = _rows(entry, plan, list(wanted))
    for place, rules in enumerate(wanted.values()):
        yield Event(rows[place], rows.moment, entry.received_at, entry.source), rules


def _rows(entry: Entry, plan: RulesPlan, numbers: Sequence[int]) -> Rows:
    return Rows(entry, plan.interpreter_of(entry.source), numbers)


def _wanted_of(entry: Entry, plan: RulesPlan) -> Mapping[int, Sequence[int]]:
    """The rules of each row that some may want, in the order of the rows."""
    if entry.plan != plan.plan:
        return _wanted_anew(entry, plan)
    rules_of = plan.prefilter.rules_of
    wanted: dict[int, Sequence[int]] = {}
    for number, needle in entry.row_hits():
        rules, others = rules_of[needle], wanted.get(number)
        wanted[number] = rules if others is None or others == rules else sorted({*others, *rules})
    return wanted


def _wanted_anew(entry: Entry, plan: RulesPlan) -> Mapping[int, Sequence[int]]:
    """Looked for in the lines, and in the rows as they came: a line shows no structured data, where fields may be."""
    rows = _rows(entry, plan, range(entry.text.count(b"\n")))
    wanted: dict[int, set[int]] = {}
    for text in (_shown([rows[number] for number in range(len(rows))], rows.moment), entry.text):
        for number, rule in row_numbers(text, plan.prefilter.scan(text)):
            wanted.setdefault(number, set()).add(rule)
    return {number: sorted(wanted[number]) for number in sorted(wanted)}
