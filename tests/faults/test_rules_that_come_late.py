"""Rules that a busy correlator hears of late hold for the lines that came under them all the same."""

import os
import signal

from observing import until
from watched import CONFIG, ask, delivered, now, wait_for, watched, watcher, write_rules

from collector.errors import CollectorError

RULES = r"""
rules:
  - {id: NAME, kind: match, on: {re: 'number (?P<number>[0-9]+) is bad'}, alert: {title: "NAME {{ number }}"}, do: log}
"""


def line(number):
    return f"<13>{now()} gate app: number {number} is bad\n".encode()


def ask_in_vain(service):
    """A question that the correlator finds before the rules."""
    try:
        ask(service, ask="alerts", most=5)
    except CollectorError:
        return
    raise AssertionError("it has answered")


def test_lines_after_a_reload_are_judged_by_its_rules_however_late_the_correlator_is(serve):
    service = watched(serve, RULES.replace("NAME", "old"), CONFIG.replace("workers: 2", "workers: 1"))
    service.tcp(line(1))
    wait_for(service, 1)
    correlator = watcher(service)["correlator"]
    os.kill(correlator, signal.SIGSTOP)
    ask_in_vain(service)
    write_rules(service.folder, RULES.replace("NAME", "new"))
    service.process.send_signal(signal.SIGHUP)
    service.hears("Reloaded")
    service.tcp(line(2), line(3))
    service.counts(3)
    os.kill(correlator, signal.SIGCONT)

    assert [alert["title"] for alert in wait_for(service, 3)] == ["old 1", "new 2", "new 3"]
    service.tcp(line(4))
    until(lambda: len(delivered(service)) == 4)
    assert watcher(service)["correlator"] == correlator
