"""Public pages: the DID document, what an achievement means, and what wallets show about us."""

import io
import json
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.urls import resolve
from django.utils import timezone

from microcred_xblock.domain.credential import Format
from microcred_xblock.issuance import issuers, issuing, models, places
from microcred_xblock.proofs import did
from tests.factories import make_pill

BASE = "http://localhost:8000"
pytestmark = pytest.mark.django_db


def test_the_did_document_is_where_the_did_leads(issuer, client):
    response = client.get(did.did_web_url(issuers.did()).removeprefix(BASE))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/did+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    document = response.json()
    assert document["id"] == "did:web:localhost%3A8000"
    kinds = [(method["type"], method["controller"]) for method in document["verificationMethod"]]
    assert kinds == [("Multikey", document["id"]), ("JsonWebKey", document["id"])]
    assert document["assertionMethod"] == [method["id"] for method in document["verificationMethod"]]
    assert "PRIVATE" not in response.content.decode() and '"d"' not in response.content.decode()


def test_a_did_with_a_path_has_its_document_there(configured, client, keys_dir):
    configured.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8000/schools/nantes"
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())
    assert issuers.did() == "did:web:localhost%3A8000:schools:nantes"
    assert client.get("/schools/nantes/did.json").json()["id"] == issuers.did()
    others = ("/.well-known/did.json", "/schools/did.json", "/schools/x/did.json", "/a/../b/did.json", "/ /did.json")
    for path in others:
        assert client.get(path).status_code == 404


def test_without_an_issuer_there_is_no_document(db, configured, client, settings):
    assert client.get("/.well-known/did.json").status_code == 404
    settings.MICROCRED_PUBLIC_BASE_URL = ""
    assert client.get("/.well-known/did.json").status_code == 404


def test_retired_keys_stay_published(issuer, client):
    old = models.SigningKey.objects.get(purpose="badge")
    models.SigningKey.objects.update(retired_at=timezone.now())
    assert old.method_id in client.get("/.well-known/did.json").json()["assertionMethod"]


def test_the_achievement_page_is_the_badge_s_achievement_id(issued, client):
    row = models.Credential.objects.get(format=Format.OPEN_BADGE.value)
    badge = issuing.unsigned(row)
    page = client.get(badge["credentialSubject"]["achievement"]["id"].removeprefix(BASE))
    assert page.status_code == 200
    text = page.content.decode()
    for words in ("Fault diagnosis on a wind turbine", "Example Training Centre", "Notional workload: 3 h."):
        assert words in text
    assert 'lang="en"' in text


def test_the_evidence_page_tells_how_it_was_assessed(issued, client):
    row = models.Credential.objects.get(format=Format.OPEN_BADGE.value)
    badge = issuing.unsigned(row)
    page = client.get(badge["evidence"][0]["id"].removeprefix(BASE)).content.decode()
    for outcome in make_pill().outcomes:
        assert outcome.title in page
    assert "at least 70 %" in page and "at least 80 %" in page


def test_public_pages_say_nothing_about_a_learner(issued, client, learner):
    uuid = models.FrozenPill.objects.get().achievement
    for url in (places.achievement(uuid), places.assessment(uuid)):
        text = client.get(url.removeprefix(BASE)).content.decode()
        for word in (learner.id, learner.full_name, learner.email, issued, "90 %", "4 of 5"):
            assert word not in text


def test_what_authors_wrote_is_escaped(issuer, client, learner):
    from microcred_xblock.issuance import holding

    pill = make_pill(title="<script>alert(1)</script>", description='"><img src=x onerror=alert(1)>')
    row = holding.freeze(pill)
    for url in (places.achievement(row.achievement), places.assessment(row.achievement)):
        text = client.get(url.removeprefix(BASE)).content.decode()
        assert "<script>" not in text and "<img src=x" not in text


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fr", "ltr"), ("pt-BR", "ltr"), ("xx", "ltr")])
def test_pages_speak_the_pill_s_language(language, direction, issuer, client, monkeypatch):
    from microcred_xblock.issuance import holding, verdicts

    monkeypatch.setattr(verdicts, "require", lambda _pill: None)  # of "xx" no credential is made any more
    row = holding.freeze(make_pill(language=language))
    for url in (places.achievement(row.achievement), places.assessment(row.achievement)):
        text = client.get(url.removeprefix(BASE)).content.decode()
        assert f'<html lang="{language}" dir="{direction}">' in text


def test_unknown_achievements(client, db, configured):
    for url in (places.achievement(uuid4()), places.assessment(uuid4())):
        assert client.get(url.removeprefix(BASE)).status_code == 404


@pytest.mark.parametrize(("language", "word"), [("en", "Privacy"), ("fr", "Confidentialité")])
def test_what_wallets_link_to(language, word, issuer, client):
    for page in ("terms", "privacy"):
        response = client.get(places.about(page).removeprefix(BASE), headers={"Accept-Language": language})
        assert response.status_code == 200
        assert "Example Training Centre" in response.content.decode()
        assert f'<html lang="{language}" dir="ltr">' in response.content.decode()
    assert word in response.content.decode()
    assert client.get(places.about("secrets").removeprefix(BASE)).status_code == 404
    logo = client.get(places.about("logo.svg").removeprefix(BASE))
    assert logo.headers["Content-Type"] == "image/svg+xml" and b"<svg" in logo.content


def test_places_and_urls_agree(configured):
    uuid = uuid4()
    for url, name in (
        (places.achievement(uuid), "achievement"), (places.assessment(uuid), "assessment"),
        (places.wallet_start("abc"), "wallet-start"), (places.wallet_callback("abc"), "wallet-callback"),
        (places.about("terms"), "about"), (places.about("logo.svg"), "logo"),
        (did.did_web_url(issuers.did()), "did"), (places.interaction("s").partition("?")[0], "interaction"),
        (places.exchange("s"), "exchange"), (places.lcw_request("s"), "lcw-request"),
    ):
        assert resolve(url.removeprefix(BASE)).view_name == f"microcred:{name}"


def test_pages_only_answer_reading(client, issuer):
    assert client.post("/.well-known/did.json").status_code == 405
    assert client.head("/.well-known/did.json").status_code == 200
    assert json.loads(client.get("/.well-known/did.json").content)
