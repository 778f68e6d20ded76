"""A backpack of Open Badges 2.1: connect, send, and the public pages that prove what it holds."""

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from microcred_xblock.credentials import open_badges_2
from microcred_xblock.issuance import api, composing, hosting, models, places, privacy, status
from tests.factories import make_pill
from tests.issuance.sending import panel, states, sweep_in
from tests.wallets.backpack import CREATE, READ, Backpack, envelope
from tests.wallets.host import Reply

BASE = "http://localhost:8000"
pytestmark = pytest.mark.django_db


@pytest.fixture
def host():
    """The backpack's host, in the place of the Open Badges 3.0 one."""
    with Backpack() as running:
        yield running


@pytest.fixture
def configured(configured, host):
    """The wallet of the settings is a backpack."""
    configured.MICROCRED_WALLETS = [
        {"id": "testwallet", "name": "Test backpack", "type": "badge-connect-2.1", "base_url": host.url}
    ]
    return configured


def get(url, accept="", client=None):
    headers = {"accept": accept} if accept else {}
    return (client or Client()).get(url.removeprefix(BASE), headers=headers)


def sent_to(host):
    """The Assertion that the backpack was given."""
    return json.loads(host.received("/assertions")[-1].body)["assertion"]


def award():
    return models.Award.objects.select_related("pill").get()


def test_connecting_says_who_we_are_and_asks_for_no_more_than_is_needed(issued, connect, host, learner):
    assert "microcred_error" not in connect(issued)
    row = models.WalletConnection.objects.get()
    assert row.scopes == [CREATE, "offline_access"]
    metadata = host.clients["client 0"]
    assert metadata["token_endpoint_auth_method"] == "client_secret_basic" and READ not in metadata["scope"]
    option = panel(learner).wallets[0]
    assert (option.connected, option.public_page, option.takes_elm) == (True, True, False)


def test_the_badge_arrives_and_its_pages_prove_it(send, host, learner):
    shown = send()
    assert states(shown) == {"ob3": "delivered"}
    assert not host.stored["elm"]
    sent = sent_to(host)
    page = get(sent["id"])
    assert page.status_code == 200 and page.json() == sent
    assert page.headers["Content-Type"] == "application/ld+json"
    assert page.headers["Access-Control-Allow-Origin"] == "*" and page.headers["Cache-Control"] == "no-store"
    assert sent["verification"] == {"type": "HostedBadge"}
    badge = get(sent["badge"]).json()
    issuer = get(badge["issuer"]).json()
    assert (badge["id"], issuer["id"]) == (sent["badge"], badge["issuer"])
    assert badge["name"] == make_pill().title and issuer["name"] == "Example Training Centre"
    image = get(badge["image"]["id"])
    assert image.status_code == 200 and image.headers["Content-Type"] == "image/png"
    assert image.content.startswith(b"\x89PNG") and image.headers["Access-Control-Allow-Origin"] == "*"
    assert get(badge["criteria"]["id"]).status_code == 200 and get(sent["evidence"][0]["id"]).status_code == 200
    for document in (sent, badge, issuer):
        text = json.dumps(document)
        assert learner.email not in text and learner.full_name not in text


def test_the_learner_is_named_as_in_the_signed_badge(send, host):
    send()
    signed = composing.unsigned(models.Credential.objects.get(format="ob3"))
    identity = signed["credentialSubject"]["identifier"][0]
    recipient = sent_to(host)["recipient"]
    assert (recipient["identity"], recipient["salt"]) == (identity["identityHash"], identity["salt"])


def test_nothing_is_public_before_it_is_sent(connected):
    assert not models.HostedAssertion.objects.exists()
    for unknown in (uuid4(), models.Credential.objects.get(format="ob3").credential_id.removeprefix("urn:uuid:")):
        answer = Client().get(f"/microcred/ob2/assertions/{unknown}")
        assert answer.status_code == 404 and answer.json() == {"error": "assertion-unknown"}
    assert get(places.badge_class(award().pill.achievement, "other")).status_code == 404
    assert get(places.badge_class(uuid4())).status_code == get(places.badge_picture(uuid4())).status_code == 404
    assert get(places.issuer_profile("nobody")).status_code == 404


