"""
The tree between YAML's events and a Document: data that remembers where it was written.

Built event by event, without recursion, so that no file can exhaust the stack; what an alias repeats is counted as if
it were written out, so that no file of a few lines can become gigabytes.
"""

from dataclasses import dataclass, field
from typing import Any

from collector.config.problems import Location, Problem, quote
from collector.config.scalars import resolve

MAX_NODES = 500_000
MAX_DEPTH = 100


class TooBigError(Exception):
    """The document is deeper or larger than any configuration; the problem is already noted."""


@dataclass(slots=True)
class Node:
    """
    One scalar, list or mapping. Lines and columns count from 1.

    ``style`` is the character a scalar begins with: a quote, ``|``, ``>``, or none for a plain one. ``size`` counts
    the nodes in it, aliases written out; ``height`` the levels below it.
    """

    data: Any
    line: int
    column: int
    last_line: int = 0
    text: str = ""
    style: str = ""
    keys: "dict[str, Node]" = field(default_factory=dict)
    values: "dict[str | int, Node]" = field(default_factory=dict)
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    node: Node
    counted: int
    key: Node | None = None


class TreeBuilder:
    """Takes a document apart event: ``scalar``, ``open``, ``close``, ``alias``. The result is ``root``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def scalar(self, node: Node, anchor: str | None, *, plain: bool) -> None:
        node.data = resolve(node.text) if plain else node.text
        if not node.text.isascii() and any("\ud800" <= c <= "\udfff" for c in node.text):
            self._problem(node, "half a surrogate pair is no character", "encoding", "write the character itself")
            node.data = node.text = ""
        self._remember(anchor, node)
        self._spend(node, 1)
        self._add(node)

    def open(self, node: Node, anchor: str | None) -> None:
        self._remember(anchor, node)
        self._spend(node, 1)
        if len(self._open) >= MAX_DEPTH:
            self._too_big(node, f"nested more than {MAX_DEPTH} levels deep")
        self._open.append(_Open(node, self._count))

    def close(self) -> None:
        done = self._open.pop()
        done.node.size = 1 + self._count - done.counted
        self._add(done.node)

    def alias(self, name: str, place: Node) -> bool:
        """Repeats what is anchored under a name; False when nothing is."""
        node = self._anchors.get(name)
        if node is None:
            return False
        if any(frame.node is node for frame in self._open):
            self._too_big(place, f"the alias *{name} stands inside its own anchor")
        if len(self._open) + node.height > MAX_DEPTH:
            self._too_big(place, f"nested more than {MAX_DEPTH} levels deep")
        self._spend(place, node.size)
        self._add(node)
        return True

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _spend(self, node: Node, count: int) -> None:
        self._count += count
        if self._count > MAX_NODES:
            self._too_big(node, f"more than {MAX_NODES} values, aliases written out")

    def _too_big(self, node: Node, message: str) -> None:
        self._problem(node, message, "too-large")
        raise TooBigError

    def _problem(self, node: Node, message: str, identifier: str, hint: str | None = None) -> None:
        self.problems.append(Problem(Location(self.file, node.line, node.column), message, identifier, hint))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.node.height = max(frame.node.height, node.height + 1)
        if isinstance(frame.node.data, list):
            frame.node.values[len(frame.node.data)] = node
            frame.node.data.append(node.data)
        elif frame.key is None:
            frame.key = node
        else:
            key, frame.key = frame.key, None
            self._add_pair(frame.node, key, node)

    def _add_pair(self, mapping: Node, key: Node, value: Node) -> None:
        if not self._is_usable(key):
            return
        name = key.text
        if name in mapping.keys:
            first = Location(self.file, mapping.keys[name].line, mapping.keys[name].column)
            hint = f"the first is at {first}: keep one of them"
            self._problem(key, f"the key {quote(name)} appears twice", "duplicate-key", hint)
            return
        mapping.keys[name], mapping.values[name], mapping.data[name] = key, value, value.data

    def _is_usable(self, key: Node) -> bool:
        """Whether a key is text or can be read as it; notes the problem otherwise."""
        if isinstance(key.data, list | dict):
            hint = 'text with {{ }} must be quoted: "{{ hostname }}"; a key is one word'
            self._problem(key, f"{quote(key.data)} cannot be a key", "key-type", hint)
            return False
        if key.text == "<<" and not key.style:
            self._problem(key, "merge keys (<<) are not read", "yaml-merge-key", "write the keys out")
            return False
        if not isinstance(key.data, str):
            hint = f'put it in quotes: "{key.text}"'
            self._problem(key, f"the key {key.text or 'before the colon'} is not text", "key-type", hint)
        return True
