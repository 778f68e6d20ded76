"""The addresses that verifiers ask: lists for programs, pages for people, files to check, badges to refresh."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from microcred_xblock.issuance import api, downloads, models, places, rates, status, status_views, verifying
from microcred_xblock.issuance.rest_api.v1 import throttles

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uncounted():
    """No test's requests are counted with those of another."""
    cache.clear()


BASE = "http://localhost:8000"
WHY = {"reason": "integrity", "actor": "user:7"}


@pytest.fixture
def award(issued):
    return models.Award.objects.get(pk=issued)


@pytest.fixture
def list_url(award):
    entry = models.StatusEntry.objects.get(award=award)
    return places.status_list(entry.list_id, "revocation").removeprefix(BASE)


def page_of(award, format_="ob3"):
    row = award.credentials.get(format=format_)
    return places.verification(UUID(row.credential_id[9:])).removeprefix(BASE)


class TestLists:
    def test_the_entry_in_the_badge_leads_to_the_list(self, award, client):
        entry = json.loads(bytes(award.credentials.get(format="ob3").content))["credentialStatus"]
        response = client.get(entry["statusListCredential"].removeprefix(BASE))
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/vc"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cache-Control"] == "public, max-age=300"
        document = json.loads(response.content)
        assert document["id"] == entry["statusListCredential"]
        assert document["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]

    def test_who_has_it_already_gets_nothing(self, client, list_url, award, django_assert_num_queries):
        etag = client.get(list_url).headers["ETag"]
        with django_assert_num_queries(1):
            again = client.get(list_url, headers={"If-None-Match": f'"x", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag and again.headers["Access-Control-Allow-Origin"] == "*"
        assert again.headers["Cache-Control"] == "public, max-age=300"
        status.revoke(award, now=timezone.now(), **WHY)
        changed = client.get(list_url, headers={"If-None-Match": etag})
        assert changed.status_code == 200 and changed.headers["ETag"] != etag

    def test_head_and_nothing_else(self, client, list_url):
        assert client.head(list_url).status_code == 200
        assert client.post(list_url).status_code == 405

    def test_no_such_list(self, client, issuer, list_url):
        for url in (list_url.replace("revocation", "x"), f"/microcred/status/{uuid4()}/revocation"):
            response = client.get(url)
            assert response.status_code == 404 and response.json()["error"] == "status-list-unknown"
            assert response.headers["Cache-Control"] == "no-store"

    def test_a_list_that_cannot_be_signed_is_not_an_error_for_ever(self, client, list_url, settings):
        settings.MICROCRED_KEYS_DIR = "/nowhere"
        response = client.get(list_url)
        assert response.status_code == 503 and "nowhere" not in response.content.decode()
        assert response.headers["Cache-Control"] == "no-store"


class TestPages:
    @pytest.mark.parametrize(("action", "words"), [
        (None, "The credential is valid"), ("suspend", "The credential is suspended"),
        ("revoke", "The credential is revoked"), ("supersede", "replaced by a newer one"),
    ])
    @pytest.mark.parametrize("format_", ["ob3", "elm"])
    def test_what_it_is_worth(self, award, client, action, words, format_):
        if action:
            getattr(status, action)(award, note="secret words", now=timezone.now(), **WHY)
        response = client.get(page_of(award, format_))
        text = response.content.decode()
        assert response.status_code == 200 and f"<h1>{words}" in text.replace("The credential was ", "")
        assert "Example Training Centre" in text and "did:web:localhost%3A8000" in text
        assert places.achievement(award.pill.achievement) in text
        assert "Doubts" not in text, "between the awarding body and the learner"
        assert ("does not publish why" in text) is (action in ("suspend", "revoke"))
        assert ("cannot carry a status itself" in text) is (format_ == "elm")
        assert "secret words" not in text and "user:7" not in text

    def test_why_it_was_replaced_is_no_secret(self, award, client):
        status.supersede(award, reason="renewal", actor="system", now=timezone.now())
        assert "It was renewed" in client.get(page_of(award, "ob3")).content.decode()

    def test_it_names_no_learner_and_is_listed_nowhere(self, award, client, learner):
        for format_ in ("ob3", "elm"):
            response = client.get(page_of(award, format_))
            for word in (learner.id, learner.full_name, learner.email, str(award.pk)):
                assert word not in response.content.decode()
            assert response.headers["X-Robots-Tag"] == "noindex"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["Cache-Control"] == "private, no-cache"

    def test_expiry(self, award, client):
        models.Award.objects.update(expires_at=timezone.now() + timedelta(days=2))
        assert "Valid until" in client.get(page_of(award)).content.decode()
        models.Award.objects.update(expires_at=timezone.now() - timedelta(days=2))
        assert "The credential has expired" in client.get(page_of(award)).content.decode()

    def test_what_authors_wrote_is_escaped(self, award, client):
        models.FrozenPill.objects.update(title="<script>alert(1)</script>")
        assert "<script>" not in client.get(page_of(award)).content.decode()

    @pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
    def test_the_page_speaks_the_reader_s_language(self, award, client, language, direction):
        text = client.get(page_of(award), headers={"Accept-Language": language}).content.decode()
        assert f'<html lang="{language}" dir="{direction}">' in text

    def test_constant_queries(self, award, client, django_assert_max_num_queries):
        status.revoke(award, now=timezone.now(), **WHY)
        for format_ in ("ob3", "elm"):
            with django_assert_max_num_queries(5):
                client.get(page_of(award, format_))

    def test_an_unknown_id_is_explained(self, client, issuer):
        uuid = uuid4()
        response = client.get(f"/microcred/verify/{uuid}")
        assert response.status_code == 404 and str(uuid) in response.content.decode()
        assert "Compare the id" in response.content.decode()


class TestChecking:
    def send(self, client, **fields):
        return client.post("/microcred/verify/", fields)

    @pytest.mark.parametrize("kind", [kind for kind in downloads.KINDS if kind != downloads.BUNDLE])
    def test_a_file(self, award, client, kind):
        content = downloads.download(award, kind).content
        text = self.send(client, file=SimpleUploadedFile(kind, content)).content.decode()
        assert "The file is genuine" in text and "The credential is valid" in text
        assert ("cannot carry a status itself" in text) is kind.startswith("elm")
        status.revoke(award, now=timezone.now(), **WHY)
        text = self.send(client, file=SimpleUploadedFile(kind, content)).content.decode()
        assert "The file is genuine" in text and "The credential is revoked" in text

    def test_a_changed_file(self, award, client):
        content = downloads.download(award, "ob3.json").content.replace(b"Fault", b"Heart", 1)
        text = self.send(client, file=SimpleUploadedFile("x", content)).content.decode()
        assert "The file is not genuine" in text and "is valid" not in text

    def test_the_content_of_a_file_is_not_shown(self, issuer, client):
        for content in (b"<script>alert(1)</script>", b'{"type":["VerifiableCredential"],"proof":{},"id":"<script>",'
                        b'"issuer":"<script>"}'):
            response = self.send(client, file=SimpleUploadedFile("<script>.json", content))
            assert response.status_code == 200 and "<script>" not in response.content.decode()

    @pytest.mark.parametrize("text", ["{urn}", " {uuid} ", "{page}", "{upper}"])
    def test_an_id_leads_to_its_page(self, award, client, text):
        urn = award.credentials.get(format="elm").credential_id
        uuid = UUID(urn[9:])
        said = text.format(urn=urn, uuid=uuid, page=places.verification(uuid), upper=str(uuid).upper())
        response = self.send(client, id=said)
        assert response.status_code == 302 and response.headers["Location"] == f"/microcred/verify/{uuid}"

    @pytest.mark.parametrize("text", ["", "x", "urn:uuid:1", "\0", "<script>", "x" * 5_000])
    def test_anything_else_is_asked_for_again(self, client, issuer, text):
        response = self.send(client, id=text)
        assert response.status_code == 400 and 'role="alert"' in response.content.decode()
        assert "<script>" not in response.content.decode()

    def test_an_empty_file_is_called_empty(self, client):
        response = self.send(client, file=SimpleUploadedFile("x.json", b""))
        assert response.status_code == 400 and "The file is empty" in response.content.decode()

    @pytest.mark.parametrize("name", ["nonsense", "12/34", "%3Cb%3E"])
    def test_an_address_that_is_none_has_our_page(self, client, issuer, name):
        response = client.get(f"/microcred/verify/{name}")
        text = response.content.decode()
        assert response.status_code == 404 and "Unknown credential" in text and "<b>" not in text
        assert "Example Training Centre" in text, "whose page it is stands on top"

    def test_a_huge_upload_is_not_read(self, client, issuer, monkeypatch):
        monkeypatch.setattr(status_views, "_verify", lambda _request: 1 / 0)
        big = SimpleUploadedFile("x", b"x" * (verifying.MOST_BYTES + 20_000))
        assert self.send(client, file=big).status_code == 413

    @pytest.mark.parametrize("length", ["²", "9" * 5_000, "1e3", "-1", "٣", "0x10"])
    def test_a_length_that_is_none(self, client, issuer, length):
        assert client.post("/microcred/verify/", {"id": "x"}, CONTENT_LENGTH=length).status_code == 413
        assert client.get("/microcred/verify/", CONTENT_LENGTH=length).status_code in (200, 413)

    @pytest.mark.parametrize("kind", [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "text/\0",
        "application/x-www-form-urlencoded; charset=utf-7", "multipart/form-data; boundary=" + "x" * 5_000,
        "multipart/form-data; boundary=\u00e9",
    ])
    @pytest.mark.parametrize("body", [b"", b"--x\r\n", b"id=%ED%A0%80", b"id=%00", b"\xff" * 50, b"&" * 2_000])
    def test_a_form_that_is_none(self, client, issuer, settings, kind, body):
        settings.MICROCRED_API_RATES = {"verify": None}
        client.raise_request_exception = False
        assert client.generic("POST", "/microcred/verify/", body, kind).status_code == 400
        assert client.generic("POST", "/microcred/api/v1/verify/", body, kind).status_code < 500

    def test_not_too_often_and_together_with_the_api(self, client, issuer, settings, monkeypatch):
        settings.MICROCRED_API_RATES = {"verify": "2/min"}
        monkeypatch.setattr(rates, "time", SimpleNamespace(time=lambda: 1_000_000_010.0))
        monkeypatch.setattr(throttles.Throttle, "timer", lambda _self: 1_000_000_010.0)
        assert client.post("/microcred/api/v1/verify/", b"x", "text/plain").status_code == 200
        assert self.send(client, id="x").status_code == 400
        answer = self.send(client, file=SimpleUploadedFile("x", b"{}"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
        assert "Try again in 10 seconds" in answer.content.decode() and 'role="alert"' in answer.content.decode()
        assert client.get("/microcred/verify/").status_code == 200, "to look at the form is free"
        elsewhere = client.post("/microcred/verify/", {"id": "x"}, REMOTE_ADDR="192.0.2.1")
        assert elsewhere.status_code == 400

    def test_only_from_our_own_form(self, issuer):
        strict = Client(enforce_csrf_checks=True)
        assert strict.post("/microcred/verify/", {"id": "x"}).status_code == 403
        token = strict.get("/microcred/verify/").cookies["csrftoken"].value
        sent = {"id": str(uuid4()), "csrfmiddlewaretoken": token}
        assert strict.post("/microcred/verify/", sent).status_code == 302


class TestRefresh:
    @pytest.fixture(autouse=True)
    def expires(self, award):
        models.Award.objects.filter(pk=award.pk).update(expires_at=timezone.now() + timedelta(days=2))

    @pytest.fixture
    def heir(self, award, learner, commits):
        """The award that took the place of the first, agreed to and signed."""
        models.Award.objects.filter(pk=award.pk).update(active=None)
        row = models.Award.objects.create(
            learner_id=learner.id, learner_pill=award.learner_pill, pill=award.pill, results=award.results,
            awarded_at=award.awarded_at, supersedes=award, expires_at=timezone.now() + timedelta(days=9),
        )
        with commits():
            api.consent(str(row.pk), learner, digest=api.payload(str(row.pk), learner).digest)
        return row

    def url(self, award):
        row = award.credentials.get(format="ob3")
        return places.refresh(UUID(row.credential_id[9:]), row.salt).removeprefix(BASE)

    def test_the_badge_itself_while_there_is_no_newer_one(self, award, client):
        response = client.get(self.url(award))
        assert response.content == bytes(award.credentials.get(format="ob3").content)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cache-Control"] == "no-store"

    def test_the_newest_in_the_chain(self, award, heir, client):
        for asked in (award, heir):
            assert client.get(self.url(asked)).json()["id"] == heir.credentials.get(format="ob3").credential_id
        token = client.get(self.url(award), headers={"Accept": "text/plain"})
        assert token.content == bytes(heir.credentials.get(format="ob3-jwt").content)

    def test_what_is_not_agreed_to_any_more_is_not_given_out(self, award, heir, client, learner):
        url = self.url(award)
        models.Consent.objects.filter(award=heir).update(active=None)
        assert client.get(url).status_code == 404, "nor is the former one in its place"

    def test_a_badge_without_expiry_has_no_refresh_service(self, award, client):
        models.Award.objects.update(expires_at=None)
        assert client.get(self.url(award)).status_code == 404

    def test_unknown(self, issuer, client, award):
        row = award.credentials.get(format="elm")
        european = places.refresh(UUID(row.credential_id[9:]), row.salt).removeprefix(BASE)
        for url in (f"/microcred/refresh/{uuid4()}/{'0' * 64}", european):
            assert client.get(url).status_code == 404

    def test_the_address_is_the_one_in_the_badge(self, award, learner, client):
        composed = api.payload(str(award.pk), learner).open_badge
        assert "refreshService" not in composed, "it was issued before it expired"
        models.Credential.objects.update(state="prepared", content=b"")
        address = api.payload(str(award.pk), learner).open_badge["refreshService"]["id"]
        models.Credential.objects.update(state="issued", content=b"{}")
        assert client.get(address.removeprefix(BASE)).status_code == 200

    def test_who_knows_only_the_id_gets_nothing(self, award, client):
        """The id stands on the public pages of the twin and of a successor."""
        uuid, token = self.url(award).split("/")[-2:]
        european = award.credentials.get(format="elm").credential_id[9:]
        assert uuid in client.get(f"/microcred/verify/{european}").content.decode()
        wrong = ("", "/", "/0", f"/{uuid}", f"/{token[:-1]}", f"/{token.upper()}", "/\u00b2", "/%ED%A0%80", "/%00")
        for end in wrong:
            assert client.get(f"/microcred/refresh/{uuid}{end}").status_code == 404, end
        assert client.get(f"/microcred/refresh/{uuid}/{token}").status_code == 200

    def test_nor_who_knows_the_salt_too(self, award, client):
        """An Open Badge 2.0 of the award has it on a public page."""
        row = award.credentials.get(format="ob3")
        uuid = row.credential_id[9:]
        for told in (f"microcred-refresh:{row.salt}:{uuid}", f"{row.salt}:{uuid}"):
            token = hashlib.sha256(told.encode()).hexdigest()
            assert client.get(f"/microcred/refresh/{uuid}/{token}").status_code == 404

    def test_the_address_in_the_badge_outlives_the_secret_key(self, award, learner, client, settings):
        models.Credential.objects.update(state="prepared", content=b"")
        badge = api.payload(str(award.pk), learner).open_badge
        models.Credential.objects.update(state="issued", content=json.dumps(badge).encode())
        settings.SECRET_KEY = "another"
        address = badge["refreshService"]["id"].removeprefix(BASE)
        assert client.get(address).json()["id"] == badge["id"]
        assert client.get(f"{address[:-1]}{'1' if address.endswith('0') else '0'}").status_code == 404

    def test_no_token_comes_into_the_log(self, award, client, caplog):
        """A badge whose holder no longer agrees may be given again later."""
        models.Consent.objects.update(active=None)
        with caplog.at_level(logging.DEBUG):
            assert client.get(self.url(award)).status_code == 404
        assert self.url(award).rpartition("/")[2] not in caplog.text
