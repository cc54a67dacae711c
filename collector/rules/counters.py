"""What is counted for each rule. Nothing that is held back, given up or broken goes without a number."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """
    ``hits``         events that fit the condition, in the hours of the rule
    ``alerts``       alerts that went out, summaries and clears among them
    ``suppressed``   alerts that a limit or a mute held back
    ``late``         events older than the newest of their key, judged at its time
    ``keyless``      events without a value for ``by`` or for what is counted; they cannot be counted for anybody
    ``evicted``      keys that were forgotten for want of room
    ``errors``       conditions and texts that failed
    ``timeouts``     matches that were ended because they took too long
    ``quarantined``  1 for a rule that is not tried for a while, after three of these
    ``seconds``      time spent on the rule, where somebody gave the engine a clock
    """

    hits: int = 0
    alerts: int = 0
    suppressed: int = 0
    late: int = 0
    keyless: int = 0
    evicted: int = 0
    errors: int = 0
    timeouts: int = 0
    quarantined: int = 0
    seconds: float = 0.0
