"""The shipped rules, and an engine that runs them over lines as they would be received."""

from datetime import UTC
from pathlib import Path

from rule_loading import Destinations

from collector.config.document import parse_document
from collector.config.problems import Location
from collector.protocol.charset import Charsets
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.normalise import Normaliser
from collector.rules.engine import Engine
from collector.rules.load import load_rules
from collector.rules.rule import Sample
from collector.rules.samples import Reading, events_of

RULES = Path(__file__).parents[2] / "rules"
PACKS = sorted(path.name for path in RULES.glob("*.yaml"))
READING = Reading(Normaliser(Charsets(), HostMap({})), Interpreter(UTC, HostMap({}), None))

_DAY = 86_400


def packs(*names):
    """The book of these packs, without any problem; without names, of all."""
    documents = [parse_document((RULES / name).read_text(), name)[0] for name in names or PACKS]
    book, problems = load_rules(documents, (), Destinations())
    assert problems == []
    return book


def run(book, lines, candidates=None):
    """The engine after these lines and a quiet day; ``candidates(event)`` are the rules that a line is shown to."""
    engine = Engine(book)
    for event in events_of(Sample(tuple(lines), (), 0.0, Location("test")), READING):
        engine.feed(event, candidates(event) if candidates else None)
    engine.advance(engine.clock + _DAY)
    return engine
