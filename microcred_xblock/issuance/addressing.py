"""A learner connects a wallet that has no sign-in for others by saying whose it is: its address, or their own e-mail.

What they say lies encrypted where the tokens of other wallets lie, and goes when those would go.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction

from ..domain.errors import MicrocredError, NotAllowed, WalletRefused
from ..wallets import europass
from ..wallets.base import Provider
from ..wallets.europass import EuropassWallet, Recipient
from ..wallets.transport import Transport
from . import connecting, models, outbox, registering, requests, retired, vault
from .data import Learner

_STORE_TRIES = 10


def connect(
    learner: Learner, wallet_id: str, *, award_id: UUID | None, address: str, by_email: bool, language: str,
    now: datetime,
) -> None:
    """Connect the wallet at ``address``, or that of the account's own e-mail address. Twice is once.

    It takes the place of a former connection to the same provider. NotAllowed (``wallet-unknown``,
    ``account-retired``), InvalidAnswer (``wallet-typed`` with ``field`` address, ``email``), Misconfigured.
    """
    wanted = registering.provider(wallet_id)
    if not wanted.by_address:
        raise NotAllowed("That wallet is not connected by an address.", code="wallet-unknown")
    recipient = europass.recipient_by(learner.email) if by_email else europass.recipient_at(address, wanted)
    store = partial(_store, learner.id, wanted, award_id, recipient, language, now)
    for tries_left in reversed(range(_STORE_TRIES)):
        try:
            requests.patiently(store)
        except IntegrityError:  # another tab connected at the same moment: ours replaces it in turn
            if not tries_left:
                raise
        else:
            return


def told(row: models.WalletConnection) -> str:
    """Whose wallet a connection leads to, in the learner's own words; nothing where it cannot be read."""
    try:
        recipient = _recipient(row) if row.tokens else None
    except MicrocredError:
        return ""
    return (recipient.email or recipient.user_id) if recipient is not None else ""


def wallet(row: models.WalletConnection, wanted: Provider, transport: Transport) -> EuropassWallet:
    """The wallet that a connection leads to. Misconfigured (``token-key``), WalletRefused (``wallet-reconnect``)."""
    return EuropassWallet(
        transport=transport, base_url=wanted.base_url, recipient=_recipient(row), language=_language(row),
        name=wanted.id,
    )


def _recipient(row: models.WalletConnection) -> Recipient:
    """WalletRefused (``wallet-reconnect``) where the wallet was of another kind when it was connected."""
    if row.registration_id is not None:
        raise WalletRefused("The wallet is to be connected anew.", code="wallet-reconnect")
    stored = vault.unseal(row.tokens)
    return Recipient(user_id=stored["user_id"], email=stored["email"])


def _language(row: models.WalletConnection) -> str:
    return vault.unseal(row.tokens)["language"]


def _store(
    learner_id: str, wanted: Provider, award_id: UUID | None, recipient: Recipient, language: str, now: datetime
) -> None:
    outbox.lock_award(award_id)  # the learner's tabs take turns
    refusal = retired.refusal(learner_id)
    if refusal is not None:
        raise refusal
    former = connecting.connection(learner_id, wanted.id)
    if former is not None:
        if former.registration_id is None and told(former) == (recipient.email or recipient.user_id):
            return
        connecting.close_for_good(former, code="replaced", now=now)
    made = models.WalletConnection.objects.create(
        learner_id=learner_id, wallet_id=wanted.id, learner_wallet=models.pair_key(learner_id, wanted.id),
        connected_at=now,
        tokens=vault.seal({"user_id": recipient.user_id, "email": recipient.email, "language": language}),
    )
    # Asked once more when the row can be seen: a retirement that does not find it is found here.
    transaction.on_commit(partial(_forget_retired, made.pk, learner_id), robust=True)


def _forget_retired(pk: int, learner_id: str) -> None:
    if retired.is_marked(learner_id):
        models.WalletConnection.objects.filter(pk=pk, learner_id=learner_id).delete()
