"""A small issuer of our own for the wallet's tests: badges, tokens and sealed files made without the package's code."""

from __future__ import annotations

import base64
import copy
import gzip
import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from nacl.signing import SigningKey
from pyld import jsonld

from microcred_xblock.workbench.wallet.verification.data_integrity import load_context

STARTED = datetime.now(UTC).replace(microsecond=0)  # one moment for all tests, however long the suite takes

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def multibase(data: bytes) -> str:
    return "u" + b64url(data)


class Issuer:
    """An issuer with a did:web document and status lists (``lists``: path to body) on a loopback port."""

    def __init__(self) -> None:
        self.ed25519 = SigningKey.generate()
        self.es256 = ec.generate_private_key(ec.SECP256R1())
        self.status = 200
        self.lists: dict[str, bytes] = {}
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                did = {"/.well-known/did.json": json.dumps(issuer.did_document()).encode()}
                body = {**issuer.lists, **did}.get(self.path)
                self.send_response(404 if body is None else issuer.status)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_arguments) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def did(self) -> str:
        return f"did:web:localhost%3A{self.port}"

    @property
    def multikey(self) -> str:
        return "z" + base58(b"\xed\x01" + bytes(self.ed25519.verify_key))

    @property
    def method(self) -> str:
        return f"{self.did}#{self.multikey}"

    def did_document(self) -> dict:
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.es256.public_key()))
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.did,
            "verificationMethod": [
                {"id": self.method, "type": "Multikey", "controller": self.did, "publicKeyMultibase": self.multikey},
                {"id": f"{self.did}#jwk", "type": "JsonWebKey", "controller": self.did, "publicKeyJwk": jwk},
            ],
            "assertionMethod": [self.method, f"{self.did}#jwk"],
        }

    def badge(self, *, id: str = "urn:uuid:11111111-1111-4111-8111-111111111111", title: str = "Fault diagnosis",
              email: str = "", now: datetime | None = None) -> dict:
        now = now or STARTED
        identity = {
            "type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": "s4lt",
            "identityHash": "sha256$" + hashlib.sha256((email + "s4lt").encode()).hexdigest(),
        }
        return {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": id,
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": title,
            "issuer": {"id": self.did, "type": ["Profile"], "name": "Example training centre",
                       "url": "https://training.example/"},
            "validFrom": now.isoformat().replace("+00:00", "Z"),
            "credentialSubject": {
                "id": "did:example:holder",
                "type": ["AchievementSubject"],
                "identifier": [identity],
                "achievement": {
                    "id": "urn:uuid:22222222-2222-4222-8222-222222222222",
                    "type": ["Achievement"],
                    "name": title,
                    "description": "Finds the cause of a stop.",
                    "criteria": {"narrative": "Answer the exercises."},
                    "image": {"id": PIXEL, "type": "Image", "caption": "A wind turbine"},
                    "resultDescription": [
                        {"id": "urn:uuid:33333333-3333-4333-8333-333333333333", "type": ["ResultDescription"],
                         "name": "Reads the alarm list", "resultType": "Percent", "requiredValue": "70",
                         "alignment": [{"type": ["Alignment"], "targetName": "maintain wind turbines",
                                        "targetUrl": "http://data.europa.eu/esco/skill/x",
                                        "targetFramework": "ESCO"}]}
                    ],
                },
                "result": [{"type": ["Result"], "value": "85",
                            "resultDescription": "urn:uuid:33333333-3333-4333-8333-333333333333"}],
            },
        }

    def list_url(self, purpose: str = "revocation") -> str:
        return f"{self.origin}/lists/{purpose}"

    def with_status(self, badge: dict, index: int = 5, *, purpose: str = "revocation", **changes) -> dict:
        """``badge`` with an entry; ``changes`` go into the entry."""
        url = self.list_url(purpose)
        return {**badge, "credentialStatus": {
            "id": f"{url}#{index}", "type": "BitstringStatusListEntry", "statusPurpose": purpose,
            "statusListIndex": str(index), "statusListCredential": url, **changes,
        }}

    def status_list(self, *marked: int, purpose: str = "revocation", now: datetime | None = None) -> dict:
        """An unsigned list of the least size with these bits set."""
        bits = ["0"] * 131_072
        for index in marked:
            bits[index] = "1"
        octets = int("".join(bits), 2).to_bytes(len(bits) // 8, "big")
        now = now or STARTED
        url = self.list_url(purpose)
        return {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": now.isoformat().replace("+00:00", "Z"),
            "validUntil": (now + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
            "credentialSubject": {
                "id": url + "#list", "type": "BitstringStatusList", "statusPurpose": purpose,
                "encodedList": multibase(gzip.compress(octets)), "ttl": 300_000,
            },
        }

    def publish(self, document: dict) -> None:
        """Serve a list, signed or not, where its id says."""
        self.lists[document["id"].removeprefix(self.origin)] = json.dumps(document).encode()

    def sign(self, badge: dict, **changes) -> dict:
        """``badge`` with an eddsa-rdfc-2022 proof; ``changes`` go into the proof."""
        proof = {
            "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022",
            "created": badge.get("validFrom", "2026-01-01T00:00:00Z"),
            "verificationMethod": self.method, "proofPurpose": "assertionMethod", **changes,
        }
        message = canonical_hash({"@context": badge["@context"], **proof}) + canonical_hash(badge)
        return {**badge, "proof": [{**proof, "proofValue": "z" + base58(self.ed25519.sign(message).signature)}]}

    def token(self, badge: dict, *, header: dict | None = None, **claims) -> str:
        """``badge`` as VC-JWT."""
        payload = {
            **badge, "iss": self.did, "jti": badge["id"], "sub": badge["credentialSubject"]["id"],
            "nbf": int(datetime.fromisoformat(badge["validFrom"]).timestamp()), **claims,
        }
        return jwt.encode(payload, self.es256, algorithm="ES256", headers={"kid": f"{self.did}#jwk", **(header or {})})


def canonical_hash(document: dict) -> bytes:
    quads = jsonld.normalize(
        document, {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load_context}
    )
    return hashlib.sha256(quads.encode()).digest()


def elm(*, now: datetime | None = None, badge_id: str = "", country: str = "FRA") -> dict:
    """A small European Digital Credential, unsealed."""
    now = now or STARTED
    at = now.isoformat().replace("+00:00", "Z")
    place = {"address": {"countryCode": {"id": f"http://publications.europa.eu/resource/authority/country/{country}"}}}
    return {
        "@context": ["https://www.w3.org/2018/credentials/v1", "http://data.europa.eu/snb/model/context/edc-ap"],
        "id": "urn:credential:44444444-4444-4444-8444-444444444444",
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "credentialProfiles": [{"id": "http://data.europa.eu/snb/credential/e34929035b", "type": "Concept"}],
        "credentialSchema": [
            {"id": "http://data.europa.eu/snb/model/ap/edc-generic-full", "type": "ShaclValidator2017"}
        ],
        "issuanceDate": at, "issued": at, "validFrom": at,
        "identifier": [{"type": "Identifier", "notation": badge_id}] if badge_id else [],
        "issuer": {
            "id": "urn:epass:org:1", "type": "Organisation", "legalName": {"en": "Example training centre"},
            "eIDASIdentifier": {"notation": "NTRFR-123456789"}, "location": [place],
        },
        "displayParameter": {"title": {"en": "Fault diagnosis"}},
        "credentialSubject": {
            "type": "Person", "fullName": {"en": "Alex Martin"},
            "hasClaim": [{
                "type": "LearningAchievement", "title": {"en": "Fault diagnosis"},
                "specifiedBy": {
                    "type": "Qualification", "volumeOfLearning": "PT3H",
                    "eqfLevel": {"prefLabel": {"en": "Level 4"}},
                    "learningOutcome": [{"title": {"en": "Reads the alarm list"}}],
                },
                "provenBy": [{"title": {"en": "Reads the alarm list"}, "grade": {"noteLiteral": {"en": "85 %"}}}],
            }],
        },
    }


class Sealer:
    """A self-signed organisation certificate that seals with JAdES-B."""

    def __init__(self, *, organisation: str = "Example training centre", days: int = 30) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = STARTED
        name = x509.Name([
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(x509.ObjectIdentifier("2.5.4.97"), "NTRFR-123456789"),
            x509.NameAttribute(NameOID.COMMON_NAME, organisation),
        ])
        self.certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days)).sign(self.key, hashes.SHA256())
        )

    def seal(self, document: dict, **changes) -> bytes:
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        header = {
            "alg": "ES256", "cty": "octet-stream", "typ": "jose+json", "b64": False,
            "sigT": STARTED.strftime("%Y-%m-%dT%H:%M:%SZ"), "crit": ["b64", "sigT"],
            "x5c": [base64.b64encode(der).decode()], "x5t#S256": b64url(hashlib.sha256(der).digest()), **changes,
        }
        protected = b64url(json.dumps(header).encode())
        payload = json.dumps(document, ensure_ascii=False)
        message = f"{protected}.{payload}".encode()
        signature = jwt.algorithms.get_default_algorithms()["ES256"].sign(message, self.key)
        return json.dumps({
            "payload": payload, "signatures": [{"protected": protected, "header": {}, "signature": b64url(signature)}]
        }, ensure_ascii=False).encode()


def tampered(document: dict, change) -> dict:
    """A copy after ``change(copy)``."""
    copied = copy.deepcopy(document)
    change(copied)
    return copied
