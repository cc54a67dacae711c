"""A clock that was ahead for a moment, as before the first answer of a time server, must not silence rules for good."""

import time

from watched import CONFIG, now, wait_for, watched

from collector.rules.entry import Entry
from collector.service.watching.places import journal_folder, journal_of
from collector.sinks.journal import JournalWriter

RULES = r"""
rules:
  - id: once
    kind: match
    on: {re: '(?P<what>\w+) is bad'}
    by: what
    limit: {first: 1, per: 1h}
    alert: {title: "{{ what }}"}
    do: log
"""
YEAR = 365 * 86_400.0


def test_rules_begin_anew_when_the_clock_is_right_again(serve):
    """What came in between is in the journal, as a worker has left it whose clock was ahead."""
    ahead = time.time() + YEAR
    writer = JournalWriter(journal_of(journal_folder(str(serve.folder / "state")), 0))
    line = f"<13>{now()} gate app: disk is bad\n".encode()
    writer.append(Entry("another", "tcp", ahead, 3, 3 * line, peers=[None] * 3).encode())
    writer.close()

    service = watched(serve, RULES, CONFIG.replace("workers: 2", "workers: 1"))
    assert [alert["title"] for alert in wait_for(service, 2)] == ["disk", "disk … and 2 more"]
    with service.connect() as connection:
        connection.sendall(line)
    assert wait_for(service, 3)[2]["title"] == "disk"
    service.hears("The clock of this machine was set back by 36[45]d")
