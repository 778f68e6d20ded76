"""OpenID4VCI 1.0 from the wallet's side of the wire, and from the side of somebody who means no good."""

import hmac
import itertools
import json
import logging
import time
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone
from jwcrypto.common import base64url_encode

from microcred_xblock.domain.credential import BoundForm
from microcred_xblock.domain.errors import InvalidDocument, Misconfigured, NotReady
from microcred_xblock.issuance import api, binding, collecting, models, nonces, openid4vci, outbox, status, verifying
from microcred_xblock.proofs import holder_keys, sd_jwt

from .vci_wallet import BASE, GRANT, ISSUER, JWT, LDP, SD_JWT, Wallet, did_jwk, key_proof, make_key, public

pytestmark = pytest.mark.django_db
CHANNEL = "openid4vci"


@pytest.fixture(autouse=True)
def however_often(settings):
    """What other tests asked within the minute does not count."""
    settings.MICROCRED_API_RATES = {"offer": None, "collect": None}


@pytest.fixture
def offer(issued, learner):
    """A function that presses the button."""
    return lambda **more: api.offer(issued, learner.id, CHANNEL, **more)


@pytest.fixture
def wallet(client):
    return Wallet(client)


@pytest.fixture
def started(wallet, offer):
    """A wallet with a token."""
    assert wallet.redeem(wallet.scan(offer().uri)).status_code == 200
    return wallet


def shown(learner, issued):
    award = models.Award.objects.get(pk=issued)
    return next(item for item in api.panel(learner.id, award.pill.pill_id).offers if item.channel == CHANNEL)


def refused(answer, error, status=400):
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert all(" " <= letter <= "~" and letter not in '"\\' for letter in answer.json()["error_description"])


class TestAnIssuance:
    @pytest.mark.parametrize("by_value", [False, True])
    def test_of_an_open_badge(self, wallet, offer, issued, learner, by_value):
        scanned = wallet.scan(offer(by_value=by_value).uri)
        assert scanned["credential_issuer"] == ISSUER and scanned["credential_configuration_ids"][0] == LDP
        assert "tx_code" not in scanned["grants"][GRANT]
        token = wallet.redeem(scanned)
        assert token.headers["Cache-Control"] == "no-store"
        assert (token.json()["token_type"], token.json()["expires_in"]) == ("Bearer", 300)
        answer = wallet.ask()
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        [given] = answer.json()["credentials"]
        did = holder_keys.did_jwk(holder_keys.public_jwk(public(wallet.key)))
        assert given["credential"]["credentialSubject"]["id"] == did
        found = verifying.verify(json.dumps(given["credential"]).encode(), now=timezone.now())
        assert found.verdict == "genuine"
        assert shown(learner, issued).state == "collected"

    def test_of_a_jwt(self, started):
        [given] = started.ask(JWT).json()["credentials"]
        assert verifying.verify(given["credential"].encode(), now=timezone.now()).verdict == "genuine"

    @pytest.mark.parametrize("curve", ["P-256", "P-384", "Ed25519"])
    def test_for_a_did_that_the_wallet_chose(self, started, curve):
        key = make_key(curve)
        did = did_jwk(key)
        proof = key_proof(key, started.nonce(), header={"jwk": None, "kid": f"{did}#0"})
        [given] = started.ask(proof=proof).json()["credentials"]
        assert given["credential"]["credentialSubject"]["id"] == did

    def test_with_a_transaction_code(self, wallet, offer):
        made = offer(with_code=True)
        scanned = wallet.scan(made.uri)
        wanted = scanned["grants"][GRANT]["tx_code"]
        assert (wanted["length"], wanted["input_mode"]) == (6, "numeric") and len(wanted["description"]) <= 300
        refused(wallet.redeem(scanned), "invalid_request")
        assert wallet.redeem(scanned, tx_code=made.tx_code).status_code == 200

    def test_by_a_credential_identifier(self, wallet, offer):
        details = json.dumps([{"type": "openid_credential", "credential_configuration_id": JWT}])
        answer = wallet.redeem(wallet.scan(offer().uri), authorization_details=details)
        [told] = answer.json()["authorization_details"]
        assert told["credential_configuration_id"] == JWT
        proof = key_proof(wallet.key, wallet.nonce())
        asked = {"credential_identifier": told["credential_identifiers"][0], "proofs": {"jwt": [proof]}}
        assert isinstance(wallet.post("credential", asked).json()["credentials"][0]["credential"], str)

    def test_the_same_wallet_gets_the_same_again(self, started):
        first, again = started.ask(), started.ask()
        assert first.json()["credentials"] == again.json()["credentials"]
        assert models.BoundCredential.objects.count() == 1

    def test_what_the_wallet_tells_afterwards_is_shown(self, started, issued, learner):
        notification = started.ask().json()["notification_id"]

        def tell(event):
            return started.post("notification", {"notification_id": notification, "event": event})

        for _ in range(2):
            assert tell("credential_accepted").status_code == 204
        assert shown(learner, issued).state == "collected"
        tell("credential_failure")
        assert (shown(learner, issued).state, shown(learner, issued).code) == ("failed", "offer-not-kept")
        tell("credential_deleted")
        assert shown(learner, issued).code == "offer-declined"
        refused(tell("eaten"), "invalid_notification_request")
        refused(started.post("notification", {"notification_id": "x", "event": "credential_accepted"}),
                "invalid_notification_id")


