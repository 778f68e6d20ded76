"""Encryption of what must not lie in the database in clear: wallet tokens, client secrets, PKCE verifiers."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ..domain.errors import Misconfigured
from . import conf


def seal(values: dict[str, Any]) -> str:
    """``values`` (JSON-ready) as ciphertext."""
    return _fernet().encrypt(json.dumps(values).encode("utf-8")).decode("ascii")


def unseal(ciphertext: str) -> dict[str, Any]:
    """What ``seal`` was given; Misconfigured (``token-key``) if the key in MICROCRED_TOKEN_KEY is another."""
    try:
        return json.loads(_fernet().decrypt(ciphertext.encode("ascii")))
    except (InvalidToken, ValueError) as error:
        raise Misconfigured(
            "Stored wallet tokens cannot be decrypted: MICROCRED_TOKEN_KEY was changed; add the former key to it.",
            code="token-key",
        ) from error


def _fernet() -> MultiFernet:
    keys = conf.required("MICROCRED_TOKEN_KEY", what="the key under which learners' wallet tokens are stored")
    listed = keys.split(",") if isinstance(keys, str) else keys  # an environment variable holds several with commas
    try:
        return MultiFernet([Fernet(key.strip()) for key in listed])
    except (ValueError, TypeError, AttributeError) as error:
        raise Misconfigured(
            "MICROCRED_TOKEN_KEY must be a Fernet key: 32 random bytes in url-safe base64.", code="token-key"
        ) from error
