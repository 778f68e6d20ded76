"""A remote signing service on loopback, as the CSC API v2 describes it, that signs for real and misbehaves on demand.

It hands out tokens by client credentials, ties activation data to the hashes it was given for, and counts wrong PINs.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

SHA256 = "2.16.840.1.101.3.4.2.1"
RSA_SHA256, RSA = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
CREDENTIAL = "org-seal-1"
CLIENT, SECRET, PIN = "client-1", "client-secret", "pin-8041"


class CscServer(ThreadingHTTPServer):
    """The service. ``trouble`` names the misbehaviour; what was asked is in ``asked`` and ``bodies``."""

    daemon_threads = True

    def __init__(self, private: Any, chain: tuple[x509.Certificate, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.private, self.chain = private, chain
        self.trouble: dict[str, Any] = {}
        self.raw_ecdsa = False
        self.algorithms = [ECDSA_SHA256] if isinstance(private, ec.EllipticCurvePrivateKey) else [RSA_SHA256]
        self.auth: dict[str, Any] = {
            "mode": "explicit", "expression": "PIN", "objects": [{"type": "Password", "id": "PIN", "format": "N"}],
        }
        self.scal = "2"
        self.key_status, self.cert_status, self.specs = "enabled", "valid", "2.0.0.2"
        self.token_seconds: Any = 3600
        self.tokens: set[str] = set()
        self.activations: dict[str, list[str]] = {}
        self.wrong_pins = 0
        self.asked: Counter[str] = Counter()
        self.bodies: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> CscServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        """The base address of the API."""
        return f"http://localhost:{self.server_address[1]}/csc/v2"

    def forget_tokens(self) -> None:
        """As if all tokens had expired there."""
        self.tokens.clear()


class _Refused(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


class _Handler(BaseHTTPRequestHandler):
    server: CscServer

    def do_POST(self) -> None:
        method = self.path.removeprefix("/csc/v2/")
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked[method] += 1
        if self._trouble(method):
            return
        try:
            self._answer(200, self._result(method, sent))
        except _Refused as refusal:
            self._answer(refusal.status, {"error": refusal.error, "error_description": "No."})

    def _result(self, method: str, sent: bytes) -> dict[str, Any]:
        if method == "oauth2/token":
            return self._token(sent)
        body = json.loads(sent)
        self.server.bodies.append((method, body))
        if method == "info":
            return {
                "specs": self.server.specs, "name": "Test RSSP", "region": "FR", "lang": "en-US",
                "logo": "https://rssp.example/logo.png", "authType": ["oauth2client"],
                "methods": ["oauth2/token", "credentials/info", "credentials/authorize", "signatures/signHash"],
            }
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.tokens:
            raise _Refused(401, "invalid_token")
        if body.get("credentialID") != CREDENTIAL:
            raise _Refused(400, "invalid_request")
        steps = {
            "credentials/info": self._info, "credentials/authorize": self._authorize, "signatures/signHash": self._sign,
        }
        return steps[method](body)

    def _token(self, sent: bytes) -> dict[str, Any]:
        form = {name: values[0] for name, values in parse_qs(sent.decode()).items()}
        if self.headers["Content-Type"] != "application/x-www-form-urlencoded":
            raise _Refused(400, "invalid_request")
        if form.get("grant_type") != "client_credentials":
            raise _Refused(400, "unsupported_grant_type")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            raise _Refused(401, "invalid_client")
        token = secrets.token_urlsafe(16)
        self.server.tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.server.token_seconds}

    def _info(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["certificates"] == "chain" and body["authInfo"] is True
        elliptic = isinstance(self.server.private, ec.EllipticCurvePrivateKey)
        key = {"status": self.server.key_status, "algo": self.server.algorithms, "len": 256 if elliptic else 3072}
        return {
            "key": {**key, **({"curve": "1.2.840.10045.3.1.7"} if elliptic else {})},
            "cert": {
                "status": self.server.cert_status,
                "certificates": self.server.trouble.get("certificates") or [
                    base64.b64encode(item.public_bytes(Encoding.DER)).decode() for item in self.server.chain
                ],
            },
            "auth": self.server.auth, "SCAL": self.server.scal, "multisign": 1, "lang": "en-US",
        }

    def _authorize(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.server.auth["mode"] == "explicit":
            given = {item["id"]: item["value"] for item in body.get("authData", [])}
            if given.get("PIN") != PIN:
                self.server.wrong_pins += 1
                raise _Refused(400, "invalid_pin")
        if self.server.scal == "2" and (not body.get("hashes") or body.get("hashAlgorithmOID") != SHA256):
            raise _Refused(400, "invalid_request")
        assert body["numSignatures"] == 1
        activation = secrets.token_urlsafe(16)
        self.server.activations[activation] = body["hashes"]
        return {"SAD": activation, "expiresIn": 300}

    def _sign(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.server.activations.pop(body.get("SAD", ""), None) != body["hashes"]:
            raise _Refused(400, "invalid_request")
        if body["signAlgo"] not in self.server.algorithms or body["hashAlgorithmOID"] != SHA256:
            raise _Refused(400, "invalid_request")
        (digest,) = body["hashes"]
        return {"signatures": [base64.b64encode(self._signature(base64.b64decode(digest))).decode()]}

    def _signature(self, digest: bytes) -> bytes:
        private = self.server.trouble.get("other key") or self.server.private
        if self.server.trouble.get("wrong signature"):
            digest = bytes(len(digest))
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        signature = private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        if self.server.raw_ecdsa:
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return signature

    def _trouble(self, method: str) -> bool:
        """Whether the answer is a misbehaviour of the transport's kind."""
        trouble = self.server.trouble.get(method)
        if trouble is None:
            return False
        if isinstance(trouble, int):
            self.send_response(trouble)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif trouble == "slow":
            time.sleep(2)
            self._answer(200, {})
        elif trouble == "huge":
            self._answer(200, {"signatures": ["A" * 3_000_000]})
        elif trouble == "html":
            self._send(200, "text/html", b"<html>Maintenance</html>")
        else:
            self._answer(200, trouble)
        return True

    def _answer(self, status: int, body: Any) -> None:
        self._send(status, "application/json", json.dumps(body).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:  # the other side has had enough
            self.close_connection = True

    def log_message(self, *_args: Any) -> None:
        """Silence."""
