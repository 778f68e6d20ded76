"""What people see: facts, verification in words, both files of one award together; hostile credentials stay text."""

import re

import pytest
import requests

from .issuer import Sealer, elm
from .test_wallet_api import Api


@pytest.fixture
def api(wallet, application):
    return Api(wallet, application)


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_an_empty_wallet_says_what_to_do(wallet):
    assert "Nothing here yet" in wallet.person().get("/").text


def test_a_badge_is_shown_with_what_was_achieved(api, trusted):
    badge = trusted.sign(trusted.badge(email=api.person.email))
    path = api.push(badge).headers["Location"].removeprefix(api.wallet.url)
    card, detail = words(api.person.get("/")), words(api.person.get(path))
    for expected in ("Fault diagnosis", "Example training centre", "Verified", "Open Badge 3.0"):
        assert expected in card
    for expected in ("Reads the alarm list", "85 %", "needed 70 %", "ESCO: maintain wind turbines",
                     "it was made out to your e-mail address", "as its own web server says"):
        assert expected in detail
    assert 'src="data:image/png;base64,' in api.person.get(path).text


def test_what_it_is_evidence_towards_does_not_look_awarded(api, trusted):
    badge = trusted.badge()
    badge["credentialSubject"]["achievement"]["alignment"] = [
        {"type": ["Alignment"], "targetName": "Diagnose failures of a wind turbine", "targetFramework": "RNCP",
         "targetUrl": "https://www.francecompetences.fr/recherche/rncp/38596/",
         "targetType": "ext:towardsBlocDeCompetences", "targetDescription": "It does not award the bloc."},
        {"type": ["Alignment"], "targetName": "Electricity and energy", "targetFramework": "ISCED-F 2013",
         "targetUrl": "http://data.europa.eu/snb/isced-f/0713", "targetType": "ext:ISCEDF"},
    ]
    path = api.push(trusted.sign(badge)).headers["Location"].removeprefix(api.wallet.url)
    page = api.person.get(path)
    towards = page.text.partition('<section aria-labelledby="towards">')[2].partition("</section>")[0]
    for expected in ("Evidence towards (not awarded)", "RNCP: Diagnose failures", "It does not award the bloc."):
        assert expected in towards
    assert "Electricity and energy" not in towards
    assert "Field of study (ISCED-F) Electricity and energy" in words(page)
    assert "Where it belongs" not in page.text
    french = api.person.get(path, headers={"Accept-Language": "fr"})
    assert "Élément de preuve en vue de (non délivré)" in french.text


def test_a_badge_of_somebody_else_says_so_beside_verified(api, trusted):
    path = api.push(trusted.sign(trusted.badge(email="other@example.org"))).headers["Location"]
    path = path.removeprefix(api.wallet.url)
    for address in ("/", path):
        assert "Verified Not made out to you" in words(api.person.get(address))
        assert "Pas établie pour vous" in api.person.get(address, headers={"Accept-Language": "fr"}).text
    own = api.push(trusted.sign(trusted.badge(id="urn:uuid:own", email=api.person.email))).headers["Location"]
    assert "Not made out" not in api.person.get(own.removeprefix(api.wallet.url)).text


def test_badge_and_elm_of_one_award_are_one_card(api, trusted):
    badge = trusted.sign(trusted.badge())
    path = api.push(badge).headers["Location"].removeprefix(api.wallet.url)
    sealed = Sealer().seal(elm(badge_id=badge["id"]))
    assert api.push(sealed, "application/jose+json", "/elm/credentials").status_code == 201
    assert api.person.get("/").text.count('class="card"') == 1
    detail = words(api.person.get(path))
    for expected in ("European Digital Credential", "Level 4", "3 h", "Made out to Alex Martin",
                     "It is not an eIDAS qualified seal", "in 2 files"):
        assert expected in detail


def test_an_elm_file_from_another_application_does_not_join_a_badge(api, wallet, trusted):
    badge = trusted.sign(trusted.badge())
    api.push(badge)
    other = Api(wallet, wallet.client(client_name="Another"), person=api.person)
    other.push(Sealer().seal(elm(badge_id=badge["id"])), "application/jose+json", "/elm/credentials")
    assert api.person.get("/").text.count('class="card"') == 2


HOSTILE = '"><script>alert(1)</script>'


def test_hostile_text_stays_text_and_foreign_images_and_scripts_never_load(api, trusted):
    badge = trusted.badge(title=HOSTILE)
    achievement = badge["credentialSubject"]["achievement"]
    achievement["image"] = {"id": "https://tracker.example/pixel.png", "type": "Image", "caption": HOSTILE}
    achievement["description"] = HOSTILE
    achievement["criteria"] = {"narrative": HOSTILE}
    badge["issuer"]["url"] = "javascript:alert(1)"
    path = api.push(trusted.sign(badge)).headers["Location"].removeprefix(api.wallet.url)
    for page in (api.person.get("/"), api.person.get(path)):
        assert "<script" not in page.text
        assert "tracker.example" not in page.text.partition("<pre")[0]
        assert 'href="javascript:' not in page.text
        assert "script-src" not in page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_data_image_that_is_not_an_image_is_not_shown(api, trusted):
    badge = trusted.badge()
    badge["credentialSubject"]["achievement"]["image"]["id"] = "data:image/png;base64,PHNjcmlwdD4="
    path = api.push(trusted.sign(badge)).headers["Location"].removeprefix(api.wallet.url)
    assert "data:image" not in api.person.get(path).text.partition("<pre")[0]


