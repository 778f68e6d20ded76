"""OpenID for Verifiable Credential Issuance 1.0, the issuer's side of the pre-authorised code flow, as values.

Offers and metadata are composed, requests read, answers made; nothing here knows an award, a key or a request of
Django. Wallets that still speak draft 13 are told apart by the form of what they send (``Shape``) and by where they
look for metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..domain import strict_json
from ..domain.credential import BoundForm
from ..domain.errors import InvalidAnswer

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
SCHEME = "openid-credential-offer://"
DETAILS = "openid_credential"  # the type of authorization_details, section 5.1.1
EVENTS = ("credential_accepted", "credential_failure", "credential_deleted")
DRAFT_SD_JWT = "vc+sd-jwt"  # what draft 13 calls dc+sd-jwt
MOST_BYTES = 32_000
_MOST_FIELDS = 50
_MOST_TEXT = 10_000
_OUTSIDE = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")  # of an error_description, section 8.3.1.2
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]{1,2000}=*)", re.ASCII)


class Shape(str, Enum):
    """Which version of the specification a credential request is written in."""

    FINAL = "1.0"
    DRAFT_13 = "13"


class Refusal(InvalidAnswer):
    """A no in the specification's own words. ``error`` is its code, ``status`` that of HTTP."""

    default_code = "offer-request"

    def __init__(
        self, message: str, *, error: str, status: int = 400, code: str | None = None, shape: Shape = Shape.FINAL
    ) -> None:
        super().__init__(message, code=code)
        self.error, self.status, self.shape = error, status, shape


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One form in which a credential is offered. ``algorithms`` sign it; ``display`` and ``claims`` describe it."""

    id: str
    form: BoundForm
    algorithms: tuple[str, ...]
    types: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    vct: str = ""
    display: tuple[Mapping[str, Any], ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """The addresses of the credential issuer, which is its own authorisation server."""

    issuer: str
    token: str
    nonce: str
    credential: str
    deferred: str
    notification: str


@dataclass(frozen=True, kw_only=True)
class TokenRequest:
    """``tx_code`` is None where the wallet sent none. ``details`` are the configurations it names, if it names any."""

    code: str = field(repr=False)
    tx_code: str | None = field(default=None, repr=False)
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CredentialRequest:
    """Which configuration is asked for, and the one key proof."""

    configuration: Configuration
    proof: str = field(repr=False)
    shape: Shape = Shape.FINAL


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What became of a credential in the wallet."""

    id: str = field(repr=False)
    event: str


def offer(issuer: str, configuration_ids: Sequence[str], code: str, *, tx_code: Mapping[str, Any] | None) -> dict:
    """The Credential Offer (section 4.1.1). ``tx_code`` describes the transaction code that will be asked for."""
    grant: dict[str, Any] = {"pre-authorized_code": code}
    if tx_code is not None:
        grant["tx_code"] = dict(tx_code)
    return {
        "credential_issuer": issuer, "credential_configuration_ids": list(configuration_ids), "grants": {GRANT: grant},
    }


def by_value(offered: Mapping[str, Any]) -> str:
    """The offer as a link that holds the whole of it (section 4.1.2)."""
    return f"{SCHEME}?{urlencode({'credential_offer': json.dumps(offered, separators=(',', ':'))})}"


def issuer_metadata(
    at: Endpoints, configurations: Sequence[Configuration], *, proof_algorithms: Sequence[str],
    display: Sequence[Mapping[str, Any]], shape: Shape = Shape.FINAL,
) -> dict[str, Any]:
    """The Credential Issuer Metadata (section 12.2.4), or what draft 13 wanted in its place."""
    described = _configuration if shape is Shape.FINAL else _draft_configuration
    found: dict[str, Any] = {
        "credential_issuer": at.issuer,
        "credential_endpoint": at.credential,
        "deferred_credential_endpoint": at.deferred,
        "notification_endpoint": at.notification,
        "display": [dict(item) for item in display],
        "credential_configurations_supported": {
            item.id: described(item, list(proof_algorithms)) for item in configurations
        },
    }
    return found if shape is Shape.DRAFT_13 else {**found, "nonce_endpoint": at.nonce}


