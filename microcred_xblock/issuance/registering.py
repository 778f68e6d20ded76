"""What a wallet's host says about itself, and this site's registration there (RFC 7591).

Both are kept: the description as long as its headers allow, the registration until the host forgets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from .. import __version__
from ..domain import codec
from ..domain.errors import NotAllowed, WalletUnreachable
from ..wallets import oauth
from ..wallets.base import Provider
from . import adapters, conf, issuers, models, places, requests, vault
from .adapters import Description

SOFTWARE_ID = "0c7a4b1e-52d3-4f4c-9d41-8a4a1f0d6a2b"


@dataclass(frozen=True, kw_only=True)
class Ways:
    """A wallet's provider, what its host says, and our registration there."""

    provider: Provider
    description: Description
    registration: models.ClientRegistration

    @property
    def client(self) -> oauth.Client:
        """Our registration as the protocol wants it."""
        return client_of(self.registration)


def provider(wallet_id: str) -> Provider:
    """The wallet with that id; NotAllowed (``wallet-unknown``) if the admin allows none."""
    found = conf.wallets().get(wallet_id)
    if found is None:
        raise NotAllowed("This site does not offer that wallet.", code="wallet-unknown")
    return found


def describe(
    wanted: Provider, *, now: datetime, stale: bool = False
) -> tuple[models.WalletHost, Description]:
    """The host's service description, fetched when ours is no longer fresh.

    With ``stale`` an old one is better than none.
    """
    key, adapter = models.pair_key(wanted.id, wanted.base_url), adapters.of(wanted)
    host = models.WalletHost.objects.filter(key=key).first()
    if host is not None and host.description.get("$") != adapter.description.__name__:  # it was of another kind
        host = None
    if host is not None and host.fresh_until > now:
        return host, codec.decode(adapter.description, host.description)
    try:
        found = adapter.discover(
            conf.transport(wanted), wanted.base_url, now=now, etag=host.etag if host is not None else ""
        )
    except WalletUnreachable:
        if host is None or not stale:
            raise
        return host, codec.decode(adapter.description, host.description)
    values: dict[str, Any] = {
        "wallet_id": wanted.id, "base_url": wanted.base_url, "etag": found.etag, "fresh_until": found.fresh_until,
        "fetched_at": now,
    }
    if found.description is not None:
        values["description"] = codec.encode(found.description)
    host, _ = requests.patiently(lambda: models.WalletHost.objects.update_or_create(key=key, defaults=values))
    return host, codec.decode(adapter.description, host.description)


def ways(wanted: Provider, *, now: datetime) -> Ways:
    """Description and registration of a wallet, both made where they are missing.

    NotAllowed (``wallet-unknown``) for one that is connected by its address.
    """
    if wanted.by_address:
        raise NotAllowed("That wallet is connected by its address.", code="wallet-unknown")
    host, description = describe(wanted, now=now)
    redirect_uri = places.wallet_callback(wanted.id)
    key = models.pair_key(wanted.id, wanted.base_url, redirect_uri)
    active = models.ClientRegistration.objects.filter(key=key, active=True).select_related("host")
    registration = active.first()
    expires = registration.secret_expires_at if registration is not None else None
    if registration is not None and expires is not None and expires <= now:
        active.update(active=None)
        registration = None
    if registration is None:
        registration = _register(wanted, host, description, redirect_uri, key, now)
    return Ways(provider=wanted, description=description, registration=registration)


def client_of(registration: models.ClientRegistration) -> oauth.Client:
    """A stored registration with its secret."""
    secret = vault.unseal(registration.secret)["secret"]
    return oauth.Client(
        id=registration.client_id, secret=secret, secret_expires_at=registration.secret_expires_at
    )


def is_of(registration: models.ClientRegistration, wanted: Provider) -> bool:
    """Whether we are registered there: the admin may have given the wallet's id to another host since, which must see
    no secret of the former one.
    """
    return registration.key == models.pair_key(wanted.id, wanted.base_url, registration.redirect_uri)


def _register(
    wanted: Provider, host: models.WalletHost, description: Description, redirect_uri: str, key: str,
    now: datetime,
) -> models.ClientRegistration:
    client = oauth.register(
        conf.transport(wanted), description.endpoints, _metadata(description, redirect_uri), now=now
    )
    values = {
        "host": host, "redirect_uri": redirect_uri, "client_id": client.id,
        "secret": vault.seal({"secret": client.secret}), "secret_expires_at": client.secret_expires_at,
    }
    try:
        return requests.patiently(lambda: models.ClientRegistration.objects.create(key=key, **values))
    except IntegrityError:  # two learners were the first at once; the other registration is as good
        return models.ClientRegistration.objects.select_related("host").get(key=key, active=True)


def _metadata(description: Description, redirect_uri: str) -> Mapping[str, Any]:
    """RFC 7591 metadata as Open Badges profiles it: every address on one host."""
    told = conf.setting("MICROCRED_CLIENT")
    pages = {
        "logo_uri": places.about("logo.svg"), "tos_uri": places.about("terms"), "policy_uri": places.about("privacy"),
        **(told if isinstance(told, Mapping) else {}),
    }
    return {
        "client_name": issuers.issuer().name, "client_uri": conf.public_base_url() + "/", **pages,
        "software_id": SOFTWARE_ID, "software_version": __version__, "redirect_uris": [redirect_uri],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "scope": " ".join(description.wanted),
    }
