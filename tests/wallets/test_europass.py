"""Deposits into a Europass wallet, and what it may answer."""

import base64
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.domain.credential import Format, VerifiableCredential
from microcred_xblock.domain.errors import InvalidAnswer, InvalidInput, WalletRefused, WalletUnreachable
from microcred_xblock.wallets import base, europass
from microcred_xblock.wallets.transport import Policy, Transport

from .edc import EdcHost
from .host import Reply

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
UUID = "6f1c9b1e-3c1b-5a8c-9c53-1b8a2f0d7e11"
ID = f"urn:uuid:{UUID}"
OTHER = "urn:uuid:00000000-0000-5000-8000-000000000000"


def sealed(name=ID):
    payload = base64.urlsafe_b64encode(json.dumps({"id": name}).encode()).decode().rstrip("=")
    return VerifiableCredential(
        id=name, format=Format.ELM, media_type="application/jose+json", extension="jsonld",
        content=json.dumps({"payload": payload, "signatures": []}).encode(),
    )


@pytest.fixture
def host():
    with EdcHost() as running:
        yield running


@pytest.fixture
def wallet(host):
    def make(**recipient):
        policy = Policy(
            hosts=frozenset({base.place(host.url)}), allow_loopback_http=True, connect_timeout=1, read_timeout=1,
            total_timeout=3, max_bytes=100_000,
        )
        return europass.EuropassWallet(
            transport=Transport(policy), base_url=host.url, language="fr", name="eu",
            recipient=europass.Recipient(**(recipient or {"user_id": "a1b2-c3"})),
        )

    return make


def test_one_part_with_the_sealed_bytes_goes_to_the_wallets_address(host, wallet):
    receipt = wallet().deliver(sealed(), now=NOW)
    assert host.files == {("a1b2-c3", ID): sealed().content}
    assert host.names == [f"{UUID}.jsonld"] and host.queries == [{"sendEmail": "false", "locale": "fr"}]
    assert receipt.created and receipt.location == f"https://viewer.example/{UUID}" and receipt.credential_id == ID
    assert "authorization" not in host.requests[0].headers


def test_an_e_mail_address_is_told_of_it_in_its_language(host, wallet):
    wallet(email="camille+a@learner.example").deliver(sealed(), now=NOW)
    assert list(host.files) == [("camille+a@learner.example", ID)]
    assert host.queries == [{"sendEmail": "true", "locale": "fr"}]
    assert urlpath(host) == "/api/v1/wallets/email/camille%2Ba%40learner.example/credentials"


def urlpath(host):
    return host.requests[-1].path.partition("?")[0]


def test_there_already_under_the_same_id_is_success(host, wallet):
    wallet().deliver(sealed(), now=NOW)
    again = wallet().deliver(sealed(), now=NOW)
    assert not again.created and again.location == "" and len(host.files) == 1
    host.misbehave("/credentials", Reply(409, {"uuid": f"urn:credential:{UUID.upper()}"}))
    assert not wallet().deliver(sealed(), now=NOW).created


@pytest.mark.parametrize(("reply", "kind", "code"), [
    (Reply(409, {"uuid": OTHER}), WalletRefused, "wallet-other"),
    (Reply(409, {"message": "duplicate"}), WalletRefused, "wallet-has-some"),
    (Reply(409, b"<html>", media_type="text/html"), WalletRefused, "wallet-has-some"),
    (Reply(409, {"uuid": ["x"]}), WalletRefused, "wallet-has-some"),
    (Reply(400, {"message": "x"}), WalletRefused, "wallet-unsealed"),
    (Reply(401, {}), WalletRefused, "wallet-closed"),
    (Reply(403, b"<html>", media_type="text/html"), WalletRefused, "wallet-closed"),
    (Reply(404, {}), WalletRefused, "wallet-nobody"),
    (Reply(405, {}), WalletRefused, "wallet-no-api"),
    (Reply(413, b""), WalletRefused, "wallet-too-large"),
    (Reply(415, b""), WalletRefused, "wallet-takes-no-elm"),
    (Reply(422, {}), WalletRefused, "wallet-rejected"),
    (Reply(302, b"", {"Location": "https://elsewhere.example/"}), WalletRefused, "wallet-redirect"),
    (Reply(200, b"<html>", media_type="text/html"), WalletUnreachable, "wallet-html"),
    (Reply(200, {"viewerURL": "https://x.example/"}), WalletUnreachable, "wallet-answer"),
    (Reply(200, b"[]"), WalletUnreachable, "wallet-answer"),
    (Reply(200, b"x" * 200_000), WalletUnreachable, "wallet-answer-too-large"),
    (Reply(204, b""), WalletUnreachable, "wallet-answer"),
    (Reply(429, b"", {"Retry-After": "90"}), WalletUnreachable, "wallet-busy"),
    (Reply(500, {}), WalletUnreachable, "wallet-server-error"),
    (Reply(503, b"", {"Retry-After": "90"}), WalletUnreachable, "wallet-busy"),
    (lambda _handler: time.sleep(1.2), WalletUnreachable, "wallet-timeout"),
    (lambda _handler: None, WalletUnreachable, "wallet-no-answer"),
])
def test_every_other_answer_has_its_error(host, wallet, reply, kind, code):
    host.misbehave("/credentials", reply)
    with pytest.raises(kind) as caught:
        wallet().deliver(sealed(), now=NOW)
    assert caught.value.code == code
    assert "a1b2" not in str(caught.value) + repr(caught.value.params)
    if getattr(reply, "headers", {}).get("Retry-After"):
        assert caught.value.retry_after == 90


