"""Whole issuances by a wallet's libraries that this project did not write, against a running site."""

import base64
import json

import pytest
import requests
from django.utils import timezone

from microcred_xblock.issuance import api, issuers, models, status
from tests.verifiers import node

from .vci_wallet import JWT, LDP, SD_JWT

pytestmark = [pytest.mark.node, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def configured(configured, live_server):
    """The site is where it runs: everything it signs names that address."""
    configured.MICROCRED_PUBLIC_BASE_URL = live_server.url.replace("127.0.0.1", "localhost")
    configured.MICROCRED_API_RATES = {"offer": None, "collect": None}
    return configured


@pytest.fixture
def keys_dir(tmp_path_factory):
    """Keys of its own: those of other tests belong to another address."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def collect(issued, learner):
    """Let the wallet collect by fresh offers, one after the other, in one process."""
    node.require()

    def run(*jobs):
        results = []
        for job in jobs:
            how = {"with_code": job.pop("with_code", False), "by_value": job.pop("by_value", False)}
            made = api.offer(issued, learner.id, "openid4vci", **how)
            job = {"uri": made.uri, **({"txCode": made.tx_code} if made.tx_code else {}), **job}
            results += node.run("wallet.mjs", input=json.dumps([job]))
        return results

    return run


def did_document():
    return issuers.did_document(issuers.did())


def test_every_form_by_both_versions(collect):
    jobs = [
        {"configuration": name, "draft13": draft, "binding": binding, "algorithm": algorithm, "with_code": code,
         "by_value": draft, "disclose": ["title", "learningOutcomes"]}
        for draft in (False, True)
        for name, binding, algorithm, code in (
            (LDP, "jwk", "EdDSA", True), (JWT, "did:jwk", "ES256", False), (SD_JWT, "jwk", "ES256", True)
        )
    ]
    found = collect(*[dict(job) for job in jobs])
    assert [item.get("error") for item in found] == [None] * len(jobs)
    assert {item["version"] for item in found[:3]} == {"V1"}
    assert {item["version"] for item in found[3:]} == {"Draft14"}, "as the library calls what is older than 15"
    now = timezone.now().isoformat()
    for job, item in zip(jobs, found, strict=True):
        if job["configuration"] == LDP:
            place = item["credential"]["credentialStatus"]["statusListCredential"]
            lists = {place: requests.get(place, timeout=10).json()}
            subject = {"credential": item["credential"], "didDocument": did_document(), "now": now, "lists": lists}
            verdict = node.verdict("data-integrity", subject)
            assert verdict["verified"], verdict
            verdict = node.verdict("status", subject)
            assert verdict["verified"] and verdict["status"] == [{"purpose": "revocation", "status": False}], verdict
            named = item["credential"]["credentialSubject"]["id"]
        elif job["configuration"] == JWT:
            subject = {"token": item["credential"], "didDocument": did_document(), "now": now}
            verdict = node.verdict("jwt", subject)
            assert verdict["verified"], verdict
            named = verdict["payload"]["sub"]
        else:
            assert item["claims"]["cnf"]["jwk"] == {name: item["holder"][name] for name in ("crv", "kty", "x", "y")}
            assert item["status"] == 0 and item["shown"]["title"] and len(item["shown"]["learningOutcomes"]) == 3
            assert not {"fullName", "grade", "identifier"} & set(item["shown"]), "what is not shown stays hidden"
            assert item["claims"]["fullName"] == "Camille Exemple" and item["type"]["vct"] == item["claims"]["vct"]
            continue
        key = json.loads(base64.urlsafe_b64decode(named.removeprefix("did:jwk:") + "=="))
        assert key["x"] == item["holder"]["x"]
    assert models.WalletOffer.objects.latest("pk").collected_at is not None


def test_a_wrong_code_is_refused_in_the_words_of_the_specification(collect):
    [found] = collect({"configuration": LDP, "with_code": True, "txCode": "000000x"})
    assert not found["collected"] and "invalid_grant" in found["error"]


def test_an_sd_jwt_shows_that_its_award_was_suspended(collect, issued):
    job = {"configuration": SD_JWT, "disclose": ["title"]}
    [found] = collect(dict(job))
    assert found["collected"], found
    award = models.Award.objects.get(pk=issued)
    row = models.BoundCredential.objects.get()
    status.suspend(award, reason="integrity", actor="test", now=timezone.now())
    [later] = node.run("wallet.mjs", input=json.dumps([{"credential": bytes(row.content).decode()}]))
    assert later["status"] == 2
    status.revoke(award, reason="integrity", actor="test", now=timezone.now())
    [later] = node.run("wallet.mjs", input=json.dumps([{"credential": bytes(row.content).decode()}]))
    assert later["status"] == 1