class TestAnSdJwt:
    @pytest.fixture
    def given(self, started):
        return started.ask(SD_JWT).json()["credentials"][0]["credential"]

    def test_is_found_in_the_register_whatever_is_shown(self, given, issued):
        row = models.BoundCredential.objects.get()
        token, title, *_ = given.split("~")
        for shown in (given, f"{token}~", f"{token}~{title}~"):
            found = verifying.verify(shown.encode(), now=timezone.now())
            assert (found.verdict, found.credential_id) == ("genuine", row.credential_id), found
            assert (found.format.value, found.standing.state) == ("sd-jwt", "valid")
        assert verifying.verify(f"{token[:-6]}AAAAAA~".encode(), now=timezone.now()).verdict == "changed"
        forged = base64url_encode(json.dumps(["x", "grade", "100 %"]))
        assert verifying.verify(f"{token}~{forged}~".encode(), now=timezone.now()).verdict == "changed"
        status.revoke(models.Award.objects.get(pk=issued), reason="error", actor="test", now=timezone.now())
        assert verifying.verify(given.encode(), now=timezone.now()).standing.state == "revoked"

    def test_has_a_page(self, client, given):
        uuid = models.BoundCredential.objects.get().credential_id.removeprefix("urn:uuid:")
        assert "Micro-credential (SD-JWT)" in client.get(f"/microcred/verify/{uuid}").content.decode()

    def test_leads_to_its_keys_and_its_type(self, client, given):
        claims = sd_jwt.claims_of(given.encode())
        place = claims["iss"].removeprefix(BASE)
        found = client.get(f"/.well-known/jwt-vc-issuer{place}").json()
        assert found["issuer"] == claims["iss"] and "d" not in found["jwks"]["keys"][0]
        assert sd_jwt.key_id_of(given.encode()) in [key["kid"] for key in found["jwks"]["keys"]]
        assert client.get(claims["vct"].removeprefix(BASE)).json()["vct"] == claims["vct"]
        for other in (f"{place}/nobody", "/elsewhere", f"{place}/", "/microcred/openid4vci/"):
            assert client.get(f"/.well-known/jwt-vc-issuer{other}").status_code == 404, other

    def test_its_signature_is_in_the_audit(self, given):
        assert models.KeyUse.objects.get(purpose="sd-jwt").subject == models.BoundCredential.objects.get().credential_id

    def test_its_status_is_published(self, client, given, issued):
        told = sd_jwt.claims_of(given.encode())["status"]["status_list"]
        answer = client.get(told["uri"].removeprefix(BASE))
        assert answer.headers["Content-Type"] == "application/statuslist+jwt"
        assert told["idx"] == models.StatusEntry.objects.get(award_id=issued).index

    def test_a_key_that_is_no_did_key_gets_none(self, issued):
        with pytest.raises(InvalidDocument):
            binding.issue(issued, BoundForm.SD_JWT_VC, "did:web:wallet.example", now=timezone.now())


