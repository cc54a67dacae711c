"""Samples of one case, summed up: medians of what varies, totals of what must be nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from trial import Sample


@dataclass(frozen=True)
class Summary:
    cpu_ns: float
    cpu_range: tuple[float, float]
    lines_per_second: float
    sent_per_second: float
    lost: int
    duplicates: int
    disorder: int
    others: float
    pss: tuple[float, ...]


def summarise(samples: Sequence[Sample]) -> Summary:
    cpu = [sample.cpu_ns for sample in samples]
    return Summary(
        cpu_ns=median(cpu),
        cpu_range=(min(cpu), max(cpu)),
        lines_per_second=median(sample.lines_per_second for sample in samples),
        sent_per_second=median(sample.sent_per_second for sample in samples),
        lost=sum(sample.lost for sample in samples),
        duplicates=sum(sample.duplicates for sample in samples),
        disorder=sum(sample.disorder for sample in samples),
        others=median(sample.others for sample in samples),
        pss=tuple(value for sample in samples for value in sample.pss),
    )
