"""Any message, whatever its form: the first reader that recognises it makes the record."""

from collector.batch import Record
from collector.protocol.parsers import rfc3164, rfc5424
from collector.protocol.parsers.context import Context
from collector.protocol.parsers.pri import read_pri


def parse(text: str, context: Context) -> Record:
    """Any decoded text → its record. Never raises; what cannot be read stays in the message, and ``marks`` says why."""
    priority = read_pri(text)
    return rfc5424.read(text, priority, context) or rfc3164.read(text, priority, context)
