"""
Questions to DNS that are open, and answers that are still good: the books of the resolver, without threads or clocks.

                    ask                       answer
    (nobody asks) ───────▶ waiting, or at work ──────▶ remembered, until its time is over
                    │                            │
                    │ too many are open          │ failed, or waited for too long: forgotten,
                    ▼                            ▼ and asked again by whoever still wants to know
                 dropped                      (nobody asks)
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple

MOST_OPEN = 1_000
RESULTS = ("found", "nameless", "refused", "failed", "dropped")
"""``refused`` is a name that must not be believed; ``failed``: nobody answered; ``dropped``: nobody was asked."""

_REMEMBERED = 20_000

Result = Literal["found", "nameless", "refused", "failed", "dropped"]


class Question(NamedTuple):
    """The ``name`` of an address, or the ``addresses`` of a host."""

    kind: Literal["name", "addresses"]
    of: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Only what was ``found`` has values."""

    result: Result
    values: tuple[str, ...] = ()


class Lookups:
    """``ttl`` and ``negative_ttl`` in seconds. ``counts`` are the results; whoever reads them may take them."""

    def __init__(self, ttl: float, negative_ttl: float) -> None:
        self._ttl = ttl
        self._negative_ttl = negative_ttl
        self._open: set[Question] = set()
        self._remembered: dict[Question, tuple[Answer, float]] = {}
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        """Questions that are open."""
        return len(self._open)

    def ask(self, question: Question, now: float) -> Answer | Literal["new", "open", "dropped"]:
        """An answer that is still good; ``new`` when the question is open now and was not before."""
        answer, until = self._remembered.get(question, (None, 0.0))
        if answer and now < until:
            return answer
        if question in self._open:
            return "open"
        if len(self._open) >= MOST_OPEN:
            self.counts["dropped"] += 1
            return "dropped"
        self._open.add(question)
        return "new"

    def answer(self, question: Question, answer: Answer, now: float) -> None:
        self._open.discard(question)
        self.counts[answer.result] += 1
        self._remembered.pop(question, None)
        if answer.result in {"failed", "dropped"}:
            return
        # All names grow old at the same moments (protocol/names.py): an answer is not kept beyond the next of them.
        until = (now // self._ttl + 1) * self._ttl if answer.values else now + self._negative_ttl
        if len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[question] = answer, until
