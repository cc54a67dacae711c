"""The rows the fast parser left, read one by one, and what they were marked with."""

from datetime import datetime
from itertools import islice

from collector.batch import Batch, Fix, Odd
from collector.protocol.interpret import Interpreter
from collector.protocol.render import Moment
from collector.protocol.rewrite import Rewrite
from collector.service.meter import Meter
from collector.service.senders.source_senders import SourceSenders, sender_of


class OddReader:
    """
    Reads single lines of the batch at work, which ``start`` names. ``moment`` is what its rows share, made when first
    asked for.
    """

    def __init__(self, interpreter: Interpreter, meter: Meter) -> None:
        self._interpreter = interpreter
        self._meter = meter
        self._senders = SourceSenders("")
        self._received_at = 0.0
        self._moment: Moment | None = None
        self._text: str | None = None

    def start(self, batch: Batch, interpreter: Interpreter, senders: SourceSenders) -> None:
        self._interpreter = interpreter
        self._senders = senders
        self._received_at = batch.received_at
        self._moment = None
        self._text = None
        if batch.fixes:
            self._count_fixes(batch)

    def _count_fixes(self, batch: Batch) -> None:
        peers = list(islice(batch.peers(), max(batch.fixes) + 1))
        for number, fix in batch.fixes.items():
            sender = sender_of(peers[number])
            if fix.charset not in {"ascii", "utf-8"}:
                self._meter.count("charset_messages", reason=fix.charset)
                self._senders.charset(sender, fix.charset)
            for mark in fix.marks:
                self._mark(mark, sender)

    def _mark(self, mark: str, sender: str) -> None:
        self._meter.count("marked_messages", reason=mark)
        self._senders.problem(sender, mark)

    def know(self, text: str) -> None:
        """The text of the batch, where it has been decoded as a whole."""
        self._text = text

    @property
    def moment(self) -> Moment:
        if self._moment is None:
            received_at = datetime.fromtimestamp(self._received_at, self._interpreter.zone)
            self._moment = self._interpreter.moment(received_at, self._text)
        return self._moment

    def rewrite(self) -> Rewrite | None:
        """What gives rows of the fast parser another header, where the source wants that."""
        return self._interpreter.rewrite(self.moment.received_at) if self._interpreter.rewrites else None

    def read(self, line: str, fix: Fix | None, peer: str | None) -> Odd:
        odd = self._interpreter.read(line, fix, peer, self.moment.received_at)
        for mark in odd.record.marks:
            if fix is None or mark not in fix.marks:  # those were counted with the batch
                self._mark(mark, sender_of(peer))
        return odd