def test_its_address_says_nothing_of_what_else_is_public(send, host):
    send()
    page = models.HostedAssertion.objects.get()
    known = {str(award().pk), *models.Credential.objects.values_list("credential_id", flat=True)}
    assert sent_to(host)["id"] == f"{BASE}/microcred/ob2/assertions/{page.pk}"
    assert not [name for name in known if str(page.pk) in name]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/ld+json"), ("*/*", "application/ld+json"), ("application/json", "application/json"),
        ("application/ld+json, application/json", "application/ld+json"), ("text/html", "application/ld+json"),
    ],
)
def test_the_media_type_follows_what_is_asked_for(accept, expected, send, host):
    send()
    answer = get(sent_to(host)["id"], accept)
    assert answer.headers["Content-Type"] == expected and "Accept" in answer.headers["Vary"].split(", ")


def test_only_reading_is_possible(send, host):
    send()
    assert Client().post(sent_to(host)["id"].removeprefix(BASE)).status_code == 405
    assert Client().head(sent_to(host)["id"].removeprefix(BASE)).status_code == 200


@pytest.mark.parametrize("badgr", [False, True])
def test_a_lost_answer_makes_no_second_badge(badgr, connected, learner, host, commits):
    host.badgr = badgr

    def take_and_hang_up(handler):
        host.answer(host.requests[-1])

    host.misbehave("/assertions", take_and_hang_up)
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "waiting-retry"}
    sweep_in(commits, hours=1)
    assert states(panel(learner)) == {"ob3": "delivered"}
    assert len(host.stored) == 1 and models.HostedAssertion.objects.count() == 1


def test_a_wallet_of_another_address_refuses_and_takes_it_after_all(connected, learner, host, commits):
    host.misbehave("/assertions", envelope(400, "RECIPIENT_PROFILE_MISMATCH"))
    with commits():
        api.send(connected, learner.id, "testwallet")
    delivery = panel(learner).deliveries[0]
    assert (delivery.state, delivery.code) == ("refused", "wallet-recipient")
    assert panel(learner).wallets[0].connected
    with commits():
        api.retry(connected, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered"}


def test_a_token_that_ran_out_is_renewed(connected, learner, host, commits):
    host.access.clear()
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered"}


def test_a_grant_that_ended_is_given_anew(connected, learner, host, commits, connect):
    host.access.clear()
    host.refreshes.clear()
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert panel(learner).deliveries[0].code == "wallet-reconnect" and not panel(learner).wallets[0].connected
    connect(connected)
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert states(panel(learner)) == {"ob3": "delivered"}
    assert models.HostedAssertion.objects.count() == 1


def test_a_host_that_gives_no_right_to_add_badges_is_not_connected(issued, connect, host, learner):
    host.granted = READ
    assert "wallet-scope-shrunk" in connect(issued)
    assert not panel(learner).wallets[0].connected and host.revoked


def test_a_host_without_a_manifest(issued, learner, host):
    host.misbehave("/badgeconnect.json", Reply(404))
    with pytest.raises(Exception) as caught:
        api.connect(learner.id, "testwallet", award_id=issued, return_url="/")
    assert caught.value.code == "wallet-discovery"


def test_a_wallet_that_changed_its_kind_is_asked_anew(issued, connect, host, configured):
    connect(issued)
    models.WalletHost.objects.update(description={"$": "ServiceDescription", "name": "x"})
    assert "microcred_error" not in connect(issued)
    assert models.WalletHost.objects.get().description["$"] == "Manifest"


@pytest.mark.parametrize(("reason", "told"), [("integrity", None), ("expired-registration", "registration")])
def test_a_revoked_badge_says_so_and_nothing_of_its_holder(reason, told, send, host):
    send()
    sent = sent_to(host)
    status.revoke(award(), reason=reason, note="secret", actor="user:1", now=timezone.now())
    answer = get(sent["id"])
    assert answer.status_code == 410 and answer.headers["Access-Control-Allow-Origin"] == "*"
    body = dict(answer.json())
    said = body.pop("revocationReason", "")
    assert body == open_badges_2.revoked(sent["id"])
    assert told in said if told else not said
    assert sent["recipient"]["salt"] not in answer.content.decode()
    assert get(sent["badge"]).status_code == 200  # others still hold it


def test_a_suspended_badge_can_be_verified_neither_way_until_it_is_reinstated(send, host):
    send()
    sent = sent_to(host)
    status.suspend(award(), reason="integrity", actor="user:1", now=timezone.now())
    answer = get(sent["id"])
    assert answer.status_code == 404 and answer.json() == {"error": "assertion-suspended"}
    status.reinstate(award(), reason="cleared", actor="user:1", now=timezone.now())
    assert get(sent["id"]).json() == sent


def test_an_expired_badge_says_when(send, host):
    send()
    ended = timezone.now()
    models.Award.objects.update(expires_at=ended)
    assert get(sent_to(host)["id"]).json()["expires"] <= ended.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_disconnecting_leaves_the_page_and_withdrawing_takes_it_away(send, host, learner, connected):
    send()
    sent = sent_to(host)
    api.disconnect(learner.id, "testwallet")
    assert get(sent["id"]).json() == sent
    api.withdraw(connected, learner.id)
    answer = get(sent["id"])
    assert answer.status_code == 404 and answer.json() == {"error": "assertion-unknown"}


def test_a_retired_account_leaves_nothing(send, host, learner):
    send()
    sent = sent_to(host)
    privacy.retire(learner.id, now=timezone.now())
    answer = get(sent["id"])
    assert answer.status_code == 410 and answer.json() == open_badges_2.revoked(sent["id"])


def test_the_learner_can_ask_where_it_is(send, host, learner):
    assert privacy.export(learner.id)["awards"][0]["open_badge_2"] is None
    send()
    assert privacy.export(learner.id)["awards"][0]["open_badge_2"] == sent_to(host)["id"]


def test_the_twin_stays_the_same_for_ever(send, host):
    send()
    row = models.Credential.objects.select_related("award__pill").get(format="ob3")
    assert json.loads(hosting.twin(row).content) == sent_to(host) == json.loads(hosting.twin(row).content)


def test_addresses_are_those_that_are_served(configured):
    uuid = uuid4()
    for url, name in (
        (places.assertion(uuid), "ob2-assertion"), (places.badge_class(uuid), "ob2-badge"),
        (places.badge_class(uuid, "north"), "ob2-badge-of"), (places.badge_picture(uuid), "ob2-image"),
        (places.issuer_profile(), "ob2-issuer"), (places.issuer_profile("north"), "ob2-issuer-of"),
    ):
        assert resolve(url.removeprefix(BASE)).url_name == name
