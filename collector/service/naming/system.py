"""Asking the system for the name of an address, or for the addresses of a host. It waits until there is an answer."""

import socket
from collections.abc import Callable
from ipaddress import ip_address

from collector.protocol.names import acceptable
from collector.service.naming.lookups import Answer, Question
from collector.service.naming.plan import NamePlan

_NOBODY = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


def asker(plan: NamePlan) -> Callable[[Question], Answer]:
    """A function that answers questions as the options say."""

    def ask(question: Question) -> Answer:
        try:
            if question.kind == "addresses":
                return Answer("found", addresses_of(question.of))
            return name_of(question.of, plan)
        except socket.gaierror as error:
            return Answer("nameless" if error.errno in _NOBODY else "failed")
        except ValueError:
            return Answer("refused")  # no name that DNS could hold, or bytes that are no text
        except OSError:
            return Answer("failed")

    return ask


def name_of(address: str, plan: NamePlan) -> Answer:
    found, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
    name = acceptable(found)
    if name is None or _poses_as_local(name, address) or (plan.options.confirm and not _is_confirmed(name, address)):
        return Answer("refused")
    return Answer("found", (plan.shape(name),))


def addresses_of(host: str) -> tuple[str, ...]:
    """In the order in which they should be tried (RFC 6724)."""
    return tuple(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)))


def _poses_as_local(name: str, address: str) -> bool:
    return name.lower().partition(".")[0] == "localhost" and not ip_address(address).is_loopback


def _is_confirmed(name: str, address: str) -> bool:
    try:
        return address in addresses_of(name)
    except socket.gaierror as error:
        if error.errno in _NOBODY:
            return False
        raise
