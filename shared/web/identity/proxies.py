"""Whose address a request has: the connection's, or what the proxies in front tell of it, where these are trusted.

Each proxy adds the address of whoever connected to it on the right. So the chain is read from the right, as long as
trusted proxies tell it: what stands further left anybody may have written.
Source: RFC 7239 4, 5.2 and 8.1 (Forwarded); X-Forwarded-For has the same order.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Final

from aiohttp import web

from shared.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED: Final = "Forwarded"
MOST_HOPS: Final = 32
_FOR: Final = re.compile(r'(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;",\s]*))', re.IGNORECASE)
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


class Proxies:
    """The proxies that are trusted. networks: addresses or networks.  header: in which they tell; empty is none.

    Raises SettingsError for an address that is none.
    """

    def __init__(self, networks: Sequence[str] = (), header: str = "") -> None:
        self._networks, self._header = [_network(each) for each in networks], header

    def trusts(self, remote: str | None) -> bool:
        """Say whether a connection comes from one of them."""
        address = read_address(remote or "")
        return address is not None and self._is_one(address)

    def address(self, request: web.Request) -> str:
        """Return the address of who sends a request; empty if the connection has none, as through a Unix socket."""
        remote = request.remote or ""
        if not self._header or not self.trusts(remote):
            return remote
        return self.origin(remote, request.headers.getall(self._header, ()))

    def origin(self, remote: str, told: Sequence[str]) -> str:
        """Return the address of who is not one of them, nearest to us. told: the header's lines, in order. Pure.

        What cannot be read ends the chain: then it is the proxy that told it.
        """
        hops = [hop for line in told for hop in _hops(line, self._header)][-MOST_HOPS:]
        nearest = remote
        for hop in reversed(hops):
            address = read_address(hop)
            if address is None:
                return nearest
            nearest = str(address)
            if not self._is_one(address):
                return nearest
        return nearest

    def _is_one(self, address: Address) -> bool:
        return any(address in each for each in self._networks)


PROXIES: Final[web.AppKey[Proxies]] = web.AppKey("proxies", Proxies)


def address_of(request: web.Request) -> str:
    """Return the address of who sends a request, for what is counted and recorded of it."""
    proxies = request.app.get(PROXIES)
    return proxies.address(request) if proxies is not None else request.remote or ""


def read_address(text: str) -> Address | None:
    """Return an address; None for what is none. One of IPv4 that is written as IPv6 is the same (RFC 4291 2.5.5.2)."""
    port = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((port[1] or port[2] or "") if port else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _hops(line: str, header: str) -> Iterator[str]:
    """Yield what a line tells, hop by hop; an empty text for a hop that does not say."""
    for hop in line.split(","):
        if header != FORWARDED:
            yield hop.strip()
            continue
        named = _FOR.search(hop)
        yield (named[1] or named[2] or "") if named else ""


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SettingsError(
            "JMID_ACCESS_TRUSTED_PROXIES has a wrong value; it takes addresses or networks, for example 10.0.0.0/24"
        ) from error
