"""Rules from YAML and events from nothing, for tests of the engine."""

from rule_loading import book_of

from collector.rules.engine import Engine


class Said:
    """An event that says ``line`` and has these fields; ``time`` is when it was sent, ``arrival`` when it came."""

    def __init__(self, line="x", time=0.0, arrival=None, **fields):
        self.line = line
        self.time = float(time)
        self.arrival = self.time if arrival is None else float(arrival)
        self.source = "test"
        self.fields = fields

    @property
    def size(self):
        return len(self.line)

    def field(self, name):
        return self.line if name in {"line", "message"} else self.fields.get(name)

    value = field

    def __repr__(self):
        values = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        return f"Said({self.line!r}, {self.time}, {self.arrival}{values})"

    def record(self):
        return {"message": self.line, "time": self.time, **self.fields}


def alerts(engine):
    """What the engine has said since the last time."""
    told, engine.outbox = engine.outbox, []
    return told


def run(text, events, until=None, **more):
    """All alerts for these events, up to a time at the end."""
    engine = Engine(book_of(text, **more))
    for event in events:
        engine.feed(event)
    if until is not None:
        engine.advance(until)
    return alerts(engine)