def server_metadata(at: Endpoints) -> dict[str, Any]:
    """The authorisation server's metadata (RFC 8414; OpenID4VCI section 12.3)."""
    return {
        "issuer": at.issuer,
        "token_endpoint": at.token,
        "grant_types_supported": [GRANT],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_details_types_supported": [DETAILS],
        "response_types_supported": [],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def token_request(body: bytes) -> TokenRequest:
    """The form that a wallet posts to the token endpoint (section 6.1; RFC 6749, section 4.1.3)."""
    form = _form(body)
    grant = form.get("grant_type")
    if grant is None:
        raise _bad_token("The grant_type is missing.")
    if grant != GRANT:
        raise Refusal("Only pre-authorised codes are taken here.", error="unsupported_grant_type")
    code = form.get("pre-authorized_code")
    if not code:
        raise _bad_token("The pre-authorized_code is missing.")
    return TokenRequest(code=code, tx_code=form.get("tx_code"), details=_details(form.get("authorization_details")))


def check_code(request: TokenRequest, *, wanted: bool) -> None:
    """Refusal (``invalid_request``) for a transaction code that is missing, or that nobody asked for (section 6.3)."""
    if wanted and request.tx_code is None:
        raise _bad_token("This offer needs a transaction code.")
    if not wanted and request.tx_code is not None:
        raise _bad_token("This offer has no transaction code.")


def token_response(
    token: str, *, seconds: int, nonce: str, nonce_seconds: int, details: Sequence[str] = ()
) -> dict[str, Any]:
    """The token (section 6.2). The nonce in it is for wallets of draft 13, which know no nonce endpoint."""
    found: dict[str, Any] = {
        "access_token": token, "token_type": "Bearer", "expires_in": seconds, "c_nonce": nonce,
        "c_nonce_expires_in": nonce_seconds,
    }
    if details:
        found["authorization_details"] = [
            {"type": DETAILS, "credential_configuration_id": name, "credential_identifiers": [name]}
            for name in details
        ]
    return found


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Refusal (401) without one, as RFC 6750 says in section 3.1."""
    found = _BEARER.fullmatch(header or "")
    if found is None:
        raise Refusal("An access token is needed.", error="invalid_token", status=401, code="offer-token")
    return found[1]


def credential_request(body: bytes, configurations: Sequence[Configuration]) -> CredentialRequest:
    """What a wallet posts to the credential endpoint (section 8.2; draft 13, section 7.2).

    Refusal: ``invalid_credential_request``, ``unknown_credential_configuration``, ``unknown_credential_identifier``,
    ``invalid_proof``, ``invalid_encryption_parameters``; for draft 13 ``unsupported_credential_format`` and
    ``unsupported_credential_type``.
    """
    asked = _json(body, "invalid_credential_request")
    known = {item.id: item for item in configurations}
    named = [name for name in ("credential_configuration_id", "credential_identifier") if name in asked]
    draft = (not named and "format" in asked) or (named == ["credential_identifier"] and "proof" in asked)
    shape = Shape.DRAFT_13 if draft else Shape.FINAL
    if "credential_response_encryption" in asked:
        raise Refusal("Answers are not encrypted here.", error="invalid_encryption_parameters", shape=shape)
    if not named and draft:
        found = _drafted(asked, configurations)
    elif len(named) != 1:
        raise _bad("One of credential_configuration_id and credential_identifier is needed.")
    else:
        unknown = {"credential_identifier": "unknown_credential_identifier"}
        value = asked[named[0]]
        if not isinstance(value, str) or value not in known:
            error = unknown.get(named[0], "unknown_credential_configuration")
            raise Refusal("No such credential is offered here.", error=error, code="offer-form", shape=shape)
        found = known[value]
    return CredentialRequest(configuration=found, proof=_proof(asked, shape), shape=shape)


def credential_response(
    credential: Any, *, notification_id: str, shape: Shape, nonce: str = "", nonce_seconds: int = 0
) -> dict[str, Any]:
    """The issued credential, in the way of the request (section 8.3; draft 13, section 7.3)."""
    if shape is Shape.FINAL:
        return {"credentials": [{"credential": credential}], "notification_id": notification_id}
    return {
        "credential": credential, "notification_id": notification_id, "c_nonce": nonce,
        "c_nonce_expires_in": nonce_seconds,
    }


def deferred_response(transaction_id: str, *, seconds: int, shape: Shape) -> dict[str, Any]:
    """Not yet: come again with this id (section 8.3; draft 13 has no interval there)."""
    found: dict[str, Any] = {"transaction_id": transaction_id}
    return found if shape is Shape.DRAFT_13 else {**found, "interval": seconds}


def deferred_request(body: bytes) -> str:
    """The transaction id (section 9.1). Refusal (``invalid_credential_request``, ``invalid_transaction_id``)."""
    asked = _json(body, "invalid_credential_request")
    if "credential_response_encryption" in asked:
        raise Refusal("Answers are not encrypted here.", error="invalid_encryption_parameters")
    value = asked.get("transaction_id")
    if value is None:
        raise _bad("The transaction_id is missing.")
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise unknown_transaction()
    return value


def notification_request(body: bytes) -> Notification:
    """What a wallet tells of a credential (section 11.1). Refusal (``invalid_notification_request``)."""
    told = _json(body, "invalid_notification_request")
    name, event = told.get("notification_id"), told.get("event")
    if not isinstance(name, str) or len(name) > _MOST_TEXT or event not in EVENTS:
        raise Refusal("A notification has a notification_id and an event.", error="invalid_notification_request")
    return Notification(id=name, event=event)


def unknown_transaction() -> Refusal:
    """For a transaction id that was not given here, or was used (section 9.3)."""
    return Refusal("There is no such transaction.", error="invalid_transaction_id")


def unknown_notification() -> Refusal:
    """For a notification id that was not given here (section 11.3)."""
    return Refusal("There is no such notification id.", error="invalid_notification_id")


def refusal_body(refusal: Refusal, *, nonce: str = "", nonce_seconds: int = 0) -> dict[str, Any]:
    """A no as JSON. A wallet of draft 13 whose proof or nonce failed is given a fresh nonce with it."""
    error, more = refusal.error, {}
    if refusal.shape is Shape.DRAFT_13 and error in ("invalid_proof", "invalid_nonce"):
        error, more = "invalid_proof", {"c_nonce": nonce, "c_nonce_expires_in": nonce_seconds}
    if refusal.shape is Shape.DRAFT_13 and error == "credential_request_denied":
        error = "invalid_credential_request"
    return {"error": error, "error_description": _OUTSIDE.sub("", refusal.message), **more}


def _configuration(item: Configuration, proof_algorithms: list[str]) -> dict[str, Any]:
    found = {
        "format": item.form.value,
        "scope": item.id,
        "cryptographic_binding_methods_supported": ["jwk", "did:key", "did:jwk"],
        "credential_signing_alg_values_supported": list(item.algorithms),
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": proof_algorithms}},
        **_typed(item),
    }
    described = {
        "display": [dict(entry) for entry in item.display], "claims": [dict(entry) for entry in item.claims],
    }
    kept = {name: value for name, value in described.items() if value}
    return {**found, "credential_metadata": kept} if kept else found


def _draft_configuration(item: Configuration, proof_algorithms: list[str]) -> dict[str, Any]:
    found = _configuration(item, proof_algorithms)
    described = found.pop("credential_metadata", {})
    if item.form is BoundForm.SD_JWT_VC:
        found["format"] = DRAFT_SD_JWT
        found["claims"] = {
            entry["path"][0]: {name: value for name, value in entry.items() if name != "path"}
            for entry in described.get("claims", ())
        }
    return {**found, "display": described["display"]} if "display" in described else found


def _typed(item: Configuration) -> dict[str, Any]:
    if item.form is BoundForm.SD_JWT_VC:
        return {"vct": item.vct}
    definition: dict[str, Any] = {"type": list(item.types)}
    if item.form is BoundForm.LDP_VC:
        definition = {"@context": list(item.contexts), **definition}
    return {"credential_definition": definition}


def _drafted(asked: Mapping[str, Any], configurations: Sequence[Configuration]) -> Configuration:
    """The configuration that a draft-13 request describes by format and type."""
    form = BoundForm.SD_JWT_VC.value if asked["format"] == DRAFT_SD_JWT else asked["format"]
    found = [item for item in configurations if item.form.value == form]
    if not found:
        raise Refusal(
            "This format is not offered here.", error="unsupported_credential_format", code="offer-form",
            shape=Shape.DRAFT_13,
        )
    for item in found:
        if item.form is BoundForm.SD_JWT_VC:
            fits = asked.get("vct") == item.vct
        else:
            definition = asked.get("credential_definition")
            types = definition.get("type") if isinstance(definition, dict) else None
            fits = isinstance(types, list) and bool(types) and all(name in item.types for name in types)
        if fits:
            return item
    raise Refusal(
        "This type is not offered here.", error="unsupported_credential_type", code="offer-form", shape=Shape.DRAFT_13
    )


def _proof(asked: Mapping[str, Any], shape: Shape) -> str:
    """The only key proof there is (section 8.2), or that of draft 13 (section 7.2.1)."""
    several, single = asked.get("proofs"), asked.get("proof")
    if several is not None and single is not None:
        raise _bad("One of proofs and proof is needed.", shape)
    if single is not None:
        fits = isinstance(single, dict) and single.get("proof_type") == "jwt"
        listed = [single.get("jwt")] if fits else []
    else:
        fits = isinstance(several, dict) and set(several) == {"jwt"}
        listed = several["jwt"] if fits and isinstance(several["jwt"], list) else []
    if not listed:
        raise Refusal("A key proof of the type jwt is needed.", error="invalid_proof", code="offer-proof", shape=shape)
    if len(listed) > 1:
        raise _bad("One key proof is taken at a time.", shape)
    if not isinstance(listed[0], str):
        raise Refusal("The key proof is not a JWT.", error="invalid_proof", code="offer-proof", shape=shape)
    return listed[0]


def _details(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    try:
        found = strict_json.load(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or len(found) > _MOST_FIELDS:
        raise _bad_details()
    names = []
    for item in found:
        name = item.get("credential_configuration_id") if isinstance(item, dict) else None
        if not isinstance(name, str) or item.get("type") != DETAILS:
            raise _bad_details()
        names.append(name)
    return tuple(dict.fromkeys(names))


def check_details(request: TokenRequest, offered: Sequence[str]) -> None:
    """Refusal (``invalid_authorization_details``) where the wallet names what it was not offered (RFC 9396)."""
    if not set(request.details) <= set(offered):
        raise _bad_details()


def _bad_details() -> Refusal:
    return Refusal("The authorization_details do not fit the offer.", error="invalid_authorization_details")


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise _bad_token("The request is no form.") from error
    if len({name for name, _ in pairs}) != len(pairs):
        raise _bad_token("A parameter stands there twice.")
    if any(len(value) > _MOST_TEXT for _, value in pairs):
        raise _bad_token("A parameter is too long.")
    return dict(pairs)


def _json(body: bytes, error: str) -> dict[str, Any]:
    """The object in a body, in which no name stands twice."""
    try:
        found = strict_json.load(body)
    except ValueError as wrong:
        raise Refusal("The request is no JSON object.", error=error) from wrong
    if not isinstance(found, dict):
        raise Refusal("The request is no JSON object.", error=error)
    return found


def _bad(message: str, shape: Shape = Shape.FINAL) -> Refusal:
    return Refusal(message, error="invalid_credential_request", shape=shape)


def _bad_token(message: str) -> Refusal:
    return Refusal(message, error="invalid_request")
