"""Published files (contexts, schemas) that ship with the package, found by the digest of their content."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files


@cache
def pinned(folder: str, digest: str) -> bytes:
    """The file of ``credentials/<folder>`` with that SHA-256; LookupError when the package does not hold it."""
    for entry in (files("microcred_xblock") / "credentials" / folder).iterdir():
        if entry.is_file():
            content = entry.read_bytes()
            if hashlib.sha256(content).hexdigest() == digest:
                return content
    raise LookupError(f"no file of {folder} has the digest {digest}")
