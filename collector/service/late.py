"""What is fixed as long as the service runs: a reload can only say so."""

from collections.abc import Iterator
from typing import Any

_OF_THE_PLAN = ("workers", "state_dir", "control")
_OF_SETTINGS = ("user", "group", "control_mode", "control_group")


def late_settings(first: Any, plan: Any) -> Iterator[str]:
    """A sentence for each in which ``plan`` differs from the one that the service was started with."""
    for old, new, names in ((first, plan, _OF_THE_PLAN), (first.settings, plan.settings, _OF_SETTINGS)):
        for name in names:
            if getattr(old, name) != getattr(new, name):
                yield f"A change of {name} takes effect at the next start."
