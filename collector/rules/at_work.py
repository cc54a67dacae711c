"""Whether a rule is at work at a time, by the clock on the wall of its zone."""

from datetime import datetime

from collector.rules.times import Times


def is_at_work(times: Times, moment: float) -> bool:
    """
    ``moment`` is in seconds since the epoch. Hours that cross midnight belong to the day on which they begin. When
    clocks are set back, the hour that comes twice counts both times.
    """
    local = datetime.fromtimestamp(moment, times.zone)
    minute, today = local.hour * 60 + local.minute, local.weekday()
    for start, end in times.hours:
        if start < end:
            if start <= minute < end and today in times.days:
                return True
        elif (minute >= start and today in times.days) or (minute < end and (today - 1) % 7 in times.days):
            return True
    return False
