"""
Actions: alerts to people and machines. One file per kind, one line here.

An action delivers one alert at a time, in a thread, and may take its time up to its ``timeout``; everything around it
(order, queues, retries, limits) is ``lane.py``. What it is given has been written by strangers: no text of an alert may
become a header, an argument, a line, a path or a command.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

from collector.actions.message import Message
from collector.config.mail import MailServer

ACTIONS = {
    "mail": "collector.actions.mail:MailAction",
    "exec": "collector.actions.exec:ExecAction",
    "webhook": "collector.actions.webhook:WebhookAction",
    "syslog": "collector.actions.syslog:SyslogAction",
    "file": "collector.actions.file:FileAction",
    "terminal": "collector.actions.terminal:TerminalAction",
}

PER_KIND = 32
"""So many deliveries of one kind at a time: those that hang leave room for other kinds."""


Reach = Literal["part", "alert", "all"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What an action finds in its process. ``say(level, event, sentence)`` tells the own log, from any thread; ``mail`` is
    the section of that name, which is there where any destination needs it.
    """

    say: Callable[[str, str, str], None]
    mail: MailServer | None = None


class DeliveryError(Exception):
    """
    An alert that was not delivered, in one sentence.

    ``again``: another try may succeed, ``after`` so many seconds at least, where the other side said so. ``reason`` is
    one word for the counters. ``left`` is what remains to be done, and is given to the next try. ``reach``: whom it is
    about; a ``part`` of those who should get this alert, when others have it; the ``alert``, for all we know; or
    ``all`` alerts, as nothing can be reached.
    """

    def __init__(
        self, message: str, *, reason: str, again: bool, after: float | None = None, left: Any = None,
        reach: Reach = "alert",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.reason = reason
        self.again = again
        self.after = after
        self.left = left
        self.reach = reach


class Action(Protocol):
    """The class of a kind has ``Options``, and is made with options, the names for templates, and Surroundings."""

    def deliver(self, message: Message, left: Any) -> None:
        """
        Called in a thread, in several at once where ``concurrency`` says so. ``left`` is None at the first try.

        Raises:
            DeliveryError: it was not delivered.
        """

    def preview(self, message: Message) -> str:
        """What a delivery would do, in one line, for those who try out rules. Nothing is looked up or touched."""

    def close(self) -> None:
        """End what still runs."""


def action_class(kind: str) -> Any:
    """The class of a kind; ``.Options`` is its options model."""
    module, _, name = ACTIONS[kind].partition(":")
    return getattr(import_module(module), name)
