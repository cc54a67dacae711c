"""Alerts that wait for longer than there is memory for them: read from their journal once more in their turn."""

from collector.sinks.journal import JournalReader, Place
from collector.sinks.journal.entries import HEAD


class JournalAgain:
    """``folder`` is that of the journal. Those who wait behind each other are read on in one go."""

    def __init__(self, folder: str) -> None:
        self._reader = JournalReader(folder)

    def __call__(self, place: Place, size: int) -> bytes | None:
        """The entry of so many bytes that ends at a place; None when it is gone. Raises OSError."""
        before = Place(place.mark, place.position - HEAD - size, place.number - 1)
        if self._reader.place != before:
            self._reader.seek(before)
        entries = self._reader.entries(HEAD + size)
        return entries[0].payload if entries and entries[0].place == place else None

    def close(self) -> None:
        self._reader.close()
