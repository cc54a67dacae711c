"""A long sequence whose neighbours are mostly equal, such as the stamps of a log: each value once for its whole run."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise, repeat
from typing import Generic, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")


class Runs(Sequence[T], Generic[T]):
    """``ends`` are where runs end, ascending and each behind the one before; ``values`` what each run consists of."""

    __slots__ = ("ends", "values")

    def __init__(self, ends: Sequence[int], values: list[T]) -> None:
        self.ends = ends
        self.values = values

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...
    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        if isinstance(place, slice):
            return list(self)[place]
        return self.values[bisect_right(self.ends, place if place >= 0 else range(len(self))[place])]

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(map(repeat, self.values, self.lengths()))

    def lengths(self) -> Iterator[int]:
        return (end - start for start, end in pairwise(chain((0,), self.ends)))

    def map(self, function: Callable[[T], U]) -> "Runs[U]":
        return Runs(self.ends, list(map(function, self.values)))
