"""
The files of syslog.conf lines on disk: what an include names, read, with what is wrong with them.

    sysklogd, FreeBSD    include /etc/syslog.d            the *.conf in it; a glob; a file
    rsyslog              $IncludeConfig /etc/rsyslog.d/   all files in it; a glob; a file

In the order of their names. Hidden files, and copies that editors and packages leave in a folder, are no part of a
configuration. Old files are tolerated in what does not matter: a comment need not be UTF-8.
"""

import glob
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from collector.config.document import MAX_SIZE
from collector.config.load import read_text
from collector.config.problems import Location, Problem
from collector.routing.syslog_conf import ConfFile, Dialect
from collector.service.stamp import Stamp, stamp

_COPY = re.compile(r".*(~|\.(bak|orig|old|rej|swp|tmp|rpm(new|save|orig)|dpkg-\w+|ucf-\w+)|#)$")
_WILD = re.compile(r"[*?\[]")
_COMMENT_OR_ASCII = re.compile(rb"(?:[\x00-\x7f]*[ \t]|[ \t]*)#.*|[\x00-\x7f]*", re.DOTALL)


class ConfFiles:
    """
    Reads files, and remembers: ``texts`` of the files, and ``places``, what was looked at, files, folders and globs,
    each with its stamp before that, by which a change can be noticed.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.places: dict[str, Stamp] = {}

    def named(self, pattern: str, dialect: Dialect) -> list[ConfFile]:
        """The files that an include names; none when nothing is there."""
        self._note(pattern)
        if _WILD.search(pattern):
            if not _WILD.search(os.path.dirname(pattern)):
                self._note(os.path.dirname(pattern))
            found = sorted(path for path in glob.iglob(pattern) if not os.path.isdir(path) and not _COPY.match(path))
        elif os.path.isdir(pattern):
            found = list(_folder(pattern, dialect))
            if not found:
                return [ConfFile(pattern, "")]  # it is there, and says nothing
        else:
            found = [pattern] if os.path.lexists(pattern) else []
        return [self.one(path) for path in found]

    def one(self, path: str) -> ConfFile:
        self._note(path)
        special = _special(path)
        if special:
            return ConfFile(path, None, [special])
        text, problem = read_text(path)
        problems = [problem] if problem else []
        if problem and problem.id == "encoding":
            text, problems = _old_text(path, problem)
        if text is not None:
            self.texts.append(text)
        return ConfFile(path, text, problems)

    def _note(self, place: str) -> None:
        if place not in self.places:
            self.places[place] = stamp(place)


def is_part(path: str) -> bool:
    """False for hidden files and for copies: they are no part of a configuration in a folder."""
    name = os.path.basename(path)
    return not name.startswith(".") and not _COPY.match(name)


def _folder(path: str, dialect: Dialect) -> Iterator[str]:
    try:
        names = sorted(os.listdir(path))
    except OSError:
        yield path  # to read it as a file says what is wrong with it
        return
    for name in names:
        whole = os.path.join(path, name)
        wanted = name.endswith(".conf") if dialect == "bsd" else not _COPY.match(name)
        if wanted and not name.startswith(".") and not os.path.isdir(whole):
            yield whole


def _special(path: str) -> Problem | None:
    """A pipe would be waited for, a device may never end."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return None  # reading says why
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    return Problem(Location(path), "this is no file with text", "unreadable", "name a regular file")


def _old_text(path: str, problem: Problem) -> tuple[str | None, list[Problem]]:
    """A text in which only comments are not UTF-8, with a warning."""
    raw = Path(path).read_bytes()[: MAX_SIZE + 1]
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or not all(map(_COMMENT_OR_ASCII.fullmatch, raw.split(b"\n"))):
        return None, [problem]
    warning = Problem(problem.location, f"{problem.message}; it is in a comment", "encoding", problem.hint, "warning")
    return raw.decode(errors="replace"), [warning]
