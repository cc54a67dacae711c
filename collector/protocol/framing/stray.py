"""
Text in an octet-counted stream that no count covers, and the way back into step.

It ends at a LF, or where the next frame surely begins: ``digits SP "<PRI>"``.
"""

import re

_END = re.compile(rb"\n|(?<![0-9])0{0,2}[1-9][0-9]{0,7} <[0-9]{1,3}>")
_LONGEST_END = 17  # with the byte before it


class StrayText:
    """
    Holds at most ``limit`` bytes of a text and the few in which its end may begin; ``skipped`` counts what was between.

    ``found_count`` says how the last text ended: before a count, or else with a LF.
    """

    def __init__(self, limit: int) -> None:
        self.skipped = 0
        self.found_count = False
        self._limit = limit
        self._head = b""
        self._held = b""
        self._searched = 0

    @property
    def pending(self) -> int:
        return len(self._head) + len(self._held)

    def begin(self) -> None:
        """The stream went astray here: what stands first is no count, even if it looks like one."""
        self._searched = 1

    def take(self, data: bytes, position: int) -> tuple[bytes, int, tuple[bytes, int] | None]:
        """
        A read and the position from which on it is stray → the read, the position behind the text, and the text.

        The read comes back with what was held in front. The text is its first bytes and its length, None while it goes
        on.
        """
        if self._held:
            data, position, self._held = self._held + data, 0, b""
        end = _END.search(data, position + self._searched)
        if end is None:
            self._hold(data[position:])
            return data, len(data), None
        self.found_count = end[0] != b"\n"
        self._held = data[position : end.start()]
        return data, end.start() if self.found_count else end.end(), self.end()

    def end(self) -> tuple[bytes, int]:
        """The text up to here: its first bytes and its length."""
        text = self._head or self._held, self.pending + self.skipped
        self._head = self._held = b""
        self.skipped = self._searched = 0
        return text

    def _hold(self, text: bytes) -> None:
        if not self._head and len(text) > self._limit + _LONGEST_END:
            self._head, text = text[: self._limit], text[self._limit :]
        if self._head:
            self.skipped += len(text) - _LONGEST_END
            text = text[-_LONGEST_END:]
            self._searched = 0
        self._held = text
        self._searched = max(self._searched, len(text) - _LONGEST_END + 1)
