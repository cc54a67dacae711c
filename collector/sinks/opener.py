"""
Opens the files of one destination, again and again where they are more than may be open.

    first time in a second    walk to the folder, or take its descriptor ─▶ look what is there ─▶ open it, or make it
    from then on              open the name in the folder that is known: no link is followed, nothing is made

So whatever takes the place of a file or of a folder is noticed within a second, as with files that stay open.
"""

import os
import posixpath
from collections.abc import Callable
from functools import partial

from collector.sinks.paths import file_name, open_again, open_append, open_folder, open_in

_FOLDERS = 8


class OpenFolders:
    """Folders in which a file was opened lately, as descriptors; a few for a whole worker."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self.get = self._open.get

    def keep(self, key: str, fd: int) -> int:
        """Takes over ``fd``, and closes the one that has been here the longest if there are too many."""
        self.forget(key)
        if len(self._open) >= _FOLDERS:
            self.forget(next(iter(self._open)))
        self._open[key] = fd
        return fd

    def forget(self, key: str) -> None:
        fd = self._open.pop(key, None)
        if fd is not None:
            os.close(fd)

    def close(self) -> None:
        for key in list(self._open):
            self.forget(key)


class Opener:
    """
    ``below`` is that of the path template, None for a path without fields. ``refused`` is told the path of a file that
    cannot get its mode or owner; ``looked`` each file that was looked at, with its descriptor.
    """

    def __init__(
        self,
        below: str | None,
        folders: OpenFolders,
        refused: Callable[[str, OSError], None],
        looked: Callable[[str, int], None],
        *,
        modes: tuple[int, int],
        owner: tuple[int, int] | None,
    ) -> None:
        self._below = below
        self._folders = folders
        self._refused = refused
        self._looked = looked
        self._mode, self._dir_mode = modes
        self._owner = owner
        self._places: dict[str, tuple[str, bytes]] = {}  # folder and name of what was opened since the last tick

    def tick(self) -> None:
        """Once a second: look again at what is opened next."""
        self._places.clear()

    def open(self, path: str) -> int:
        """The descriptor of a file, open for appending. Raises what ``open_append`` does."""
        place = self._places.get(path)
        if place is not None:
            folder = self._folders.get(place[0])
            if folder is not None:
                try:
                    return open_again(folder, place[1])
                except OSError:
                    pass  # moved, or something else is there: looked at below
        fd = self._open_and_look(path)
        self._looked(path, fd)
        return fd

    def _open_and_look(self, path: str) -> int:
        if self._below is None:
            refused = partial(self._refused, path)
            return open_append(path, refused=refused, mode=self._mode, dir_mode=self._dir_mode, owner=self._owner)
        outer, name = posixpath.split(path)
        key = f"{self._below}\0{outer}"  # what leads to a folder decides which links are followed on the way
        folder = self._folders.get(key)
        if folder is None:
            folder = self._folders.keep(key, self._open_folder(path))
        try:
            fd = self._open_in(folder, path)
        except FileNotFoundError:  # the folder itself is gone
            fd = self._open_in(self._folders.keep(key, self._open_folder(path)), path)
        self._places[path] = key, file_name(name)
        return fd

    def _open_folder(self, path: str) -> int:
        refused = partial(self._refused, path)
        return open_folder(path, refused=refused, dir_mode=self._dir_mode, owner=self._owner, below=self._below)

    def _open_in(self, folder: int, path: str) -> int:
        refused = partial(self._refused, path)
        return open_in(folder, path, refused=refused, mode=self._mode, owner=self._owner, below=self._below)
