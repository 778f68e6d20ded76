"""What everybody may ask, and how often."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import cache, caches
from django.test import Client, RequestFactory
from django.utils import timezone

from microcred_xblock.domain import errors as tree
from microcred_xblock.domain.errors import Misconfigured, NotAllowed, WalletUnreachable
from microcred_xblock.issuance import models, rates, status
from microcred_xblock.issuance.rest_api.v1 import errors, throttles
from tests.issuance.rest_case import ROOT, Person, award, issue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def ann(issuer):
    return Person("ann")


@pytest.fixture
def hers(ann, commits):
    return issue(ann, award(ann), commits)


@pytest.fixture
def anybody(db):
    return Person()


def credential(award_id, format_="ob3"):
    return models.Credential.objects.get(award_id=award_id, format=format_)


def uuid_of(row):
    return row.credential_id.removeprefix("urn:uuid:")


class TestStatus:
    @pytest.mark.parametrize("format_", ["ob3", "ob3-jwt", "elm"])
    def test_of_every_form(self, anybody, hers, format_):
        url = f"credentials/{uuid_of(credential(hers, format_))}/status/"
        assert anybody.get(url).data["state"] == "valid"
        row, now = models.Award.objects.get(), timezone.now()
        status.suspend(row, reason="integrity", note="secret", actor="user:9", now=now)
        answer = anybody.get(url)
        assert (answer.status, answer.data["state"]) == (200, "suspended")
        assert answer.data["since"] and "secret" not in json.dumps(answer.data)
        status.revoke(models.Award.objects.get(), reason="error", actor="system", now=timezone.now())
        assert anybody.get(url).data["state"] == "revoked"

    def test_unknown(self, anybody):
        answer = anybody.get(f"credentials/{uuid4()}/status/")
        assert (answer.status, answer.data["code"]) == (404, "credential-unknown")

    def test_names_nobody(self, anybody, ann, hers):
        for row in models.Credential.objects.all():
            said = json.dumps(anybody.get(f"credentials/{uuid_of(row)}/status/").data)
            assert "Camille" not in said and ann.user.email not in said and hers not in said

    def test_may_be_asked_from_any_page_but_kept_for_a_minute_only(self, anybody, hers):
        headers = anybody.get(f"credentials/{uuid_of(credential(hers))}/status/").response.headers
        assert headers["Access-Control-Allow-Origin"] == "*" and headers["Cache-Control"] == "public, max-age=60"


class TestAchievement:
    def test_what_it_stands_for(self, anybody, hers):
        frozen = models.FrozenPill.objects.get()
        found = anybody.get(f"achievements/{frozen.achievement}/").data
        assert found["title"] == "Fault diagnosis on a wind turbine" and len(found["outcomes"]) == 3
        assert found["issuer"] == "Example Training Centre"
        assert found["id"].endswith(f"/microcred/achievements/{frozen.achievement}")

    def test_unknown(self, anybody):
        assert anybody.get(f"achievements/{uuid4()}/").data["code"] == "achievement-unknown"


class TestVerify:
    def post(self, content, content_type="application/octet-stream"):
        response = Client().post(f"{ROOT}verify/", content, content_type)
        return SimpleNamespace(status=response.status_code, data=response.json(), headers=response.headers)

    @pytest.mark.parametrize("kind", ["ob3.json", "ob3.jwt", "ob3.png", "ob3.svg", "elm.jsonld"])
    def test_what_we_issued_is_genuine(self, ann, hers, kind):
        file = ann.client.get(f"{ROOT}me/awards/{hers}/credentials/{kind}/")
        for content_type in (file.headers["Content-Type"], "application/octet-stream", "text/html"):
            answer = self.post(file.content, content_type)
            assert (answer.status, answer.data["verified"]) == (200, True), answer.data
        assert answer.headers["Cache-Control"] == "no-store"

    def test_an_altered_one_is_not(self, hers):
        content = bytes(credential(hers).content).replace(b"wind turbine", b"coal turbine")
        answer = self.post(content, "application/json")
        assert (answer.status, answer.data["verified"]) == (200, False)

    @pytest.mark.parametrize(
        "content",
        [b"", b"x", b"\xff" * 100, b"{}", b"[" * 90_000, b"a.b.c", b"\x89PNG\r\n\x1a\n", b"<svg/>"],
    )
    def test_what_is_no_credential_is_not(self, content):
        answer = self.post(content)
        assert (answer.status, answer.data["verified"], answer.data["verdict"]) == (200, False, "unreadable")

    def test_too_large(self):
        answer = self.post(b"x" * 2_000_001)
        assert (answer.status, answer.data["code"]) == (413, "api-too-large")


class TestAddresses:
    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
    @pytest.mark.parametrize("path", ["", "nothing/", "awards", "credentials/x/", "me/awards/1/"])
    def test_nothing_else_is_there(self, path, method):
        response = getattr(Client(), method)(ROOT + path)
        assert (response.status_code, response.json()["code"]) == (404, "api-unknown")

    def test_another_method(self, anybody):
        answer = anybody.post(f"achievements/{uuid4()}/", {})
        assert (answer.status, answer.data["code"]) == (405, "api-method")
        assert answer.response.headers["Allow"]


class TestErrors:
    def test_every_branch_has_its_status(self):
        found = {
            kind.__name__: errors.status_of(kind("x"))
            for kind in vars(tree).values() if isinstance(kind, type) and issubclass(kind, tree.MicrocredError)
        }
        assert found == {
            "MicrocredError": 500, "InvalidInput": 400, "InvalidPill": 400, "InvalidDocument": 400,
            "InvalidAnswer": 400, "NotReady": 503, "NotAllowed": 403, "Misconfigured": 503, "WalletRefused": 502,
            "WalletUnreachable": 503,
        }

    def test_a_pause_that_was_asked_for_is_passed_on(self):
        answer = errors.handler(WalletUnreachable("x", code="wallet-busy", retry_after=77), {})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "77")

    def test_a_bug_is_left_to_django(self):
        assert errors.handler(KeyError("x"), {}) is None

    def test_messages_are_translated(self):
        from django.utils import translation

        with translation.override("fr"):
            french = errors.encoded(NotAllowed("x", code="consent-missing"))["message"]
        assert french != errors.encoded(NotAllowed("x", code="consent-missing"))["message"]


class TestRates:
    @pytest.fixture(autouse=True)
    def rates(self, settings):
        settings.MICROCRED_API_RATES = {"anonymous": "3/min", "learner": "2/min", "verify": "1/hour"}
        return settings

    @pytest.fixture(autouse=True)
    def stopped_clock(self, monkeypatch):
        """Windows begin on the full minute: none may end within a test."""
        monkeypatch.setattr(throttles.Throttle, "timer", lambda _self: 1_000_000_010.0)

    def ask(self, **extra):
        return Client().get(f"{ROOT}achievements/{uuid4()}/", **extra)

    def test_then_it_is_too_often(self):
        assert [self.ask().status_code for _ in range(4)] == [404, 404, 404, 429]
        answer = self.ask()
        assert answer.json()["code"] == "api-rate" and answer.headers["Retry-After"] == "10"
        assert "10 seconds" in answer.json()["message"]

    def test_a_window_ends(self, monkeypatch):
        for _ in range(4):
            self.ask()
        monkeypatch.setattr(throttles.Throttle, "timer", lambda _self: 1_000_000_020.0)
        assert self.ask().status_code == 404

    def test_by_address(self):
        for _ in range(3):
            self.ask(REMOTE_ADDR="192.0.2.1")
        assert self.ask(REMOTE_ADDR="192.0.2.1").status_code == 429
        assert self.ask(REMOTE_ADDR="192.0.2.2").status_code == 404

    def test_a_household_has_one_network(self):
        for number in range(3):
            self.ask(REMOTE_ADDR=f"2001:db8::{number}")
        assert self.ask(REMOTE_ADDR="2001:db8::ffff").status_code == 429
        assert self.ask(REMOTE_ADDR="2001:db8:0:1::1").status_code == 404

    def test_nobody_gets_around_it_by_a_header(self):
        codes = [self.ask(headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(4)]
        assert codes[-1] == 429

    def test_behind_as_many_proxies_as_the_platform_says(self, settings):
        settings.REST_FRAMEWORK = {"NUM_PROXIES": 1}
        codes = [
            self.ask(headers={"X-Forwarded-For": f"198.51.100.{number}, 192.0.2.7"}).status_code for number in range(4)
        ]
        assert codes[-1] == 429
        assert self.ask(headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.8"}).status_code == 404

    def test_by_account(self, ann, issuer):
        bob = Person("bob")
        assert [ann.get("me/awards/").status for _ in range(3)] == [200, 200, 429]
        assert bob.get("me/awards/").status == 200

    def test_scopes_count_apart(self, anybody):
        client = Client()
        assert client.post(f"{ROOT}verify/", b"x", "text/plain").status_code != 429
        assert client.post(f"{ROOT}verify/", b"x", "text/plain").status_code == 429
        assert self.ask().status_code == 404

    def test_none_is_no_limit(self, settings):
        settings.MICROCRED_API_RATES = {"anonymous": None}
        assert {self.ask().status_code for _ in range(100)} == {404}

    def test_what_is_not_set_has_its_default(self, settings):
        settings.MICROCRED_API_RATES = {}
        assert rates.rate("verify") == "20/min"

    @pytest.mark.parametrize("told", ["often", "60", "x/min", "5/fortnight", 5, ""])
    def test_what_cannot_be_read_is_told_and_has_its_default(self, settings, told):
        settings.MICROCRED_API_RATES = {"verify": told}
        with pytest.raises(Misconfigured):
            rates.check()
        assert [rates.exceeded("verify", "x", now=60.0) for _ in range(21)] == [0] * 20 + [60]

    @pytest.mark.parametrize("told", ["5/min", {"everybody": "5/min"}])
    def test_nor_what_is_no_scope(self, settings, told):
        settings.MICROCRED_API_RATES = told
        with pytest.raises(Misconfigured):
            rates.check()
        assert rates.rate("verify") == "20/min"

    def test_of_many_at_once_none_is_forgotten(self, settings):
        settings.MICROCRED_API_RATES = {"anonymous": "5/min"}
        request = RequestFactory().get("/")
        request.user = None
        view = SimpleNamespace(throttle_scope="anonymous")
        with ThreadPoolExecutor(20) as pool:
            allowed = list(pool.map(lambda _number: throttles.Throttle().allow_request(request, view), range(60)))
        assert sum(allowed) == 5

    def test_a_cache_that_is_away_stops_nobody(self, monkeypatch):
        def away(*_args, **_kwargs):
            raise ConnectionError

        monkeypatch.setattr(type(caches["default"]), "add", away)
        assert {self.ask().status_code for _ in range(5)} == {404}

    def test_the_cache_learns_nobodys_name(self):
        key = rates.counter("learner", "user camille", 1)
        assert "camille" not in key and len(key) < 100
