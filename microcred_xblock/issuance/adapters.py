"""Which adapter speaks to a wallet, by the kind that the setting names. All of these are connected by OAuth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from ..wallets import badge_connect, open_badges_api
from ..wallets.badge_connect import BadgeConnectWallet
from ..wallets.base import BADGE_CONNECT, OPEN_BADGES_API, Provider, Wallet
from ..wallets.oauth import Endpoints
from ..wallets.open_badges_api import OpenBadgesWallet
from ..wallets.said import Discovered
from ..wallets.transport import Transport


class Description(Protocol):
    """What a host says about itself, whatever its kind."""

    @property
    def endpoints(self) -> Endpoints:
        """Where it takes what."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The scopes to ask for."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """How to ask a host what it offers, and how to deliver there.

    ``scope`` is the one without which nothing can be delivered. ``hosted``: what is sent is the Open Badge 2.0, which
    anybody can read at its address.
    """

    description: type
    discover: Callable[..., Discovered]
    scope: str
    wallet: Callable[[Transport, Provider, Any, str], Wallet]
    hosted: bool = False


def of(wanted: Provider) -> Adapter:
    """The adapter of a wallet."""
    return _ADAPTERS[wanted.kind]


def hosted(wanted: Provider) -> bool:
    """Whether what is sent there is the Open Badge 2.0, also of wallets of any other kind."""
    return wanted.kind in _ADAPTERS and of(wanted).hosted


def _open_badges(transport: Transport, wanted: Provider, description: Any, token: str) -> Wallet:
    return OpenBadgesWallet(
        transport=transport, base_url=wanted.base_url, description=description, access_token=token, name=wanted.id
    )


def _badge_connect(transport: Transport, wanted: Provider, description: Any, token: str) -> Wallet:
    return BadgeConnectWallet(transport=transport, description=description, access_token=token, name=wanted.id)


_ADAPTERS: Mapping[str, Adapter] = MappingProxyType({
    OPEN_BADGES_API: Adapter(
        description=open_badges_api.ServiceDescription, discover=open_badges_api.discover,
        scope=open_badges_api.UPSERT, wallet=_open_badges,
    ),
    BADGE_CONNECT: Adapter(
        description=badge_connect.Manifest, discover=badge_connect.discover, scope=badge_connect.CREATE,
        wallet=_badge_connect, hosted=True,
    ),
})
