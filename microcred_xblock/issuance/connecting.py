"""A learner gives this site permission, at the wallet, to put credentials there.

Ticket → start → wallet → callback. The ticket goes to the learner's page; the *browser* that
follows it is bound to the attempt by a secret in its session, and only that browser can finish.
Each step works once and within minutes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction

from ..domain.errors import InvalidAnswer, MicrocredError, NotAllowed, WalletRefused
from ..wallets import oauth
from ..wallets.base import Provider
from . import adapters, conf, models, outbox, places, registering, requests, retired, vault

log = logging.getLogger(__name__)

ATTEMPT_LIFETIME = timedelta(minutes=15)
RETIRED = "retired"  # why a connection has ended whose account is gone
_MOST_RETURN_URL = 2_000
_STORE_TRIES = 10


def connect(
    learner_id: str, wallet_id: str, *, award_id: UUID | None, return_url: str, now: datetime
) -> str:
    """The address to open in the learner's browser. The wallet is asked first, so its faults show here."""
    found = registering.ways(registering.provider(wallet_id), now=now)
    ticket = secrets.token_urlsafe(32)
    attempt = models.AuthorizationAttempt.objects.create(
        learner_id=learner_id, wallet_id=wallet_id, award_id=award_id, registration=found.registration,
        return_url=_safe_return_url(return_url), ticket_digest=_digest(ticket), expires_at=now + ATTEMPT_LIFETIME,
    )
    # Asked last, and once more when the row can be seen: a retirement that does not find it is found here.
    transaction.on_commit(lambda: _forget_retired(attempt), robust=True)
    refusal = retired.refusal(learner_id)
    if refusal is not None:
        models.AuthorizationAttempt.objects.filter(pk=attempt.pk).delete()
        raise refusal
    return places.wallet_start(ticket)


def start(ticket: str, *, session_secret: str, learner_id: str | None, now: datetime) -> str:
    """Bind the attempt to the browser session and give the wallet's authorisation address.

    ``learner_id`` is the signed-in user where the platform has users, else None. InvalidAnswer
    (``attempt-unknown``, ``attempt-used``, ``attempt-expired``), NotAllowed (``attempt-person``). Trouble
    with the wallet leads back to the learner's page (``microcred_error`` in its address).
    """
    attempt = _attempt(models.AuthorizationAttempt.objects.filter(ticket_digest=_digest(ticket)), learner_id, now)
    if attempt.state_digest is not None:
        raise InvalidAnswer("This link was used already: connect the wallet again.", code="attempt-used")
    try:
        found = registering.ways(registering.provider(attempt.wallet_id), now=now)
    except MicrocredError as problem:
        return _returning(attempt.return_url, microcred_wallet=attempt.wallet_id, microcred_error=problem.code)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    bound = models.AuthorizationAttempt.objects.filter(pk=attempt.pk, state_digest__isnull=True).update(
        state_digest=_digest(state), session_digest=_digest(session_secret), registration=found.registration,
        verifier=vault.seal({"verifier": verifier}),
    )
    if not bound:
        raise InvalidAnswer("This link was used already: connect the wallet again.", code="attempt-used")
    return oauth.authorization_url(
        found.description.endpoints, found.client, redirect_uri=found.registration.redirect_uri,
        scopes=found.description.wanted, state=state, verifier=verifier,
    )


def finish(
    *, wallet_id: str, state: str, code: str, error: str, iss: str, session_secret: str, learner_id: str | None,
    now: datetime,
) -> str:
    """Take the wallet's answer: store the connection, or say why there is none. Returns where to send the browser.

    Trouble with a genuine attempt travels in the address (``microcred_error``); an answer that belongs
    to no attempt of this browser raises InvalidAnswer or NotAllowed.
    """
    attempt = _attempt(models.AuthorizationAttempt.objects.filter(state_digest=_digest(state)), learner_id, now)
    same_browser = secrets.compare_digest(attempt.session_digest, _digest(session_secret))
    if not same_browser or attempt.wallet_id != wallet_id:
        raise NotAllowed("This answer was meant for another browser.", code="attempt-person")
    unused = models.AuthorizationAttempt.objects.filter(pk=attempt.pk, used_at__isnull=True)
    if not requests.patiently(lambda: unused.update(used_at=now)):
        raise InvalidAnswer("This link was used already: connect the wallet again.", code="attempt-used")
    try:
        _complete(attempt, code=code, error=error, iss=iss, now=now)
    except MicrocredError as problem:
        log.info("Wallet %s was not connected: %s", wallet_id, problem.code)
        return _returning(attempt.return_url, microcred_wallet=wallet_id, microcred_error=problem.code)
    return _returning(attempt.return_url, microcred_wallet=wallet_id)


def disconnect(learner_id: str, wallet_id: str, *, now: datetime) -> None:
    """Forget the tokens, stop what is not sent yet, and tell the wallet if it wants to know."""
    row = connection(learner_id, wallet_id)
    if row is None:
        return
    tokens = _readable_tokens(row)

    def forget() -> None:
        end(row, code="", now=now)
        _end_sharing(row, now)

    requests.patiently(forget)
    _revoke(row, tokens, now)


