"""What this program raises. The content of a message never raises; configuration and the system do."""

from collections.abc import Callable, Iterable
from typing import Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Error = TypeVar("Error", bound="CollectorError")


class CollectorError(Exception):
    """
    Something a person has to mend, said in one sentence.

    ``str(error)`` is the sentence; ``hint`` the cure, where one is known; ``others`` are further mistakes that were
    found beside it, each an error of its own.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.others: tuple[Self, ...] = ()


def every(call: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What ``call`` makes of each item. Where it raises, the others are tried too: the first error has the rest."""
    results: list[Result] = []
    errors: list[CollectorError] = []
    for item in items:
        try:
            results.append(call(item))
        except CollectorError as error:
            errors += [error, *error.others]
    if errors:
        raise together(errors)
    return results


def together(errors: list[Error]) -> Error:
    """The first of several errors, with all the others."""
    first, *others = errors
    for error in others:
        error.others = ()
    first.others = tuple(others)
    return first
