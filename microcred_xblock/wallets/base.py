"""What a delivery channel is, and which wallets an admin has allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..domain.credential import DeliveryReceipt, VerifiableCredential
from ..domain.errors import Misconfigured
from ..domain.text import LINE_MAX

OPEN_BADGES_API = "open-badges-api"
BADGE_CONNECT = "badge-connect-2.1"
EUROPASS = "europass"
KINDS = (OPEN_BADGES_API, BADGE_CONNECT, EUROPASS)
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?", re.ASCII)
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


class Wallet(Protocol):
    """A place a credential can be put.

    ``deliver`` may be called again with the same credential and then changes nothing. It raises
    WalletRefused (a definite no) or WalletUnreachable (no usable answer: try again later).
    """

    def deliver(self, credential: VerifiableCredential, *, now: datetime) -> DeliveryReceipt:
        """Put ``credential`` into the wallet."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A wallet host the admin allows.

    ``hosts`` are the only ``host:port`` places its adapter may contact: that of ``base_url`` and
    those the admin adds, for a provider whose authorisation server has a host of its own.
    """

    id: str
    name: str
    kind: str
    base_url: str
    hosts: frozenset[str]

    @property
    def by_address(self) -> bool:
        """Whether learners connect it by telling whose it is: it has no sign-in for others, and so no tokens."""
        return self.kind == EUROPASS


def provider(entry: Mapping[str, Any]) -> Provider:
    """A Provider from an entry of the setting MICROCRED_WALLETS; Misconfigured (``wallet-setting``) says what is wrong.

    ``{"id", "name", "type": one of KINDS, "base_url", "hosts": [extra hosts]}``
    """
    values = {key: entry.get(key) for key in ("id", "name", "type", "base_url")}
    for key, value in values.items():
        if not isinstance(value, str) or not 0 < len(value) <= LINE_MAX:
            raise _misconfigured(f"an entry lacks '{key}'", key)
    if not _ID.fullmatch(values["id"]):
        raise _misconfigured("an id may hold lower-case letters, digits and '-', at most 40", "id")
    if values["type"] not in KINDS:
        raise _misconfigured(f"the type must be one of {', '.join(KINDS)}", "type")
    base_url = values["base_url"].rstrip("/")
    extra = entry.get("hosts") or ()
    if not isinstance(extra, list | tuple | set | frozenset) or not all(map(_is_host, extra)):
        raise _misconfigured("'hosts' must be a list of host names, without https:// and path", "hosts")
    return Provider(
        id=values["id"], name=values["name"], kind=values["type"], base_url=base_url,
        hosts=frozenset({place(base_url), *(_host_place(host) for host in extra)}),
    )


def providers(entries: Iterable[Mapping[str, Any]]) -> dict[str, Provider]:
    """Every entry of MICROCRED_WALLETS by its id; Misconfigured (``wallet-setting``) for a repeated id too."""
    found: dict[str, Provider] = {}
    if not isinstance(entries, Iterable):
        raise _misconfigured("it must be a list of dictionaries", "entry")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise _misconfigured("every entry must be a dictionary", "entry")
        made = provider(entry)
        if made.id in found:
            raise _misconfigured(f"two entries have the id '{made.id}'", "id")
        found[made.id] = made
    return found


def place(url: str) -> str:
    """``host:port`` of an http(s) URL, lower case, with the default port written out.

    Misconfigured (``wallet-setting``) for a URL without a host, with a user name, or with a query.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise _misconfigured("'base_url' must be an https address without user name and query", "base_url")
    return f"{host}:{port or (443 if parts.scheme == 'https' else 80)}"


def _is_host(told: Any) -> bool:
    """Whether it is ``host`` or ``host:port``; an IPv6 address is in brackets."""
    return isinstance(told, str) and _HOST.fullmatch(told) is not None


def _host_place(host: str) -> str:
    return place(f"https://{host}")


def _misconfigured(problem: str, key: str) -> Misconfigured:
    return Misconfigured(
        f"The setting MICROCRED_WALLETS cannot be used: {problem}.", code="wallet-setting", problem=problem, key=key
    )
