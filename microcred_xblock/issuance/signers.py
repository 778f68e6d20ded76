"""The keys that issuers sign with, from where the settings say: a file, the environment, PKCS#12, a remote seal.

``"keys"`` of an issuer's settings maps ``badge`` (Ed25519), ``badge-jwt`` (ES256 or RS256) and ``seal`` (with a
certificate) to a source::

    {"type": "file", "file": "badge.pem"}                       encrypted PEM, in the issuer's folder unless absolute
    {"type": "environment", "variable": "BADGE_KEY"}            encrypted PEM in an environment variable
    {"type": "pkcs12", "file": "seal.p12"}                      or "variable": the file as Base64
    {"type": "csc", "base_url": "https://…/csc/v2", "credential_id", "client_id", "client_secret_env", "pin_env",
     "token_url", "hosts": [other hosts of the service]}

Passwords come from the environment variable ``password_env``, or ``password``; else from the settings that hold them
for all files. No private key is read that is not encrypted.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from ..domain.errors import Misconfigured, NotReady, WalletRefused, WalletUnreachable
from ..proofs import csc
from ..proofs.keys import LocalKey, SealCertificate, SigningKey, load_pkcs12
from . import conf, models
from .awarding_bodies import DEFAULT, AwardingBody

Purpose = models.SigningKey.Purpose
FILES = {Purpose.BADGE: "badge.pem", Purpose.BADGE_JWT: "badge-jwt.pem", Purpose.SEAL: "seal.p12"}
ALGORITHMS = {Purpose.BADGE: ("Ed25519",), Purpose.BADGE_JWT: ("ES256", "RS256"), Purpose.SEAL: ("ES256", "RS256")}
PEM, PKCS12, CSC = "pem", "pkcs12", "csc"
_KINDS = {"file": PEM, "environment": PEM, "pkcs12": PKCS12, "csc": CSC}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one key is. Secrets are in no ``repr``."""

    kind: str
    file: Path | None = None
    variable: str = ""
    password: str = field(default="", repr=False)
    account: csc.Account | None = field(default=None, repr=False)
    hosts: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        """What the row of the public key says about where the private one is."""
        if self.account is not None:
            return f"csc:{self.account.credential_id}"[:255]
        return self.file.name if self.file is not None else f"env:{self.variable}"

    @property
    def remote(self) -> bool:
        """Whether using it means asking another machine."""
        return self.kind == CSC


def source(body: AwardingBody, purpose: str) -> Source:
    """Where the issuer's key of a purpose is. Misconfigured: ``key-source``, ``setting-missing``."""
    told = body.sources.get(str(purpose))
    purpose = Purpose(purpose)
    if told is None:
        return _default(body, purpose)
    kind = _KINDS.get(str(told.get("type")))
    allowed = {Purpose.BADGE: (PEM,), Purpose.BADGE_JWT: (PEM, PKCS12, CSC), Purpose.SEAL: (PKCS12, CSC)}[purpose]
    if kind not in allowed:
        raise _bad_source(body, purpose, "type")
    if kind == CSC:
        return _remote(body, purpose, told)
    password = _secret(told, "password") or (conf.seal_password() if kind == PKCS12 else conf.passphrase())
    if told.get("type") == "environment" or (kind == PKCS12 and told.get("variable")):
        variable = _text(body, purpose, told, "variable")
        return Source(kind=kind, variable=variable, password=password)
    return Source(kind=kind, file=body.folder / _text(body, purpose, told, "file"), password=password)


def key(body: AwardingBody, purpose: str) -> SigningKey:
    """The issuer's key. Misconfigured: ``key-…``, ``pkcs12-unreadable``, ``certificate-…``, ``csc-…``. NotReady."""
    found = source(body, purpose)
    if found.kind == PEM:
        signing: SigningKey = _pem(found, *_stamp(found))
    elif found.kind == PKCS12:
        signing = _pkcs12(found, *_stamp(found)).key
    else:
        signing = _service(found).key()
    return _suitable(signing, purpose)


def seal(body: AwardingBody) -> SealCertificate:
    """The issuer's certificate with its key. Errors as ``key``."""
    found = source(body, Purpose.SEAL)
    certificate = _pkcs12(found, *_stamp(found)) if found.kind == PKCS12 else _service(found).certificate()
    _suitable(certificate.key, Purpose.SEAL)
    return certificate


def forget() -> None:
    """Read everything anew: for tests, and after secrets in the environment changed."""
    for cache in (_pem, _pkcs12, _service):
        cache.cache_clear()


