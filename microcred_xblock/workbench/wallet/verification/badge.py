"""Open Badges 3.0: the credential with an embedded proof, and the VC-JWT."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft201909Validator
from jsonschema.exceptions import best_match

from . import data_integrity, jws
from .did import DidResolver, assertion_method, ed25519_key
from .pinned import pinned
from .reading import check_period, identifier, load_object, mapping, members, moment, text
from .report import CheckFailed, Checklist, Unreadable, Verified
from .status import RETRY, check_status

_SCHEMA = "5753fb3ecf7d024ed273dd364bd683f483eb47257e718e6618832cf89eb2083a"
_BADGE_TYPES = {"OpenBadgeCredential", "AchievementCredential"}


def verify_badge(content: bytes, *, resolver: DidResolver, now: datetime, email: str = "") -> Verified:
    """An Open Badge with an embedded eddsa-rdfc-2022 proof. ``email`` is the wallet owner's."""
    document = _badge(load_object(content))
    checks = Checklist()
    checks.ask("structure", _check_schema, document)
    checks.ask("period", check_period, document, now)
    proof = checks.ask("proof", data_integrity.assertion_proof, document, code="data-integrity")
    if proof is not None:
        signer, method = _issuer_method(checks, document, text(proof.get("verificationMethod")), resolver)
        key = method and checks.ask("key", ed25519_key, method, code="ed25519")
        if key:
            checks.ask("signature", data_integrity.check_signature, document, proof, key, code="eddsa-rdfc-2022")
            _ask_status(checks, document, signer, resolver, now)
    return _verified(checks, document, now, email)


def verify_badge_jwt(content: bytes, *, resolver: DidResolver, now: datetime, email: str = "") -> Verified:
    """An Open Badge as VC-JWT (Open Badges 3.0 §8.2): the payload is the credential plus registered claims."""
    token = jws.parse_compact(content)
    document = _badge({name: value for name, value in token.payload.items() if name not in jws.CLAIMS})
    checks = Checklist()
    checks.ask("structure", _check_schema, document)
    checks.ask("period", check_period, document, now)
    if checks.ask("proof", jws.check_header, token, code="vc-jwt") is not None:
        signer, method = _issuer_method(checks, document, text(token.header.get("kid")), resolver)
        if method:
            checks.ask("signature", jws.check_signature, token, method, code="jws", algorithm=token.header["alg"])
        checks.ask("claims", _check_claims, token.payload, document)
        if method:
            _ask_status(checks, document, signer, resolver, now)
    return _verified(checks, document, now, email)


def _badge(document: dict[str, Any]) -> dict[str, Any]:
    if not _BADGE_TYPES & set(filter(lambda kind: isinstance(kind, str), members(document.get("type")))):
        raise Unreadable("This is not an Open Badge 3.0 credential.")
    if not text(document.get("id")) or not identifier(document.get("issuer")):
        raise Unreadable("The badge has no id or no issuer.")
    if moment(document.get("validFrom")) is None:
        raise Unreadable("The badge's validFrom is no time with a timezone.")
    return document


def _issuer_method(
    checks: Checklist, document: Mapping[str, Any], method_id: str, resolver: DidResolver
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The issuer's DID document and verification method: who is the issuer, and is this key theirs?"""
    issuer = identifier(document.get("issuer"))
    did_document = checks.ask("issuer", resolver.resolve, issuer, code="did-web", did=issuer)
    if did_document is None:
        return {}, None
    return did_document, checks.ask("authority", assertion_method, did_document, method_id, code="listed", did=issuer)


def _ask_status(
    checks: Checklist, document: Mapping[str, Any], signer: Mapping[str, Any], resolver: DidResolver, now: datetime
) -> None:
    """Whether it was revoked or suspended. A false badge names no list that would be worth a request."""
    if "credentialStatus" in document and checks.report(now).state != "invalid":
        arguments = document, signer, resolver.origins, now
        checks.fresh_for = checks.ask("status", check_status, *arguments, code="status-clear")


def _verified(checks: Checklist, document: Mapping[str, Any], now: datetime, email: str) -> Verified:
    _note_recipient(checks, document, email)
    report = checks.report(now)
    if "credentialStatus" in document and report.state not in ("invalid", "revoked"):  # those are for good
        report = replace(report, recheck_at=now + (RETRY if checks.fresh_for is None else checks.fresh_for))
    valid_from = moment(document["validFrom"])
    assert valid_from is not None
    return Verified(
        document=document,
        issuer_id=same_form(identifier(document["issuer"])),
        credential_id=same_form(document["id"]),
        valid_from=valid_from,
        report=report,
    )


def same_form(value: str) -> str:
    """An id as the equality algorithm compares it: percent escapes resolved, outer blanks gone."""
    return unquote(value).strip()


def _check_schema(document: Mapping[str, Any]) -> None:
    """1EdTech's strict JSON Schema of AchievementCredential."""
    error = best_match(_validator().iter_errors(document))
    if error is not None:
        raise CheckFailed("schema", place=error.json_path[:200])


@cache
def _validator() -> Draft201909Validator:
    return Draft201909Validator(json.loads(pinned("schemas", _SCHEMA)))


def _check_claims(payload: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """iss, jti, sub, nbf and exp must repeat what the credential says."""
    start, end = moment(document.get("validFrom")), moment(document.get("validUntil"))
    expected = {
        "iss": identifier(document.get("issuer")),
        "jti": document.get("id"),
        "sub": mapping(document.get("credentialSubject")).get("id"),
        "nbf": start and int(start.timestamp()),
    }
    if end is not None:
        expected["exp"] = int(end.timestamp())
    for name, value in expected.items():
        if payload.get(name) != value:
            raise CheckFailed("claim", claim=name)


def _note_recipient(checks: Checklist, document: Mapping[str, Any], email: str) -> None:
    """Whether the badge names the owner of this wallet; a note, as people have several addresses."""
    subject = mapping(document.get("credentialSubject"))
    hashes = [
        mapping(entry) for entry in members(subject.get("identifier"))
        if mapping(entry).get("identityType") == "emailAddress" and mapping(entry).get("hashed") is True
    ]
    if not hashes:
        return
    normalised = email.strip().lower()
    mine = any(
        hmac.compare_digest(
            "sha256$" + hashlib.sha256((normalised + text(entry.get("salt"))).encode()).hexdigest(),
            text(entry.get("identityHash")),
        )
        for entry in hashes
    )
    checks.note("recipient", "recipient-you" if mine else "recipient-other")
