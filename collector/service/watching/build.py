"""The rules of a configuration → what each process needs of them."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.actions.destinations import Destinations
from collector.actions.options import ActionOptions
from collector.config.problems import Location, Problem
from collector.config.settings import Settings
from collector.rules.prefilter import compile_prefilter
from collector.rules.rule import RuleBook
from collector.service.local_zone import local_zone
from collector.service.rules_files import rules_of
from collector.service.rules_use import broken, unsent, unused
from collector.service.stamp import Stamp
from collector.service.watching.places import journal_folder
from collector.service.watching.plan import ActionsPlan, RulesPlan, WatchPlan
from collector.service.work_plan import WorkPlan


class Watching(NamedTuple):
    """For workers, and pickled for the correlator and the dispatcher."""

    watch: WatchPlan
    rules: bytes
    actions: bytes


@dataclass(frozen=True, slots=True)
class ReadRules:
    """Rules and destinations as they were read; ``book`` is None where there are none, or something is wrong."""

    book: RuleBook | None
    destinations: Destinations
    problems: list[Problem]
    places: Mapping[str, Stamp]

    @property
    def deliveries(self) -> Sequence[tuple[ActionOptions, Location]]:
        """The options of destinations, each with its place."""
        places = self.destinations.places
        return [(one.options, places[label]) for label, one in self.destinations.by_label.items()]

    @property
    def hash(self) -> str:
        """Of the rules' texts."""
        return self.book.hash if self.book else ""


def read_rules(settings: Settings) -> ReadRules:
    destinations = Destinations(settings)
    book, problems, places = rules_of(settings, destinations, settings.timezone.default or local_zone())
    doubts = [*unsent(book, settings), *unused(book, settings), *broken(book)] if book else []
    return ReadRules(book, destinations, [*destinations.problems, *problems, *doubts], places)


def watching(read: ReadRules, settings: Settings, work: WorkPlan, state_dir: str, workers: int) -> Watching | None:
    """None where there is no rule."""
    if read.book is None or not read.book.rules:
        return None
    folder = journal_folder(state_dir)
    prefilter = compile_prefilter([rule.condition.requirement for rule in read.book.rules])
    name = f"{work.hash}-{prefilter.name}"
    rules = RulesPlan(
        plan=name,
        book=read.book,
        prefilter=prefilter,
        zone=work.zone,
        zones=work.zones,
        policies={source.name: source.policy for source in work.sources},
        folder=folder,
        workers=workers,
        max_keys=settings.max_keys,
    )
    actions = ActionsPlan(read.destinations.by_label, settings.mail, folder, work.zone)
    watch = WatchPlan(name, prefilter, folder, settings.journal.max_size)
    return Watching(watch, pickle.dumps(rules), pickle.dumps(actions))
