"""Problems of framing, told: counted under their reasons, and said in the own log with the peer."""

from collector.protocol.framing import FramingProblem
from collector.protocol.hosts import address_of
from collector.sources import Surroundings

_MEANINGS = {
    "oversize": "a message longer than max_message was cut",
    "bad_octet_count": "a frame does not begin with its length; looking for the next one that does",
    "unfinished": "the connection ended within a frame",
    "foreign_tls": "the peer speaks TLS, this port is plain syslog",
    "foreign_http": "the peer speaks HTTP, this port is syslog",
    "foreign_relp": "the peer speaks RELP, this port is plain syslog",
    "foreign_ssh": "the peer speaks SSH, this port is syslog",
}


def report(problem: FramingProblem, source: str, peer: str | None, to: Surroundings) -> None:
    to.meter.count("framing_problems", reason=problem.reason)
    if problem.lost:
        to.meter.count("lost_bytes", problem.lost, reason=problem.reason)
    if peer is not None:
        to.senders.problem(address_of(peer), problem.reason)
    meaning = _MEANINGS.get(problem.reason, problem.reason)
    to.notice(f"framing {problem.reason}", f"{source}: {peer}: {meaning}; it began {problem.sample[:40]!r}.")
