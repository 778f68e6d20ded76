"""A Europass wallet from connecting it to the delivered file: by its address or by the learner's e-mail address."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet

from microcred_xblock.domain.errors import InvalidAnswer, NotAllowed
from microcred_xblock.issuance import api, connecting, doctor_checks, exporting, models, outbox, privacy, retired
from microcred_xblock.issuance.data import Learner
from tests.wallets.edc import EdcHost
from tests.wallets.host import Reply

from .sending import later, panel, states, sweep_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def edc():
    with EdcHost() as running:
        yield running


@pytest.fixture
def offered(configured, edc):
    """A site with a Europass wallet beside the other one."""
    configured.MICROCRED_WALLETS = [
        *configured.MICROCRED_WALLETS, {"id": "eu", "name": "Europass", "type": "europass", "base_url": edc.url}
    ]
    return configured


@pytest.fixture
def give(offered, issued, learner):
    """Connects by address, or whatever is given."""

    def run(**how):
        return api.connect_by_address(learner, "eu", award_id=issued, **(how or {"address": address_at(offered)}))

    return run


def address_at(settings):
    return settings.MICROCRED_WALLETS[-1]["base_url"] + "/api/v1/wallets/a1b2-c3"


@pytest.fixture
def deposit(give, issued, learner, commits):
    """Connect and send; gives the panel."""

    def run(**how):
        give(**how)
        with commits():
            api.send(issued, learner.id, "eu")
        return panel(learner)

    return run


def option(shown):
    return next(wallet for wallet in shown.wallets if wallet.id == "eu")


def test_by_its_address_the_sealed_file_alone_gets_there(edc, deposit, issued, learner):
    shown = deposit()
    assert states(shown) == {"elm": "delivered"} and option(shown).recipient == "a1b2-c3"
    kept = models.Credential.objects.get(award_id=issued, format="elm")
    assert list(edc.files.values()) == [bytes(kept.content)]
    assert shown.deliveries[0].location.startswith("https://viewer.example/")
    row = models.WalletConnection.objects.get(wallet_id="eu")
    assert row.registration_id is None and row.expires_at is None and "a1b2" not in row.tokens
    lines = models.Consent.objects.filter(purpose="share", active=True)
    assert [(line.recipient, line.formats) for line in lines] == [(edc.url, ["elm"])]


def test_by_the_learners_own_e_mail_address_and_no_other(edc, deposit, learner):
    shown = deposit(by_email=True, address="https://evil.example/wallets/x", language="fr")
    assert option(shown).recipient == learner.email and [owner for owner, _ in edc.files] == [learner.email]
    assert edc.queries == [{"sendEmail": "true", "locale": "fr"}]


def test_nothing_is_sent_by_connecting(edc, give, learner):
    shown = give()
    assert option(shown).connected and shown.deliveries == () and edc.requests == []


@pytest.mark.parametrize("address", ["", "https://evil.example/wallets/a", "a1b2-c3"])
def test_an_address_of_elsewhere_connects_nothing(give, address):
    with pytest.raises(InvalidAnswer) as caught:
        give(address=address)
    assert caught.value.field == "address" and not models.WalletConnection.objects.exists()


def test_an_account_without_e_mail_address_is_told(offered, issued, learner):
    nameless = Learner(id=learner.id, full_name=learner.full_name, email="")
    with pytest.raises(InvalidAnswer) as caught:
        api.connect_by_address(nameless, "eu", award_id=issued, by_email=True)
    assert caught.value.code == "email"


def test_each_kind_has_its_own_way_to_connect(offered, issued, learner):
    with pytest.raises(NotAllowed):
        api.connect(learner.id, "eu", award_id=issued, return_url="/back")
    with pytest.raises(NotAllowed):
        api.connect_by_address(learner, "testwallet", award_id=issued, by_email=True)
    with pytest.raises(NotAllowed):
        api.connect_by_address(Learner(id="other", full_name="O", email="o@x.example"), "eu", award_id=issued)


def test_twice_is_once_and_another_address_takes_its_place(edc, give, learner):
    give()
    give()
    assert models.WalletConnection.objects.count() == 1
    shown = give(by_email=True)
    assert option(shown).recipient == learner.email
    assert models.WalletConnection.objects.filter(active=True).count() == 1
    assert models.WalletConnection.objects.get(active=None).tokens == ""


def test_a_deposit_whose_answer_got_lost_is_there_once(edc, deposit, learner, commits):
    def lost(handler):
        edc.answer(edc.requests[-1])

    edc.misbehave("/credentials", lost)
    assert states(deposit()) == {"elm": "waiting-retry"}
    sweep_in(commits, minutes=1)
    shown = panel(learner)
    assert states(shown) == {"elm": "delivered"} and len(edc.files) == 1
    assert models.Delivery.objects.get().created_there is False


@pytest.mark.parametrize(("reply", "code"), [
    (Reply(409, {"uuid": "urn:uuid:00000000-0000-5000-8000-000000000000"}), "wallet-other"),
    (Reply(400, {}), "wallet-unsealed"), (Reply(403, {}), "wallet-closed"),
])
def test_a_no_is_told_and_can_be_tried_again(edc, deposit, issued, learner, commits, reply, code):
    edc.misbehave("/credentials", reply)
    shown = deposit()
    assert [(item.state, item.code) for item in shown.deliveries] == [("refused", code)] and option(shown).connected
    with commits():
        api.retry(issued, learner.id, "eu")
    assert states(panel(learner)) == {"elm": "delivered"}


def test_where_there_is_no_wallet_another_address_can_be_given(edc, deposit, learner):
    edc.users.clear()
    shown = deposit()
    assert [item.code for item in shown.deliveries] == ["wallet-nobody"]
    assert not option(shown).connected and option(shown).recipient == ""
    assert states(deposit(by_email=True)) == {"elm": "delivered"}


@pytest.mark.parametrize("reply", [Reply(200, b"<html>", media_type="text/html"), Reply(503, b"")])
def test_what_settles_nothing_is_tried_again_by_itself(edc, deposit, learner, commits, reply):
    edc.misbehave("/credentials", reply)
    assert states(deposit()) == {"elm": "waiting-retry"}
    sweep_in(commits, minutes=1)
    assert states(panel(learner)) == {"elm": "delivered"}


def test_disconnecting_forgets_the_address(give, issued, learner, edc, commits):
    give()
    api.disconnect(learner.id, "eu")
    row = models.WalletConnection.objects.get()
    assert (row.active, row.tokens) == (None, "") and edc.requests == []
    with pytest.raises(NotAllowed):
        api.send(issued, learner.id, "eu")


def test_the_export_tells_the_address_and_calls_it_no_token(deposit, learner):
    deposit(by_email=True)
    wallet = exporting.export(learner.id)["wallets"][0]
    assert wallet["given_address"] == learner.email and not wallet["holds_access_tokens"]
    assert wallet["tokens_expire_at"] is None


def test_retirement_erases_the_address(edc, deposit, learner, commits):
    deposit(by_email=True)
    with commits():
        privacy.retire(learner.id, now=later())
    everything = json.dumps([
        list(rows.objects.values()) for rows in (models.WalletConnection, models.Delivery)
    ], default=str)
    row = models.WalletConnection.objects.get()
    assert (row.active, row.tokens) == (None, "") and learner.email not in everything and learner.id not in everything
    assert models.Delivery.objects.get().location == "" and len(edc.requests) == 1
    outbox.sweep(later(days=1))
    assert len(edc.requests) == 1


def test_a_retired_account_connects_nothing(give, learner, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        give()
        retired.mark(learner.id, later())
    assert not models.WalletConnection.objects.exists()
    with pytest.raises(NotAllowed) as caught:
        give()
    assert caught.value.code in ("account-retired", "award-unknown")


def test_a_wallet_that_becomes_another_kind_is_connected_anew(offered, edc, deposit, issued, learner, host, commits):
    deposit()
    offered.MICROCRED_WALLETS = [
        {"id": "eu", "name": "Europass", "type": "open-badges-api", "base_url": host.url}
    ]
    with commits():
        api.send(issued, learner.id, "eu")
    assert connecting.connection(learner.id, "eu") is None
    assert {item.code for item in panel(learner).deliveries} >= {"wallet-reconnect"}


def test_the_doctor_asks_it_nothing_but_whether_it_answers(offered, edc):
    found = [finding for finding in doctor_checks.wallets(later()) if "wallet eu" in finding.said]
    assert [finding.level.name for finding in found] == ["OK"]
    assert [request.method for request in edc.requests] == ["GET"]


def test_a_lost_key_keeps_nobody_connected(offered, give, learner):
    give()
    offered.MICROCRED_TOKEN_KEY = Fernet.generate_key().decode()
    assert option(panel(learner)).recipient == ""
    api.disconnect(learner.id, "eu")
    assert not models.WalletConnection.objects.filter(active=True).exists()