def _forget_retired(attempt: models.AuthorizationAttempt) -> None:
    if retired.is_marked(attempt.learner_id):
        models.AuthorizationAttempt.objects.filter(pk=attempt.pk).delete()


def close_for_good(row: models.WalletConnection, *, now: datetime, code: str = RETIRED) -> None:
    """End a connection; once that is committed the wallet is told, if it can be. Call it in a transaction.

    ``code`` says why: as a rule, because the account is being retired.
    """
    tokens = _readable_tokens(row) if row.tokens else None
    end(row, code=code, now=now)
    transaction.on_commit(lambda: _revoke(row, tokens, now), robust=True)


def connection(learner_id: str, wallet_id: str) -> models.WalletConnection | None:
    """The learner's active connection to a wallet."""
    key = models.pair_key(learner_id, wallet_id)
    rows = models.WalletConnection.objects.select_related("registration")
    return rows.filter(learner_wallet=key, active=True).first()


@transaction.atomic
def end(row: models.WalletConnection, *, code: str, now: datetime) -> None:
    """Close a connection: tokens wiped, deliveries not yet made stopped.

    ``code`` says why; it is empty where the learner wished it.
    """
    state = models.Delivery.State
    models.WalletConnection.objects.filter(pk=row.pk, active=True).update(
        active=None, tokens="", disconnected_at=now, ended_code=code
    )
    unsent = row.deliveries.filter(state__in=(state.QUEUED, state.WAITING, state.DEAD))
    unsent.update(state=state.STOPPED, next_attempt_at=None)


def tokens_of(row: models.WalletConnection) -> oauth.Tokens:
    """The stored tokens of a connection. WalletRefused (``wallet-reconnect``) for one that was made by an address."""
    if row.registration_id is None or row.expires_at is None:
        raise _elsewhere()
    stored = vault.unseal(row.tokens)
    return oauth.Tokens(
        access=stored["access"], refresh=stored["refresh"], expires_at=row.expires_at, scopes=tuple(row.scopes)
    )


def tokens_for(row: models.WalletConnection, wanted: Provider) -> oauth.Tokens:
    """The tokens of a connection, to be shown to ``wanted``. WalletRefused (``wallet-reconnect``) if they are not its.
    """
    tokens = tokens_of(row)
    if not registering.is_of(row.registration, wanted):
        raise _elsewhere()
    return tokens


def keep_tokens(row: models.WalletConnection, tokens: oauth.Tokens) -> None:
    """Store refreshed tokens, unless the learner disconnected meanwhile."""
    models.WalletConnection.objects.filter(pk=row.pk, active=True).update(**_token_columns(tokens))


def _readable_tokens(row: models.WalletConnection) -> oauth.Tokens | None:
    with contextlib.suppress(MicrocredError):  # a lost key must not keep anybody connected
        return tokens_of(row)
    return None


def _end_sharing(row: models.WalletConnection, now: datetime) -> None:
    """The ledger's lines for this wallet: whoever disconnects it no longer agrees that anything goes there."""
    with contextlib.suppress(MicrocredError):  # a wallet that the admin has removed
        models.Consent.objects.filter(
            award__learner_id=row.learner_id, purpose=models.Consent.Purpose.SHARE, active=True,
            recipient=registering.provider(row.wallet_id).base_url[:255],
        ).update(active=None, withdrawn_at=now)


def useless(
    row: models.WalletConnection | models.AuthorizationAttempt, tokens: oauth.Tokens, now: datetime
) -> WalletRefused:
    """The error for a grant under which nothing can be put into the wallet; the wallet is told to forget it."""
    _revoke(row, tokens, now)
    return WalletRefused(
        "The permission to put credentials into the wallet was not given.", code="wallet-scope-shrunk"
    )


def _revoke(
    row: models.WalletConnection | models.AuthorizationAttempt, tokens: oauth.Tokens | None, now: datetime
) -> None:
    """Tell the wallet, if it wants to know. Where that fails, its own list of applications remains as a way."""
    if tokens is None:
        return
    with contextlib.suppress(MicrocredError):
        wanted = registering.provider(row.wallet_id)
        if not registering.is_of(row.registration, wanted):
            return
        _host, description = registering.describe(wanted, now=now, stale=True)
        if description.endpoints.revocation:
            token, hint = (tokens.refresh, "refresh_token") if tokens.refresh else (tokens.access, "access_token")
            client = registering.client_of(row.registration)
            oauth.revoke(conf.transport(wanted), description.endpoints, client, token, hint)


