"""The journal of one worker, opened when a plan has rules. What cannot be written is counted, and said."""

from collections.abc import Callable

from collector.service.meter import Meter
from collector.service.watching.places import journal_of
from collector.service.watching.plan import WatchPlan
from collector.sinks.journal import Bell, JournalError, JournalWriter

Notice = Callable[[str, str], None]


class WorkerJournal:
    """``append`` never raises: storage does not wait for rules, nor fail with them."""

    def __init__(self, worker: int, bell: Bell, meter: Meter, notice: Notice) -> None:
        self._worker = worker
        self._bell = bell
        self._meter = meter
        self._notice = notice
        self._writer: JournalWriter | None = None
        self._plan: tuple[str, int] | None = None
        self._lost = 0

    def use(self, plan: WatchPlan | None) -> None:
        """As this plan has it from now on."""
        wanted = (plan.folder, plan.max_bytes) if plan else None
        if wanted != self._plan:
            self.close()
            self._plan = wanted

    def append(self, payload: bytes) -> bool:
        """Whether it was taken."""
        self._meter.count("journal_offered")
        try:
            if self._writer is None:
                self._writer = self._open()
            self._writer.append(payload)
        except JournalError as error:
            self._meter.count("journal_dropped", reason="write_error")
            self._fails(error)
            return False
        self._meter.count("journal_written")
        if self._lost:
            self._works_again()
        return True

    def tidy(self) -> None:
        """Now and then."""
        if self._writer is None:
            return
        try:
            self._writer.tidy()
        except JournalError as error:
            self._notice("journal", f"{error}.")

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> JournalWriter:
        assert self._plan is not None, "only where there are rules is something to be written"
        folder, max_bytes = self._plan
        return JournalWriter(
            journal_of(folder, self._worker), max_bytes=max_bytes, on_drop=self._dropped, bell=self._bell
        )

    def _fails(self, error: JournalError) -> None:
        self._lost += 1
        if self._lost == 1:
            cure = "Cure: make room on that disk, or mend its rights."
            self._notice("journal", f"{error}; what rules would have seen is lost, and counted. {cure}")

    def _works_again(self) -> None:
        lost, self._lost = self._lost, 0
        name = f"The journal of worker {self._worker}"
        self._notice("journal again", f"{name} can be written again; batches that rules have not seen: {lost:,}.")

    def _dropped(self, entries: int, size: int) -> None:
        self._meter.count("journal_dropped", entries, "full")
        self._notice(
            "journal full",
            f"The journal of worker {self._worker} is full: the oldest {size:,} bytes are dropped unseen by rules. "
            "Cure: see `collector status` for what the correlator is at, or raise journal: max_size.",
        )
