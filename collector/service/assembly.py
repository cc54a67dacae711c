"""
A plan for workers → the moving parts of one worker: sinks, destinations, the route table, the pipeline.

Everything here is made in steps of a few milliseconds at most, so that a worker can prepare a new plan between the
batches of the present one.
"""

from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collector import sinks
from collector.protocol.columns import COLUMNS, reader
from collector.protocol.forwarding import pri_before, wants_pri
from collector.protocol.own_format import line_format
from collector.protocol.render import FORMATS, Format, Moment, Pair, traditional
from collector.routing.selector import Selector
from collector.routing.table import Route, RouteTable, Test
from collector.routing.where import Where
from collector.service.destination import Destination, FileDestination, LineDestination
from collector.service.mark import mark_pris
from collector.service.meter import Meters
from collector.service.naming.worker import WorkerNames
from collector.service.pipeline import Pipeline
from collector.service.watching.candidates import Candidates, Journal
from collector.service.work_plan import WorkPlan, finish
from collector.sinks.file import FileSink
from collector.sinks.files import OpenFiles
from collector.sinks.paths import PathTemplate

_REMEMBERED = 10_000
_OWN_TO_A_ROW = ("message", "line", "raw", "sd")
_OF_FEW_VALUES = frozenset(("facility", "severity", "hostname", "app_name", "program", "address", "charset"))
_KEY_MAX = 256
"""Characters of values worth remembering."""

Notice = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What destinations find in a worker."""

    meters: Meters
    files: OpenFiles
    notice: Notice
    names: WorkerNames
    poller: sinks.Poller
    journal: Journal | None = None


@dataclass(frozen=True, slots=True)
class Assembly:
    """``destinations`` by what they are made of: an equal one of the next plan is the same, with its open files."""

    destinations: Mapping[Any, Destination]
    pipeline: Pipeline


def assemble(plan: WorkPlan, to: Surroundings, known: Mapping[Any, Destination]) -> Generator[None, None, Assembly]:
    """The parts of ``plan``; destinations that are ``known`` are used as they are. Nothing is opened yet."""
    made = yield from destinations(plan, to, known)
    watch = to.journal and plan.watch
    candidates = Candidates(watch.plan, watch.prefilter, to.journal, to.names.name_of) if watch and to.journal else None
    return Assembly(made, (yield from pipeline(plan, to, list(made.values()), candidates=candidates)))


def destinations(
    plan: WorkPlan, to: Surroundings, known: Mapping[Any, Destination]
) -> Generator[None, None, dict[Any, Destination]]:
    made: dict[Any, Destination] = {}
    for options in plan.destinations:
        recipe = (options.model_dump_json(), plan.templates.get(options.format), plan.max_paths)
        made[recipe] = known.get(recipe) or _destination(options, plan, to)
        yield
    return made


def _destination(options: Any, plan: WorkPlan, to: Surroundings) -> Destination:
    meter, form = to.meters.of(sink=options.label), format_of(options.format, plan.templates)
    if options.kind == "file":
        path = PathTemplate(options.file, allowed=COLUMNS)
        return FileDestination(FileSink(options, path.below, to.files, meter, to.notice), path, plan.max_paths, form)
    around = sinks.Surroundings(meter, to.notice, to.poller, to.names.resolve)
    sink: sinks.LineSink = sinks.sink_class(options.kind)(options, around)
    if options.kind == "forward" and wants_pri(options.format, plan.templates):
        return LineDestination(sink, pri_before(form), lean=form is traditional, with_pri=True)
    return LineDestination(sink, form, lean=form is traditional, with_pri=False)


def format_of(name: str, templates: Mapping[str, str]) -> Format:
    return line_format(templates[name]) if name in templates else FORMATS[name]


def marks(plan: WorkPlan, to: Surroundings, targets: Sequence[Destination]) -> Pipeline:
    """The way of ``-- MARK --``: to routes that name ``mark``, and to those that do not and select ``syslog.info``."""
    made: Pipeline = finish(pipeline(plan, to, targets, mark_pris))
    return made


def pipeline(
    plan: WorkPlan,
    to: Surroundings,
    targets: Sequence[Destination],
    pris: Callable[[Selector], frozenset[int]] = Selector.pris,
    candidates: Candidates | None = None,
) -> Generator[None, None, Pipeline]:
    made: Pipeline
    routes = []
    tests: dict[str, Test | None] = {}  # routes that ask the same have one test, which the table asks once for all
    for route in plan.routes:
        asked = repr(route.where and route.where.spec)
        if asked not in tests:
            tests[asked] = RowTest(route.where, lambda: made.moment) if route.where else None
        routes.append(Route(pris(route.selector), route.destination, tests[asked]))
        yield
    table = yield from RouteTable.in_steps(routes, len(targets), lambda some: row_key(some, lambda: made.moment))
    interpreter = replace(plan.interpreter(), name_of=to.names.name_of)
    made = Pipeline(plan.normaliser(), interpreter, table, targets, to.meters.of(), candidates)
    return made


def part(old: Assembly, new: Assembly) -> None:
    """Close what the new plan no longer has. What waits for room in a file stays, where it only has other options."""
    heirs = {sink.options.label: sink for sink in _file_sinks(new)}
    removed = [destination for recipe, destination in old.destinations.items() if recipe not in new.destinations]
    for destination in removed:
        sink = destination.sink
        if isinstance(sink, FileSink) and sink.options.label in heirs:
            sink.hand_over(heirs[sink.options.label])
        sink.close()


def _file_sinks(parts: Assembly) -> Iterable[FileSink]:
    return (one.sink for one in parts.destinations.values() if isinstance(one.sink, FileSink))


class RowTest:
    """
    A filter as a question about a row. The answer is kept for values seen before, unless the text of the message itself
    is asked for.
    """

    def __init__(self, where: Where, moment: Callable[[], Moment]) -> None:
        self.needs = where.needs
        self._fits = where.test
        self._read = reader(sorted(where.needs))
        self._moment = moment
        self._every_row_differs = not where.needs.isdisjoint(_OWN_TO_A_ROW)
        self._known: dict[tuple[Any, ...], bool] = {}

    def __call__(self, pair: Pair) -> bool:
        values = self._read(pair, self._moment())
        if self._every_row_differs:
            return self._fits(values)
        key = tuple(values.values())
        answer = self._known.get(key)
        if answer is None:
            answer = self._fits(values)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            if len(repr(key)) <= _KEY_MAX:
                self._known[key] = answer
        return answer


def row_key(tests: Collection[Any], moment: Callable[[], Moment]) -> Callable[[Pair], Hashable] | None:
    """
    What several filters together depend on, as a key; None where some ask for what is another in every row. The key of
    a row with overlong values is None as well: it is not worth remembering.
    """
    needs = sorted({name for test in tests for name in test.needs})
    if not _OF_FEW_VALUES.issuperset(needs):
        return None
    read = reader(needs)

    def key(pair: Pair) -> Hashable:
        values = tuple(read(pair, moment()).values())
        return values if len("".join(filter(None, values))) <= _KEY_MAX else None

    return key
