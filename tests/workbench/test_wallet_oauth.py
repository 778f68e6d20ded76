"""The wallet's OAuth endpoints against Open Badges 3.0 §API Security, over HTTP."""

import pytest
import requests

from .conftest import ALL_SCOPES, REDIRECT, SCOPE, authorisation_query, basic, exchange, metadata


def refresh(wallet, client, token, **changes):
    form = {"grant_type": "refresh_token", "refresh_token": token, **changes}
    return requests.post(wallet.url + "/oauth/token", data=form, headers=basic(client), timeout=10)


def listed(wallet, token) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(wallet.url + "/ims/ob/v3p0/credentials", headers=headers, timeout=10).status_code


def test_registration_returns_everything_and_a_secret_that_does_not_expire(wallet):
    answer = requests.post(wallet.url + "/oauth/registration", json=metadata(), timeout=10)
    body = answer.json()
    assert answer.status_code == 201
    assert {name: body[name] for name in metadata()} == metadata()
    assert body["client_secret_expires_at"] == 0
    assert body["client_id"] and body["client_secret"] and body["client_id_issued_at"] > 0
    kept = wallet.sql("select count(*) from demo_wallet_client where secret_digest = ?", body["client_secret"])
    assert kept == [(0,)]


@pytest.mark.parametrize("name", [
    "client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version",
    "redirect_uris", "scope",
])
def test_every_required_member_is_required(wallet, name):
    sent = metadata()
    del sent[name]
    answer = requests.post(wallet.url + "/oauth/registration", json=sent, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri")


@pytest.mark.parametrize("changes", [
    {"client_uri": "http://training.example/"},
    {"logo_uri": "https://elsewhere.example/logo.png"},
    {"redirect_uris": ["https://elsewhere.example/callback"]},
    {"redirect_uris": ["javascript:alert(1)"]},
    {"redirect_uris": [REDIRECT + "#fragment"]},
    {"redirect_uris": "http://localhost:9/"},
    {"redirect_uris": []},
    {"tos_uri": "http://[::1"},
    {"client_uri": 'http://localhost/"><script>'},
    {"scope": "something.else"},
    {"grant_types": ["client_credentials"]},
    {"token_endpoint_auth_method": "none"},
])
def test_metadata_against_the_profile_is_refused(wallet, changes):
    answer = requests.post(wallet.url + "/oauth/registration", json=metadata(**changes), timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("invalid_")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null"])
def test_a_registration_that_is_no_object_is_refused(wallet, body):
    assert requests.post(wallet.url + "/oauth/registration", data=body, timeout=10).status_code == 400


def test_the_whole_flow_gives_tokens_that_work(wallet, application):
    back = wallet.person().authorise(application)
    assert back["state"] == "st4te"
    assert back["iss"] == wallet.url
    answer = exchange(wallet, application, back)
    body = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert set(body["scope"].split()) == set(ALL_SCOPES)
    assert listed(wallet, body["access_token"]) == 200


def test_an_unknown_application_or_redirect_is_told_to_the_person_and_never_redirected(wallet, application):
    person = wallet.person()
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}):
        page = person.get("/oauth/authorize?" + authorisation_query(application, "v" * 43, **changes),
                          allow_redirects=False)
        assert page.status_code == 400
        assert "Nothing was shared" in page.text


