"""Bitstring status lists (W3C Bitstring Status List v1.0): one bit for each credential of an issuer.

A list says nothing about a person: an index is chosen at random, and a bit that is not set says no more than that
nobody has revoked (or suspended) whatever is there, if anything is.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..domain.errors import InvalidDocument
from . import wording

CONTEXT = ("https://www.w3.org/ns/credentials/v2",)
MEDIA_TYPE = "application/vc"
REVOCATION = "revocation"
SUSPENSION = "suspension"
PURPOSES = (REVOCATION, SUSPENSION)
TOKEN = "token"  # both in one Token Status List, for SD-JWT VCs
MIN_ENTRIES = 131_072  # §2.2: so that whoever fetches a list does not thereby name a credential
MAX_ENTRIES = 16 * 1024 * 1024
_BASE64URL = "u"  # the multibase header
_GZIP = 16 + zlib.MAX_WBITS


def entry(list_url: str, index: int, purpose: str) -> dict[str, str]:
    """The BitstringStatusListEntry of a credential (§2.1). Its id, which Open Badges demand, is not the list's."""
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def compose(
    list_url: str, *, issuer: str, purpose: str, encoded: str, ttl: int, valid_from: datetime, valid_until: datetime,
) -> dict[str, Any]:
    """The unsigned BitstringStatusListCredential (§2.2); ``ttl`` in milliseconds. Pure."""
    return {
        "@context": list(CONTEXT),
        "id": list_url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": wording.instant(valid_from),
        "validUntil": wording.instant(valid_until),
        "credentialSubject": {
            "id": f"{list_url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded,
            "ttl": ttl,
        },
    }


def encode(indices: Iterable[int], size: int) -> str:
    """A list of ``size`` entries with the bits at ``indices`` set (§3.3); the same bytes for the same bits.

    InvalidDocument (``status-list-size``, ``status-list-index``).
    """
    if not MIN_ENTRIES <= size <= MAX_ENTRIES or size % 8:
        raise InvalidDocument(
            f"A status list has {MIN_ENTRIES} to {MAX_ENTRIES} entries, a multiple of 8.", code="status-list-size",
            least=MIN_ENTRIES, most=MAX_ENTRIES,
        )
    bits = bytearray(size // 8)
    for index in indices:
        if not 0 <= index < size:
            raise InvalidDocument("The index lies outside the status list.", code="status-list-index")
        bits[index // 8] |= 0x80 >> index % 8  # the first entry is the leftmost bit
    compressed = gzip.compress(bytes(bits), compresslevel=9, mtime=0)
    return _BASE64URL + base64.urlsafe_b64encode(compressed).decode("ascii").rstrip("=")


def decode(encoded: str, *, max_entries: int = MAX_ENTRIES) -> bytes:
    """The bits of an ``encodedList`` (§3.4). Expands no more than ``max_entries`` need.

    InvalidDocument (``status-list``) for what is no list, is too short or too long.
    """
    most = max_entries // 8
    try:
        if not encoded.startswith(_BASE64URL) or len(encoded) > 2 * most:
            raise ValueError("not base64url, or too long")
        text = encoded[1:]
        compressed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inflating = zlib.decompressobj(_GZIP)
        bits = inflating.decompress(compressed, most + 1)
    except (ValueError, zlib.error) as error:
        raise _malformed() from error
    if not inflating.eof or inflating.unused_data or "=" in text or not MIN_ENTRIES // 8 <= len(bits) <= most:
        raise _malformed()
    return bits


def is_set(bits: bytes, index: int) -> bool:
    """The bit at ``index`` of a decoded list. InvalidDocument (``status-list-index``) outside of it."""
    if not 0 <= index < len(bits) * 8:
        raise InvalidDocument("The index lies outside the status list.", code="status-list-index")
    return bool(bits[index // 8] & 0x80 >> index % 8)


def _malformed() -> InvalidDocument:
    return InvalidDocument("This is no bitstring status list.", code="status-list")
