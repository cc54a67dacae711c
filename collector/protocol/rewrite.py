"""
Another header for rows of the fast parser: the peer's name for the host name, the time of arrival for the stamp.

    Jul 23 15:54:31 localhost app: text    →    Jul 23 15:54:33 gate.example.net app: text

The tolerant parser's rows are made so at once (``interpret.py``), and the two agree. Format ``raw`` shows what came.
"""

from datetime import datetime

from collector.protocol.parsers.context import NameOf
from collector.protocol.parsers.scan import FullRow
from collector.protocol.timestamp import bsd_stamp, iso


class Rewrite:
    """``name_of`` names a peer; it is None where messages keep their host name, ``arrival`` where they keep theirs."""

    def __init__(self, name_of: NameOf | None, arrival: datetime | None) -> None:
        self._name_of = name_of
        self._bsd = bsd_stamp(arrival) if arrival else None
        self._iso = iso(arrival) if arrival else None

    def __call__(self, row: FullRow, peer: str | None) -> FullRow:
        pri, rest, stamp, hostname, app_name, pid, log, msg_id, message, _ = row
        name = (self._name_of(peer) if self._name_of else None) or hostname
        if not stamp[0].isalpha():
            # RFC 5424: lines are made from the fields, and the rest is what came.
            return pri, rest, self._iso or stamp, name, app_name, pid, log, msg_id, message, rest
        line = f"{self._bsd or stamp} {name}{rest[len(stamp) + 1 + len(hostname) :]}"
        # The stamp is kept, as whether its date exists is still to be found out.
        return pri, line, stamp, name, app_name, pid, log, msg_id, message, rest