class TestDraft13:
    def test_a_whole_issuance(self, client, wallet, offer):
        described = client.get("/microcred/openid4vci/.well-known/openid-credential-issuer").json()
        assert "nonce_endpoint" not in described
        nonce = wallet.redeem(wallet.scan(offer().uri)).json()["c_nonce"]
        for name in (LDP, JWT):
            config = described["credential_configurations_supported"][name]
            asked = {
                "format": config["format"], "credential_definition": config["credential_definition"],
                "proof": {"proof_type": "jwt", "jwt": key_proof(wallet.key, nonce)},
            }
            answer = wallet.post("credential", asked).json()
            assert "credentials" not in answer and answer["credential"]
            nonce = answer["c_nonce"]

    def test_a_used_nonce_is_answered_with_a_new_one(self, started):
        nonce = started.nonce()
        asked = {
            "format": "ldp_vc", "credential_definition": {"type": ["VerifiableCredential", "OpenBadgeCredential"]},
        }
        proof = {"proof_type": "jwt", "jwt": key_proof(started.key, nonce)}
        assert started.post("credential", {**asked, "proof": proof}).status_code == 200
        again = started.post("credential", {**asked, "proof": proof})
        refused(again, "invalid_proof")
        proof["jwt"] = key_proof(started.key, again.json()["c_nonce"])
        assert started.post("credential", {**asked, "proof": proof}).status_code == 200

    @pytest.mark.parametrize(("asked", "error"), [
        ({"format": "mso_mdoc"}, "unsupported_credential_format"),
        ({"format": "ldp_vc", "credential_definition": {"type": ["Passport"]}}, "unsupported_credential_type"),
    ])
    def test_what_is_not_offered(self, started, asked, error):
        proof = {"proof_type": "jwt", "jwt": key_proof(started.key, started.nonce())}
        refused(started.post("credential", {**asked, "proof": proof}), error)


class TestMetadata:
    def test_are_where_both_versions_look_for_them(self, client, issuer):
        found = client.get("/.well-known/openid-credential-issuer/microcred/openid4vci")
        assert found.json()["credential_issuer"] == ISSUER and found.headers["Content-Type"] == "application/json"
        for config in found.json()["credential_configurations_supported"].values():
            assert config["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"]
            assert config["credential_metadata"]["display"][0]["name"]
            assert config["credential_signing_alg_values_supported"]
        for place in (
            "/.well-known/oauth-authorization-server/microcred/openid4vci",
            "/microcred/openid4vci/.well-known/oauth-authorization-server",
            "/microcred/openid4vci/.well-known/openid-configuration",
        ):
            server = client.get(place).json()
            assert server["issuer"] == ISSUER and server["pre-authorized_grant_anonymous_access_supported"] is True

    def test_name_addresses_that_are_served(self, client, issuer):
        found = client.get("/.well-known/openid-credential-issuer/microcred/openid4vci").json()
        for name in ("credential", "nonce", "deferred_credential", "notification"):
            address = found[f"{name}_endpoint"]
            assert address.startswith(f"{ISSUER}/") and client.get(address.removeprefix(BASE)).status_code == 405

    @pytest.mark.parametrize("place", ["/.well-known/openid-credential-issuer/elsewhere",
                                       "/.well-known/oauth-authorization-server/login"])
    def test_of_others_are_not_here(self, client, issuer, place):
        assert client.get(place).status_code == 404

    def test_are_not_there_where_the_admin_does_not_offer_it(self, client, issuer, settings):
        settings.MICROCRED_OFFERS = ["vc-api"]
        assert client.get("/.well-known/openid-credential-issuer/microcred/openid4vci").status_code == 404

    def test_the_admin_says_which_forms(self, client, wallet, offer, settings):
        settings.MICROCRED_OPENID4VCI_FORMATS = ["jwt_vc_json"]
        scanned = wallet.scan(offer().uri)
        assert scanned["credential_configuration_ids"] == [JWT]
        found = client.get("/.well-known/openid-credential-issuer/microcred/openid4vci").json()
        assert list(found["credential_configurations_supported"]) == [JWT]
        wallet.redeem(scanned)
        refused(wallet.ask(LDP), "unknown_credential_configuration")
        settings.MICROCRED_OPENID4VCI_FORMATS = []
        assert collecting.channels() == ("vc-api",)

    def test_a_wallet_in_a_browser_may_ask(self, client, issuer):
        for place in ("token", "nonce", "credential", "notification", "deferred_credential"):
            asked = client.options(f"/microcred/openid4vci/{place}")
            assert asked.status_code == 204 and asked.headers["Access-Control-Allow-Origin"] == "*"
            assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]


