"""A wallet for tests: speaks OpenID4VCI by Django's client, with keys of its own, and can be asked to misbehave."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qs, urlsplit

from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
BASE = "http://localhost:8000"
ISSUER = f"{BASE}/microcred/openid4vci"
LDP, JWT, SD_JWT = "OpenBadgeCredential_ldp_vc", "OpenBadgeCredential_jwt_vc_json", "MicroCredential_dc_sd-jwt"


def make_key(curve="P-256"):
    return JWK.generate(kty="OKP", crv=curve) if curve == "Ed25519" else JWK.generate(kty="EC", crv=curve)


def public(key):
    return key.export_public(as_dict=True)


def did_jwk(key):
    """As another implementation would write it: with members that are not needed."""
    return "did:jwk:" + base64url_encode(json.dumps({**public(key), "use": "sig"}))


def key_proof(key, nonce, *, header=None, claims=None, alg=None):
    """A key proof; ``header`` and ``claims`` change it, None leaves a member out."""
    algorithm = alg or {"P-256": "ES256", "P-384": "ES384", "Ed25519": "EdDSA"}[key["crv"]]
    head = {"typ": "openid4vci-proof+jwt", "alg": algorithm, "jwk": public(key), **(header or {})}
    body = {"aud": ISSUER, "iat": int(time.time()), "nonce": nonce, **(claims or {})}
    token = JWS(json.dumps({name: value for name, value in body.items() if value is not None}))
    token.allowed_algs = ["ES256", "ES384", "EdDSA", "HS256", "ES256K"]
    token.add_signature(
        key, protected=json.dumps({name: value for name, value in head.items() if value is not None})
    )
    return token.serialize(compact=True)


class Wallet:
    """Whoever has scanned an offer."""

    def __init__(self, client, key=None):
        self.client, self.key, self.token = client, key or make_key(), ""

    def scan(self, uri):
        """The offer behind a link, by reference or by value."""
        query = parse_qs(urlsplit(uri).query)
        if "credential_offer" in query:
            return json.loads(query["credential_offer"][0])
        answer = self.client.get(query["credential_offer_uri"][0].removeprefix(BASE))
        return answer.json()

    def redeem(self, offer, **more):
        code = offer["grants"][GRANT]["pre-authorized_code"] if isinstance(offer, dict) else offer
        form = {"grant_type": GRANT, "pre-authorized_code": code, **more}
        answer = self.client.post(
            "/microcred/openid4vci/token", "&".join(f"{name}={value}" for name, value in form.items()),
            content_type="application/x-www-form-urlencoded",
        )
        self.token = answer.json().get("access_token", self.token)
        return answer

    def nonce(self):
        return self.client.post("/microcred/openid4vci/nonce").json()["c_nonce"]

    def post(self, place, body, *, token=None, **more):
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.client.post(
            f"/microcred/openid4vci/{place}", content, headers=headers,
            **{"content_type": "application/json", **more},
        )

    def ask(self, configuration=LDP, *, proof=None, nonce=None, **more):
        proof = proof or key_proof(self.key, self.nonce() if nonce is None else nonce)
        return self.post(
            "credential", {"credential_configuration_id": configuration, "proofs": {"jwt": [proof]}}, **more
        )
