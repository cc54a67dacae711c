from collector.protocol.parsers.auto import parse
from collector.protocol.parsers.context import Context

__all__ = ["Context", "parse"]
