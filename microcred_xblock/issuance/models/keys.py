"""Keys for unique constraints that mean the same on every database."""

from __future__ import annotations

import hashlib


def pair_key(*parts: str) -> str:
    """A digest of ``parts``, for a unique column.

    Databases differ in how long an index may be and whether ``a`` equals ``A``; ids do not.
    """
    return hashlib.sha256("\x00".join(parts).encode("utf-8")).hexdigest()
