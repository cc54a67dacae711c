"""
The hosts table: names of addresses that need no DNS, in the format of hosts(5).

    192.0.2.7   gate.example.net gate      # the first name counts
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from itertools import islice

from collector.config.load import read_text
from collector.config.problems import Location, Problem, quote
from collector.protocol.names import acceptable

MOST_HOSTS = 20_000
_PROBLEMS_TOLD = 20

Shape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Change:
    """``names`` is None when the table has become unreadable, or says what it said before."""

    names: Mapping[str, str] | None
    problems: list[Problem]

    @property
    def sentence(self) -> str:
        """What is wrong, in a line for the own log."""
        first, more = self.problems[0], len(self.problems) - 1
        if self.names is None:
            return f"Hosts table {first.location.file}: {first.message}. The names known so far stay."
        return f"Hosts table {first.location}: {first.message}{f', and {more} lines more like it' if more else ''}."


class HostsWatch:
    """A hosts table that may change. ``known`` is what is in it as far as everybody knows; no ``path``, no table."""

    def __init__(self, path: str | None, shape: Shape, known: Mapping[str, str]) -> None:
        self._path = path
        self._shape = shape
        self._known = known
        self._seen: object = None

    def look(self) -> Change | None:
        """
        To be called about once a second: what has changed since the last call; None for nothing. What is wrong with
        the table at the first call was told with the configuration.
        """
        if self._path is None:
            return None
        seen, later = _signature(self._path), self._seen is not None
        if seen == self._seen:
            return None
        self._seen = seen
        names, problems = read_hosts(self._path, self._shape)
        if names is None or names == self._known:
            return Change(None, problems) if names is None else None
        self._known = names
        return Change(names, problems if later else [])


def _signature(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError as error:
        return error.errno
    return status.st_ino, status.st_size, status.st_mtime_ns


def read_hosts(path: str, shape: Shape) -> tuple[dict[str, str] | None, list[Problem]]:
    """Names by address, each as ``shape`` makes it; None when the file cannot be read. Bad lines are warnings."""
    text, problem = read_text(path)
    if text is None:
        return None, [problem] if problem else []
    return parse_hosts(text, path, shape)


def parse_hosts(text: str, file: str, shape: Shape) -> tuple[dict[str, str], list[Problem]]:
    names: dict[str, str] = {}
    problems: list[Problem] = []
    full = False
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        address = _address(words[0])
        name = acceptable(words[1]) if len(words) > 1 else None
        if address is None or name is None:
            problems.append(_problem(file, number, line, words, known=address is not None))
        elif len(names) < MOST_HOSTS:
            names.setdefault(address, shape(name))  # of several lines the first counts, as for the C library
        elif address not in names and not full:
            full = True
            hint = "leave out hosts that do not send"
            problems.insert(
                0, Problem(Location(file, number), f"more than {MOST_HOSTS:,} hosts", "hosts", hint, "warning")
            )
    return names, list(islice(problems, _PROBLEMS_TOLD))


def _address(word: str) -> str | None:
    """As a peer is written, so that it can be looked up."""
    try:
        address = ip_address(word)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _problem(file: str, number: int, line: str, words: list[str], *, known: bool) -> Problem:
    hint = "the line is left out; as 192.0.2.7  gate.example.net"
    if not known:
        what, word = f"{quote(words[0])} is not an address", words[0]
    elif len(words) == 1:
        what, word = f"{words[0]} has no name", words[0]
    else:
        what, word = f"{quote(words[1])} is not a host name", words[1]
    return Problem(Location(file, number, line.index(word) + 1), what, "hosts", hint, "warning")
