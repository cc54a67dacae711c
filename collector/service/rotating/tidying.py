"""
What is done with rotated files, in a process of its own that steps back for everything else: compress, delete.

    Task → tidy(task, say, go_on) → say({"did": "compress", …}) for each file, say({"did": "delete", …}), …

Deleting is in here too: to free a gigabyte can take a while.
"""

import json
import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collector.errors import CollectorError
from collector.sinks.compression import AbandonedError, clear_part, compress
from collector.sinks.old_files import Reach, old_files
from collector.sinks.paths import file_name
from collector.sinks.rotated import Kept, Rotated, expired
from collector.sinks.rotation import RotateOptions

Say = Callable[[dict[str, Any]], None]
GoOn = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Task:
    """
    ``fresh`` are rotated files that nobody writes to any more, by destination; with ``all`` every one there is counts
    as such: the list of them is made first, and ``{"did": "list"}`` says that it is. ``named`` are the paths that the
    configuration names: none of them is an old file, whatever it is called, and what they left is no business of a path
    with fields. ``rotated`` are all destinations that are. ``now`` is the time on the wall.
    """

    options: Mapping[str, RotateOptions]
    fresh: Mapping[str, Sequence[str]]
    named: frozenset[str]
    rotated: Sequence[str]
    now: datetime
    all: bool


def run(task: Task, link: socket.socket) -> None:
    """The life of the helper process."""
    with suppress(OSError):  # its disk accesses step back with it (ioprio_set(2))
        os.nice(19)
    supervisor = os.getppid()
    gone = select.poll()
    gone.register(link, select.POLLIN)

    def go_on() -> bool:
        return os.getppid() == supervisor and not gone.poll(0)

    def say(what: dict[str, Any]) -> None:
        with suppress(OSError):
            link.send(json.dumps(what).encode())

    tidy(task, say, go_on)


def tidy(task: Task, say: Say, go_on: GoOn) -> None:
    """First make room, then compress, then see whether all is within its limits."""
    for label, options in task.options.items():
        kept = options.kept
        _delete(task, label, Kept(kept.files, kept.age, None), say)
    plain = {label: list(_plain(task, label)) for label in task.options}
    say({"did": "list"})
    try:
        for label, options in task.options.items():
            for path in plain[label] if options.compress != "none" else ():
                _compress(path, options.compress, say, go_on)
    except AbandonedError:
        return
    for label, options in task.options.items():
        if options.total is not None:
            _delete(task, label, options.kept, say)


def _found(task: Task, label: str) -> Iterator[tuple[Rotated, int]]:
    """What a destination has left. Where several may have, it was the one whose path has the most fixed text."""
    named = set(map(os.path.abspath, task.named))
    if label in task.named:
        yield from ((file, size) for file, size in old_files(label) if os.path.abspath(file.path) not in named)
        return
    closer = [reach.leads_to for reach in _before(label, task)]
    for file, size in old_files(label):
        base = os.path.abspath(file.base)
        ours = base not in named and not any(leads_to(base) for leads_to in closer)
        if ours and os.path.abspath(file.path) not in named:
            yield file, size


def _before(label: str, task: Task) -> list[Reach]:
    """The other paths with fields, as far as what they may lead to is theirs."""
    reaches = {other: Reach(other) for other in task.rotated if other not in task.named}
    ranked = sorted(reaches, key=lambda other: -reaches[other].fixed)
    return [reaches[other] for other in ranked[: ranked.index(label)]]


def _plain(task: Task, label: str) -> Iterator[str]:
    """Those to be compressed, oldest first; what somebody had begun with is taken away on the way."""
    if not task.all:
        yield from task.fresh.get(label, ())
        return
    for file in sorted((file for file, _ in _found(task, label)), key=lambda file: (file.stamp, file.base)):
        if file.part:
            with suppress(OSError, AbandonedError):
                clear_part(file.path)
        elif not file.suffix:
            yield file.path


def _compress(path: str, method: str, say: Say, go_on: GoOn) -> None:
    try:
        before, after = compress(path, method, go_on)
    except FileNotFoundError:  # deleted by hand, or was too old
        return
    except AbandonedError:
        raise
    except (OSError, CollectorError) as error:
        say({"did": "fail", "to": "compress", "path": path, "why": _why(error)})
        if not go_on():
            raise AbandonedError("compressing was stopped") from error
        return
    say({"did": "compress", "path": path, "before": before, "after": after})


def _delete(task: Task, label: str, kept: Kept, say: Say) -> None:
    whole = [(file, size) for file, size in _found(task, label) if not file.part]
    for file in expired(whole, kept, task.now):
        try:
            os.unlink(file_name(file.path))
        except FileNotFoundError:
            continue
        except OSError as error:
            say({"did": "fail", "to": "delete", "path": file.path, "why": _why(error)})
            continue
        say({"did": "delete", "path": file.path})


def _why(error: OSError | CollectorError) -> str:
    why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    hint = getattr(error, "hint", None)
    return f"{why}; {hint}" if hint else why