def _complete(attempt: models.AuthorizationAttempt, *, code: str, error: str, iss: str, now: datetime) -> None:
    wanted = registering.provider(attempt.wallet_id)
    if not registering.is_of(attempt.registration, wanted):
        raise _elsewhere()
    _host, description = registering.describe(wanted, now=now)
    oauth.check_issuer(iss, authorization=description.endpoints.authorization, base_url=wanted.base_url)
    if error:
        declined = error == "access_denied"
        raise WalletRefused(
            "You did not allow the connection." if declined else "The wallet refused the connection.",
            code="wallet-declined" if declined else "wallet-authorisation",
        )
    if not code:
        raise InvalidAnswer("The wallet's answer holds no code.", code="wallet-answer")
    transport, client = conf.transport(wanted), registering.client_of(attempt.registration)
    try:
        tokens = oauth.exchange(
            transport, description.endpoints, client, code=code, redirect_uri=attempt.registration.redirect_uri,
            verifier=vault.unseal(attempt.verifier)["verifier"], scopes=description.wanted, now=now,
        )
    except WalletRefused as refusal:
        if refusal.code == "wallet-client":  # the host has forgotten us: register anew next time
            models.ClientRegistration.objects.filter(pk=attempt.registration_id).update(active=None)
        raise
    if adapters.of(wanted).scope not in tokens.scopes:
        raise useless(attempt, tokens, now)
    _store(attempt, tokens, now)


def _store(attempt: models.AuthorizationAttempt, tokens: oauth.Tokens, now: datetime) -> None:
    """The new connection takes the place of a former one, which may be of another account at the wallet.

    The wallet's code works once: whatever other tabs do to the database meanwhile, only this part is tried again.
    If the learner's account was retired meanwhile, the wallet is told to forget the fresh tokens.
    """
    for tries_left in reversed(range(_STORE_TRIES)):
        try:
            former, tokens_before = requests.patiently(lambda: _replace(attempt, tokens, now))
        except IntegrityError:  # another tab connected at the same moment: ours replaces it in turn
            if not tries_left:
                raise
        except (InvalidAnswer, NotAllowed):
            _revoke(attempt, tokens, now)
            raise
        else:
            if former is not None:
                _revoke(former, tokens_before, now)
            return


def _replace(
    attempt: models.AuthorizationAttempt, tokens: oauth.Tokens, now: datetime
) -> tuple[models.WalletConnection | None, oauth.Tokens | None]:
    """The connection that was there before, with its tokens, after the new one is made.

    InvalidAnswer (``attempt-unknown``) where retirement has deleted the attempt, which it has to wait for from here
    on; NotAllowed (``account-retired``).
    """
    outbox.lock_award(attempt.award_id)  # the learner's tabs take turns
    if not models.AuthorizationAttempt.objects.filter(pk=attempt.pk).update(used_at=now):
        raise _nobody_waits()
    refusal = retired.refusal(attempt.learner_id)
    if refusal is not None:
        raise refusal
    former = connection(attempt.learner_id, attempt.wallet_id)
    tokens_before = _readable_tokens(former) if former is not None else None
    if former is not None:
        end(former, code="replaced", now=now)
    models.WalletConnection.objects.create(
        learner_id=attempt.learner_id, wallet_id=attempt.wallet_id,
        learner_wallet=models.pair_key(attempt.learner_id, attempt.wallet_id), registration=attempt.registration,
        connected_at=now, **_token_columns(tokens),
    )
    return former, tokens_before


def _token_columns(tokens: oauth.Tokens) -> dict[str, Any]:
    return {
        "tokens": vault.seal({"access": tokens.access, "refresh": tokens.refresh}),
        "scopes": list(tokens.scopes), "expires_at": tokens.expires_at,
    }


def _attempt(rows: Any, learner_id: str | None, now: datetime) -> models.AuthorizationAttempt:
    attempt = rows.select_related("registration").first()
    if attempt is None:
        raise _nobody_waits()
    if attempt.expires_at <= now:
        raise InvalidAnswer("This took too long: connect the wallet again.", code="attempt-expired")
    if learner_id is not None and learner_id != attempt.learner_id:
        raise NotAllowed("This link belongs to somebody else.", code="attempt-person")
    return attempt


def _elsewhere() -> WalletRefused:
    return WalletRefused("The wallet is to be connected anew.", code="wallet-reconnect")


def _nobody_waits() -> InvalidAnswer:
    return InvalidAnswer("Nobody here is waiting for this answer.", code="attempt-unknown")


def _safe_return_url(url: str) -> str:
    """A page of this site, never another's: a path, or an address under the public base URL."""
    base = urlsplit(conf.public_base_url())
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("//")
    same_site = (parts.scheme, parts.netloc) in {("", ""), (base.scheme, base.netloc)}
    plain = len(url) <= _MOST_RETURN_URL and "\\" not in url and url.isprintable() and not url.startswith("//")
    if not (same_site and plain and parts.path.startswith("/")):
        raise InvalidAnswer("The address to come back to is not of this site.", code="return-url")
    return url


def _returning(url: str, **query: str) -> str:
    bare, hash_, fragment = url.partition("#")
    return f"{bare}{'&' if '?' in bare else '?'}{urlencode(query)}{hash_}{fragment}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()