class TestTokens:
    def test_a_code_is_used_once(self, wallet, offer):
        scanned = wallet.scan(offer().uri)
        assert wallet.redeem(scanned).status_code == 200
        refused(wallet.redeem(scanned), "invalid_grant")
        assert wallet.ask().status_code == 200, "the first one goes on"

    def test_five_wrong_codes_end_the_offer(self, wallet, offer, issued, learner):
        made = offer(with_code=True)
        scanned = wallet.scan(made.uri)
        for _ in range(collecting.MOST_TRIES):
            refused(wallet.redeem(scanned, tx_code="x"), "invalid_grant")
        refused(wallet.redeem(scanned, tx_code=made.tx_code), "invalid_grant")
        assert (shown(learner, issued).state, shown(learner, issued).code) == ("failed", "offer-code")

    def test_a_code_that_nobody_asked_for(self, wallet, offer):
        scanned = wallet.scan(offer().uri)
        refused(wallet.redeem(scanned, tx_code="123456"), "invalid_request")
        assert wallet.redeem(scanned).status_code == 200

    MALFORMED = (
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"pre-authorized_code": ""}, "invalid_request"), ({"pre-authorized_code": "guessed"}, "invalid_grant"),
        ({"pre-authorized_code": "%00"}, "invalid_grant"), ({"pre-authorized_code": "%ff"}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": "%5B%7B%22type%22:%22x%22%7D%5D"}, "invalid_authorization_details"),
    )

    def test_malformed(self, wallet, offer):
        scanned = wallet.scan(offer().uri)
        for changes, error in self.MALFORMED:
            refused(wallet.redeem(scanned, **changes), error)

    def test_no_form(self, client, issuer):
        place = "/microcred/openid4vci/token"
        refused(client.post(place, "{}", content_type="application/json"), "invalid_request")
        twice = f"grant_type={GRANT}&grant_type={GRANT}&pre-authorized_code=x"
        refused(client.post(place, twice, content_type="application/x-www-form-urlencoded"), "invalid_request")
        refused(client.post(place, "a" * 40_000, content_type="application/x-www-form-urlencoded"),
                "invalid_request", 413)
        refused(client.get(place), "invalid_request", 405)

    def test_of_another_channel_is_none_here(self, wallet, issued):
        award = models.Award.objects.get(pk=issued)
        made = collecting.make(award, "vc-api", now=timezone.now())
        refused(wallet.redeem(made.secret), "invalid_grant")
        _, wallet.token = collecting.redeem(made.secret, "vc-api", now=timezone.now())
        refused(wallet.ask(), "invalid_token", 401)
        assert wallet.client.get(f"/microcred/openid4vci/offers/{made.secret}").status_code == 404

    def test_no_token_no_credential(self, client, issuer):
        headers = (None, "", "Bearer", "Bearer ", "Basic eDp5", "Bearer a b", "Bearer " + "x" * 3_000)
        places = ("credential", "deferred_credential", "notification")
        for header, place in itertools.product(headers, places):
            sent = {"Authorization": header} if header is not None else {}
            answer = client.post(f"/microcred/openid4vci/{place}", "{}", content_type="application/json", headers=sent)
            refused(answer, "invalid_token", 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_an_offer_taken_back_gives_nothing(self, started, issued, learner):
        api.withdraw(issued, learner.id)
        refused(started.ask(), "invalid_token", 401)


class TestKeyProofs:
    NONE = (
        ({"typ": "JWT"}, {}), ({"typ": None}, {}), ({"jwk": None}, {}), ({"kid": "x"}, {}),
        ({"x5c": ["MIIB"], "jwk": None}, {}), ({}, {"aud": "https://evil.example"}),
        ({}, {"aud": None}), ({}, {"aud": [ISSUER]}), ({}, {"aud": f"{ISSUER}/"}), ({}, {"iat": None}),
        ({}, {"iat": int(time.time()) - 3_600}), ({}, {"iat": int(time.time()) + 3_600}), ({}, {"iat": "now"}),
        ({}, {"iat": True}), ({}, {"exp": 1}), ({}, {"nonce": None}), ({}, {"nonce": 5}),
    )

    def test_that_are_none(self, started, issued, learner):
        for header, claims in self.NONE:
            proof = key_proof(started.key, started.nonce(), header=header, claims=claims)
            refused(started.ask(proof=proof), "invalid_proof")
        assert not models.BoundCredential.objects.exists()
        assert (shown(learner, issued).state, shown(learner, issued).code) == ("failed", "offer-proof")
        assert started.ask().status_code == 200, "a better one still counts"
        assert shown(learner, issued).state == "collected"

    def test_a_nonce_is_good_once(self, started, client, offer, issued):
        nonce = started.nonce()
        assert started.ask(nonce=nonce).status_code == 200
        refused(started.ask(nonce=nonce), "invalid_nonce")
        refused(Wallet(client, make_key()).ask(nonce=nonce, token=started.token), "invalid_nonce")

    def test_a_nonce_is_not_guessed(self, started):
        for nonce in ("", "guessed", "x" * 54, "é"):
            refused(started.ask(nonce=nonce), "invalid_nonce" if nonce else "invalid_proof")

    def test_a_nonce_gets_old(self, started, monkeypatch):
        old = nonces.make(timezone.now() - nonces.LASTS)
        refused(started.ask(nonce=old), "invalid_nonce")

    def test_a_nonce_cannot_be_made_to_last(self, started):
        nonce = started.nonce()
        refused(started.ask(nonce=("A" if nonce[0] != "A" else "B") + nonce[1:]), "invalid_nonce")

    def test_unsigned(self, started):
        head, body, _ = key_proof(started.key, started.nonce()).split(".")
        none = key_proof(started.key, started.nonce()).split(".")
        header = {"typ": "openid4vci-proof+jwt", "alg": "none", "jwk": public(started.key)}
        unsigned = base64url_encode(json.dumps(header))
        for proof in (f"{unsigned}.{body}.", f"{unsigned}.{body}.{none[2]}", f"{head}.{body}.", f"{head}.{body}.AAAA"):
            refused(started.ask(proof=proof), "invalid_proof")

    def test_signed_with_the_public_key_as_a_secret(self, started):
        known = public(started.key)
        pem = started.key.export_to_pem()
        for secret, named in ((pem, known), (json.dumps(known).encode(), known), (b"k", {"kty": "oct", "k": "aw"})):
            head, body, _ = key_proof(started.key, started.nonce()).split(".")
            head = base64url_encode(json.dumps({"typ": "openid4vci-proof+jwt", "alg": "HS256", "jwk": named}))
            mac = hmac.new(secret, f"{head}.{body}".encode(), "sha256").digest()
            refused(started.ask(proof=f"{head}.{body}.{base64url_encode(mac)}"), "invalid_proof")

    def test_of_somebody_elses_key(self, started):
        proof = key_proof(started.key, started.nonce(), header={"jwk": public(make_key())})
        refused(started.ask(proof=proof), "invalid_proof")

    def test_with_a_private_key_in_it(self, started):
        proof = key_proof(started.key, started.nonce(), header={"jwk": started.key.export(as_dict=True)})
        refused(started.ask(proof=proof), "invalid_proof")


class TestRequests:
    MALFORMED = (
        ("", "invalid_credential_request"), ("[]", "invalid_credential_request"), ("{", "invalid_credential_request"),
        ('{"a":1,"a":2}', "invalid_credential_request"), ('{"a":NaN}', "invalid_credential_request"),
        ("[" * 20_000, "invalid_credential_request"), ("{}", "invalid_credential_request"),
        (b"\xff", "invalid_credential_request"),
        ({"credential_configuration_id": "x"}, "unknown_credential_configuration"),
        ({"credential_configuration_id": ["x"]}, "unknown_credential_configuration"),
        ({"credential_identifier": "x"}, "unknown_credential_identifier"),
        ({"credential_identifier": LDP, "credential_configuration_id": LDP}, "invalid_credential_request"),
        ({"credential_configuration_id": LDP}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {}}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {"jwt": []}}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {"jwt": [5]}}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {"jwt": ["a.b.c"]}}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {"di_vp": [{}]}}, "invalid_proof"),
        ({"credential_configuration_id": LDP, "proofs": {"jwt": ["a", "b"]}}, "invalid_credential_request"),
        ({"credential_configuration_id": LDP, "credential_response_encryption": {}}, "invalid_encryption_parameters"),
    )

    def test_malformed(self, started):
        for body, error in self.MALFORMED:
            refused(started.post("credential", body), error)

    def test_of_the_wrong_kind_or_size(self, started):
        refused(started.post("credential", "a=b", content_type="application/x-www-form-urlencoded"),
                "invalid_credential_request")
        refused(started.post("credential", b" " * 40_000), "invalid_credential_request", 413)

    def test_too_many(self, client, issuer, settings):
        settings.MICROCRED_API_RATES = {"collect": "2/h"}
        answers = [client.post("/microcred/openid4vci/nonce", REMOTE_ADDR="192.0.2.44") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429] and answers[2].headers["Retry-After"]

    def test_of_an_award_that_no_longer_counts(self, started, issued, learner, monkeypatch):
        issue = binding.issue

        def late(*args, **more):
            award = models.Award.objects.get(pk=issued)
            status.suspend(award, reason="integrity", actor="test", now=timezone.now())
            return issue(*args, **more)

        monkeypatch.setattr(openid4vci.binding, "issue", late)
        refused(started.ask(), "credential_request_denied")
        assert shown(learner, issued).code == "award-suspended"

    def test_where_this_site_cannot_sign(self, started, issued, learner, monkeypatch):
        def broken(*_args, **_more):
            raise Misconfigured("The setting SECRET is missing.", code="setting-missing")

        monkeypatch.setattr(openid4vci.binding, "issue", broken)
        answer = started.ask()
        refused(answer, "credential_request_denied")
        assert "SECRET" not in answer.content.decode() and shown(learner, issued).code == "setting-missing"

    def test_an_accident_is_told_as_one(self, client, wallet, offer, monkeypatch):
        scanned = wallet.scan(offer().uri)
        monkeypatch.setattr(openid4vci.nonces, "make", lambda _now: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            openid4vci.nonce(now=timezone.now())
        monkeypatch.setattr(openid4vci.oid4vci, "token_response", lambda *_a, **_m: 1 / 0)
        monkeypatch.setattr(openid4vci.nonces, "make", lambda _now: "x")
        refused(wallet.redeem(scanned), "server_error", 500)
        refused(wallet.redeem(scanned), "invalid_grant")  # what was redeemed stays so


class TestLater:
    @pytest.fixture
    def slow(self, monkeypatch):
        """The key is unreachable until it is mended."""
        state = {"away": True}
        issue = binding.issue

        def sometimes(*args, **more):
            if state["away"]:
                raise NotReady("The service that signs cannot be reached.", code="csc-unreachable")
            return issue(*args, **more)

        monkeypatch.setattr(openid4vci.binding, "issue", sometimes)
        return state

    def test_a_wallet_comes_again(self, started, slow, issued, learner):
        answer = started.ask(JWT)
        assert answer.status_code == 202 and "credentials" not in answer.json() and answer.json()["interval"] > 0
        waiting = {"transaction_id": answer.json()["transaction_id"]}
        again = started.post("deferred_credential", waiting)
        assert again.status_code == 202 and again.json()["transaction_id"] == waiting["transaction_id"]
        assert shown(learner, issued).state == "started"
        slow["away"] = False
        given = started.post("deferred_credential", waiting).json()
        assert given["credentials"][0]["credential"].count(".") == 2 and given["notification_id"]
        refused(started.post("deferred_credential", waiting), "invalid_transaction_id")
        assert shown(learner, issued).state == "collected"

    def test_a_draft_13_wallet_comes_again(self, started, slow):
        asked = {
            "format": "jwt_vc_json", "credential_definition": {"type": ["VerifiableCredential", "OpenBadgeCredential"]},
            "proof": {"proof_type": "jwt", "jwt": key_proof(started.key, started.nonce())},
        }
        waiting = {"transaction_id": started.post("credential", asked).json()["transaction_id"]}
        refused(started.post("deferred_credential", waiting), "issuance_pending")
        slow["away"] = False
        assert started.post("deferred_credential", waiting).json()["credential"].count(".") == 2

    def test_no_transaction(self, started):
        for told in ("", "x", "x" * 20_000, 5, None):
            error = "invalid_credential_request" if told is None else "invalid_transaction_id"
            refused(started.post("deferred_credential", {"transaction_id": told}), error)

    def test_a_transaction_is_of_one_offer(self, started, slow, offer, client):
        waiting = {"transaction_id": started.ask().json()["transaction_id"]}
        other = Wallet(client)
        other.redeem(other.scan(offer().uri))
        slow["away"] = False
        refused(other.post("deferred_credential", waiting), "invalid_transaction_id")


def test_nothing_secret_is_logged(wallet, offer, caplog, settings):
    caplog.set_level(logging.DEBUG)
    made = offer(with_code=True)
    scanned = wallet.scan(made.uri)
    secret = scanned["grants"][GRANT]["pre-authorized_code"]
    wallet.redeem(scanned, tx_code="000000")
    wallet.redeem(scanned)
    wallet.redeem(scanned, tx_code=made.tx_code)
    wallet.redeem(scanned, tx_code=made.tx_code)
    wallet.scan(made.uri)  # which is answered with 404, as it is used
    nonce = wallet.nonce()
    proof = key_proof(wallet.key, nonce)
    wallet.ask(proof=proof)
    wallet.ask(proof=proof)
    wallet.ask("unknown")
    settings.MICROCRED_API_RATES = {"collect": "1/h"}
    wallet.scan(made.uri)
    assert caplog.records
    for value in (secret, made.tx_code, wallet.token, nonce, proof, public(wallet.key)["x"]):
        assert value and value not in caplog.text and value not in unquote(caplog.text)


def test_used_values_are_forgotten(started):
    started.ask()
    assert models.SpentValue.objects.count() == 1
    outbox.sweep(timezone.now())
    assert models.SpentValue.objects.count() == 1
    models.SpentValue.objects.update(expires_at=timezone.now() - timedelta(days=2))
    outbox.sweep(timezone.now())
    assert not models.SpentValue.objects.exists()
