"""OpenID4VCI on this site: what is offered, who may go on, and what a wallet with a good proof is given (decision 32).

Each service takes what a wallet has sent and gives what it is answered; ``oid4vci.Refusal`` is a no in the words of
the specification, and the learner reads on the page why. Not inside a transaction: an offer that was redeemed stays
so, and a key may be far away.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from django.core import signing as tokens
from django.utils import translation
from django.utils.translation import gettext

from ..credentials import open_badges, sd_jwt_vc
from ..domain.credential import BoundForm
from ..domain.errors import InvalidDocument, MicrocredError, Misconfigured, NotAllowed, NotReady
from ..proofs import key_proof
from ..wallets import oid4vci
from . import binding, collecting, conf, issuers, models, nonces, places

log = logging.getLogger(__name__)

CHANNEL = collecting.Channel.OPENID4VCI
IDS: Mapping[BoundForm, str] = {
    BoundForm.LDP_VC: "OpenBadgeCredential_ldp_vc", BoundForm.JWT_VC_JSON: "OpenBadgeCredential_jwt_vc_json",
    BoundForm.SD_JWT_VC: "MicroCredential_dc_sd-jwt",
}
AGAIN_AFTER = 5  # seconds until a wallet asks again for what could not be signed at once
_LANGUAGES = ("en", "fr", "ar")
_TRANSACTION, _NOTIFICATION = "microcred.wallet.transaction", "microcred.wallet.notification"
_EVENTS = {"credential_failure": "offer-not-kept", "credential_deleted": "offer-declined"}
_Purpose = models.SigningKey.Purpose


def N_(text: str) -> str:  # marks a text for extraction; it is translated when it is shown
    """``text`` itself."""
    return text


_NAMES = {
    BoundForm.LDP_VC: N_("Open Badge"), BoundForm.JWT_VC_JSON: N_("Open Badge (JWT)"),
    BoundForm.SD_JWT_VC: N_("Micro-credential (SD-JWT)"),
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a wallet is answered."""

    body: Mapping[str, Any]
    status: int = 200


def endpoints() -> oid4vci.Endpoints:
    """The addresses that the metadata name."""
    return oid4vci.Endpoints(
        issuer=places.openid4vci(), deferred=places.openid4vci("deferred_credential"),
        **{name: places.openid4vci(name) for name in ("token", "nonce", "credential", "notification")},
    )


def forms() -> list[BoundForm]:
    """The forms that the admin offers, the best first."""
    return [BoundForm(name) for name in conf.chosen("MICROCRED_OPENID4VCI_FORMATS")]


def configurations() -> list[oid4vci.Configuration]:
    """What the metadata describe. One query."""
    keys = models.SigningKey.objects.filter(retired_at__isnull=True, withdrawn_at__isnull=True)
    signed = tuple(sorted(set(keys.filter(purpose=_Purpose.BADGE_JWT).values_list("algorithm", flat=True))))
    return [_configuration(form, signed) for form in forms()]


def _configuration(form: BoundForm, signed: tuple[str, ...]) -> oid4vci.Configuration:
    if form is BoundForm.SD_JWT_VC:
        return oid4vci.Configuration(
            id=IDS[form], form=form, algorithms=signed, vct=places.credential_type(), display=_shown(_NAMES[form]),
            claims=sd_jwt_vc.claims_described(_LANGUAGES),
        )
    return oid4vci.Configuration(
        id=IDS[form], form=form, types=open_badges.TYPES, contexts=open_badges.CONTEXT, display=_shown(_NAMES[form]),
        algorithms=("eddsa-rdfc-2022",) if form is BoundForm.LDP_VC else signed,
    )


def issuer_metadata(shape: oid4vci.Shape) -> dict[str, Any]:
    """The Credential Issuer Metadata. NotAllowed where the admin does not offer this channel."""
    collecting.check_open(CHANNEL)
    name = issuers.names_of([""])
    logo = {"uri": places.about("logo.svg")}
    return oid4vci.issuer_metadata(
        endpoints(), configurations(), proof_algorithms=list(key_proof.ALGORITHMS), shape=shape,
        display=[{"name": name, "logo": logo}] if name else [],
    )


def server_metadata() -> dict[str, Any]:
    """The metadata of the authorisation server, which is this site, too. NotAllowed as ``issuer_metadata``."""
    collecting.check_open(CHANNEL)
    return oid4vci.server_metadata(endpoints())


