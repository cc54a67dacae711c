"""
Watching the configuration: a helper process with inotify (watchdog), as its threads have no place in the supervisor.

    {"watch": ["/etc/collector/collector.yaml", …]}  →   which files and folders matter now
    ←  {"changed": "/etc/collector/collector.yaml"}

Folders are watched, not files: editors and package managers replace a file by renaming another one over it. Of a file
that is reached by a symbolic link, both places are watched: configuration management switches such links.
"""

import json
import os
import socket
from collections.abc import Iterable

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

_TELLING = {"created", "modified", "moved", "deleted", "closed"}


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
