"""A service with rules: ``watched(serve, rules)`` starts one, whose alerts go to a file."""

import json
from datetime import UTC, datetime

from observing import until

from collector.service.control import request

CONFIG = """
sources:
  - udp: 127.0.0.1:0
  - tcp: 127.0.0.1:0
routes:
  - "*.*  ./all"
rules: [rules/*.yaml]
destinations:
  log: {file: alerts.json}
workers: 2
"""


def watched(serve, rules, config=CONFIG):
    """``serve`` is that of the fixture; ``rules`` the text of a file of rules."""
    write_rules(serve.folder, rules)
    return serve(config)


def write_rules(folder, rules, name="some.yaml"):
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / name).write_text(rules)


def now():
    """The stamp of a message that is sent now."""
    return datetime.now(UTC).strftime("%b %d %H:%M:%S")


def delivered(service):
    """The alerts in the file, in order."""
    path = service.folder / "alerts.json"
    whole = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in whole]


def wait_for(service, number):
    """The first ``number`` alerts, when they are there."""
    until(lambda: len(delivered(service)) >= number)
    return delivered(service)


def watcher(service):
    return service.status()["watcher"]


def ask(service, **question):
    return request(str(service.control), question)