def jwt_issuer(place: str) -> dict[str, Any] | None:
    """The JWT VC Issuer Metadata for ``issuers`` or ``issuers/<key>``: the keys of its SD-JWTs, retired ones too."""
    _, _, key = place.partition("/")
    rows = models.SigningKey.objects.filter(
        issuer__key=key, purpose=_Purpose.BADGE_JWT, withdrawn_at__isnull=True
    ).order_by("pk")
    keys = [{**row.public_jwk, "kid": row.method_id, "use": "sig"} for row in rows]
    if not keys or places.jwt_issuer(key) != places.openid4vci(place):
        return None
    return {"issuer": places.jwt_issuer(key), "jwks": {"keys": keys}}


def type_metadata() -> dict[str, Any]:
    """The Type Metadata of the SD-JWT VC."""
    return sd_jwt_vc.described(places.credential_type(), languages=_LANGUAGES)


def offered(secret: str, *, with_code: bool) -> dict[str, Any]:
    """The Credential Offer that goes with a secret."""
    return oid4vci.offer(
        places.openid4vci(), [IDS[form] for form in forms()], secret, tx_code=_code_wanted() if with_code else None
    )


def uri_by_value(secret: str, *, with_code: bool) -> str:
    """The offer as a link that holds the whole of it."""
    return oid4vci.by_value(offered(secret, with_code=with_code))


def open_offer(secret: str, *, now: datetime) -> dict[str, Any]:
    """The offer that a wallet fetches. NotAllowed as ``collecting.find``."""
    row = collecting.find(secret, CHANNEL, now=now)
    return offered(secret, with_code=bool(row.tx_code_digest))


def token(body: bytes, *, now: datetime) -> Answer:
    """Redeem the pre-authorised code."""
    asked = oid4vci.token_request(body)
    try:
        row = collecting.find(asked.code, CHANNEL, now=now)
        oid4vci.check_code(asked, wanted=bool(row.tx_code_digest))
        oid4vci.check_details(asked, [IDS[form] for form in forms()])
        _, made = collecting.redeem(asked.code, CHANNEL, tx_code=asked.tx_code or "", now=now)
    except NotAllowed as error:
        raise oid4vci.Refusal(error.message, error="invalid_grant", code=error.code) from error
    return Answer(body=oid4vci.token_response(
        made, seconds=int(collecting.TOKEN_LASTS.total_seconds()), nonce=nonces.make(now),
        nonce_seconds=int(nonces.LASTS.total_seconds()), details=asked.details,
    ))


def nonce(*, now: datetime) -> Answer:
    """A nonce for whoever asks."""
    return Answer(body={"c_nonce": nonces.make(now)})


def credential(authorization: str | None, body: bytes, *, now: datetime) -> Answer:
    """The credential for the proved key, or a transaction id where its key cannot sign at once."""
    row = _collecting(authorization, now)
    try:
        asked = oid4vci.credential_request(body, configurations())
        proved = _proved(asked, now)
    except oid4vci.Refusal as refusal:
        if refusal.error != "invalid_nonce":  # with which a wallet comes again
            collecting.failed(row, refusal.code)
        raise
    form = asked.configuration.form
    try:
        given = _issue(row, form, proved.did, asked.shape, now)
    except NotReady as error:
        log.info("A wallet waits for its credential: %s", error.code)
        told = {"offer": row.pk, "form": form.value, "did": proved.did, "shape": asked.shape.value}
        waiting = oid4vci.deferred_response(
            tokens.dumps(told, salt=_TRANSACTION), seconds=AGAIN_AFTER, shape=asked.shape
        )
        return Answer(body=waiting, status=202)
    return _given(row, given, asked.shape, now)


def deferred(authorization: str | None, body: bytes, *, now: datetime) -> Answer:
    """What could not be signed at once. The transaction ends when it has been given."""
    row = _collecting(authorization, now)
    transaction_id = oid4vci.deferred_request(body)
    try:
        told = tokens.loads(transaction_id, salt=_TRANSACTION)
    except tokens.BadSignature as error:
        raise oid4vci.unknown_transaction() from error
    if told["offer"] != row.pk or nonces.is_spent(transaction_id):
        raise oid4vci.unknown_transaction()
    shape = oid4vci.Shape(told["shape"])
    try:
        given = _issue(row, BoundForm(told["form"]), told["did"], shape, now)
    except NotReady as error:
        if shape is oid4vci.Shape.DRAFT_13:
            raise oid4vci.Refusal("The credential is not signed yet.", error="issuance_pending") from error
        return Answer(body=oid4vci.deferred_response(transaction_id, seconds=AGAIN_AFTER, shape=shape), status=202)
    if not nonces.spent_now(transaction_id, until=row.token_expires_at or now):
        raise oid4vci.unknown_transaction()
    return _given(row, given, shape, now)


