"""
Which rotated files of a destination there are: beside its file or, for a path with fields, wherever it may have led.

Only what has the name of a rotated file, belongs to such a path and is a regular file counts; links are not followed.
"""

import os
import posixpath
import re
from collections.abc import Callable, Iterator

from collector.protocol.columns import COLUMNS
from collector.sinks.paths import TAG, PathTemplate, file_name
from collector.sinks.rotated import Rotated, read_name

_Names = Callable[[str], object]


def real_path(path: str) -> str:
    """Where a path leads in the end: the file that a link stands for is the one to be rotated."""
    return os.path.realpath(file_name(path)).decode(errors="surrogateescape")


def old_files(path: str) -> Iterator[tuple[Rotated, int]]:
    """
    The rotated files of the destination ``path``, which may hold fields, with their sizes; unfinished ones too.

    What cannot be read is as if it were not there.
    """
    template = PathTemplate(path, allowed=COLUMNS)
    if template.below is None:
        folder, name = posixpath.split(real_path(path))
        yield from _in_folder(folder, name.__eq__)
        return
    names: list[_Names] = [re.compile(pattern).fullmatch for pattern in _patterns(template)]
    *folders, last = names
    for folder in _folders(template.below, folders):
        yield from _in_folder(folder, last)


class Reach:
    """
    Where a path with fields may lead: ``leads_to`` is asked about an absolute path; ``fixed`` is how much of it is the
    same for every message, in characters.
    """

    def __init__(self, path: str) -> None:
        template = PathTemplate(path, allowed=COLUMNS)
        below = posixpath.join(os.path.abspath(template.below or "."), "")
        self.fixed = len(below) + len(TAG.sub("", template.rest))
        self.leads_to: _Names = re.compile(re.escape(below) + "/".join(_patterns(template))).fullmatch


def _patterns(template: PathTemplate) -> list[str]:
    """Of each component after the first fixed folders, the names there may be; see ``paths.py``."""
    return ["[^/]*".join(map(re.escape, part.split("\0"))) + "_?" for part in template.components]


def _folders(folder: str, inner: list[_Names]) -> Iterator[str]:
    if not inner:
        yield folder
        return
    for entry, name in _entries(folder):
        if inner[0](name) and entry.is_dir(follow_symlinks=False):
            yield from _folders(posixpath.join(folder, name), inner[1:])


def _in_folder(folder: str, fits: _Names) -> Iterator[tuple[Rotated, int]]:
    for entry, name in _entries(folder):
        rotated = read_name(name)
        if rotated is None or not fits(rotated.base) or not entry.is_file(follow_symlinks=False):
            continue
        try:
            size = entry.stat(follow_symlinks=False).st_size
        except OSError:  # gone meanwhile
            continue
        yield Rotated(posixpath.join(folder, rotated.base), rotated.stamp, rotated.suffix, rotated.part), size


def _entries(folder: str) -> Iterator[tuple["os.DirEntry[bytes]", str]]:
    try:
        with os.scandir(file_name(folder)) as entries:
            found = list(entries)
    except OSError:
        return
    for entry in found:
        yield entry, entry.name.decode(errors="surrogateescape")
