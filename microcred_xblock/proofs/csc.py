"""A remote seal over the API of the Cloud Signature Consortium, version 2 (CSC API v2.0).

Methods used: ``info``, ``oauth2/token`` with client credentials, ``credentials/info``, ``credentials/authorize`` and
``signatures/signHash``. Only hashes leave this site. Every answer is checked before it is used: the chain as any
certificate's, the signature against the certificate's key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ..domain.errors import Misconfigured, NotReady
from .certificates import ordered_chain
from .keys import SEAL_ALGORITHMS, SealCertificate, SigningKey, VerificationKey

SHA256 = "2.16.840.1.101.3.4.2.1"
SIGN_ALGORITHMS = {  # in the order of preference; the second ones name the key's kind only
    "ES256": ("1.2.840.10045.4.3.2", "1.2.840.10045.2.1"),
    "RS256": ("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"),
}
INFO_FOR = timedelta(hours=1)
BARRED_FOR = timedelta(minutes=15)
_MOST_CERTIFICATES = 10
_MOST_TOKEN_SECONDS = 24 * 3600
_SPARE = timedelta(seconds=30)
_COORDINATE = 32
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the service answered."""

    status: int
    content: bytes = field(repr=False)
    retry_after: int | None = None


Post = Callable[[str, bytes, Mapping[str, str]], Reply]  # raises NotReady without an answer, Misconfigured for the host


@dataclass(frozen=True, kw_only=True)
class Account:
    """The admin's account at a service, and one of its credentials. Secrets are in no ``repr``."""

    base_url: str
    credential_id: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    pin: str = field(default="", repr=False)
    token_url: str = ""


@dataclass(frozen=True)
class _Credential:
    chain: tuple[x509.Certificate, ...]
    key: VerificationKey
    sign_algorithm: str
    authorised: bool  # whether authorisation data must be sent
    until: datetime