def _default(body: AwardingBody, purpose: Purpose) -> Source:
    if purpose is not Purpose.SEAL:
        return Source(kind=PEM, file=body.folder / FILES[purpose], password=conf.passphrase())
    file = conf.seal_file() if body.key == DEFAULT else body.folder / FILES[purpose]
    return Source(kind=PKCS12, file=file, password=conf.seal_password())


def _remote(body: AwardingBody, purpose: Purpose, told: Mapping[str, Any]) -> Source:
    base_url = _text(body, purpose, told, "base_url").rstrip("/")
    hosts = told.get("hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) and host for host in hosts):
        raise _bad_source(body, purpose, "hosts")
    secret = _secret(told, "client_secret")
    if not secret:
        raise _bad_source(body, purpose, "client_secret_env")
    account = csc.Account(
        base_url=base_url, credential_id=_text(body, purpose, told, "credential_id"),
        client_id=_text(body, purpose, told, "client_id"), client_secret=secret, pin=_secret(told, "pin"),
        token_url=_text(body, purpose, told, "token_url") if told.get("token_url") else "",
    )
    places = frozenset({_place(base_url), *(host if ":" in host else f"{host}:443" for host in hosts)} - {""})
    return Source(kind=CSC, account=account, hosts=places)


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def _stamp(found: Source) -> tuple[Any, ...]:
    """What changes when the key is replaced: other processes notice it without reading the key each time."""
    if found.file is None:
        return (os.environ.get(found.variable, ""),)
    try:
        status = found.file.stat()
    except OSError as error:
        raise _missing(found) from error
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=64)
def _pem(found: Source, *_stamp: Any) -> LocalKey:
    """Decrypting a key is slow by intention, so it is done once."""
    return LocalKey.from_encrypted_pem(_content(found), found.password, name=found.reference)


@lru_cache(maxsize=64)
def _pkcs12(found: Source, *_stamp: Any) -> SealCertificate:
    content = _content(found)
    if found.file is None:
        try:
            content = base64.b64decode(content, validate=True)
        except ValueError:
            content = b""
    return load_pkcs12(content, found.password)


@lru_cache(maxsize=64)
def _service(found: Source) -> csc.Service:
    """Keeps the token and the certificate between signatures."""
    assert found.account is not None
    return csc.Service(found.account, _post_to(found.hosts), clock=timezone.now)


def _content(found: Source) -> bytes:
    if found.file is not None:
        try:
            return found.file.read_bytes()
        except OSError as error:
            raise _missing(found) from error
    text = os.environ.get(found.variable, "").strip()
    if not text:
        raise Misconfigured(
            f"The environment variable {found.variable} holds no key: set it for every process that signs.",
            code="key-missing", file=found.reference,
        )
    return text.encode("utf-8")


def _missing(found: Source) -> Misconfigured:
    return Misconfigured(
        f"The key file {found.reference} is missing or cannot be read: run `microcred init`.", code="key-missing",
        file=found.reference,
    )


def _post_to(hosts: frozenset[str]) -> csc.Post:
    """POST through the one door out: https, these hosts, limits on time and size."""

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> csc.Reply:
        try:
            response = conf.transport_to(hosts).request("POST", url, headers=headers, body=body)
        except WalletUnreachable as error:
            raise NotReady(
                "The remote seal's service cannot be reached now.", code="csc-unreachable", reason=error.code,
                retry_after=error.retry_after,
            ) from error
        except WalletRefused as error:
            raise Misconfigured(
                "The remote seal's address is not https, or leads to a host that its settings do not name.",
                code="csc-host", reason=error.code,
            ) from error
        return csc.Reply(status=response.status, content=response.content, retry_after=response.retry_after)

    return post


def _suitable(signing: SigningKey, purpose: str) -> SigningKey:
    allowed = ALGORITHMS[Purpose(purpose)]
    if signing.algorithm not in allowed:
        raise Misconfigured(
            f"The key for {purpose} must be {' or '.join(allowed)}, not {signing.algorithm}.", code="key-algorithm"
        )
    return signing


def _text(body: AwardingBody, purpose: Purpose, told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise _bad_source(body, purpose, name)
    return value


def _secret(told: Mapping[str, Any], name: str) -> str:
    variable = told.get(f"{name}_env")
    value = os.environ.get(variable, "") if isinstance(variable, str) else told.get(name, "")
    return value if isinstance(value, str) else ""


def _bad_source(body: AwardingBody, purpose: Purpose, name: str) -> Misconfigured:
    where = f"{body.setting}[keys][{purpose}]: {name}"
    return Misconfigured(
        f"The setting {where} is missing or unusable: see the administrator's guide.", code="key-source", setting=where
    )
