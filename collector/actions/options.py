"""Options that destinations of every kind have."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field, model_validator

from collector.config.options import Duration, Options
from collector.config.secrets import Step
from collector.config.values import BadValueError, format_duration
from collector.templates import compile_template


class TemplateText(NamedTuple):
    """
    A template as written; ``compile(text, allowed=names)`` reads it, raising TemplateError. ``finish`` is what becomes
    of the text when it is filled: at a delivery, and for those who try out rules.
    """

    path: Step
    text: str
    compile: Callable[..., object] = compile_template
    finish: Callable[[str], str] = str


class Cap(Options):
    """A limit on alerts, after which one message tells how many were held back."""

    alerts: Annotated[int, Field(ge=1)]
    """So many alerts are sent."""

    per: Annotated[Duration, Field(ge=1)]
    """In this time, from the first of them on; at its end comes the message about the rest."""


class Retry(Options):
    """When to try again what failed: after 1, 2, 4, 8 … times ``first``."""

    first: Annotated[Duration, Field(ge=0.1)] = 1.0
    """The first pause; each further one is twice as long."""

    most: Annotated[Duration, Field(ge=0.1)] = 300.0
    """The longest pause."""

    give_up: Duration = 3600.0
    """How long to go on; then the alert is a dead letter. 0 is no second try."""

    @model_validator(mode="after")
    def _first_is_least(self) -> "Retry":
        if self.first > self.most:
            hint = f"at least {format_duration(self.first)}"
            raise BadValueError("the longest pause is shorter than the first", hint=hint, option="most")
        return self

    def pause(self, tries: int) -> float:
        """Seconds to wait after so many tries. The same every time, so that what happens can be foretold."""
        return float(min(self.most, self.first * 2.0 ** min(tries - 1, 40)))


class ActionOptions(Options):
    kind: ClassVar[str]

    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Alerts that may wait, and for a minute many more; further ones are dropped, counted, told of in one message."""

    retry: Retry = Retry()
    """When to try again what failed."""

    cap: Cap | None = None
    """At most so many alerts in a time, such as {alerts: 60, per: 1h}."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Short words for where it sends; no secret is in them."""

    @property
    def concurrent(self) -> int:
        """Deliveries at a time."""
        return 1

    def templates(self) -> Iterator[TemplateText]:
        """Its templates, each with the way to it."""
        return iter(())

    def lacks(self) -> tuple[str, str] | None:
        """What has to be installed for it, and how; None when all is there."""
        return None


class RemoteOptions(ActionOptions):
    """For what may keep us waiting."""

    timeout: Annotated[Duration, Field(ge=0.1, le=600)] = 10.0
    """How long one delivery may take."""

    concurrency: Annotated[int, Field(ge=1, le=32)] = 1
    """Deliveries at a time. With more than one, alerts can arrive in another order."""

    @property
    def concurrent(self) -> int:
        return self.concurrency