def test_a_credential_can_be_removed(api, trusted):
    path = api.push(trusted.sign(trusted.badge())).headers["Location"].removeprefix(api.wallet.url)
    assert "Removed" in api.person.post(path + "remove", api.person.get(path)).text
    assert api.person.get(path).status_code == 404


def test_registration_and_sign_in_explain_what_is_wrong(wallet):
    person = wallet.person(email="taken@example.org")
    browser = requests.Session()
    page = browser.get(wallet.url + "/register/", timeout=10)
    token = re.search(r'value="([^"]+)"', page.text).group(1)
    answer = browser.post(wallet.url + "/register/", timeout=10, data={
        "csrfmiddlewaretoken": token, "name": "X", "email": "Taken@example.org", "password": "short"})
    assert "sign in instead" in answer.text
    assert "at least 8 characters" in answer.text
    assert person.get("/login/", allow_redirects=False).status_code == 302


def test_the_way_back_after_registration_stays_on_this_host(wallet):
    browser = requests.Session()
    page = browser.get(wallet.url + "/register/?next=https://evil.example/", timeout=10)
    assert "evil.example" not in page.text.partition("<footer")[0]


def test_french(wallet):
    browser = requests.Session()
    page = browser.get(wallet.url + "/login/", headers={"Accept-Language": "fr"}, timeout=10)
    assert '<html lang="fr">' in page.text
    assert "Connectez-vous à votre portefeuille" in page.text


class Watched:
    """A badge in the wallet whose status the issuer can change, and time that can be made to pass."""

    def __init__(self, api, trusted, *, purpose: str = "revocation") -> None:
        self.api, self.trusted, self.purpose = api, trusted, purpose
        trusted.lists.clear()
        self.publish()
        badge = trusted.sign(trusted.with_status(trusted.badge(), purpose=purpose))
        self.path = api.push(badge).headers["Location"].removeprefix(api.wallet.url)

    def publish(self, *marked: int) -> None:
        self.trusted.publish(self.trusted.sign(self.trusted.status_list(*marked, purpose=self.purpose)))

    def open(self, language: str = "en") -> str:
        """What the page of the award says."""
        return words(self.api.person.get(self.path, headers={"Accept-Language": language}))

    def let_it_become_stale(self) -> None:
        pk = int(self.path.strip("/").rpartition("/")[2])
        past = '"2020-01-01T00:00:00+00:00"'
        self.api.wallet.sql(
            "UPDATE demo_wallet_storedcredential SET report = json_set(report, '$.recheck_at', json(?)) WHERE id = ?",
            past, pk,
        )


@pytest.mark.parametrize(("purpose", "shown", "meaning", "french"), [
    ("revocation", "Revoked", "no longer counts", "Révoquée"),
    ("suspension", "Suspended", "may count again later", "Suspendue"),
])
def test_what_the_issuer_takes_back_shows_when_the_award_is_opened(api, trusted, purpose, shown, meaning, french):
    watched = Watched(api, trusted, purpose=purpose)
    assert "No. It is not marked in the issuer’s signed list." in watched.open()
    watched.publish(5)
    asked = len(trusted.asked)
    assert shown not in watched.open()  # the list lets itself be relied on for five minutes
    assert len(trusted.asked) == asked
    watched.let_it_become_stale()
    page = watched.open()
    assert shown in page and meaning in page and "Verified" not in page
    assert shown in words(api.person.get("/"))
    assert french in watched.open("fr") and shown not in watched.open("fr").partition("Afficher")[0]


def test_a_suspension_that_is_lifted_shows_too(api, trusted):
    watched = Watched(api, trusted, purpose="suspension")
    for marked, shown in (((5,), "Suspended"), ((), "Verified")):
        watched.publish(*marked)
        watched.let_it_become_stale()
        assert shown in watched.open()


def test_a_revoked_badge_stays_revoked_while_nobody_can_be_asked(api, trusted):
    watched = Watched(api, trusted)
    watched.publish(5)
    watched.let_it_become_stale()
    assert "Revoked" in watched.open()
    trusted.lists.clear()
    page = api.person.post(watched.path + "verify", api.person.get(watched.path))
    assert "Revoked" in words(page)


def test_a_list_that_nobody_gives_leaves_the_badge_unverified_until_it_is_there(api, trusted):
    watched = Watched(api, trusted)
    trusted.lists.clear()
    watched.let_it_become_stale()
    page = watched.open()
    assert "Not verified yet" in page and "did not give its list" in page
    watched.publish()
    watched.let_it_become_stale()
    assert "No. It is not marked" in watched.open()


def test_a_badge_that_is_revoked_already_is_taken_in_and_shown_as_what_it_is(api, trusted):
    trusted.lists.clear()
    trusted.publish(trusted.sign(trusted.status_list(5)))
    answer = api.push(trusted.sign(trusted.with_status(trusted.badge())))
    assert answer.status_code == 201
    assert "Revoked" in words(api.person.get("/"))