class Service:
    """One credential at a service. Keeps token and certificate for a while; safe to share between threads."""

    def __init__(self, account: Account, post: Post, *, clock: Callable[[], datetime]) -> None:
        """``post`` sends a body and gives the answer, under limits of its own; ``clock`` gives the time."""
        self._account = account
        self._post = post
        self._clock = clock
        self._lock = threading.RLock()
        self._token: tuple[str, datetime] | None = None
        self._credential: _Credential | None = None
        self._barred: tuple[Misconfigured, datetime] | None = None

    def __repr__(self) -> str:
        return f"Service({self._account.base_url})"

    def certificate(self) -> SealCertificate:
        """The seal: the remote key with its chain.

        Misconfigured: ``csc-refused``, ``csc-answer``, ``csc-version``, ``csc-credential``, ``csc-interactive``,
        ``certificate-…``, ``key-…``. NotReady: ``csc-unreachable``.
        """
        credential = self._known()
        return SealCertificate(RemoteKey(self, credential.key), credential.chain)

    def key(self) -> RemoteKey:
        """The remote key without its certificate. Errors as ``certificate``."""
        return RemoteKey(self, self._known().key)

    def sign(self, key: VerificationKey, data: bytes) -> bytes:
        """The signature of the credential's key over ``data`` in JOSE form; Misconfigured (``csc-signature``)."""
        credential = self._known()
        hashes = [base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")]
        body = {
            "credentialID": self._account.credential_id, "hashes": hashes, "hashAlgorithmOID": SHA256,
            "signAlgo": credential.sign_algorithm, "operationMode": "S",
        }
        if credential.authorised:
            body["SAD"] = self._authorise(hashes)
        answer = self._call("signatures/signHash", body)
        signatures = answer.get("signatures")
        if not isinstance(signatures, list) or len(signatures) != 1:
            raise _answer("signatures")
        for form in _forms(key.algorithm, _decoded(signatures[0], "signatures")):
            if key.verifies(form, data):
                return form
        raise Misconfigured(
            "The signature of the remote seal does not fit the certificate: nothing was issued with it. Ask the "
            "provider.", code="csc-signature",
        )

    def _known(self) -> _Credential:
        with self._lock:
            if self._credential is None or self._credential.until <= self._clock():
                self._credential = self._read()
            return self._credential

    def _read(self) -> _Credential:
        answer = self._call(
            "credentials/info",
            {
                "credentialID": self._account.credential_id, "certificates": "chain", "certInfo": True,
                "authInfo": True,
            },
        )
        key, certificate, auth = (_mapping(answer.get(name), name) for name in ("key", "cert", "auth"))
        for status, wanted in ((key.get("status"), "enabled"), (certificate.get("status", "valid"), "valid")):
            if status != wanted:
                raise Misconfigured(
                    f"The remote seal's credential is not usable ({_word(status)}): ask the provider.",
                    code="csc-credential", status=_word(status),
                )
        chain = _chain(certificate.get("certificates"))
        public = VerificationKey(public=chain[0].public_key())
        return _Credential(
            chain=chain, key=public, sign_algorithm=_sign_algorithm(public, key.get("algo")),
            authorised=self._needs_authorisation(auth), until=self._clock() + INFO_FOR,
        )

    def _needs_authorisation(self, auth: Mapping[str, Any]) -> bool:
        mode = auth.get("mode")
        objects = auth.get("objects") or []
        kinds = {_mapping(item, "auth").get("type") for item in objects} if isinstance(objects, list) else set()
        if mode == "implicit":
            return True
        if mode == "explicit" and self._account.pin and kinds <= {"Password"}:
            return True
        if mode == "explicit" and not self._account.pin:
            raise Misconfigured(
                "The remote seal needs a PIN: give it in the issuer's settings.", code="csc-interactive"
            )
        raise Misconfigured(
            "The remote seal wants a person to authorise each signature: ask the provider for a credential that a "
            "PIN alone authorises.", code="csc-interactive",
        )

    def _authorise(self, hashes: list[str]) -> str:
        """Signature activation data for exactly these hashes, as SCAL2 wants and SCAL1 allows.

        After a refusal nothing is asked for a while: services lock a credential after a few wrong PINs.
        """
        with self._lock:
            if self._barred is not None and self._barred[1] > self._clock():
                raise self._barred[0]
            body: dict[str, Any] = {
                "credentialID": self._account.credential_id, "numSignatures": 1, "hashes": hashes,
                "hashAlgorithmOID": SHA256,
            }
            if self._account.pin:
                body["authData"] = [{"id": "PIN", "value": self._account.pin}]
            try:
                answer = self._call("credentials/authorize", body)
            except Misconfigured as error:
                self._barred = (error, self._clock() + BARRED_FOR)
                raise
            self._barred = None
        return _text(answer.get("SAD"), "SAD")

    def _call(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer of a method; a token that is refused is asked for anew, once."""
        for last in (False, True):
            token = self._bearer(anew=last)
            reply = self._post(
                f"{self._account.base_url}/{method}", json.dumps(body).encode("utf-8"),
                {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {token}"},
            )
            if reply.status != 401:
                break
        return _object(reply)

    def _bearer(self, *, anew: bool) -> str:
        with self._lock:
            if anew or self._token is None or self._token[1] <= self._clock():
                self._token = self._fetch_token()
            return self._token[0]

    def _fetch_token(self) -> tuple[str, datetime]:
        """RFC 6749 §4.4. The secret goes in the form, as the specification's examples have it."""
        form = urlencode({
            "grant_type": "client_credentials", "client_id": self._account.client_id,
            "client_secret": self._account.client_secret, "scope": "service",
        })
        now = self._clock()
        answer = _object(self._post(
            self._account.token_url or self._token_address(), form.encode("ascii"),
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        ))
        if str(answer.get("token_type", "")).lower() != "bearer":
            raise _answer("token_type")
        seconds = answer.get("expires_in", 3600)
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
            raise _answer("expires_in")
        lasts = timedelta(seconds=min(seconds, _MOST_TOKEN_SECONDS))
        return _text(answer.get("access_token"), "access_token"), now + max(lasts - _SPARE, lasts / 2)

    def _token_address(self) -> str:
        """Where ``info`` says that tokens are given; also whether the service speaks version 2 at all."""
        answer = _object(self._post(
            f"{self._account.base_url}/info", b"{}",
            {"Content-Type": "application/json", "Accept": "application/json"},
        ))
        specs, methods = answer.get("specs"), answer.get("methods")
        if not isinstance(specs, str) or not specs.startswith("2."):
            raise Misconfigured(
                "The remote seal's service does not speak version 2 of the CSC API: check its address.",
                code="csc-version",
            )
        if isinstance(methods, list) and "signatures/signHash" not in methods:
            raise Misconfigured("The remote seal's service signs no hashes: ask the provider.", code="csc-version")
        base = answer.get("oauth2") or self._account.base_url
        return f"{_text(base, 'oauth2').rstrip('/')}/oauth2/token"


class RemoteKey(SigningKey):
    """A private key that a CSC service holds."""

    def __init__(self, service: Service, public: VerificationKey) -> None:
        """``public`` is what the service's certificate says; each signature is checked with it."""
        self._service = service
        self._public = public
        self.algorithm = public.algorithm

    def __repr__(self) -> str:
        return f"RemoteKey({self.algorithm})"

    @property
    def verification_key(self) -> VerificationKey:
        """The public half."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """The signature in JOSE form, checked. Errors as ``Service.sign``."""
        return self._service.sign(self._public, data)


def _object(reply: Reply) -> Mapping[str, Any]:
    """The JSON object of an answer. NotReady: busy, broken or no JSON. Misconfigured: a definite no."""
    if reply.status in (408, 425, 429) or reply.status >= 500:
        raise _unreachable(reply)
    try:
        value = json.loads(reply.content)
    except (ValueError, RecursionError):
        value = None
    if 400 <= reply.status < 500:
        reason = _word(value.get("error")) if isinstance(value, dict) else ""
        raise Misconfigured(
            f"The remote seal's service refused ({reply.status} {reason}): check its account in the issuer's settings.",
            code="csc-refused", status=reply.status, reason=reason,
        )
    if not isinstance(value, dict):
        raise _unreachable(reply)
    return value


def _chain(certificates: Any) -> tuple[x509.Certificate, ...]:
    if not isinstance(certificates, list) or not 0 < len(certificates) <= _MOST_CERTIFICATES:
        raise _answer("certificates")
    try:
        leaf, *others = (x509.load_der_x509_certificate(_decoded(item, "certificates")) for item in certificates)
    except ValueError as error:
        raise _answer("certificates") from error
    return ordered_chain(leaf, others)


def _sign_algorithm(public: VerificationKey, offered: Any) -> str:
    names = [name for name in offered if isinstance(name, str)] if isinstance(offered, list) else []
    wanted = SIGN_ALGORITHMS.get(public.algorithm, ())
    found = next((oid for oid in wanted if oid in names), None)
    if found is None:
        raise Misconfigured(
            f"The remote seal signs with none of {', '.join(SEAL_ALGORITHMS)}: ask the provider for a P-256 or RSA "
            "key.", code="key-algorithm",
        )
    return found


def _forms(algorithm: str, signature: bytes) -> list[bytes]:
    """The JOSE forms ``signature`` may stand for: services give ECDSA as raw r||s or as DER."""
    if algorithm != "ES256":
        return [signature]
    forms = [signature] if len(signature) == 2 * _COORDINATE else []
    try:
        r, s = decode_dss_signature(signature)
        forms.append(r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big"))
    except (ValueError, OverflowError):
        pass
    return forms


def _decoded(value: Any, name: str) -> bytes:
    """The bytes of a Base64 text; line breaks, which some encoders put in, are not counted."""
    try:
        return base64.b64decode("".join(value.split()), validate=True) if isinstance(value, str) else b""
    except ValueError as error:
        raise _answer(name) from error


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _answer(name)
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise _answer(name)
    return value


def _word(value: Any) -> str:
    """A word of the service that may be shown and logged; anything longer or stranger may not."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _answer(name: str) -> Misconfigured:
    return Misconfigured(
        f"The remote seal's service gave an unusable answer ({name}): ask the provider.", code="csc-answer", field=name
    )


def _unreachable(reply: Reply) -> NotReady:
    return NotReady(
        "The remote seal's service gives no usable answer now.", code="csc-unreachable", status=reply.status,
        retry_after=reply.retry_after,
    )
