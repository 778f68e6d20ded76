"""VC-API from the wallet's side of the wire, and from the side of somebody who means no good."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from microcred_xblock.domain.errors import Misconfigured, NotReady
from microcred_xblock.issuance import api, binding, collecting, models, privacy, status, verifying
from tests.wallet_apps import node
from tests.wallet_apps.present import NEW, OLD, Key, present

pytestmark = pytest.mark.django_db
BASE = "http://localhost:8000"
JSON = {"headers": {"Accept": "application/json"}}


@pytest.fixture(autouse=True)
def rates(settings):
    settings.MICROCRED_API_RATES = {"offer": None, "collect": None}


@pytest.fixture
def offer(issued, learner):
    """A function that presses the button; gives what the QR codes say."""
    return lambda: api.offer(issued, learner.id, "vc-api")


class Wallet:
    """What an app does, step by step."""

    def __init__(self, client, uri, key=None, suite=NEW):
        self.client, self.uri, self.key, self.suite = client, uri, key or Key(), suite

    def protocols(self):
        return self.client.get(self.uri.removeprefix(BASE), **JSON)

    def post(self, address, message):
        return self.client.post(address.removeprefix(BASE), json.dumps(message), content_type="application/json")

    def begin(self):
        self.exchange = self.protocols().json()["protocols"]["vcapi"]
        answer = self.post(self.exchange, {})
        self.asked = answer.json()["verifiablePresentationRequest"]
        return self

    def answer(self, **changes):
        signed = present(
            changes.pop("key", self.key), changes.pop("challenge", self.asked["challenge"]),
            changes.pop("domain", self.asked["domain"]), now=timezone.now(), suite=self.suite, **changes,
        )
        return self.send(signed)

    def send(self, presentation):
        return self.post(self.exchange, {"verifiablePresentation": presentation})


@pytest.fixture
def wallet(client, offer):
    return Wallet(client, offer().uri).begin()


def state(issued, learner):
    award = models.Award.objects.get(pk=issued)
    panel = api.panel(learner.id, award.pill.pill_id)
    return next((item.state, item.code) for item in panel.offers if item.channel == "vc-api")


def credential(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["verifiablePresentation"]["verifiableCredential"][0]


@pytest.mark.parametrize("suite", [OLD, NEW])
@pytest.mark.parametrize("method", ["key", "jwk"])
def test_a_wallet_that_proves_its_did_gets_the_badge_bound_to_it(client, offer, suite, method, issued, learner):
    wallet = Wallet(client, offer().uri, Key(method), suite).begin()
    assert state(issued, learner) == ("open", "")
    found = credential(wallet.answer())
    assert found["credentialSubject"]["id"] == wallet.key.did
    assert state(issued, learner) == ("collected", "")
    stored = models.BoundCredential.objects.get()
    assert json.loads(bytes(stored.content)) == found
    assert verifying.verify(json.dumps(found).encode(), now=timezone.now()).verified


def test_libraries_of_wallets_make_good_presentations_and_find_the_badge_good(client, offer):
    for suite in (OLD, NEW):
        wallet = Wallet(client, offer().uri).begin()
        told = {"suite": suite, "challenge": wallet.asked["challenge"], "domain": wallet.asked["domain"]}
        made = node.run("sign", [told])[0]
        found = credential(wallet.send(made["presentation"]))
        assert found["credentialSubject"]["id"] == made["did"]


@pytest.mark.parametrize("suite", [OLD, NEW])
def test_the_link_of_the_learner_credential_wallet_needs_no_domain(client, offer, suite):
    told = {name: value[0] for name, value in parse_qs(urlsplit(offer().app_uris["lcw"]).query).items()}
    key = Key()
    signed = present(key, told["challenge"], None, now=timezone.now(), suite=suite)
    answer = client.post(told["vc_request_url"].removeprefix(BASE), json.dumps(signed), "application/json")
    assert answer.status_code == 200 and b"&" not in answer.content
    assert answer.json()["verifiableCredential"][0]["credentialSubject"]["id"] == key.did


def test_the_challenge_of_one_way_is_not_good_for_the_other(client, offer):
    made = offer()
    told = parse_qs(urlsplit(made.app_uris["lcw"]).query)
    wallet = Wallet(client, made.uri).begin()
    assert wallet.asked["challenge"] != told["challenge"][0]
    assert wallet.answer(challenge=told["challenge"][0], domain=None).status_code == 400
    signed = present(wallet.key, wallet.asked["challenge"], wallet.asked["domain"], now=timezone.now())
    assert wallet.post(told["vc_request_url"][0], signed).status_code == 400
    assert not models.BoundCredential.objects.exists()


@pytest.mark.parametrize("change", [
    {"challenge": "0" * 64}, {"challenge": None}, {"domain": "https://evil.example"}, {"domain": None},
    {"holder": "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"},
    {"holder": "did:web:learn.example", "proof": {"verificationMethod": "did:web:learn.example#key-1"}},
    {"proof": {"proofPurpose": "assertionMethod"}}, {"proof": {"created": "2020-01-01T00:00:00Z"}},
])
def test_a_presentation_for_something_else_gets_nothing_and_the_learner_reads_why(wallet, change, issued, learner):
    answer = wallet.answer(**change)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] in ("presentation-proof", "wallet-did")
    assert not models.BoundCredential.objects.exists()
    assert state(issued, learner) == ("failed", "offer-proof")
    credential(wallet.answer())
    assert state(issued, learner) == ("collected", ""), "nothing was used up"


def test_what_a_wallet_says_is_looked_up_nowhere(wallet, monkeypatch):
    signed = present(wallet.key, wallet.asked["challenge"], wallet.asked["domain"], now=timezone.now())
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("a name was looked up"))
    for contexts in (["https://evil.example/c"], [*signed["@context"], "https://evil.example/c"], "file:///etc/passwd"):
        assert wallet.send({**signed, "@context": contexts}).json()["title"] == "presentation-form"


@pytest.mark.parametrize(("body", "status"), [
    (b"[]", 400), (b"{", 400), (b"[" * 30_000, 400), (b'{"a":' * 50 + b"1" + b"}" * 50, 413),
    (b'{"verifiablePresentation": {"x": "' + b"y" * 2_000_000 + b'"}}', 413), (b'{"a": NaN}', 400),
])
def test_what_is_no_message_is_refused_before_anything_is_done(wallet, body, status):
    answer = wallet.client.post(wallet.exchange.removeprefix(BASE), body, content_type="application/json")
    assert answer.status_code == status and not models.BoundCredential.objects.exists()


def test_whoever_lost_the_answer_gets_the_same_and_nobody_else_gets_anything(wallet, settings):
    signed = present(wallet.key, wallet.asked["challenge"], wallet.asked["domain"], now=timezone.now())
    first, again, renewed = wallet.send(signed), wallet.send(signed), wallet.answer()
    assert credential(first) == credential(again) == credential(renewed)
    other = wallet.answer(key=Key())
    assert (other.status_code, other.json()["title"]) == (410, "offer-used")
    assert wallet.post(wallet.exchange, {}).status_code == 410, "an exchange is not begun again"
    assert models.BoundCredential.objects.count() == 1
    models.WalletOffer.objects.update(token_expires_at=timezone.now())
    assert wallet.send(signed).status_code == 410


def test_of_two_at_once_one_gets_it(wallet, monkeypatch):
    """Both found the offer open; the database decides."""
    row = models.WalletOffer.objects.get()
    monkeypatch.setattr(collecting, "find", lambda *_args, **_more: models.WalletOffer.objects.get(pk=row.pk))
    assert wallet.answer().status_code == 200
    assert wallet.answer(key=Key()).status_code == 410
    assert models.BoundCredential.objects.count() == 1


def test_looking_uses_nothing_up(wallet):
    for _ in range(3):
        assert wallet.protocols().status_code == 200
        assert wallet.post(wallet.exchange, {}).json()["verifiablePresentationRequest"] == wallet.asked
    credential(wallet.answer())


@pytest.mark.parametrize(("accept", "kind"), [
    ("application/json", "application/json"), ("*/*", "application/json"), ("", "application/json"),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
])
def test_a_browser_that_opens_the_link_gets_a_page_with_the_ways_into_apps(client, offer, accept, kind):
    made = offer()
    answer = client.get(made.uri.removeprefix(BASE), headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, kind)
    assert answer["Cache-Control"] == "no-store" and answer["Referrer-Policy"] == "no-referrer"
    if "html" in kind:
        html = answer.content.decode()
        assert f'href="interaction:{made.uri}"' in html
        assert f'href="{made.app_uris["lcw"].replace("&", "&amp;")}"' in html


@pytest.mark.parametrize("why", ["unknown", "expired", "ended", "off"])
def test_an_offer_that_is_over_is_told_in_both_kinds(client, offer, why, settings):
    made = offer()
    if why == "unknown":
        models.WalletOffer.objects.all().delete()
    elif why == "expired":
        models.WalletOffer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "ended":
        models.WalletOffer.objects.update(ended_at=timezone.now())
    else:
        settings.MICROCRED_OFFERS = ["openid4vci"]
    path = made.uri.removeprefix(BASE)
    answer = client.get(path, **JSON)
    assert answer.status_code in (404, 410) and answer.json()["status"] == answer.status_code
    page = client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == answer.status_code and "make a new one" in page.content.decode()


@pytest.mark.parametrize("why", ["suspended", "withdrawn", "retired"])
def test_what_may_not_be_given_out_is_not(wallet, why, issued, learner):
    award = models.Award.objects.get(pk=issued)
    if why == "suspended":
        status.suspend(award, reason="integrity", actor="test", now=timezone.now())
    elif why == "withdrawn":
        api.withdraw(issued, learner.id)
    else:
        privacy.retire(learner.id, now=timezone.now())
    assert wallet.answer().status_code in (403, 404)
    assert not models.BoundCredential.objects.exclude(content=b"").exists()


@pytest.mark.parametrize(("error", "shown"), [
    (NotReady("The key is away.", code="signer-away"), "started"),
    (Misconfigured("No key.", code="issuer-keys"), "failed"),
])
def test_a_key_that_is_away_is_told_and_the_same_wallet_may_come_again(
    wallet, monkeypatch, error, shown, issued, learner
):
    def away(*_args, **_more):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(binding, "issue", away)
        answer = wallet.answer()
    assert answer.status_code == 503 and "No key" not in answer.content.decode()
    assert state(issued, learner)[0] == shown
    if shown == "started":
        assert answer["Retry-After"] == "5"
        credential(wallet.answer())


def test_any_origin_may_ask_and_no_cookie_counts(wallet):
    answer = wallet.client.options(wallet.exchange.removeprefix(BASE))
    assert answer.status_code == 204 and "POST" in answer["Access-Control-Allow-Methods"]
    assert answer["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in answer
    assert wallet.client.get(wallet.exchange.removeprefix(BASE)).status_code == 405
    strict = type(wallet.client)(enforce_csrf_checks=True)
    assert Wallet(strict, wallet.uri, wallet.key).begin().answer()["Access-Control-Allow-Origin"] == "*"


def test_addresses_are_asked_so_often_and_no_more(wallet, settings):
    settings.MICROCRED_API_RATES = {"collect": "2/h"}
    answers = [wallet.protocols() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429] and int(answers[2]["Retry-After"]) > 0


def test_no_secret_comes_into_a_log(wallet, caplog):
    secret = urlsplit(wallet.uri).path.rpartition("/")[2]
    with caplog.at_level(logging.DEBUG):
        wallet.answer(challenge="wrong")
        wallet.post(wallet.exchange, [])
        wallet.answer()
        wallet.answer(key=Key())
    assert caplog.records and secret not in caplog.text and wallet.key.did not in caplog.text
