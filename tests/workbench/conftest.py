"""The real wallet: one process of its own with an empty database, and an issuer it trusts."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from .issuer import Issuer, b64url

SCOPE = "https://purl.imsglobal.org/spec/ob/v3p0/scope/"
ALL_SCOPES = [
    SCOPE + name for name in ("credential.readonly", "credential.upsert", "profile.readonly", "profile.update")
] + ["offline_access"]
REDIRECT = "http://localhost:9/microcred/wallet/callback/"


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Wallet:
    """A running wallet process, spoken to over HTTP only."""

    def __init__(self, folder: Path, issuer: Issuer) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.database = folder / "wallet" / "wallet.sqlite3"
        self.environment = {
            **os.environ, "MICROCRED_DEMO_DIR": str(folder), "MICROCRED_COURSE_URL": issuer.origin,
            "MICROCRED_WALLET_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "microcred_xblock.workbench.wallet.settings",
        }
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=self.environment, check=True
        )
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "microcred_xblock.workbench.serve", "wallet", "--port", str(self.port)],
                env=self.environment, stdin=subprocess.PIPE, stdout=log, stderr=log,
            )
        for _ in range(200):
            try:
                if requests.get(self.url + "/login/", timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise RuntimeError(self.log.read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def sql(self, statement: str, *parameters) -> list[tuple]:
        """Straight into the database: to let time pass."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            return connection.execute(statement, parameters).fetchall()

    def person(self, name: str = "Alex Martin", email: str = "") -> Person:
        return Person(self, name, email or f"{secrets.token_hex(6)}@example.org")

    def client(self, **changes) -> dict:
        answer = requests.post(self.url + "/oauth/registration", json=metadata(**changes), timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()


class Person:
    """Somebody with an account and a browser."""

    def __init__(self, wallet: Wallet, name: str, email: str) -> None:
        self.wallet, self.email = wallet, email
        self.browser = requests.Session()
        page = self.get("/register/")
        self.post("/register/", page, name=name, email=email, password="correct horse")

    def get(self, path: str, **options) -> requests.Response:
        return self.browser.get(self.wallet.url + path, timeout=10, **options)

    def post(self, path: str, page: requests.Response, *, follow: bool = True, **form) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        data = {"csrfmiddlewaretoken": token.group(1) if token else "", **form}
        return self.browser.post(self.wallet.url + path, data=data, timeout=10, allow_redirects=follow)

    def authorise(self, client: dict, *, decision: str = "allow", **changes) -> dict[str, str]:
        """What the application gets back on its redirect URI; ``verifier`` is the PKCE secret."""
        verifier = secrets.token_urlsafe(48)
        query = authorisation_query(client, verifier, **changes)
        page = self.get("/oauth/authorize?" + query)
        answer = self.post("/oauth/authorize?" + query, page, follow=False, decision=decision)
        assert answer.status_code == 302, answer.text
        found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        return {**found, "verifier": verifier}

    def token(self, client: dict, **changes) -> dict:
        """A fresh token answer."""
        back = self.authorise(client, **changes)
        return exchange(self.wallet, client, back).json()


def metadata(**changes) -> dict:
    base = "http://localhost:9"
    return {
        "client_name": "Demo course", "client_uri": base + "/", "logo_uri": base + "/logo.png",
        "tos_uri": base + "/tos", "policy_uri": base + "/privacy", "software_id": "x", "software_version": "1",
        "redirect_uris": [REDIRECT], "scope": " ".join(ALL_SCOPES),
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], **changes,
    }


def authorisation_query(client: dict, verifier: str, **changes) -> str:
    parameters = {
        "response_type": "code", "client_id": client["client_id"], "redirect_uri": REDIRECT,
        "scope": " ".join(ALL_SCOPES), "state": "st4te", "code_challenge_method": "S256",
        "code_challenge": b64url(hashlib.sha256(verifier.encode()).digest()), **changes,
    }
    return urlencode({name: value for name, value in parameters.items() if value is not None})


def basic(client: dict) -> dict[str, str]:
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def exchange(wallet: Wallet, client: dict, back: dict, **changes) -> requests.Response:
    form = {
        "grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT,
        "code_verifier": back["verifier"], "scope": back.get("scope", ""), **changes,
    }
    return requests.post(wallet.url + "/oauth/token", data=form, headers=basic(client), timeout=10)


@pytest.fixture(scope="session")
def trusted():
    issuer = Issuer()
    yield issuer
    issuer.server.shutdown()


@pytest.fixture(scope="session")
def wallet(tmp_path_factory, trusted):
    running = Wallet(tmp_path_factory.mktemp("wallet"), trusted)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def application(wallet) -> dict:
    return wallet.client()
