"""
Selectors, read slowly and plainly: one set of (facility, severity) pairs, changed part by part.

Only well-formed selectors; written from rsyslog's behaviour, without a look at the product's own reading.
"""

import random
import re

FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "security": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8,
    "cron": 9, "authpriv": 10, "ftp": 11, "ntp": 12, "bsd_security": 13, "console": 14,
    **{f"local{n}": 16 + n for n in range(8)},
}  # fmt: skip
SEVERITIES = {
    "emerg": 0, "panic": 0, "alert": 1, "crit": 2, "err": 3, "error": 3, "warning": 4, "warn": 4, "notice": 5,
    "info": 6, "debug": 7,
}  # fmt: skip


def selected(text, *, full_when_empty=True):
    """
    The PRIs a selector takes. ``full_when_empty``: ``!`` on a facility of which nothing is taken yet begins with all of
    it (rsyslog since 2026); False is rsyslog before that.
    """
    taken = set()
    for names, severity in _parts(text):
        for name in names:
            for facility in _facilities(name):
                mine = {pair for pair in taken if pair[0] == facility}
                taken -= mine
                taken |= _changed(mine, facility, severity, full_when_empty=full_when_empty)
    return {facility * 8 + severity for facility, severity in taken}


def random_selector(rng: random.Random, *, numbers=False):
    """A well-formed selector of up to five parts, as a person might write it."""
    parts = []
    for _ in range(rng.randint(1, 5)):
        names = [
            rng.choice([*sorted(FACILITIES), "*", "*", "mail", "mail"]) for _ in range(rng.choice([1, 1, 1, 2, 3]))
        ]
        names = [name for name in names if name != "bsd_security"] or ["mail"]
        if numbers:
            names.append(str(8 * rng.randrange(24)))
        word = rng.choice([*sorted(SEVERITIES), *"01234567"])
        severity = rng.choice(
            [word, f"={word}", f"!{word}", f"!={word}", rng.choice(["none", "!none", "*", "!*", word])]
        )
        text = f"{','.join(names)}.{severity}"
        parts.append(rng.choice([text, text, text.upper(), text.title()]))
    text = "".join(part + rng.choice([";", ";", ";", ",", ";;"]) for part in parts)
    return text if rng.random() < 0.2 else text.rstrip(",;")


def _parts(text):
    names = []
    for token in re.split("[;,]", text.lower()):
        name, dot, severity = token.partition(".")
        if name:
            names.append(name)
        if dot:
            yield names, severity
            names = []


def _facilities(name):
    if name == "*":
        return range(24)
    return [int(name) // 8 if name.isdigit() else FACILITIES[name]]


def _changed(mine, facility, severity, *, full_when_empty):
    everything = {(facility, number) for number in range(8)}
    word = severity.lstrip("!=")
    negated = "!" in severity
    if word == "none":
        return everything if negated else set()
    if word == "*":
        return set() if negated else everything
    number = int(word) if word.isdigit() else SEVERITIES[word]
    meant = {(facility, number)} if "=" in severity else {(facility, n) for n in range(number + 1)}
    if not negated:
        return mine | meant
    return (mine or (everything if full_when_empty else set())) - meant
