"""
collector: receives syslog, understands it, routes it to files, and accounts for every byte.

The way of one message through the folders is told in ``docs/architecture.md``.
"""

__version__ = "0.1.0"
