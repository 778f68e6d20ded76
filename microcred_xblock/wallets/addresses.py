"""Which network addresses may be contacted: the guard against server-side request forgery."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from ..domain.errors import WalletRefused, WalletUnreachable

Resolver = Callable[..., list[tuple]]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
# Called global by the registry, or by one of the Pythons we run under, but never a wallet: the former 6to4 relays, a
# cloud provider's metadata service, protocol assignments, former site-local addresses, and those for documentation.
_NEVER = tuple(map(ipaddress.ip_network, (
    "192.88.99.0/24", "168.63.129.16/32", "192.0.0.0/24", "fec0::/10", "3fff::/20",
)))


def is_public(address: str) -> bool:
    """Whether ``address`` is an ordinary internet address, also behind every form that embeds an IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(map(_is_public, _with_embedded(parsed)))


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def resolve(
    host: str, port: int, *, loopback: bool, timeout: float, resolver: Resolver = socket.getaddrinfo
) -> list[str]:
    """Every address of ``host``, all of them allowed, in the system's order.

    With ``loopback`` only loopback addresses are allowed, otherwise only public ones; a single
    other address refuses the host. WalletRefused (``wallet-address``), WalletUnreachable (``wallet-dns``).
    """
    found = look_up(host, port, timeout=timeout, resolver=resolver)
    allowed = is_loopback if loopback else is_public
    if not all(map(allowed, found)):
        raise WalletRefused(
            f"{host} leads to a network address that must not be contacted.", code="wallet-address", host=host
        )
    return found


def look_up(host: str, port: int, *, timeout: float, resolver: Resolver = socket.getaddrinfo) -> list[str]:
    """Every address of ``host``, unchecked: for a place that the admin names. WalletUnreachable (``wallet-dns``)."""
    found = list(dict.fromkeys(entry[4][0] for entry in _ask(host, port, timeout, resolver)))
    if not found:
        raise _no_name(host)
    return found


def _ask(host: str, port: int, timeout: float, resolver: Resolver) -> list[tuple]:
    """``getaddrinfo`` has no time limit of its own, so it runs beside us and may be left behind."""
    answers: list[list[tuple]] = []

    def ask() -> None:
        try:
            answers.append(resolver(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            answers.append([])

    worker = threading.Thread(target=ask, daemon=True)
    worker.start()
    worker.join(timeout)
    if not answers:
        raise _no_name(host)
    return answers[0]


def _no_name(host: str) -> WalletUnreachable:
    return WalletUnreachable(f"The name {host} cannot be resolved.", code="wallet-dns", host=host)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified
        and not any(address.version == network.version and address in network for network in _NEVER)
    )


def _with_embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address a packet would reach: ``address``, or what it embeds, or both where both matter."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    embedded: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        embedded.append(address.sixtofour)
    if address.teredo is not None:
        embedded += address.teredo
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    if address in _NAT64_LOCAL:
        embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return embedded
