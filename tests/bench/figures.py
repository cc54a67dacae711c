"""Figures of any kind: what one run measured, by name, and the medians of several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figures:
    """By what they are figures of, with the unit: {"lines/s": 81234.0, "worker, ns/line": 812.0}."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.values[name]


@dataclass(frozen=True)
class FigureCase:
    """A run that gives figures. ``missing`` names what must be installed for it, if it is not."""

    name: str
    measure: Callable[[Path], dict[str, float]]
    missing: str | None = None

    def run(self, place: Path) -> Figures:
        """In an empty folder of its own. Raises RuntimeError or TimeoutError where it cannot be measured."""
        return Figures(self.measure(place))


def medians(samples: Sequence[Figures]) -> Figures:
    return Figures({name: median(sample[name] for sample in samples) for name in samples[0].values})
