"""
Names in the supervisor: it passes the workers' questions to the resolver, and the resolver's answers to all workers.

    worker ──{"event": "names", "ask": […]}──▶ supervisor ──▶ resolver, a process of its own (names_resolver.py)
    every worker ◀──{"do": "names", "names": {…}}── supervisor ◀──┘

There is a resolver only while there is something to ask, or a hosts table to watch. A question that gets lost is asked
again by whoever still wants to know.
"""

import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from collector.config.settings import Dns
from collector.metrics import Key
from collector.service.companion import Companion, Nest
from collector.service.naming.lookups import RESULTS
from collector.service.naming.plan import NamePlan
from collector.service.naming.resolver import run_resolver
from collector.service.naming.worker import WorkerNames

LOOKUPS = {result: Key("name_lookups", (("result", result),)) for result in RESULTS}
"""The counter of each result."""

Count = Callable[[Key, int], None]


class Workers(Protocol):
    def tell_all(self, command: dict[str, Any], /) -> None: ...
    def tell(self, slots: list[int], command: dict[str, Any], /) -> None: ...


class Names:
    """``companion`` is to be looked after with the other helper processes; ``chore`` is called about once a second."""

    def __init__(self, options: Dns, nest: Nest, workers: Workers, count: Count) -> None:
        self._options = options
        self._log = nest.own_log
        self._workers = workers
        self._count = count
        self._known = WorkerNames(NamePlan(options, {}))
        self._table: list[dict[str, Any]] = []
        self._running = False
        self.companion = Companion("resolver", self._resolve, self.hear, nest)

    def name_of(self, address: str) -> str | None:
        """The name of a sender's address, as far as it is known; to ask is to want to know it."""
        name = self._known.name_of(address)
        return None if name == address else name

    def chore(self, now: float) -> None:
        if self._options.hosts is not None:
            self._start()
        question = self._known.questions(now)
        if question.keys() - {"table"}:
            self._ask(question)

    def change(self, options: Dns) -> None:
        """After a reload."""
        if options == self._options:
            return
        self._options = options
        self._known.change(NamePlan(options, {}))
        self._table = []
        self.companion.stop()  # with the new options it is started again as soon as it is needed
        self._running = False

    def hear_worker(self, worker: int, event: dict[str, Any]) -> None:
        """What a worker says."""
        if event.get("table"):
            for piece in self._table:
                self._workers.tell([worker], piece)
        if event.get("ask") or event.get("hosts"):
            self._ask(event)

    def hear(self, answer: dict[str, Any]) -> None:
        """What the resolver says."""
        if "log" in answer:
            self._log.write(answer["log"], answer["message"], answer["class"])
        elif "counts" in answer:
            for result, count in answer["counts"].items():
                self._count(LOOKUPS[result], count)
        else:
            self._spread({"do": "names", **answer})

    def _spread(self, order: dict[str, Any]) -> None:
        if "table" in order:
            self._table = [order] if order["first"] else [*self._table, order]
        self._known.learn(order)
        self._workers.tell_all(order)

    def _ask(self, question: Mapping[str, Any]) -> None:
        self._start()
        self.companion.tell({what: question[what] for what in ("ask", "hosts") if question.get(what)})

    def _start(self) -> None:
        if not self._running:
            self._running = True
            self.companion.start()

    def _resolve(self, link: socket.socket) -> None:
        """In the new process."""
        run_resolver(NamePlan(self._options, {}), link)
