"""
Facility, severity and PRI: the only table of their numbers and names.

PRI = facility × 8 + severity, 0–191 (RFC 5424 §6.2.1). Names are those of syslog.conf(5); the aliases are what
rsyslog and sysklogd accept beside them.
"""

FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news",
    "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
FACILITY_NUMBERS = {name: number for number, name in enumerate(FACILITIES)}
FACILITY_NUMBERS |= {"security": FACILITY_NUMBERS["auth"]}

SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_SEVERITY_ALIASES = {"panic": "emerg", "error": "err", "warn": "warning"}
SEVERITY_NUMBERS = {name: number for number, name in enumerate(SEVERITIES)}
SEVERITY_NUMBERS |= {alias: SEVERITY_NUMBERS[name] for alias, name in _SEVERITY_ALIASES.items()}

PRI_COUNT = len(FACILITIES) * len(SEVERITIES)

DEFAULT_PRI = 13
"""user.notice: what RFC 3164 §4.3.3 gives a message without a PRI."""


def facility_of(pri: int) -> str:
    return FACILITIES[pri >> 3]


def severity_of(pri: int) -> str:
    return SEVERITIES[pri & 7]


def pri_of(facility: int, severity: int) -> int:
    return facility << 3 | severity
