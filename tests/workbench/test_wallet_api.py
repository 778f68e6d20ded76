"""The wallet's resource server against the Open Badges 3.0 OpenAPI, over HTTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from jsonschema import Draft201909Validator

from .conftest import SCOPE
from .issuer import Sealer, elm, tampered

API = "/ims/ob/v3p0"


class Api:
    """A person's wallet as an application sees it."""

    def __init__(self, wallet, application, person=None, **changes) -> None:
        self.wallet = wallet
        self.person = person or wallet.person()
        self.headers = {"Authorization": "Bearer " + self.person.token(application, **changes)["access_token"]}

    def get(self, path, **options):
        return requests.get(self.wallet.url + path, headers=self.headers, timeout=10, **options)

    def push(self, content, media_type="application/json", path=API + "/credentials"):
        data = json.dumps(content).encode() if isinstance(content, dict) else content
        return requests.post(
            self.wallet.url + path, data=data, headers={**self.headers, "Content-Type": media_type}, timeout=20
        )


@pytest.fixture
def api(wallet, application):
    return Api(wallet, application)


@pytest.fixture(scope="module")
def description(wallet):
    return requests.get(wallet.url + API + "/discovery", timeout=10).json()


@pytest.fixture(scope="module")
def conforms(description):
    """Checks a JSON value against a schema of the OpenAPI document the wallet itself serves."""
    def check(value, name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        Draft201909Validator(schema).validate(value)
    return check


def status_info(answer, conforms, status: int, minor: str) -> str:
    assert answer.status_code == status, answer.text
    body = answer.json()
    conforms(body, "Imsx_StatusInfo")
    assert (body["imsx_codeMajor"], body["imsx_severity"]) == ("failure", "error")
    assert body["imsx_codeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == minor
    return body["imsx_description"]


def test_discovery_is_a_service_description_with_everything_a_client_needs(wallet, description, conforms):
    conforms(description, "ServiceDescriptionDocument")
    scheme = description["components"]["securitySchemes"]["OAuth2ACG"]
    flow = scheme["flows"]["authorizationCode"]
    for url in (scheme["x-imssf-registrationUrl"], flow["authorizationUrl"], flow["tokenUrl"], flow["refreshUrl"]):
        assert url.startswith(wallet.url + "/")
    assert SCOPE + "credential.upsert" in flow["scopes"]
    assert description["info"]["x-microcred-elm"]["url"] == wallet.url + "/elm/credentials"
    assert set(description["paths"]) == {"/credentials", "/profile", "/discovery"}


def test_discovery_may_be_cached(wallet):
    first = requests.get(wallet.url + API + "/discovery", timeout=10)
    assert "max-age" in first.headers["Cache-Control"]
    again = requests.get(wallet.url + API + "/discovery", headers={"If-None-Match": first.headers["ETag"]}, timeout=10)
    assert (again.status_code, again.content) == (304, b"")


def test_a_badge_is_created_once_and_replaced_after(api, trusted):
    badge = trusted.sign(trusted.badge())
    first = api.push(badge)
    assert first.status_code == 201
    assert first.json() == badge
    assert api.push(badge).status_code == 200
    assert api.get(API + "/credentials").json() == {"credential": [badge], "compactJwsString": []}


def test_an_older_edition_never_replaces_a_newer_one(api, trusted):
    now = datetime.now(UTC).replace(microsecond=0)
    new, old = trusted.badge(now=now), trusted.badge(now=now - timedelta(days=3))
    assert api.push(trusted.sign(new)).status_code == 201
    assert api.push(trusted.sign(old)).status_code == 304
    assert api.get(API + "/credentials").json()["credential"][0]["validFrom"] == new["validFrom"]


def test_ids_are_compared_after_unescaping(api, trusted):
    assert api.push(trusted.sign(trusted.badge(id="urn:example:a%2Db"))).status_code == 201
    assert api.push(trusted.sign(trusted.badge(id="urn:example:a-b"))).status_code == 200


def test_a_token_and_a_badge_of_the_same_id_are_both_kept(api, trusted):
    badge = trusted.badge()
    token = trusted.token(badge)
    assert api.push(trusted.sign(badge)).status_code == 201
    answer = api.push(token.encode(), "text/plain")
    assert (answer.status_code, answer.text) == (201, token)
    listed = api.get(API + "/credentials")
    assert listed.json()["compactJwsString"] == [token]
    assert listed.headers["X-Total-Count"] == "2"


def test_pages(api, trusted):
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(5):
        badge = trusted.badge(id=f"urn:example:{number}", now=now - timedelta(days=number))
        assert api.push(trusted.sign(badge)).status_code == 201
    page = api.get(API + "/credentials?limit=2&offset=2")
    assert [c["id"] for c in page.json()["credential"]] == ["urn:example:2", "urn:example:3"]
    assert page.headers["X-Total-Count"] == "5"
    offsets = {name: int(link["url"].rpartition("=")[2]) for name, link in page.links.items()}
    assert offsets == {"first": 0, "prev": 0, "next": 4, "last": 4}
    since = (now - timedelta(days=1, hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert len(api.get(f"{API}/credentials?since={since}").json()["credential"]) == 2
    assert "Link" not in api.get(API + "/credentials").headers


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "since=yesterday", "limit=99999999999"])
def test_a_bad_query_is_named(api, conforms, query):
    status_info(api.get(f"{API}/credentials?{query}"), conforms, 400, "invalid_query_parameter")


def test_a_tampered_badge_is_refused_and_not_kept(api, trusted, conforms):
    badge = tampered(trusted.sign(trusted.badge()), lambda d: d["credentialSubject"]["result"][0].update(value="100"))
    assert "signature" in status_info(api.push(badge), conforms, 400, "invalid_data")
    assert api.get(API + "/credentials").headers["X-Total-Count"] == "0"


def test_a_badge_whose_issuer_cannot_be_asked_is_kept_as_not_verified_yet(api, trusted):
    trusted.status = 503
    try:
        assert api.push(trusted.sign(trusted.badge())).status_code == 201
    finally:
        trusted.status = 200
    page = api.person.get("/")
    assert "Not verified yet" in page.text
    path = page.text.partition('href="/credentials/')[2].partition('/"')[0]
    detail = api.person.get(f"/credentials/{path}/")
    assert ">Verified<" in api.person.post(f"/credentials/{path}/verify", detail).text.replace("</svg>", ">")


@pytest.mark.parametrize(("content", "media_type"), [
    (b"", "application/json"), (b"<html>", "application/json"), (b"{}", "application/json"),
    (b"not.a.token!", "text/plain"), (b"{}", "application/xml"), (b"[" * 50_000, "application/json"),
])
def test_rubbish_is_refused(api, conforms, content, media_type):
    status_info(api.push(content, media_type), conforms, 400, "invalid_data")


def test_a_body_that_is_too_large_is_refused(api, conforms):
    status_info(api.push(b"x" * 3_000_000), conforms, 413, "invalid_data")


def test_errors_of_access(wallet, application, conforms):
    url = wallet.url + API + "/credentials"
    status_info(requests.get(url, timeout=10), conforms, 401, "unauthorizedrequest")
    wrong = requests.get(url, headers={"Authorization": "Bearer x"}, timeout=10)
    status_info(wrong, conforms, 401, "unauthorizedrequest")
    assert "invalid_token" in wrong.headers["WWW-Authenticate"]
    narrow = Api(wallet, application, scope=SCOPE + "credential.upsert")
    refused = narrow.get(API + "/credentials")
    status_info(refused, conforms, 403, "forbidden")
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]


def test_errors_of_place(api, wallet, conforms):
    deleted = requests.delete(wallet.url + API + "/credentials", headers=api.headers, timeout=10)
    status_info(deleted, conforms, 405, "not_allowed")
    assert deleted.headers["Allow"] == "GET, POST"
    status_info(api.get(API + "/nothing"), conforms, 404, "not_found")
    status_info(api.get("/elm/credentials"), conforms, 405, "not_allowed")


def test_the_profile_can_be_read_and_replaced_but_not_renamed_into_another(api, wallet, conforms):
    profile = api.get(API + "/profile").json()
    assert (profile["name"], profile["email"]) == ("Alex Martin", api.person.email)
    put = requests.put(
        wallet.url + API + "/profile", json={**profile, "phone": "1", "id": "urn:x"}, headers=api.headers, timeout=10
    )
    assert put.status_code == 200
    assert put.json() == {**profile, "phone": "1"}
    assert api.get(API + "/profile").json()["phone"] == "1"
    bad = requests.put(wallet.url + API + "/profile", json=[], headers=api.headers, timeout=10)
    status_info(bad, conforms, 400, "invalid_data")


def test_a_sealed_elm_file_is_taken_and_kept_byte_for_byte(api):
    sealed = Sealer().seal(elm())
    answer = api.push(sealed, "application/jose+json", "/elm/credentials")
    assert (answer.status_code, answer.content) == (201, sealed)
    assert api.push(sealed, "application/jose+json", "/elm/credentials").status_code == 200
    path = answer.headers["Location"].removeprefix(api.wallet.url)
    assert api.person.get(path + "file").content == sealed
    assert api.get(API + "/credentials").headers["X-Total-Count"] == "0"


def test_a_changed_elm_file_is_refused(api, conforms):
    sealed = Sealer().seal(elm()).replace(b"85 %", b"99 %")
    status_info(api.push(sealed, "application/jose+json", "/elm/credentials"), conforms, 400, "invalid_data")


def test_nobody_reads_somebody_elses_wallet(wallet, application, trusted):
    mine, other = Api(wallet, application), wallet.person()
    path = mine.push(trusted.sign(trusted.badge())).headers["Location"].removeprefix(wallet.url)
    assert mine.person.get(path).status_code == 200
    assert other.get(path).status_code == 404
    assert other.get(path + "file").status_code == 404
    assert Api(wallet, application, person=other).get(API + "/credentials").json()["credential"] == []
