"""Alerts to deliver, and what delivers them."""

from collector.actions import Surroundings, action_class
from collector.actions.destinations import Destination, read_destination
from collector.actions.message import Message, decode
from collector.config.document import parse_document
from collector.config.settings import Settings
from collector.rules.alert import Alert

RECORD = {
    "timestamp": "2026-07-23T15:54:31+09:00", "received_at": "2026-07-23T15:54:32+09:00", "facility": "auth",
    "severity": "info", "hostname": "gate", "app_name": "sshd", "proc_id": "411", "msg_id": None,
    "structured_data": {}, "message": "Failed password for root from 192.0.2.7", "peer": "192.0.2.1:514",
    "charset": "ascii", "time_source": "sender", "marks": [], "fields": {"EventID": 861},
}  # fmt: skip


def alert(**changes):
    usual = {
        "id": "6f1c2d", "rule": "ssh-spray", "severity": "high", "title": "192.0.2.7 tried 5 users",
        "body": "Five names in a minute.", "key": {"ip": "192.0.2.7"}, "count": 5, "event_time": 1_784_789_671.0,
        "fired_at": 1_784_789_672.0, "records": [RECORD], "captures": {"ip": "192.0.2.7", "user": "root"},
        "destinations": ("here",),
    }  # fmt: skip
    return Alert(**{**usual, **changes})


def message(**changes) -> Message:
    return decode(alert(**changes).encode())[0]


def with_message(text, **changes):
    """An alert whose record, title and captures hold a text."""
    record = {**RECORD, "message": text, "hostname": text, "app_name": text, "fields": {"EventID": text}}
    return message(**{"title": text, "body": text, "records": [record], "captures": {"user": text}, **changes})


def read(text, *, mail=None, names=(), label=None):
    """A destination from YAML, with what is wrong."""
    document, problems = parse_document(text, "collector.yaml")
    assert problems == []
    settings = Settings.model_validate({"sources": (), "mail": mail} if mail else {"sources": ()}, context=document)
    return read_destination(document.data, document, (), settings, names, label)


def destination(text, **around) -> Destination:
    found, problems = read(text, **around)
    assert [str(problem) for problem in problems if problem.level == "error"] == []
    return found


def action(text, *, mail=None, names=("ip", "user"), said=None):
    """The action of a destination written in YAML; ``said`` collects what it tells the own log."""
    found = destination(text, mail=mail, names=names)
    settings = Settings.model_validate({"sources": (), "mail": mail}) if mail else None
    log = [] if said is None else said
    around = Surroundings(lambda *words: log.append(words), settings and settings.mail)
    return action_class(found.kind)(found.options, found.names, around)