def notified(authorization: str | None, body: bytes, *, now: datetime) -> None:
    """A wallet tells what became of a credential. However often it is told, it is the same."""
    row = _collecting(authorization, now)
    told = oid4vci.notification_request(body)
    try:
        found = tokens.Signer(salt=_NOTIFICATION).unsign(told.id)
    except tokens.BadSignature as error:
        raise oid4vci.unknown_notification() from error
    if found != str(row.pk):
        raise oid4vci.unknown_notification()
    if told.event in _EVENTS:
        collecting.given_back(row, _EVENTS[told.event])
    else:
        collecting.collected(row, now=now)


def refusal_body(refusal: oid4vci.Refusal, *, now: datetime) -> dict[str, Any]:
    """A no as JSON, with a fresh nonce for wallets that expect one there."""
    return oid4vci.refusal_body(
        refusal, nonce=nonces.make(now), nonce_seconds=int(nonces.LASTS.total_seconds())
    )


def _collecting(authorization: str | None, now: datetime) -> models.WalletOffer:
    try:
        return collecting.by_token(oid4vci.bearer(authorization), CHANNEL, now=now)
    except NotAllowed as error:
        raise oid4vci.Refusal(error.message, error="invalid_token", status=401, code=error.code) from error


def _proved(asked: oid4vci.CredentialRequest, now: datetime) -> key_proof.Proved:
    try:
        proved = key_proof.verify(asked.proof, audience=places.openid4vci(), now=now)
    except InvalidDocument as error:
        raise oid4vci.Refusal(
            error.message, error="invalid_proof", code="offer-proof", shape=asked.shape
        ) from error
    if not proved.nonce:
        raise oid4vci.Refusal(
            "The key proof has no nonce.", error="invalid_proof", code="offer-proof", shape=asked.shape
        )
    if not nonces.spend(proved.nonce, now=now):
        raise oid4vci.Refusal(
            "The nonce is unknown, used or too old: get a new one.", error="invalid_nonce", code="offer-proof",
            shape=asked.shape,
        )
    return proved


def _issue(
    row: models.WalletOffer, form: BoundForm, did: str, shape: oid4vci.Shape, now: datetime
) -> models.BoundCredential:
    """NotReady goes on: it is the key that is slow."""

    def denied(error: Exception, code: str, message: str) -> NoReturn:
        collecting.failed(row, code)
        raise oid4vci.Refusal(message, error="credential_request_denied", code=code, shape=shape) from error

    try:
        return binding.issue(row.award_id, form, did, now=now)
    except NotReady:
        raise
    except Misconfigured as error:
        log.error("A wallet could not be given its credential: %s", error.code)
        denied(error, error.code, "The credential cannot be signed here.")
    except MicrocredError as error:
        denied(error, error.code, error.message)


def _given(row: models.WalletOffer, given: models.BoundCredential, shape: oid4vci.Shape, now: datetime) -> Answer:
    collecting.collected(row, now=now)
    content = bytes(given.content).decode("utf-8")
    return Answer(body=oid4vci.credential_response(
        json.loads(content) if given.form == BoundForm.LDP_VC.value else content, shape=shape,
        notification_id=tokens.Signer(salt=_NOTIFICATION).sign(str(row.pk)), nonce=nonces.make(now),
        nonce_seconds=int(nonces.LASTS.total_seconds()),
    ))


def _code_wanted() -> dict[str, Any]:
    text = gettext("Type the six digits that are shown beside the QR code on the page of your course.")
    return {"input_mode": "numeric", "length": 6, "description": text}


def _shown(text: str) -> tuple[dict[str, Any], ...]:
    """A name in each language that the catalogues hold."""
    return tuple({"name": _in(language, gettext, text), "locale": language} for language in _LANGUAGES)


def _in(language: str, translate: Callable[[str], str], text: str) -> str:
    with translation.override(language):
        return translate(text)
