"""Plan → the moving parts of one worker: sinks, destinations, the route table, the pipeline."""

from collections.abc import Callable, Sequence
from typing import Any

from collector.metrics import Slot
from collector.protocol.columns import COLUMNS, reader
from collector.protocol.render import Moment, Pair
from collector.routing.table import Route, RouteTable, Test
from collector.routing.where import Where
from collector.service.destination import Destination
from collector.service.meter import Meter
from collector.service.pipeline import Pipeline
from collector.service.plan import Plan
from collector.sinks.file import FileSink
from collector.sinks.files import OpenFiles
from collector.sinks.paths import PathTemplate

_REMEMBERED = 10_000
_KEY_MAX = 256
"""Characters of values worth remembering."""

Notice = Callable[[str, str], None]


def destinations(plan: Plan, slot: Slot, files: OpenFiles, notice: Notice) -> list[Destination]:
    """The destinations of a plan, with nothing open yet."""
    made = []
    for options in plan.destinations:
        path = PathTemplate(options.file, allowed=COLUMNS)
        meter = Meter(slot, plan.layout, sink=options.file)
        sink = FileSink(options, path.below, files, meter, notice)
        made.append(Destination(sink, path, plan.settings.max_paths, plan.formats[options.format]))
    return made


def pipeline(plan: Plan, slot: Slot, targets: Sequence[Destination]) -> Pipeline:
    made: Pipeline
    routes = [
        Route(route.selector.pris(), route.destination, route_test(route.where, lambda: made.moment))
        for route in plan.routes
    ]
    table = RouteTable(routes, len(targets))
    made = Pipeline(plan.normaliser, plan.interpreter, table, targets, Meter(slot, plan.layout))
    return made


def route_test(where: Where | None, moment: Callable[[], Moment]) -> Test | None:
    """
    A filter as a question about a row. The answer is kept for values seen before, unless the text of the message
    itself is asked for.
    """
    if where is None:
        return None
    names = sorted(where.needs)
    read = reader(names)
    known: dict[tuple[Any, ...], bool] = {}

    def test(pair: Pair) -> bool:
        values = read(pair, moment())
        if "message" in values:
            return where.test(values)
        key = tuple(values.values())
        answer = known.get(key)
        if answer is None:
            answer = where.test(values)
            if len(known) >= _REMEMBERED:
                known.clear()
            if len(repr(key)) <= _KEY_MAX:
                known[key] = answer
        return answer

    return test
