"""
File names made of message content: ``/var/log/hosts/{{ hostname }}/{{ timestamp | date('%Y-%m-%d') }}.log``.

A host name is not a path. Whatever a message says, its values stay inside one component of the path, never make one
that is ``.``, ``..`` or empty, and the folder before the first variable is never left: not by the text, and not by
symbolic links below it. The number of files is capped, as every message may name a new one.

Two values that differ only in what is replaced share a file.
"""

import os
import posixpath
import re
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from collector.errors import CollectorError
from collector.sinks.rotated import SUFFIX_MAX, read_name
from collector.templates import MAPPINGS, TIMES, TemplateError, compile_template

_KEY_MAX = 256
"""Characters of values worth remembering; a message can be long, and every one may be another."""

NAME_MAX = 255
"""Bytes in one component, on every common file system."""

PATH_MAX = 4095

_VALUE_MAX = 200
"""Bytes of one value at most: less where several share a component, or the template writes much beside it."""

# Controls, the separator, line and paragraph separators, bidirectional controls (they would disguise a name in a
# listing) and surrogates (bytes that are no text).
_UNSAFE = re.compile(r"[\x00-\x1f/\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LEADING = re.compile(r"^[.-]+")
TAG = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)

_TIME = "|".join(TIMES)
_DATE = re.compile(rf"\b(?:{_TIME})\s*\|\s*date(?:\(\s*(?:'([^']*)'|\"([^\"]*)\")\s*\)|(?!\w|\s*\())")

# What of a time decides what strftime directives write, from coarse to fine.
_GRAINS: tuple[tuple[str, Callable[[datetime], Any]], ...] = (
    ("aAbBhdejmyYuwUVWgGCDFx%", datetime.date),
    ("HIklpP", lambda time: (time.date(), time.hour)),
    ("MR", lambda time: (time.date(), time.hour, time.minute)),
)

_FILE_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_FOLDER_FLAGS = os.O_DIRECTORY | os.O_CLOEXEC
_Own = Callable[[int, int], int]
_DEV_NULL = (1, 3)
_TERMINALS = ((5, 0), (5, 1))  # /dev/tty and /dev/console
_TERMINAL_MAJORS = (4, *range(136, 144))  # virtual and serial consoles, pseudo-terminals (the kernel's devices.txt)
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a device", stat.S_IFLNK: "a symbolic link",
}  # fmt: skip


def safe_piece(value: object, longest: int = _VALUE_MAX) -> str:
    """
    A value as a piece of one component, of at most ``longest`` bytes; without leading dots and hyphens it is neither
    hidden nor an option.
    """
    if value is None or value == "":
        return "unknown"
    text = _UNSAFE.sub("_", str(value))
    return _cut(_LEADING.sub(lambda found: "_" * len(found[0]), text), longest)


def _cut(text: str, limit: int) -> str:
    data = text.encode()
    return text if len(data) <= limit else data[:limit].decode(errors="ignore")


def _component(text: str) -> str:
    """With room for the suffix of a rotated file; what has such a suffix is told apart by an underscore behind it."""
    cleaned = _cut(_UNSAFE.sub("_", text), NAME_MAX - SUFFIX_MAX - 1)
    if cleaned in ("", ".", ".."):
        return "_"
    return f"{cleaned}_" if read_name(cleaned) else cleaned


def _slashes_in_date(tag: str) -> int:
    return sum(one.count("/") + other.count("/") for one, other in _DATE.findall(tag))


