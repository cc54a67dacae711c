"""
Rules that are to come into force: each set of them from the first journal entry that was made under its plan.

When rules are behind, several plans may have come before the first of their entries is read.
"""

from collections import deque

from collector.service.watching.plan import RulesPlan

_MOST = 4


class ComingRules:
    """In the order in which they came; of many that nobody asked for the oldest are left out."""

    def __init__(self) -> None:
        self._plans: deque[RulesPlan] = deque(maxlen=_MOST)

    def __bool__(self) -> bool:
        return bool(self._plans)

    def add(self, plan: RulesPlan) -> None:
        self._plans.append(plan)

    def take(self, name: str) -> RulesPlan | None:
        """The plan of that name, if it is to come; those before it are over, too."""
        if all(plan.plan != name for plan in self._plans):
            return None
        while True:
            plan = self._plans.popleft()
            if plan.plan == name:
                return plan
