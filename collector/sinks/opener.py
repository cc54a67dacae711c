"""
Opens the files of one destination, again and again where they are more than may be open.

    the first time    walk to the folder, or take its descriptor ─▶ look what is there ─▶ open it, or make it
    from then on      open the name in the folder that is known: no link is followed, nothing is made

Once a second the folders are walked to anew and it is seen that a file is one still. So whatever takes the place of a
file or of a folder is noticed within a second, as with files that stay open.
"""

import os
import posixpath
import stat
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from collector.sinks.paths import (
    enter_again,
    file_name,
    inner_folders,
    open_again,
    open_append,
    open_folder,
    open_in,
)

_FOLDERS = 8
_PLACES_REMEMBERED = 65_536


class OpenFolders:
    """Folders in which a file was opened lately, as descriptors; a few for a whole worker."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, int] = OrderedDict()

    def get(self, key: str) -> int | None:
        fd = self._open.get(key)
        if fd is not None:
            self._open.move_to_end(key)
        return fd

    def keep(self, key: str, fd: int) -> int:
        """Takes over ``fd``, and closes the least recently used one if there are too many."""
        if key in self._open:
            os.close(self._open.pop(key))
        elif len(self._open) >= _FOLDERS:
            os.close(self._open.popitem(last=False)[1])
        self._open[key] = fd
        return fd

    def close(self) -> None:
        while self._open:
            os.close(self._open.popitem()[1])


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
        self._places: dict[str, _Place] = {}
        self._seen: set[str] = set()  # since the last tick, that they are files

    def tick(self) -> None:
        """Once a second: look again at what is opened next."""
        self._seen.clear()
        if len(self._places) > _PLACES_REMEMBERED:
            self._places.clear()

    def open(self, path: str) -> int:
        """The descriptor of a file, open for appending. Raises what ``open_append`` does."""
        place = self._places.get(path)
        if place is not None:
            try:
                fd = self._open_again(place)
                if path in self._seen or self._is_file(fd, path):
                    return fd
            except OSError:
                pass  # moved, or something else is there: looked at below
        fd = self._open_and_look(path)
        self._looked(path, fd)
        return fd

    def _is_file(self, fd: int, path: str) -> bool:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            self._seen.add(path)
            return True
        os.close(fd)
        return False

    def _open_again(self, place: "_Place") -> int:
        folder = self._folders.get(place.folder)
        if folder is None:
            folder = self._top(place)
            if place.inner:
                folder = self._folders.keep(place.folder, enter_again(folder, place.inner))
        return open_again(folder, place.name)

    def _top(self, place: "_Place") -> int:
        top = self._folders.get(place.top)
        if top is None:
            top = self._folders.keep(place.top, self._open_folder(posixpath.join(self._below or ".", "any")))
        return top

    def _open_and_look(self, path: str) -> int:
        if self._below is None:
            refused = partial(self._refused, path)
            return open_append(path, refused=refused, mode=self._mode, dir_mode=self._dir_mode, owner=self._owner)
        place = _place(path, self._below)
        folder = self._folders.get(place.folder)
        if folder is None:
            folder = self._folders.keep(place.folder, self._open_folder(path))
        try:
            fd = self._open_in(folder, path)
        except FileNotFoundError:  # the folder itself is gone
            fd = self._open_in(self._folders.keep(place.folder, self._open_folder(path)), path)
        self._places[path] = place
        return fd

    def _open_folder(self, path: str) -> int:
        refused = partial(self._refused, path)
        return open_folder(path, refused=refused, dir_mode=self._dir_mode, owner=self._owner, below=self._below)

    def _open_in(self, folder: int, path: str) -> int:
        refused = partial(self._refused, path)
        return open_in(folder, path, refused=refused, mode=self._mode, owner=self._owner, below=self._below)


class _Place(NamedTuple):
    """``top`` and ``folder`` are keys of ``OpenFolders``; ``inner`` leads from one to the other."""

    top: str
    inner: tuple[bytes, ...]
    folder: str
    name: bytes


def _place(path: str, below: str) -> _Place:
    # What leads to a folder decides which links are followed on the way, so it is part of the key.
    outer, name = posixpath.split(path)
    inner = tuple(map(file_name, inner_folders(path, below)))
    return _Place(f"{below}\0{below}", inner, f"{below}\0{outer}", file_name(name))