def _longest_value(components: Collection[str]) -> int:
    """
    In bytes, such that no component is too long: it would be cut at its end, by which old files are known
    (``old_files.py``).
    """
    longest = NAME_MAX - SUFFIX_MAX - 1
    rooms = [(longest - len(file_name(part))) // part.count("\0") for part in components if "\0" in part]
    return max(1, min((_VALUE_MAX, *rooms)))


class PathTemplate:
    """
    A path that may hold fields. Raises TemplateError for what is wrong with it.

    ``literal`` is the whole path when there are no variables. ``below`` is the folder that no value can leave, and None
    for a literal path.
    """

    def __init__(self, text: str, *, allowed: Collection[str]) -> None:
        self.text = text
        self._template = compile_template(text, allowed=allowed)
        self.variables = self._template.variables
        self.literal = self._template.literal
        self._defaulted = frozenset(re.findall(r"\b(\w+)\s*\|\s*default\b", text))
        tag = TAG.search(text)
        start = tag.start() if tag else len(text)
        self._fixed = text[: text.rfind("/", 0, start) + 1]
        self.below = None if self.literal is not None else posixpath.normpath(self._fixed or ".")
        self._longest_value = _longest_value(self.components)
        self._check_shape(TAG.sub("x", text) if self.literal is None else self.literal)

    @property
    def rest(self) -> str:
        """What follows ``below``, as written."""
        return self.text.removeprefix(self._fixed)

    @property
    def components(self) -> list[str]:
        """Those of ``rest``, with NUL for each tag; a date may be several of them: ``date('%Y/%m')``."""
        return TAG.sub(lambda tag: "/".join("\0" * (1 + _slashes_in_date(tag[0]))), self.rest).split("/")

    def path_for(self, values: Mapping[str, Any]) -> str:
        """The path for these values: text, None, or datetimes for the names in ``TIMES``. Raises TemplateError."""
        if self.below is None:
            return self.literal or self.text
        safe = {name: self._safe(name, values.get(name)) for name in self.variables}
        rest = self._template.render(safe).removeprefix(self._fixed)
        path = posixpath.join(self.below, *map(_component, rest.split("/")))
        assert self.below == "." or posixpath.normpath(path).startswith(posixpath.join(self.below, ""))
        return path

    def _safe(self, name: str, value: Any) -> Any:
        if isinstance(value, datetime) or (not value and name in self._defaulted):
            return value
        return safe_piece(value, self._longest_value)

    def _check_shape(self, shape: str) -> None:
        """Refuse what no value could mend; ``shape`` has an ``x`` for each tag."""
        for name in sorted(self.variables.intersection(MAPPINGS)):
            raise TemplateError(f"{name} is no text, which a path is made of")
        if not shape:
            raise TemplateError("the path is empty")
        if re.search(r"[\x00-\x1f\x7f]", shape):
            raise TemplateError("a path cannot hold control characters")
        if len(file_name(shape)) > PATH_MAX or any(len(name) > NAME_MAX for name in file_name(shape).split(b"/")):
            hint = f"{PATH_MAX:,} bytes in all, {NAME_MAX} between two slashes"
            raise TemplateError("the path is longer than the system allows", hint=hint)
        if shape.endswith("/"):
            raise TemplateError("the path names a folder", hint=f'add a file name: "{self.text}messages"')
        if self.below is not None and {"", ".", ".."} & set(shape[len(self._fixed) :].split("/")):
            raise TemplateError(
                '"//", "." and ".." cannot follow a variable', hint="begin the path with the real folder"
            )


class SafePaths:
    """
    The paths of one template, at most ``max_paths`` at a time, with a cache before the template.

    A path that no row asked for during ``forget_after`` seconds makes room for a new one, so a template with a date in
    it never fills up.
    """

    def __init__(self, template: PathTemplate, *, max_paths: int = 1000, forget_after: float = 86_400) -> None:
        self.template = template
        self._max_paths = max_paths
        self._forget_after = forget_after
        self._texts = sorted(template.variables.difference(TIMES))
        self._times = sorted(template.variables.intersection(TIMES))
        self.grain = _grain(template.text)
        self._cache: dict[tuple[Any, ...], str] = {}
        self._used: dict[str, float] = {}
        self._swept = float("-inf")

    def path_for(self, values: Mapping[str, Any], now: float) -> str | None:
        """
        The path for a row's values; None when it would be one too many, and the caller decides what becomes of the row.

        A name of ``TIMES`` that the template uses must be a datetime. ``now`` are seconds on any clock. Raises
        TemplateError.
        """
        key = (*map(values.get, self._texts), *(self.grain(values[name]) for name in self._times))
        cached = self._cache.get(key)
        path = cached or self.template.path_for(values)
        if path not in self._used and not self._room(now):
            return None
        self._used[path] = now
        if cached is None and len(repr(key)) <= _KEY_MAX:
            if len(self._cache) >= 4 * self._max_paths:
                self._cache.clear()
            self._cache[key] = path
        return path

    def _room(self, now: float) -> bool:
        if len(self._used) < self._max_paths:
            return True
        if 0 <= now - self._swept < min(60, self._forget_after):  # a flood of new names must not cost a search each
            return False
        self._swept = now
        self._used = {path: used for path, used in self._used.items() if now - used < self._forget_after}
        return len(self._used) < self._max_paths


def _grain(text: str) -> Callable[[datetime], Any]:
    """The part of a time that a template depends on; all of it, with its zone, where it is not only ``date``."""
    dates = _DATE.findall(text)
    directives = set(re.findall("%(.)", "".join(single + double for single, double in dates)))
    if len(dates) == len(re.findall(rf"\b(?:{_TIME})\b", text)):
        for known, part in _GRAINS:
            directives -= set(known)
            if not directives:
                return part
    return datetime.isoformat


def file_name(path: str) -> bytes:
    """The name for the system: UTF-8 in every locale, and what was no text on the command line as it was there."""
    return path.encode(errors="surrogateescape")


def open_append(
    path: str,
    *,
    refused: Callable[[OSError], None],
    mode: int = 0o640,
    dir_mode: int = 0o750,
    owner: tuple[int, int] | None = None,
    below: str | None = None,
) -> int:
    """
    Open a file for appending, create it and its folders where they are missing; returns the descriptor.

    New files and folders get exactly ``mode`` and ``dir_mode``, whatever the umask, and belong to ``owner`` (uid, gid;
    -1 leaves one as it is); ``refused`` is told when the system does not allow that. From ``below`` on, the
    ``PathTemplate.below`` of a path with fields, no symbolic link is followed. Raises CollectorError for what is no
    place for a log: a link there, a folder, a pipe, a socket, a device that is neither /dev/null nor a terminal;
    OSError for what the system refuses (full, forbidden, too many files).
    """
    folder = open_folder(path, refused=refused, dir_mode=dir_mode, owner=owner, below=below)
    try:
        return open_in(folder, path, refused=refused, mode=mode, owner=owner, below=below)
    finally:
        os.close(folder)


def open_folder(
    path: str,
    *,
    refused: Callable[[OSError], None],
    dir_mode: int = 0o750,
    owner: tuple[int, int] | None = None,
    below: str | None = None,
) -> int:
    """The first half of ``open_append``: the folder of a path, made where it is missing, as a descriptor (O_PATH)."""
    own = partial(_own, owner=owner, refused=refused)
    fixed, inner = (posixpath.dirname(path), []) if below is None else (below, inner_folders(path, below))
    folder = _open_fixed(file_name(fixed or "."), dir_mode, own)
    try:
        for name in inner:
            folder, outer = _enter(folder, file_name(name), path, dir_mode, own), folder
            os.close(outer)
    except BaseException:
        os.close(folder)
        raise
    return folder


def open_in(
    folder: int,
    path: str,
    *,
    refused: Callable[[OSError], None],
    mode: int = 0o640,
    owner: tuple[int, int] | None = None,
    below: str | None = None,
) -> int:
    """The second half of ``open_append``: the file of a path, in its folder."""
    own = partial(_own, owner=owner, refused=refused)
    return _open_file(folder, file_name(posixpath.basename(path)), path, mode, own, follow=below is None)


def open_again(folder: int, name: bytes) -> int:
    """
    A file that was in its folder a moment ago, and was looked at then: no link is followed, nothing is made.

    Raises OSError, so that FileNotFoundError, when it is no longer there.
    """
    return os.open(name, _FILE_FLAGS | os.O_NOFOLLOW, dir_fd=folder)


def enter_again(top: int, inner: Sequence[bytes]) -> int:
    """In the same way, the last one of the folders ``inner`` that lead down from the folder ``top``."""
    flags = os.O_PATH | os.O_NOFOLLOW | _FOLDER_FLAGS
    folder = os.open(inner[0], flags, dir_fd=top)
    for name in inner[1:]:
        outer = folder
        try:
            folder = os.open(name, flags, dir_fd=outer)
        finally:
            os.close(outer)
    return folder


def inner_folders(path: str, below: str) -> list[str]:
    prefix = posixpath.join(below, "")
    parts = path.removeprefix(prefix).split("/")
    if not path.startswith(prefix) or {"", ".", ".."} & set(parts):
        raise CollectorError(f"{path!r} is not below {below!r}")
    return parts[:-1]


def _open_fixed(folder: bytes, mode: int, own: _Own) -> int:
    """A folder that the configuration names; links in it are the administrator's."""
    try:
        return os.open(folder, os.O_PATH | _FOLDER_FLAGS)
    except FileNotFoundError:
        outer, name = posixpath.split(folder.rstrip(b"/"))
    parent = _open_fixed(outer or b".", mode, own)
    try:
        return _make_folder(parent, name, mode, own)
    finally:
        os.close(parent)


def _enter(parent: int, name: bytes, path: str, mode: int, own: _Own) -> int:
    try:
        return os.open(name, os.O_PATH | os.O_NOFOLLOW | _FOLDER_FLAGS, dir_fd=parent)
    except FileNotFoundError:
        return _make_folder(parent, name, mode, own)
    except NotADirectoryError as error:
        kind = stat.S_IFMT(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
        raise CollectorError(
            f"{path!r} is not opened: {name.decode()!r} in it is {_KINDS.get(kind, 'no folder')}",
            hint="remove it; folders whose names come from messages must be real ones",
        ) from error


def _make_folder(parent: int, name: bytes, mode: int, own: _Own) -> int:
    try:
        os.mkdir(name, mode, dir_fd=parent)
    except FileExistsError:  # another process was faster
        return os.open(name, os.O_PATH | os.O_NOFOLLOW | _FOLDER_FLAGS, dir_fd=parent)
    return own(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | _FOLDER_FLAGS, dir_fd=parent), mode)


def _own(fd: int, mode: int, *, owner: tuple[int, int] | None, refused: Callable[[OSError], None]) -> int:
    try:
        os.fchmod(fd, mode)
        if owner:
            os.fchown(fd, *owner)
    except OSError as error:
        refused(error)
    return fd


def _open_file(parent: int, name: bytes, path: str, mode: int, own: _Own, *, follow: bool) -> int:
    flags = _FILE_FLAGS if follow else _FILE_FLAGS | os.O_NOFOLLOW
    try:
        # Looked at before it is opened: to open a pipe, a tape or a watchdog does something.
        _check_kind(os.stat(name, dir_fd=parent, follow_symlinks=follow), path, follow=follow)
    except FileNotFoundError:
        return own(os.open(name, flags | os.O_CREAT, mode, dir_fd=parent), mode)
    fd = os.open(name, flags | os.O_CREAT, mode, dir_fd=parent)
    try:
        _check_kind(os.fstat(fd), path, follow=follow)
    except CollectorError:
        os.close(fd)
        raise
    return fd


def _check_kind(status: os.stat_result, path: str, *, follow: bool) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFREG:
        return
    device = os.major(status.st_rdev), os.minor(status.st_rdev)
    known = device == _DEV_NULL or device in _TERMINALS or device[0] in _TERMINAL_MAJORS
    if kind == stat.S_IFCHR and follow and known:
        return
    raise CollectorError(
        f"{path!r} is {_KINDS.get(kind, 'no file')}",
        hint="messages can be appended to regular files, terminals and /dev/null",
    )
