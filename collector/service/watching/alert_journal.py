"""
The correlator's end of the journal of alerts: each alert is written once, also where a restart raises it again.

    raised again after the last snapshot ──▶ its id is in the journal ──▶ nothing
    raised for the first time ─────────────▶ it is not ─────────────────▶ written, or waits for room

By their ids rather than by their number: with rules that have changed meanwhile, others may be raised than before.
"""

import json
from collections import Counter, deque

from collector.rules.alert import Alert
from collector.service.watching.order import Places
from collector.service.watching.places import DISPATCHER, alerts_folder
from collector.sinks import Notice
from collector.sinks.journal import Bell, JournalError, JournalReader, JournalWriter, Place

ALERTS = "alerts"
"""Its name among the places of a snapshot."""

CONSUMER = "correlator"


class AlertJournal:
    """``folder`` is that of all journals. Raises CollectorError as the ends of a journal do."""

    def __init__(self, folder: str, bell: Bell, notice: Notice) -> None:
        self._notice = notice
        self._writer = JournalWriter(alerts_folder(folder), bell=bell, on_drop=self._dropped)
        self._own = JournalReader(alerts_folder(folder), CONSUMER)
        JournalReader(alerts_folder(folder), DISPATCHER).close()  # nothing goes before it has come to read it
        self._again = Counter[str]()
        self._waiting: deque[Alert] = deque()
        self._told = False

    @property
    def written(self) -> int:
        """How many there ever were."""
        return self._writer.place.number

    @property
    def waits(self) -> bool:
        """There are alerts for which there was no room."""
        return bool(self._waiting)

    @property
    def places(self) -> Places:
        """For a snapshot that has seen everything that was added; not while it ``waits``."""
        place = self._writer.place
        return {ALERTS: (place.mark, place.position, place.number)}

    def resume(self, places: Places) -> None:
        """Those behind the places of a snapshot will be raised again. Raises OSError when they cannot be read."""
        if ALERTS in places:
            self._own.seek(Place(*places[ALERTS]))
        while entries := self._own.entries():
            self._again.update(json.loads(entry.payload).get("id") for entry in entries)
        self._own.seek(self._own.place)  # closes the file, which is not read any more

    def caught_up(self) -> None:
        """Whatever was there at the start has been judged: what is raised from now on is new."""
        self._again.clear()

    def add(self, alert: Alert) -> None:
        if self._again[alert.id] > 0:
            self._again[alert.id] -= 1
            return
        self._waiting.append(alert)

    def write(self) -> bool:
        """Whether all are written. Those that are not wait, which is told once."""
        while self._waiting:
            try:
                self._writer.append(self._waiting[0].encode())
            except JournalError as error:
                self._fails(error)
                return False
            self._waiting.popleft()
        if self._told:
            self._told = False
            self._notice("alerts again", "Alerts can be written again.")
        return True

    def tidy(self) -> None:
        """Now and then."""
        try:
            self._writer.tidy()
        except JournalError as error:
            self._notice(ALERTS, f"{error}.")

    def commit(self, places: Places) -> None:
        """No snapshot that may be used lies before these places. Raises CollectorError when that cannot be kept."""
        if ALERTS in places:
            self._own.commit_place(Place(*places[ALERTS]))

    def close(self) -> None:
        self._writer.close()
        self._own.close()

    def _fails(self, error: JournalError) -> None:
        if not self._told:
            self._told = True
            cure = "Cure: make room on that disk, or mend its rights."
            self._notice(ALERTS, f"{error}. Alerts wait, and rules with them, until they can be written. {cure}")

    def _dropped(self, entries: int, _bytes: int) -> None:
        self._notice(
            "alerts full",
            f"The journal of alerts is full: its oldest {entries:,} go, also if they are not delivered yet. "
            "Cure: see `collector status` for the destination that does not keep up.",
        )
