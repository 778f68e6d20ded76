"""A wallet that collects while the key of VC-JWTs and SD-JWTs is at a service, which is away, slow, or lies."""

import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from microcred_xblock.issuance import api, models, signers, verifying
from tests.factories import make_pill, make_scores
from tests.proofs import csc_server
from tests.proofs.csc_server import CscServer
from tests.proofs.test_csc import ES256, issued_chain

from .vci_wallet import JWT, LDP, SD_JWT, Wallet

pytestmark = pytest.mark.django_db


@pytest.fixture
def remote(configured, tmp_path, monkeypatch):
    """The service that has the key of JWTs; badges and the seal are signed here."""
    signers.forget()
    monkeypatch.setenv("CSC_SECRET", csc_server.SECRET)
    monkeypatch.setenv("CSC_PIN", csc_server.PIN)
    with CscServer(ES256.private, issued_chain(ES256.private, now=timezone.now())) as server:
        configured.MICROCRED_KEYS_DIR = str(tmp_path)
        configured.MICROCRED_API_RATES = {"offer": None, "collect": None}
        configured.MICROCRED_HTTP_TIMEOUTS = {"connect": 1, "read": 1, "total": 1.5}
        configured.MICROCRED_ISSUER = {**configured.MICROCRED_ISSUER, "keys": {"badge-jwt": {
            "type": "csc", "base_url": server.url, "credential_id": csc_server.CREDENTIAL,
            "client_id": csc_server.CLIENT, "client_secret_env": "CSC_SECRET", "pin_env": "CSC_PIN",
        }}}
        call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        yield server
    signers.forget()


@pytest.fixture
def award(remote, learner, commits):
    standing = api.record_scores(
        make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
    )
    with commits():
        api.consent(standing.award_id, learner, digest=api.payload(standing.award_id, learner).digest)
    return standing.award_id


@pytest.fixture
def started(award, learner, client):
    wallet = Wallet(client)
    assert wallet.redeem(wallet.scan(api.offer(award, learner.id, "openid4vci").uri)).status_code == 200
    return wallet


@pytest.mark.parametrize(("trouble", "form"), [(503, SD_JWT), ("slow", JWT)])
def test_it_is_collected_once_the_service_is_back(started, remote, trouble, form):
    remote.trouble["signatures/signHash"] = trouble
    waiting = started.ask(form)
    assert waiting.status_code == 202
    again = started.post("deferred_credential", {"transaction_id": waiting.json()["transaction_id"]})
    assert again.status_code == 202
    remote.trouble.clear()
    answer = started.post("deferred_credential", {"transaction_id": waiting.json()["transaction_id"]}).json()
    content = answer["credentials"][0]["credential"].encode()
    assert verifying.verify(content, now=timezone.now()).verdict == "genuine"
    assert models.BoundCredential.objects.count() == models.KeyUse.objects.filter(
        subject=models.BoundCredential.objects.get().credential_id
    ).count() == 1


def test_the_badge_needs_no_service(started, remote):
    remote.trouble["signatures/signHash"] = 503
    assert started.ask(LDP).status_code == 200


def test_a_lying_service_gives_nothing(started, remote):
    remote.trouble["wrong signature"] = True
    answer = started.ask(SD_JWT)
    assert (answer.status_code, answer.json()["error"]) == (400, "credential_request_denied")
    assert not models.BoundCredential.objects.exists()
