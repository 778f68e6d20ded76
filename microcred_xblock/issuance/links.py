"""The way to a wallet during a task."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from time import monotonic

from django.utils import timezone

from ..domain.errors import WalletRefused, WalletUnreachable
from ..wallets import oauth
from ..wallets.base import Provider, Wallet
from ..wallets.transport import Transport
from . import adapters, addressing, circuits, conf, connecting, models, registering
from .adapters import Description

REFRESH_BEFORE = timedelta(minutes=1)


class Link:
    """The way to a wallet during a task: what is asked of the database and the settings once, not each time."""

    def __init__(self, connection: models.WalletConnection) -> None:
        self.wanted = conf.wallets().get(connection.wallet_id)
        self.circuit = circuits.of(self.wanted) if self.wanted is not None else None
        self.slow = circuits.is_slow(self.circuit, timezone.now())
        self.failed = False
        self._description: Description | None = None
        self.turn_to(connection)

    def turn_to(self, connection: models.WalletConnection) -> None:
        """Go on with another learner's connection to the same wallet."""
        self.connection = connection
        self._tokens: oauth.Tokens | None = None

    def provider(self) -> Provider:
        """The wallet. NotAllowed (``wallet-unknown``)."""
        return self.wanted if self.wanted is not None else registering.provider(self.connection.wallet_id)

    @cached_property
    def transport(self) -> Transport:
        """The way there."""
        return conf.transport(self.provider())

    def wallet(self) -> Wallet:
        """The learner's wallet, through the adapter of its kind. Errors as of ``description`` and ``tokens``."""
        wanted = self.provider()
        if wanted.by_address:
            return addressing.wallet(self.connection, wanted, self.transport)
        return adapters.of(wanted).wallet(self.transport, wanted, self.description(), self.tokens().access)

    def renew_in_time(self) -> bool:
        """Refresh tokens that are about to run out; whether they are fresh now. A wallet without tokens needs none."""
        if self.provider().by_address or self.tokens().expires_at > timezone.now() + REFRESH_BEFORE:
            return False
        self.refresh()
        return True

    @property
    def renewable(self) -> bool:
        """Whether tokens that the wallet refuses can be renewed."""
        return not self.provider().by_address and bool(self.tokens().refresh)

    def description(self) -> Description:
        """What the host offers; asked for when it is first needed. WalletUnreachable, WalletRefused, NotAllowed."""
        if self._description is None:
            _host, self._description = registering.describe(self.provider(), now=timezone.now(), stale=True)
        return self._description

    def tokens(self) -> oauth.Tokens:
        """The connection's tokens. Misconfigured (``token-key``), WalletRefused (``wallet-reconnect``)."""
        if self._tokens is None:
            self._tokens = connecting.tokens_for(self.connection, self.provider())
        return self._tokens

    def refresh(self) -> oauth.Tokens:
        """Fresh tokens, stored before they are used: a rotated refresh token works only once.

        WalletRefused (``wallet-scope-shrunk``) where they are no longer good for what they are for.
        """
        found = oauth.refresh(
            self.transport, self.description().endpoints, registering.client_of(self.connection.registration),
            self.tokens(), now=timezone.now(),
        )
        connecting.keep_tokens(self.connection, found)
        if adapters.of(self.provider()).scope not in found.scopes:
            raise connecting.useless(self.connection, found, timezone.now())
        self._tokens = found
        return found

    def took(self, begun: float, error: Exception | None) -> None:
        """Report how the host answered."""
        if self.wanted is None or not isinstance(error, WalletRefused | WalletUnreachable | None):
            return
        now = timezone.now()
        if isinstance(error, WalletUnreachable):
            self.failed = True
            circuits.failed(self.wanted, error.code, now)
        else:
            circuits.answered(self.circuit, self.wanted, now)
            if self.circuit is not None:
                self.circuit.failures = 0
        self.slow = circuits.measured(self.circuit, self.wanted, timedelta(seconds=monotonic() - begun), now)
