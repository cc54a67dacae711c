"""Who may send: networks, and what was found of addresses seen before."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

_REMEMBERED = 50_000


class AllowList:
    """``allows("192.0.2.7")``: an address as text, an IPv4 address always as such."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = networks
        self._known: dict[str, bool] = {}

    def allows(self, sender: str) -> bool:
        answer = self._known.get(sender)
        if answer is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            address = ip_address(sender)
            answer = self._known[sender] = any(address in network for network in self._networks)
        return answer
