"""What a configuration says of names: its options, and the hosts table as it was when they were read."""

from collections.abc import Mapping
from dataclasses import dataclass

from collector.config.problems import Problem
from collector.config.settings import Dns, Settings
from collector.protocol.names import SenderNames, shortened
from collector.service.naming.hosts import read_hosts


@dataclass(frozen=True, slots=True)
class NamePlan:
    """Picklable. ``hosts`` are names by address, shortened as the options say."""

    options: Dns
    hosts: Mapping[str, str]

    def shape(self, name: str) -> str:
        return shortened(name, fqdn=self.options.fqdn, strip_domains=self.options.strip_domains)

    def sender_names(self) -> SenderNames:
        options = self.options
        return SenderNames(self.hosts, asks=options.lookups, ttl=options.ttl, negative_ttl=options.negative_ttl)


def name_plan(settings: Settings, problems: list[Problem]) -> NamePlan:
    """What is wrong with the hosts table goes to ``problems``; a table that cannot be read is an error."""
    plan = NamePlan(settings.dns, {})
    if settings.dns.hosts is None:
        return plan
    hosts, found = read_hosts(settings.dns.hosts, plan.shape)
    problems += found if hosts is not None else [_at_its_key(settings, problem) for problem in found]
    return NamePlan(settings.dns, hosts or {})


def _at_its_key(settings: Settings, problem: Problem) -> Problem:
    """A file that cannot be read has no place of its own: the mistake is where it is named."""
    place = settings.document.location(("dns", "hosts"))
    return Problem(place, f"hosts table {problem.location.file}: {problem.message}", "hosts", problem.hint)
