"""
Watching the configuration: a helper process with inotify (watchdog), as its threads have no place in the supervisor.

    {"watch": ["/etc/collector/collector.yaml", …]}  →   which files and folders matter now
    ←  {"changed": "/etc/collector/collector.yaml"}

Folders are watched, not files: editors and package managers replace a file by renaming another one over it. Of a file
that is reached by a symbolic link, both places are watched: configuration management switches such links.
"""

import json
import math
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from collector.service.companion import Companion, Nest

_SETTLED = 0.3
_UNSETTLED = 2.0  # seconds: a file that changes all the time is read all the same
_TELLING = {"created", "modified", "moved", "deleted", "closed"}


class ConfigurationWatch:
    """
    In the supervisor: calls ``changed`` from ``look`` when the files have changed and then have not for a moment, as
    several events belong to one change. ``due`` is when it has to be looked at again.
    """

    def __init__(self, changed: Callable[[], None], nest: Nest) -> None:
        self.companion = Companion("configuration watcher", watch, self._hear, nest, greet=self._greet)
        self.due = math.inf
        self._changed = changed
        self._first = math.inf
        self._paths: list[str] = []

    def change(self, paths: Iterable[str]) -> None:
        """Watch these from now on; none, and nothing is watched."""
        self._paths = list(paths)
        self._greet()

    def look(self, now: float) -> None:
        if now >= self.due:
            self.due = self._first = math.inf
            self._changed()

    def _greet(self) -> None:
        self.companion.tell({"watch": self._paths})

    def _hear(self, _message: dict[str, Any]) -> None:
        now = time.monotonic()
        self._first = min(self._first, now)
        self.due = min(now + _SETTLED, self._first + _UNSETTLED)


def watch(link: socket.socket) -> None:
    """The life of the process."""
    observer = Observer()
    observer.daemon = True
    observer.start()
    handler = _Handler(link)
    while data := link.recv(65536):
        observer.unschedule_all()
        handler.places = set(places(json.loads(data)["watch"]))
        for folder in {path if os.path.isdir(path) else os.path.dirname(path) for path in handler.places}:
            if os.path.isdir(folder):
                observer.schedule(handler, folder)


def places(paths: Iterable[str]) -> Iterable[str]:
    """Absolute paths, each as it is named and as it is in the end."""
    for path in paths:
        yield os.path.abspath(path)
        yield os.path.realpath(path)


class _Handler(FileSystemEventHandler):
    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.places: set[str] = set()

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.event_type not in _TELLING:
            return
        for path in filter(None, (event.src_path, event.dest_path)):
            name = os.fsdecode(str(path))
            if name in self.places or os.path.dirname(name) in self.places:
                self._link.send(json.dumps({"changed": name}).encode())
                return
