"""
The pipeline of a worker without the worker: frames in, files out, counters to read; and an oracle that does the same
slowly, one message at a time, by the tolerant parser alone.
"""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

from collector.metrics import Board
from collector.protocol.columns import COLUMNS, reader
from collector.protocol.framing.datagram import trim
from collector.protocol.policy import DEFAULT
from collector.protocol.render import json_line, rfc5424_line
from collector.routing.selector import compile_selector
from collector.routing.where import compile_where
from collector.service import assembly, pipeline
from collector.service.account import Account
from collector.service.meter import Meter, Meters
from collector.service.naming.worker import WorkerNames
from collector.service.plan import build_plan_from_text
from collector.service.senders.source_senders import SourceSenders
from collector.service.work_plan import finish
from collector.sinks.files import OpenFiles
from collector.sinks.paths import PathTemplate

NOW = 1770106150.25
"""2026-02-03 08:09:10.25 UTC."""

SOURCE = "udp 127.0.0.1:5514"


def plan_of(folder, routes, **settings):
    """``routes`` as in collector.yaml; ``FOLDER`` in their paths is ``folder``."""
    document = {"sources": [{"udp": "127.0.0.1:5514"}], "routes": routes, "workers": 1, **settings}
    text = json.dumps(document, ensure_ascii=False).replace("FOLDER", str(folder))
    plan, problems = build_plan_from_text(text, "test.yaml")
    assert plan is not None, [str(problem) for problem in problems]
    return plan


class NoPoller:
    """Nothing becomes ready by itself."""

    def add(self, fd, handler, *, writable=False):
        """As ``sources/poller.py`` has it."""

    change = remove = add


def assembled(plan, slot, files, notice=lambda *_: None):
    """The parts of a plan, as a worker puts them together."""
    poller, names = NoPoller(), WorkerNames(plan.work.names)
    surroundings = assembly.Surroundings(Meters(slot, plan.layout), files, notice, names, poller)
    return finish(assembly.assemble(plan.work, surroundings, {}))


class Rig:
    """
    ``take`` is what a source delivers to, and everything is written; ``gather`` leaves rows that are scattered over
    many files to the next ``take`` or ``close``. ``told`` is what the own log was told.
    """

    def __init__(self, plan, monkeypatch, policy=DEFAULT):
        monkeypatch.setattr(pipeline, "time", SimpleNamespace(time=lambda: NOW))
        self.plan = plan
        self.policy = policy
        self.board = Board(plan.layout, 1)
        self.slot = self.board.slot(0)
        self.files = OpenFiles(plan.settings.max_files)
        self.told = []
        parts = assembled(plan, self.slot, self.files, lambda *sentence: self.told.append(sentence))
        self.destinations = list(parts.destinations.values())
        self._pipeline = parts.pipeline
        self.senders = SourceSenders("udp", lambda: NOW)
        meter = Meter(self.slot, plan.layout, source=SOURCE)
        self._origins = {
            can_wait: pipeline.Origin(meter, self.senders, can_wait=can_wait, policy=policy)
            for can_wait in (True, False)
        }

    def take(self, frames, peers, *, can_wait=True):
        count = self.gather(frames, peers, can_wait=can_wait)
        self._pipeline.settle()
        return count

    def gather(self, frames, peers, *, can_wait=True):
        number = frames.count(b"\n") if isinstance(frames, bytes) else len(frames)
        return self._pipeline.take(frames, number, lambda: peers, self._origins[can_wait])

    @property
    def way(self):
        return type(self._pipeline._way).__name__

    @property
    def account(self):
        return Account.of(self.board.totals())

    def count(self, name, **labels):
        totals = self.board.totals()
        return next(value for key, value in totals.items() if (key.name, dict(key.labels)) == (name, labels))

    def close(self):
        self._pipeline.settle()
        self.files.close()


class Oracle:
    """The same by the letter: ``lines`` by path, and how many messages were received, empty and unrouted."""

    def __init__(self, plan, folder, routes, policy=DEFAULT):
        self.lines = defaultdict(bytes)
        self.received = self.empty = self.unrouted = 0
        self._plan = plan
        self._interpreter = replace(plan.interpreter, name_of=WorkerNames(plan.work.names).name_of).under(policy)
        self._now = datetime.fromtimestamp(NOW, self._interpreter.zone)
        self._routes = [_route(route, folder) for route in routes]

    def take(self, frames, peers):
        if isinstance(frames, bytes):
            messages = list(zip(frames.split(b"\n")[:-1], peers, strict=False))
        else:
            messages = [(trim(frame), peer) for frame, peer in zip(frames, peers, strict=True)]
        for frame, peer in messages:
            self.received += 1
            if frame:
                self._one(frame, peer)
            else:
                self.empty += 1

    def _one(self, frame, peer):
        line, fix = self._plan.normaliser.one(frame, peer)
        odd = self._interpreter.read(line, fix, peer, self._now)
        moment = self._interpreter.moment(self._now)
        taken = False
        for selector, where, path, form in self._routes:
            values = reader(COLUMNS)((odd, peer), moment)
            if selector.matches(odd.record.pri) and (where is None or where.test(values)):
                taken = True
                self.lines[path.path_for(values)] += self._written(form, odd, peer, moment)
        self.unrouted += not taken

    def _written(self, form, odd, peer, moment):
        texts = {
            "traditional": lambda: odd.line + "\n",
            "raw": lambda: odd.raw + "\n",
            "json": lambda: json_line(odd.record),
            "rfc5424": lambda: rfc5424_line(odd.visible),
        }
        if form in texts:
            return texts[form]().encode()
        return self._plan.formats[form]([(odd, peer)], moment)


def _route(route, folder):
    to = route["to"]
    return (
        compile_selector(route["select"]),
        compile_where(route["where"]) if "where" in route else None,
        PathTemplate(to["file"].replace("FOLDER", str(folder)), allowed=COLUMNS),
        to.get("format", "traditional"),
    )


def written(folder):
    """Every file below a folder with its content."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
