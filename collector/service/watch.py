"""
Watching the configuration: a helper process with inotify (watchdog), as its threads have no place in the supervisor.

    {"watch": {"/etc/collector/collector.yaml": [1766430000000000000, 812, 4711], …}}  →   what matters now
    ←  {"changed": "/etc/collector/collector.yaml"}
    ←  {"unwatched": "/etc/collector", "why": "inotify watch limit reached"}

Folders are watched, not files: editors and package managers replace a file by renaming another one over it. Of a file
that is reached by symbolic links, each of them is watched, and the place in the end: configuration management switches
such links. With a path comes the stamp of what was read there: what is another by the time its folder is watched has
been changed before somebody looked.
"""

import contextlib
import json
import math
import os
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from collector.service.companion import Companion, Nest
from collector.service.conf_files import is_part
from collector.service.stamp import Stamp, stamp

_SETTLED = 0.3
_UNSETTLED = 2.0  # seconds: a file that changes all the time is read all the same
# Not every write: a log in the same folder would keep the process busy. Rights are looked at now and then instead.
_TELLING: list[type[FileSystemEvent]] = [
    FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileDeletedEvent,
    DirCreatedEvent, DirMovedEvent, DirDeletedEvent,
]  # fmt: skip
_SECONDS_BETWEEN_LOOKS = 2
_DATAGRAM = 256 * 1024
_MOST_LINKS = 40  # as path_resolution(7) has it


class ConfigurationWatch:
    """
    In the supervisor: calls ``changed`` from ``look`` when the files have changed and then have not for a moment, as
    several events belong to one change. ``due`` is when it has to be looked at again.
    """

    def __init__(self, changed: Callable[[], None], nest: Nest) -> None:
        self.companion = Companion("configuration watcher", watch, self._hear, nest, greet=self._greet)
        self.due = math.inf
        self._changed = changed
        self._log = nest.own_log
        self._first = math.inf
        self._paths: dict[str, Stamp | None] = {}

    def change(self, paths: Mapping[str, Stamp]) -> None:
        """Watch these from now on; none, and nothing is watched."""
        self._paths = dict(paths)
        self._greet()

    def add(self, paths: Iterable[str]) -> None:
        """Watch these too, of which it is not known what was read there."""
        self._paths = {**dict.fromkeys(paths), **self._paths}
        self._greet()

    def look(self, now: float) -> None:
        if now >= self.due:
            self.due = self._first = math.inf
            self._changed()

    def _greet(self) -> None:
        if self.companion.pid and not self.companion.tell({"watch": self._paths}):
            self._log.warning(
                f"Changes of the configuration are not noticed, as its {len(self._paths):,} files are too many: "
                "reload it with SIGHUP or `collector reload`.",
                event="unwatched",
            )

    def _hear(self, message: dict[str, Any]) -> None:
        if "unwatched" in message:
            self._log.warning(
                f"Changes in {message['unwatched']} are not noticed: {message['why']}; reload with SIGHUP or "
                "`collector reload`.",
                event="unwatched",
            )
            return
        now = time.monotonic()
        self._first = min(self._first, now)
        self.due = min(now + _SETTLED, self._first + _UNSETTLED)


def watch(link: socket.socket) -> None:
    """The life of the process."""
    observer = Observer()
    observer.daemon = True
    observer.start()
    handler = _Handler(link)
    watched: dict[tuple[str, int], ObservedWatch] = {}
    rights: dict[str, int] = {}
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", _SECONDS_BETWEEN_LOOKS, 0))
    while True:
        try:
            data = link.recv(_DATAGRAM)
        except BlockingIOError:
            _look_at_rights(link, rights)
            continue
        if not data:
            return
        stamps: dict[str, Stamp | None] = json.loads(data)["watch"]
        rights = {path: _mode(path) for path in stamps}
        ways = {path: list(places(path)) for path in stamps}
        handler.places = {place for way in ways.values() for place in way}
        folders = {(folder, os.stat(folder).st_ino) for folder in map(_folder, handler.places)}
        for gone in watched.keys() - folders:
            observer.unschedule(watched.pop(gone))
        new = folders - watched.keys()
        for folder in new:
            try:
                watched[folder] = observer.schedule(handler, folder[0], event_filter=_TELLING)
            except OSError as error:
                _say(link, unwatched=folder[0], why=error.strerror or str(error))
        late = {folder for folder, _ in new}
        for path, read in stamps.items():
            if read is not None and not late.isdisjoint(map(_folder, ways[path])) and read != stamp(path):
                _say(link, changed=path)


def _look_at_rights(link: socket.socket, rights: dict[str, int]) -> None:
    """A file that could not be read may be readable now."""
    for path, before in rights.items():
        now = rights[path] = _mode(path)
        if now != before:
            _say(link, changed=path)


def _mode(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


def places(path: str) -> Iterator[str]:
    """
    Where a change of ``path`` is seen: at each symbolic link that leads to it, where it is in the end, and at folders
    above that are not there yet.
    """
    path = os.path.abspath(path)
    yield path
    at, ahead, links = "/", path.split("/")[::-1], 0
    while ahead and links < _MOST_LINKS:
        at = os.path.normpath(os.path.join(at, ahead.pop()))
        try:
            target = os.readlink(at)
        except OSError:
            continue
        yield at
        links += 1
        ahead += target.split("/")[::-1]
        at = "/" if target.startswith("/") else os.path.dirname(at)
    yield at
    while not os.path.isdir(at := os.path.dirname(at)):
        yield at


def _folder(place: str) -> str:
    """The folder to watch for it: itself, or the next one above that is there."""
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    return place


def _say(link: socket.socket, **message: str) -> None:
    """Never waits, as watching would end meanwhile: where there is no room, enough waits there that says the same."""
    with contextlib.suppress(BlockingIOError):
        link.send(json.dumps(message).encode(), socket.MSG_DONTWAIT)


class _Handler(FileSystemEventHandler):
    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self.places: set[str] = set()

    def dispatch(self, event: FileSystemEvent) -> None:
        for path in filter(None, (event.src_path, event.dest_path)):
            name = os.fsdecode(str(path))
            if name in self.places or (os.path.dirname(name) in self.places and is_part(name)):
                _say(self._link, changed=name)
                return
