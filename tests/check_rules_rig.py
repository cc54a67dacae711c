"""Rules from YAML over logs in files, as ``collector check-rules`` tries them."""

from datetime import UTC

from rule_loading import book_of

from collector.protocol.charset import Charsets
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.engine import Engine
from collector.rules.event import Event
from collector.rules.prefilter import compile_prefilter
from collector.service.check_rules.log_file import Ways
from collector.service.check_rules.subject import Subject
from collector.service.check_rules.trial import Filling, Trial

INTERPRETER = Interpreter(UTC, HostMap({}), None)
NORMALISER = Normaliser(Charsets(), HostMap({}))


def ways(pri=13, year=None, interpreter=INTERPRETER):
    return Ways(NORMALISER, interpreter, 65536, pri, year)


def subject_for(text, interpreter=INTERPRETER):
    return Subject(book_of(text), [], {}, interpreter, NORMALISER, 65536)


def trial_of(text, *paths, filling=None, interpreter=INTERPRETER, **watchers):
    """To be asked for its alerts."""
    subject = subject_for(text, interpreter)
    prefilter = compile_prefilter([rule.condition.requirement for rule in subject.book.rules])
    return Trial(subject, prefilter, list(map(str, paths)), filling or Filling(), **watchers)


def alerts_of(text, *paths, **more):
    """All alerts of a dry run, as JSON."""
    return [alert.as_json() for alert in trial_of(text, *paths, **more).alerts()]


def read_live(line, received_at):
    """A message as the receiver reads it at this time."""
    visible, fix = NORMALISER.one(line.encode(), None)
    return INTERPRETER.read(visible, fix, None, received_at)


def alerts_live(text, messages):
    """What the engine says of messages, pairs of line and time of arrival, one by one; then time goes on."""
    engine = Engine(book_of(text))
    for line, received_at in messages:
        pair = read_live(line, received_at), None
        engine.feed(Event(pair, INTERPRETER.moment(received_at), received_at.timestamp()))
    while engine.timers.next < float("inf"):
        engine.advance(engine.timers.next)
    return [alert.as_json() for alert in engine.outbox]
