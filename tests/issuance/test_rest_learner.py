"""The learner's own: everything of theirs, nothing of anybody else's."""

from __future__ import annotations

import hashlib
import json
import sys
from types import ModuleType, SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.issuance import api, models, notices
from microcred_xblock.issuance.rest_api.v1 import base
from tests.issuance.rest_case import ROOT, Person, award, issue

pytestmark = pytest.mark.django_db
PRIVATE = ("me/awards/", "me/consents/", "me/notices/", "me/export/")


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def ann(issuer):
    return Person("ann")


@pytest.fixture
def bob(issuer):
    return Person("bob")


@pytest.fixture
def anns(ann):
    """An award of hers that is not issued yet."""
    return award(ann)


@pytest.fixture
def hers(ann, anns, commits):
    """An award of hers, issued."""
    return issue(ann, anns, commits)


class TestSignIn:
    @pytest.mark.parametrize("path", [*PRIVATE, f"me/awards/{uuid4()}/", "awards/", "queue/", "bulk-jobs/"])
    def test_nobody_is_asked_to_sign_in(self, db, path):
        answer = Person().get(path)
        assert (answer.status, answer.data["code"]) == (401, "api-sign-in")
        assert set(answer.data) == {"code", "message", "field"} and answer.data["message"].startswith("Sign in")
        assert answer.response.headers["WWW-Authenticate"]
        assert answer.response.headers["Cache-Control"] == "no-store"

    def test_a_deactivated_account_is_nobody(self, ann):
        ann.user.is_active = False
        ann.user.save()
        assert ann.get("me/awards/").status == 401

    def test_an_answer_is_in_the_readers_language(self, db):
        answer = Client(headers={"Accept-Language": "fr"}).get(ROOT + "me/awards/")
        english = Client(headers={"Accept-Language": "en"}).get(ROOT + "me/awards/")
        assert answer.json()["code"] == english.json()["code"]

    def test_a_session_needs_its_csrf_token_to_change_anything(self, ann, hers):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ann.user)
        line = models.Consent.objects.get()
        url = f"{ROOT}me/consents/{line.pk}/withdraw/"
        refused = client.post(url, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        line.refresh_from_db()
        assert line.active
        token = "a" * 32
        client.cookies["csrftoken"] = token
        assert client.post(url, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 200

    def test_a_token_for_other_purposes_is_refused(self, ann, anns, monkeypatch):
        monkeypatch.setattr(base.compat, "restricted_token", lambda request: True)
        assert ann.get("me/awards/").status == 403

    def test_tokens_of_the_platform_are_asked_first(self, ann, anns, monkeypatch):
        class Token:
            def authenticate(self, request):
                return (ann.user, None) if request.headers.get("Authorization") == "JWT good" else None

            def authenticate_header(self, request):
                return "JWT realm=api"

        monkeypatch.setattr(base.compat, "token_authentication", lambda: (Token,))
        anonymous = Client()
        refused = anonymous.get(ROOT + "me/awards/")
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "JWT realm=api")
        found = anonymous.get(ROOT + "me/awards/", headers={"Authorization": "JWT good"})
        assert [row["id"] for row in found.json()["results"]] == [anns]


class TestPlatformTokens:
    """``compat`` against modules that look like the platform's."""

    @pytest.fixture
    def platform(self, settings, monkeypatch):
        allowed = SimpleNamespace(answer=True)
        seen = []

        class NotJwtRestrictedApplication:
            def has_permission(self, request, view):
                seen.append(request)
                return allowed.answer

        modules = {
            "edx_rest_framework_extensions.auth.jwt.authentication": {"JwtAuthentication": type("Jwt", (), {})},
            "edx_rest_framework_extensions.permissions": {"NotJwtRestrictedApplication": NotJwtRestrictedApplication},
            "openedx.core.lib.api.authentication": {"BearerAuthentication": type("Bearer", (), {})},
        }
        for name, content in modules.items():
            parts = name.split(".")
            for depth in range(1, len(parts)):
                monkeypatch.setitem(sys.modules, ".".join(parts[:depth]), ModuleType(parts[depth - 1]))
            module = ModuleType(parts[-1])
            module.__dict__.update(content)
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr("microcred_xblock.compat.tokens.platform", lambda: "lms")
        return SimpleNamespace(allowed=allowed, seen=seen)

    def test_jwt_before_access_token_before_session(self, platform):
        assert [kind.__name__ for kind in compat.token_authentication()] == ["Jwt", "Bearer"]

    def test_the_platform_says_which_tokens_are_restricted(self, platform):
        assert not compat.restricted_token("request")
        platform.allowed.answer = False
        assert compat.restricted_token("request")
        assert platform.seen == ["request", "request"]

    def test_no_platform_no_tokens(self):
        assert compat.token_authentication() == () and not compat.restricted_token(None)


class TestAwards:
    def test_only_mine(self, ann, bob, anns):
        award(bob)
        answer = ann.get("me/awards/")
        assert [row["id"] for row in answer.data["results"]] == [anns] and answer.data["next"] == ""
        assert answer.response.headers["Cache-Control"] == "private, no-store"
        (row,) = answer.data["results"]
        assert row["status"] == "valid" and row["active"] and not row["consented"] and not row["published"]
        assert row["pill"]["title"] == "Fault diagnosis on a wind turbine"

    def test_anothers_does_not_exist(self, bob, hers, ann):
        credential = models.Credential.objects.filter(award_id=hers).first()
        line, notice = models.Consent.objects.get(), tell(hers)
        for method, path in (
            ("get", f"me/awards/{hers}/"), ("get", f"me/awards/{hers}/credentials/"),
            ("get", f"me/awards/{hers}/credentials/ob3.json/"), ("delete", f"me/awards/{hers}/publish/"),
            ("post", f"me/consents/{line.pk}/withdraw/"), ("post", f"me/notices/{notice.pk}/dismiss/"),
        ):
            answer = getattr(bob, method)(path)
            assert answer.status == 404, path
            assert answer.data["code"].endswith("-unknown")
        refused = bob.put(f"me/awards/{hers}/publish/", {"digest": credential.digest})
        assert refused.status == 404
        for path in PRIVATE:
            said = json.dumps(bob.get(path).data)
            assert hers not in said and credential.credential_id not in said and ann.user.email not in said

    def test_pages(self, ann, monkeypatch):
        mine = [award(ann, pill=f"pill-{number}") for number in range(5)]
        monkeypatch.setattr("microcred_xblock.issuance.portfolio.PAGE", 2)
        seen, cursor = [], ""
        for _ in range(3):
            page = ann.get("me/awards/", **({"cursor": cursor} if cursor else {})).data
            seen += [row["id"] for row in page["results"]]
            cursor = page["next"]
        assert cursor == "" and sorted(seen) == sorted(mine) and len(set(seen)) == 5

    @pytest.mark.parametrize("cursor", ["x", "1.2", "-", "99999999999999999999." + "0" * 32, "\x00", "١.٢"])
    def test_a_cursor_that_is_none(self, ann, cursor):
        answer = ann.get("me/awards/", cursor=cursor)
        assert (answer.status, answer.data["field"]) == (400, "cursor")

    def test_constant_queries(self, ann, commits, django_assert_max_num_queries, django_assert_num_queries):
        issue(ann, award(ann, pill="first"), commits)
        with django_assert_max_num_queries(6) as few:
            assert len(ann.get("me/awards/").data["results"]) == 1
        for number in range(6):
            issue(ann, award(ann, pill=f"pill-{number}"), commits)
        with django_assert_num_queries(len(few)):
            assert len(ann.get("me/awards/").data["results"]) == 7

    def test_detail(self, ann, hers):
        found = ann.get(f"me/awards/{hers}/").data
        assert found["consented"] and len(found["results"]) == 3 and len(found["credentials"]) == 3
        assert found["history"] == []

    def test_what_counts_no_longer_is_still_there(self, ann, hers):
        models.Award.objects.update(active=None, status="revoked", status_at=timezone.now())
        models.StatusChange.objects.create(
            award_id=hers, action="revoke", reason="error", note="only for staff", actor="user:77", at=timezone.now()
        )
        found = ann.get(f"me/awards/{hers}/").data
        assert (found["status"], found["active"], found["history"][0]["reason"]) == ("revoked", False, "error")
        assert "only for staff" not in json.dumps(found) and "user:77" not in json.dumps(found)


class TestCredentials:
    def test_before_and_after(self, ann, anns, commits):
        assert ann.get(f"me/awards/{anns}/credentials/").data == []
        issue(ann, anns, commits)
        found = ann.get(f"me/awards/{anns}/credentials/").data
        assert {item["state"] for item in found} == {"issued"}
        links = [link for item in found for link in item["downloads"]]
        assert len(links) == 6
        for link in links:
            response = ann.client.get(link)
            assert response.status_code == 200 and "attachment" in response.headers["Content-Disposition"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    def test_a_download_is_what_was_signed(self, ann, hers):
        row = models.Credential.objects.get(award_id=hers, format="ob3")
        response = ann.client.get(f"{ROOT}me/awards/{hers}/credentials/ob3.json/")
        assert hashlib.sha256(response.content).hexdigest() == row.digest

    def test_not_without_consent(self, ann, hers):
        api.withdraw(hers, ann.learner.id)
        answer = ann.get(f"me/awards/{hers}/credentials/ob3.json/")
        assert (answer.status, answer.data["code"]) == (409, "consent-missing")

    def test_no_such_kind(self, ann, hers):
        assert ann.get(f"me/awards/{hers}/credentials/ob3.exe/").data["code"] == "download-kind"

    def test_an_error_is_explained(self, ann, hers):
        models.Credential.objects.filter(format="elm").update(state="failed", error_code="holder-name")
        found = {item["format"]: item for item in ann.get(f"me/awards/{hers}/credentials/").data}
        assert "full name" in found["elm"]["message"] and found["elm"]["downloads"] == []


class TestLedger:
    def test_lines(self, ann, hers):
        (line,) = ann.get("me/consents/").data
        assert (line["purpose"], line["award"], line["active"]) == ("issue", hers, True)
        assert len(line["payload_digest"]) == 64

    def test_withdrawing_what_lets_us_issue_ends_everything(self, ann, hers):
        publish(ann, hers)
        line = models.Consent.objects.get(purpose="issue")
        for _ in range(2):
            answer = ann.post(f"me/consents/{line.pk}/withdraw/")
            assert (answer.status, answer.data["active"]) == (200, False)
        assert not models.Consent.objects.filter(active=True).exists()
        assert api.panel(ann.learner.id, models.FrozenPill.objects.get().pill_id).consent == "withdrawn"

    def test_withdrawing_a_wallets_line_stops_what_has_not_left(self, ann, hers, host):
        connection = connected(ann, host)
        api.send(hers, ann.learner.id, "testwallet")
        line = models.Consent.objects.get(purpose="share")
        assert ann.post(f"me/consents/{line.pk}/withdraw/").data["active"] is False
        assert set(connection.deliveries.values_list("state", flat=True)) == {"stopped"}
        assert models.Consent.objects.get(purpose="issue").active
        api.send(hers, ann.learner.id, "testwallet")  # pressing "send" again is consent again
        assert models.Consent.objects.filter(purpose="share", active=True).count() == 1
        assert set(connection.deliveries.values_list("state", flat=True)) == {"queued"}


class TestPublishing:
    def test_give_and_take_back(self, ann, hers):
        row = models.Credential.objects.get(award_id=hers, format="ob3")
        path, url = f"me/awards/{hers}/publish/", f"credentials/{row.credential_id.removeprefix('urn:uuid:')}/"
        assert Person().get(url).status == 404
        for _ in range(2):
            answer = ann.put(path, {"digest": row.digest})
            assert (answer.status, answer.data["purpose"]) == (200, "publish")
            assert answer.data["payload_digest"] == row.digest
        assert models.Consent.objects.filter(purpose="publish").count() == 1
        assert ann.get(f"me/awards/{hers}/").data["published"]
        shown = Person().client.get(ROOT + url)
        assert shown.status_code == 200 and shown.content == bytes(row.content)
        assert shown.headers["Content-Type"] == row.media_type and shown.headers["Access-Control-Allow-Origin"] == "*"
        for _ in range(2):
            assert ann.delete(path).status == 204
        assert Person().get(url).status == 404
        line = models.Consent.objects.get(purpose="publish")
        assert line.withdrawn_at is not None and not line.active

    def test_only_exactly_what_was_read(self, ann, hers):
        answer = ann.put(f"me/awards/{hers}/publish/", {"digest": "0" * 64})
        assert (answer.status, answer.data["code"]) == (409, "payload-changed")

    @pytest.mark.parametrize("data", [None, [], "x", {}, {"digest": 1}, {"digest": "A" * 64}, {"digest": "\ud800"}])
    def test_unusable(self, ann, hers, data):
        answer = ann.put(f"me/awards/{hers}/publish/", data)
        assert (answer.status, answer.data["code"]) == (400, "api-value")

    def test_not_before_it_is_issued(self, ann, anns):
        answer = ann.put(f"me/awards/{anns}/publish/", {"digest": "0" * 64})
        assert (answer.status, answer.data["code"]) == (409, "consent-missing")

    def test_only_the_badge_has_an_address(self, ann, hers):
        publish(ann, hers)
        for row in models.Credential.objects.exclude(format="ob3").exclude(
            credential_id=models.Credential.objects.get(format="ob3").credential_id
        ):
            assert Person().get(f"credentials/{row.credential_id.removeprefix('urn:uuid:')}/").status == 404

    def test_erased_is_gone(self, ann, hers):
        publish(ann, hers)
        row = models.Credential.objects.get(award_id=hers, format="ob3")
        models.Credential.objects.filter(pk=row.pk).update(state="erased", content=b"")
        assert Person().get(f"credentials/{row.credential_id.removeprefix('urn:uuid:')}/").status == 404


class TestNotices:
    def test_read_and_dismiss(self, ann, anns):
        row = tell(anns)
        (found,) = ann.get("me/notices/").data
        assert found["id"] == row.pk and found["title"] and found["text"]
        for _ in range(2):
            assert ann.post(f"me/notices/{row.pk}/dismiss/").status == 204
        assert ann.get("me/notices/").data == []
        row.refresh_from_db()
        assert row.dismissed_at is not None


class TestExport:
    def test_everything_of_mine(self, ann, bob, hers):
        award(bob)
        answer = ann.get("me/export/")
        assert hers in json.dumps(answer.data)
        assert "attachment" in answer.response.headers["Content-Disposition"]


class TestBodies:
    def test_too_large(self, ann, anns):
        answer = ann.put(f"me/awards/{anns}/publish/", {"digest": "a" * 100_000})
        assert (answer.status, answer.data["code"]) == (413, "api-too-large")

    @pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 50_000, b'{"digest": NaN}', b""])
    def test_not_json(self, ann, anns, body):
        response = ann.client.put(f"{ROOT}me/awards/{anns}/publish/", body, "application/json; charset=base64")
        assert response.status_code == 400, response.content

    def test_another_type(self, ann, anns):
        response = ann.client.put(f"{ROOT}me/awards/{anns}/publish/", b"digest=1", "text/plain")
        assert (response.status_code, response.json()["code"]) == (415, "api-media-type")


def publish(person, award_id):
    digest = models.Credential.objects.get(award_id=award_id, format="ob3").digest
    assert person.put(f"me/awards/{award_id}/publish/", {"digest": digest}).status == 200


def tell(award_id):
    notices.tell(
        models.Award.objects.get(pk=award_id), "revoked", key="k", params={"reason": "error"}, now=timezone.now()
    )
    return models.Notice.objects.get()


def connected(person, host):
    """A connection as it is stored; its tokens are never used here."""
    from microcred_xblock.issuance import registering, vault

    entry, _ = registering.describe(registering.provider("testwallet"), now=timezone.now())
    registration = models.ClientRegistration.objects.create(
        host=entry, redirect_uri="https://x.example/", key="k", client_id="c", secret=vault.seal({"secret": "s"})
    )
    return models.WalletConnection.objects.create(
        learner_id=person.learner.id, wallet_id="testwallet",
        learner_wallet=models.pair_key(person.learner.id, "testwallet"), registration=registration, tokens="",
        expires_at=timezone.now(), connected_at=timezone.now(),
    )