@pytest.mark.parametrize("viewer", [
    "javascript:alert(1)", "http://viewer.example/1", "https://viewer.example/" + "x" * 600, "https://a@b.example/",
    "https://viewer.example/ 1", "https:///x", "https://[::1", "https://vïewer.example/", None, 7, {},
])
def test_an_odd_place_is_not_kept_and_it_is_delivered(host, wallet, viewer):
    host.misbehave("/credentials", Reply(200, {"uuid": "x", "viewerURL": viewer}))
    receipt = wallet().deliver(sealed(), now=NOW)
    assert receipt.created and receipt.location == ""


def test_a_badge_never_goes_there(host, wallet):
    badge = VerifiableCredential(id=ID, format=Format.OPEN_BADGE, media_type="x/y", content=b"{}", extension="json")
    with pytest.raises(InvalidInput) as caught:
        wallet().deliver(badge, now=NOW)
    assert caught.value.code == "wallet-takes-no-badge" and host.requests == []


EUROPA = base.provider({
    "id": "eu", "name": "Europass", "type": "europass", "base_url": "https://europa.example/europass2/edci-wallet",
})


@pytest.mark.parametrize("address", [
    "https://europa.example/europass2/edci-wallet/api/v1/wallets/a1b2-c3", " https://europa.example/wallets/a1b2-c3/ ",
    "HTTPS://EUROPA.example:443/wallets/a1b2-c3",
])
def test_the_end_of_an_address_says_whose_wallet_it_is(address):
    assert europass.recipient_at(address, EUROPA) == europass.Recipient(user_id="a1b2-c3")


@pytest.mark.parametrize("address", [
    "", "a1b2-c3", "https://evil.example/wallets/a1b2-c3", "http://europa.example/wallets/a1b2-c3",
    "https://europa.example/wallets/", "https://europa.example/wallets", "https://europa.example/a1b2-c3",
    "https://europa.example/wallets/..", "https://europa.example/wallets/email%2Fx",
    "https://europa.example/wallets/a b",
    "https://europa.example/wallets/email/x@y.example", "https://europa.example@evil.example/wallets/a",
    "https://europa.example/wallets/a?x=1", "https://europa.example/wallets/a#b", "javascript:alert(1)",
    "https://europa.example:8443/wallets/a", "https://europa.example/wallets/" + "a" * 900, "https://[/wallets/a",
])
def test_any_other_address_is_refused_at_its_field(address):
    with pytest.raises(InvalidAnswer) as caught:
        europass.recipient_at(address, EUROPA)
    assert (caught.value.code, caught.value.field) == ("wallet-typed", "address")


@given(st.text(max_size=80))
def test_no_address_leads_anywhere_else(text):
    for address in (text, f"https://europa.example/wallets/{text}", f"https://europa.example{text}/wallets/a"):
        try:
            found = europass.recipient_at(address, EUROPA)
        except InvalidAnswer:
            continue
        assert found.path and not set(found.path) & set("/?#%@ ") and ".." not in (found.path,)


@pytest.mark.parametrize("email", ["", "x", "a@b@c", "a b@c.example", "a@c.example/x", "a@\nc.example"])
def test_what_is_no_e_mail_address_is_refused(email):
    with pytest.raises(InvalidAnswer):
        europass.recipient_by(email)


def test_nobody_is_named_in_a_log():
    assert "camille" not in repr(europass.recipient_by("camille@learner.example"))