@pytest.mark.parametrize(("changes", "error"), [
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"state": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"scope": "nothing"}, "invalid_scope"),
])
def test_other_errors_go_back_to_the_application(wallet, application, changes, error):
    query = authorisation_query(application, "v" * 43, **changes)
    answer = wallet.person().get("/oauth/authorize?" + query, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{REDIRECT}?error={error}&")


def test_saying_no_is_possible(wallet, application):
    assert wallet.person().authorise(application, decision="deny")["error"] == "access_denied"


def test_consent_cannot_be_posted_from_elsewhere(wallet, application):
    person = wallet.person()
    answer = person.browser.post(
        wallet.url + "/oauth/authorize?" + authorisation_query(application, "v" * 43), data={"decision": "allow"},
        timeout=10, allow_redirects=False,
    )
    assert answer.status_code == 403


def test_the_consent_page_says_who_asks_for_what_and_escapes_it(wallet):
    client = wallet.client(client_name="<img src=x onerror=alert(1)>", scope=SCOPE + "credential.upsert")
    query = authorisation_query(client, "v" * 43)
    page = wallet.person().get("/oauth/authorize?" + query)
    assert "&lt;img src=x" in page.text
    assert "<img src=x" not in page.text
    assert "Put credentials into this wallet" in page.text
    assert "Read your profile" not in page.text
    assert "localhost:9" in page.text


def test_a_person_without_a_session_signs_in_first_and_comes_back(wallet, application):
    query = authorisation_query(application, "v" * 43)
    answer = requests.get(wallet.url + "/oauth/authorize?" + query, timeout=10, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/?next=/oauth/authorize")


def test_a_code_works_once_and_a_second_use_revokes_what_it_gave(wallet, application):
    back = wallet.person().authorise(application)
    token = exchange(wallet, application, back).json()["access_token"]
    assert listed(wallet, token) == 200
    again = exchange(wallet, application, back)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert listed(wallet, token) == 401


@pytest.mark.parametrize("changes", [
    {"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": REDIRECT + "x"}, {"code": "unknown"},
])
def test_a_code_is_bound_to_verifier_and_redirect(wallet, application, changes):
    back = wallet.person().authorise(application)
    answer = exchange(wallet, application, back, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_bound_to_its_application(wallet, application):
    back = wallet.person().authorise(application)
    assert exchange(wallet, wallet.client(), back).json()["error"] == "invalid_grant"


def test_a_code_expires(wallet, application):
    back = wallet.person().authorise(application)
    wallet.sql("update demo_wallet_grant set code_expires_at = '2020-01-01 00:00:00'")
    assert exchange(wallet, application, back).json()["error"] == "invalid_grant"


def test_an_application_must_authenticate(wallet, application):
    back = wallet.person().authorise(application)
    wrong = exchange(wallet, {**application, "client_secret": "wrong"}, back)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert "Basic" in wrong.headers["WWW-Authenticate"]
    assert requests.post(wallet.url + "/oauth/token", timeout=10).status_code == 401


def test_refresh_rotates_and_a_spent_token_revokes_the_grant(wallet, application):
    first = wallet.person().token(application)
    second = refresh(wallet, application, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert listed(wallet, first["access_token"]) == 401
    assert listed(wallet, second["access_token"]) == 200
    stolen = refresh(wallet, application, first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert listed(wallet, second["access_token"]) == 401


def test_refresh_may_narrow_the_scope_and_never_widen_it(wallet, application):
    first = wallet.person().token(application, scope=f"{SCOPE}credential.upsert offline_access")
    wide = refresh(wallet, application, first["refresh_token"], scope=SCOPE + "profile.update")
    assert wide.json()["error"] == "invalid_scope"
    narrow = refresh(wallet, application, first["refresh_token"], scope=SCOPE + "credential.upsert").json()
    assert narrow["scope"] == SCOPE + "credential.upsert"


def test_without_offline_access_there_is_no_refresh_token(wallet, application):
    assert "refresh_token" not in wallet.person().token(application, scope=SCOPE + "credential.upsert")


def test_an_access_token_expires(wallet, application):
    token = wallet.person().token(application)["access_token"]
    wallet.sql("update demo_wallet_token set expires_at = '2020-01-01 00:00:00' where kind = 'access'")
    assert listed(wallet, token) == 401


def test_revocation_ends_the_grant_and_forgives_unknown_tokens(wallet, application):
    answer = wallet.person().token(application)
    for token in (answer["refresh_token"], "unknown"):
        revoked = requests.post(
            wallet.url + "/oauth/revoke", data={"token": token}, headers=basic(application), timeout=10
        )
        assert revoked.status_code == 200
    assert listed(wallet, answer["access_token"]) == 401


def test_a_person_can_disconnect_an_application(wallet, application):
    person = wallet.person()
    token = person.token(application)["access_token"]
    page = person.get("/connections/")
    assert "Demo course" in page.text
    path = page.text.partition('action="/connections/')[2].partition('"')[0]
    assert "Disconnected" in person.post("/connections/" + path, page).text
    assert listed(wallet, token) == 401
