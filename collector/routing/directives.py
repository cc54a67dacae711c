"""
Settings that stand in a syslog.conf: ``$Name value`` of rsyslog, its parameters of ``global()`` and ``input()``, and
the words of sysklogd.

Some are properties of the files that follow; some are settings of the configuration, which are told with the key that
holds them there; many change nothing here. What each comes to is in the tables below.
"""

import re
from dataclasses import dataclass
from typing import Any

from collector.config.network import parse_network
from collector.config.problems import Location, did_you_mean
from collector.config.values import BadValueError

FILE_OPTIONS = {
    "fileowner": "owner", "filegroup": "group", "filecreatemode": "mode", "dircreatemode": "dir_mode",
}  # fmt: skip
"""Directives that are options of the files on the lines after them."""

NOTHING_MEANT = {"off", "0", "no", "none", ""}


@dataclass(frozen=True, slots=True)
class Setting:
    """
    What is a setting of the configuration here. ``key`` is its name, ``value`` as YAML would hold it, None where that
    cannot be told; ``written`` is how the file says it; ``source`` is the kind of source it is about, None for all.
    """

    location: Location
    written: str
    key: str
    value: Any = None
    source: str | None = None

    @property
    def hint(self) -> str:
        """The cure, as a sentence for a person."""
        value = f"[{', '.join(self.value)}]" if isinstance(self.value, list) else self.value
        return _HINTS.get(self.key, "set {key}: {value}").format(key=self.key, value=value, source=self.source)


_HINTS = {
    "udp": 'add a source: {{udp: "{value}"}}',
    "tcp": 'add a source: {{tcp: "{value}"}}',
    "unix": 'add a source: {{unix: "{value}"}}',
    "tls": "add a source for TLS where there is one; until then put a TLS relay before a tcp source",
    "allow": "set allow: {value} beside the {source} source",
    "max_connections": "set max_connections: {value} beside the source",
    "rate_limit": "set rate_limit: beside the source, as {{messages: 1000, per: 1s}}",
    "repeat_reduction": "set repeat_reduction: true beside the source",
}

# Directives that are settings here: the key, and how its value follows from what is written.
_KEYS = {
    "maxmessagesize": "max_message", "privdroptouser": "user",
    "privdroptouserid": "user", "privdroptogroup": "group", "privdroptogroupid": "group",
    "repeatedmsgreduction": "repeat_reduction", "systemlogratelimitinterval": "rate_limit",
    "systemlogratelimitburst": "rate_limit", "imuxsockratelimitinterval": "rate_limit",
    "imuxsockratelimitburst": "rate_limit", "imudpratelimitinterval": "rate_limit",
    "imjournalratelimitinterval": "rate_limit", "markmessageperiod": "mark", "inputtcpmaxsessions": "max_connections",
    "addunixlistensocket": "unix", "systemlogsocketname": "unix",
}  # fmt: skip

# Directives that did something there and do nothing here, by the beginning of their names; each with the reason.
_NO_EFFECT = (
    ("action(queue|resume)", "a destination keeps in memory what cannot be sent yet, see its option queue"),
    ("actionexeconly", "every message of a selector goes to its destination"),
    ("outchannel", "say when a file is rotated behind its path: /var/log/file;rotate=10M:5"),
    ("localhostname", "the names of senders are those in their messages"),
    ("ruleset$|defaultruleset|rulesetcreatemainqueue|input\\w+bindruleset", "all messages go through all routes"),
    ("inputfile", "files are not followed"),
    ("input(relp|gss)|gss", "this way to send messages is not known here"),
    ("dir(owner|group)", "new folders belong to the owner of the files in them"),
    ("omfileziplevel", "files are compressed when they are rotated, see their option rotate"),
    ("actionsend(streamdriver|gss)|defaultnetstreamdriver|inputtcpserverstreamdriver", "TLS is not spoken"),
    ("notify$", "no program is started when a file is rotated"),
)

