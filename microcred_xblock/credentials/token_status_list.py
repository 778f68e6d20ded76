"""Token Status List (draft-ietf-oauth-status-list): what SD-JWT VCs say of their status, and the list behind it.

It tells what the bitstring status lists of the same entries tell, in two bits each.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ..domain.errors import InvalidDocument

TYPE = "statuslist+jwt"
MEDIA_TYPE = "application/statuslist+jwt"
VALID, INVALID, SUSPENDED = 0, 1, 2
_BITS = 2


def entry(list_url: str, index: int) -> dict[str, Any]:
    """The ``status`` claim of a credential."""
    return {"status_list": {"idx": index, "uri": list_url}}


def claims(
    list_url: str, *, issuer: str, revoked: Iterable[int], suspended: Iterable[int], size: int, ttl: int,
    issued: datetime, expires: datetime,
) -> dict[str, Any]:
    """The claims of a Status List Token; ``ttl`` in seconds. What is revoked and suspended is revoked."""
    return {
        "iss": issuer, "sub": list_url, "iat": int(issued.timestamp()), "exp": int(expires.timestamp()), "ttl": ttl,
        "status_list": {"bits": _BITS, "lst": encode(revoked, suspended, size)},
    }


def encode(revoked: Iterable[int], suspended: Iterable[int], size: int) -> str:
    """A list of ``size`` entries: of each byte the lowest bits are the first entry. InvalidDocument."""
    packed = bytearray(size * _BITS // 8)
    for value, indices in ((SUSPENDED, suspended), (INVALID, revoked)):
        for index in indices:
            if not 0 <= index < size:
                raise InvalidDocument("The index lies outside the status list.", code="status-list-index")
            place, shift = divmod(index * _BITS, 8)
            packed[place] = packed[place] & ~(0b11 << shift) | value << shift
    return base64.urlsafe_b64encode(zlib.compress(bytes(packed), 9)).decode("ascii").rstrip("=")
