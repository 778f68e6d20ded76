"""Bitstring status lists (W3C Bitstring Status List v1.0), as a verifier reads them (§3.2).

What is wrong with the entry is the badge's fault, and a failure. What is wrong with the list leaves the question open:
whoever disturbs it must not be able to make a good badge look false, nor a revoked one look good.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from . import data_integrity
from .did import assertion_method, ed25519_key
from .fetching import NoAnswer, Origins
from .reading import check_period, identifier, load_object, mapping, members, text
from .report import CheckFailed, CheckUndecided, Unreadable

MIN_ENTRIES = 131_072  # §2.2
MAX_ENTRIES = 16 * 1024 * 1024
MAX_LIST = 2_000_000
RETRY = timedelta(minutes=1)  # for a status that could not be told, or was not asked for
_CONTEXT = "https://www.w3.org/ns/credentials/v2"
_TTL_DEFAULT = timedelta(minutes=5)  # §2.2
_TTL_MOST = timedelta(days=1)
_VERDICTS = {"revocation": "revoked", "suspension": "suspended"}
_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_ENCODED = re.compile("u[A-Za-z0-9_-]+")  # multibase: base64url without padding
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """Where a badge says its status is told."""

    url: str
    index: int
    purpose: str


def check_status(
    credential: Mapping[str, Any], issuer: Mapping[str, Any], origins: Origins, now: datetime
) -> timedelta:
    """For how long the list may be relied on, if it says nothing against ``credential``.

    Ask only about a credential whose signature holds: until then its entry is anybody's. ``issuer`` is the DID document
    of who issued it. CheckFailed (``revoked``, ``suspended``, ``status-entry``, ``status-index``) or CheckUndecided.
    """
    entry = _entry(credential.get("credentialStatus"))
    try:
        document = _fetch(entry.url, origins)
        _check_list(document, entry, text(issuer.get("id")), now)
        _check_proof(document, issuer)
        subject = mapping(document["credentialSubject"])
        bits = decode(subject.get("encodedList"))
    except CheckUndecided:
        raise
    except (CheckFailed, Unreadable) as error:
        raise CheckUndecided("status-list") from error
    if entry.index >= len(bits) * 8:
        raise CheckFailed("status-index")
    if bits[entry.index // 8] & 0x80 >> entry.index % 8:  # the first entry is the leftmost bit
        raise CheckFailed(_VERDICTS[entry.purpose])
    return _ttl(subject.get("ttl"))


def decode(encoded: Any) -> bytes:
    """The bits of an ``encodedList`` (§3.4), of which no more is inflated than the longest list has."""
    if not _ENCODED.fullmatch(text(encoded)):
        raise CheckFailed("status-list")
    try:
        compressed = base64.urlsafe_b64decode(encoded[1:] + "=" * (-(len(encoded) - 1) % 4))
        inflating = zlib.decompressobj(_GZIP)
        bits = inflating.decompress(compressed, MAX_ENTRIES // 8 + 1)
    except (ValueError, zlib.error) as error:
        raise CheckFailed("status-list") from error
    complete = inflating.eof and not inflating.unused_data
    if not complete or not MIN_ENTRIES <= len(bits) * 8 <= MAX_ENTRIES:
        raise CheckFailed("status-list")
    return bits


def _entry(value: Any) -> _Entry:
    """The one entry (Open Badges 3.0 admits no more); kinds and purposes of others leave the question open."""
    entry = mapping(value)
    kinds, url, index = members(entry.get("type")), entry.get("statusListCredential"), entry.get("statusListIndex")
    if not entry:
        raise CheckFailed("status-entry")
    if "BitstringStatusListEntry" not in kinds or entry.get("statusSize", 1) != 1:
        raise CheckUndecided("status-kind")
    if not isinstance(url, str) or not isinstance(index, str) or not _INDEX.fullmatch(index):
        raise CheckFailed("status-entry")
    purpose = text(entry.get("statusPurpose"))
    if not purpose:
        raise CheckFailed("status-entry")
    if purpose not in _VERDICTS:
        raise CheckUndecided("status-kind")
    return _Entry(url=url, index=int(index), purpose=purpose)


def _fetch(url: str, origins: Origins) -> dict[str, Any]:
    place = origins.place(url)
    if place is None:
        raise CheckUndecided("status-unlisted")
    try:
        return load_object(origins.get(*place, accept="application/vc, application/json", most=MAX_LIST))
    except NoAnswer as error:
        raise CheckUndecided("status-unreachable", host=error.host) from error


def _check_list(document: Mapping[str, Any], entry: _Entry, issuer: str, now: datetime) -> None:
    """It is the list the entry means, by the issuer of the badge, for this purpose, and it counts now."""
    subject = mapping(document.get("credentialSubject"))
    contexts = members(document.get("@context"))
    good = (
        # Protected terms first and nothing inline: the names that are read here are those that were signed.
        contexts[:1] == [_CONTEXT] and all(isinstance(context, str) for context in contexts)
        and document.get("id") == entry.url
        and "BitstringStatusListCredential" in members(document.get("type"))
        and identifier(document.get("issuer")) == issuer
        and "BitstringStatusList" in members(subject.get("type"))
        and entry.purpose in members(subject.get("statusPurpose"))
    )
    if not good:
        raise CheckUndecided("status-other-list")
    try:
        check_period({"validFrom": now.isoformat(), **document}, now)  # a list need not say from when it counts
    except CheckFailed as error:
        raise CheckUndecided("status-list-period") from error


def _check_proof(document: Mapping[str, Any], issuer: Mapping[str, Any]) -> None:
    proof = data_integrity.assertion_proof(document)
    key = ed25519_key(assertion_method(issuer, text(proof.get("verificationMethod"))))
    data_integrity.check_signature(document, proof, key)


def _ttl(value: Any) -> timedelta:
    """``ttl`` counts milliseconds."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return _TTL_DEFAULT
    return min(timedelta(milliseconds=min(value, 10**12)), _TTL_MOST)
