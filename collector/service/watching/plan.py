"""What processes need of the rules: workers, what to look for and where to write it down; the correlator, all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo

from collector.actions.destinations import Destination
from collector.config.mail import MailServer
from collector.protocol.hosts import HostMap
from collector.protocol.interpret import Interpreter
from collector.protocol.policy import DAY, DEFAULT, Policy
from collector.rules.prefilter import Prefilter
from collector.rules.rule import RuleBook


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """
    Immutable and picklable. ``folder`` holds the journals, each of at most ``max_bytes``. ``plan`` is how entries call
    this plan: what they say of needles holds for its rules and its prefilter.
    """

    plan: str
    prefilter: Prefilter
    folder: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class RulesPlan:
    """
    What the correlator needs: the rules, and how workers read what they journalled. Immutable and picklable.

    ``plan`` names the plan it belongs to, as journal entries do; ``policies`` are those of the sources by name.
    """

    plan: str
    book: RuleBook
    prefilter: Prefilter
    zone: tzinfo
    zones: HostMap[tzinfo]
    policies: Mapping[str, Policy]
    folder: str
    workers: int
    max_keys: int

    def interpreter_of(self, source: str) -> Interpreter:
        """How the messages of a source are read; one that the plan no longer has, as by default."""
        interpreter = Interpreter(self.zone, self.zones, DAY)
        return interpreter.under(self.policies.get(source, DEFAULT))


@dataclass(frozen=True, slots=True)
class ActionsPlan:
    """
    What the dispatcher needs: the destinations by label, the mail server, the folder of the journals, and the ``zone``
    in which times are shown.
    """

    destinations: Mapping[str, Destination]
    mail: MailServer | None
    folder: str
    zone: tzinfo = UTC