# Directives that there is no need for here, by the beginning of their names.
_HARMLESS = re.compile(
    "abortonuncleanconfig|action(fileenablesync|name$|send\\w+rebindinterval|sendresendlastmsg|writeallmark)"
    "|controlcharacterescapeprefix|createdirs|debug|dropmsgswithmaliciousdnsptr|droptrailinglfonreception"
    "|dynafilecachesize|escape(8bit|control)character|failonchownfailure|generateconfiggraph|hupisrestart|imjournal"
    "|imudp|imuxsock|inputp?tcp(flowcontrol|maxlisteners|server)|inputudpserver|inputunixlistensocket|klog"
    "|logrsyslogstatusmessages|mainmsgqueue|maxopenfiles|moddir|modload|omfile|omitlocallogging"
    "|optimizeforuniprocessor|preservefqdn|pstat|repeatedmsgcontainsoriginalmsg|resetconfigvariables|rulesetparser"
    "|sleeponconfigerror|spacelfonreceive|systemlog|udpserver|workdirectory"
)

_NAMES = (*FILE_OPTIONS, *_KEYS, "umask", "includeconfig", "template", "actionfiledefaulttemplate", "modload",
          "udpserverrun", "udpserveraddress", "inputtcpserverrun", "allowedsender")  # fmt: skip

ALIASES = {
    "privdrop.user.name": "privdroptouser", "privdrop.user.id": "privdroptouser",
    "privdrop.group.name": "privdroptogroup", "privdrop.group.id": "privdroptogroup",
}  # fmt: skip
"""Parameters of ``global()`` that are directives under another name."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a directive comes to: ``key`` of a setting, or why it has no effect, or neither where it is harmless."""

    key: str | None = None
    no_effect: str | None = None


def meaning(name: str) -> Meaning | None:
    """Of a directive that does not act on lines; None for one that nobody knows. ``name`` is in lower case."""
    if name in _KEYS:
        return Meaning(_KEYS[name])
    reason = next((reason for pattern, reason in _NO_EFFECT if re.match(pattern, name)), None)
    if reason:
        return Meaning(no_effect=reason)
    return Meaning() if _HARMLESS.match(name) else None


def hint_for(name: str) -> str:
    return did_you_mean(name, _NAMES) or "remove the line; most settings are options of sources and destinations"


def value_of(key: str, written: str) -> Any:
    """What YAML would hold; None where it cannot be told."""
    text = written.strip().strip('"')
    if key == "max_message":
        return _size(text)
    if key == "mark":
        return f"{text}s" if text.isdecimal() else None
    if key == "max_connections":
        return int(text) if text.isdecimal() else None
    if key == "rate_limit":
        return None
    return True if key == "repeat_reduction" else text


def allowed_senders(written: str) -> tuple[str, list[str], list[str]]:
    """``UDP, 192.0.2.0/24, [::1]/128, *.example.net`` → udp, the networks, and what is none."""
    kind, *parts = (part.strip() for part in written.split(","))
    networks: list[str] = []
    names: list[str] = []
    for part in filter(None, parts):
        bare = part.replace("[", "").replace("]", "")
        try:
            parse_network(bare)
        except BadValueError:
            names.append(part)
        else:
            networks.append(bare)
    return kind.lower(), networks, names


def listen_address(address: str, port: str) -> str:
    """``address:port`` as a source has it."""
    bare = address.strip("[]* ")
    shown = f"[{bare}]" if ":" in bare else bare or "0.0.0.0"  # noqa: S104 - what rsyslog listens on by default
    return f"{shown}:{port}"


def _size(text: str) -> Any:
    found = re.fullmatch(r"([0-9]+)\s*([kKmMgG]?)[iI]?[bB]?", text)
    if not found:
        return None
    unit = {"": "", "k": "KiB", "m": "MiB", "g": "GiB"}[found[2].lower()]
    return f"{found[1]}{unit}" if unit else int(found[1])
