"""The learner's whole journey in a browser: from the first answer to two verified credentials in a wallet."""

import json

from PIL import Image

from .learner import answer_everything

# Blocks of other projects inside the pill: their markup is not ours to mend.
FOREIGN = (".mcp-content [data-block-type='drag-and-drop-v2']", ".mcp-content [data-block-type='problem-builder']")
EMAIL = "alex.martin@example.org"


def test_from_the_first_answer_to_two_verified_credentials_in_a_wallet(visitor, tmp_path):
    page = visitor.page
    open_the_pill(visitor)
    earn(visitor)
    consent(visitor)
    connect_a_wallet(visitor)
    page.locator(".mcp-delivery--delivered").nth(1).wait_for()
    visitor.look("06-delivered", without=FOREIGN)
    badge = download_and_unbake(page, tmp_path)
    look_into_the_wallet(visitor, badge)
    revoke(visitor, badge)


def open_the_pill(visitor) -> None:
    page = visitor.page
    page.goto(visitor.demo.course)
    visitor.look("01-course")
    page.get_by_role("link", name="Fault diagnosis on a wind turbine").click()
    page.locator(".mcp-outcome").first.wait_for()
    visitor.look("02-pill", without=FOREIGN)


def earn(visitor) -> None:
    """The outcomes turn one after the other without the page being loaded again."""
    page = visitor.page
    page.evaluate("window.sameDocument = true")
    assert page.locator("[data-outcome][data-status='achieved']").count() == 0
    answer_everything(page)
    page.locator("[data-action='review']").wait_for()
    assert page.locator("[data-outcome][data-status='achieved']").count() == 3
    assert page.evaluate("window.sameDocument") is True
    visitor.look("03-earned", without=FOREIGN)


def consent(visitor) -> None:
    """What will be signed is shown whole, and nothing is issued before the learner agrees."""
    page = visitor.page
    assert page.locator("[data-action='download']").count() == 0
    page.locator("[data-action='review']").click()
    dialog = page.locator("dialog[data-mcp='consent']")
    dialog.wait_for()
    documents = [json.loads(text) for text in dialog.locator("pre").all_text_contents()]
    assert {tuple(document["type"]) for document in documents} == {
        ("VerifiableCredential", "OpenBadgeCredential"), ("VerifiableCredential", "EuropeanDigitalCredential")
    }
    assert EMAIL not in json.dumps(documents)
    visitor.look("04-consent", without=FOREIGN)
    page.locator("[data-action='agree']").click()
    page.locator("[data-action='connect']").wait_for()
    visitor.look("05-issued", without=FOREIGN)


def connect_a_wallet(visitor) -> None:
    """In the wallet's own window: an account, and permission for the course."""
    with visitor.page.expect_popup() as opened:
        visitor.page.locator("[data-action='connect']").click()
    wallet = opened.value
    wallet.get_by_role("link", name="Open a wallet").click()
    wallet.get_by_label("Name").wait_for()
    visitor.look("w1-open", wallet)
    wallet.get_by_label("Name").fill("Alex Martin")
    wallet.get_by_label("E-mail address").fill(EMAIL)
    wallet.get_by_label("Password").fill("correct horse battery")
    wallet.get_by_role("button", name="Open my wallet").click()
    wallet.get_by_role("button", name="Allow", exact=True).wait_for()
    visitor.look("w2-permission", wallet)
    wallet.get_by_role("button", name="Allow", exact=True).click()


def download_and_unbake(page, folder) -> dict:
    """The credential inside the badge image, read with Pillow."""
    with page.expect_download() as download:
        page.locator("[data-action='download'][href*='png']").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    with Image.open(path) as image:
        image.load()
        return json.loads(image.text["openbadgecredential"])


def look_into_the_wallet(visitor, badge: dict) -> None:
    """Both files as one award, each verified by the wallet itself, and the badge the same as the downloaded one."""
    page = visitor.page
    page.goto(visitor.demo.wallet)
    assert page.locator(".card").count() == 1
    assert page.locator(".card .state--verified").count() == 1
    visitor.look("w3-credentials")
    page.locator(".card__link").click()
    files = page.locator(".file")
    files.nth(1).wait_for()
    assert files.count() == 2
    assert files.locator(".state--verified").count() == 2
    text = page.locator("main").inner_text()
    for expected in ("Fault diagnosis on a wind turbine", "100 %", "Made out to Alex Martin", "to your e-mail"):
        assert expected in text.replace("\u00a0", " ")
    visitor.look("w4-award")
    kept = json.loads(files.first.locator("pre").text_content())
    assert kept["id"] == badge["id"]
    assert kept["proof"] == badge["proof"]
    page.goto(visitor.demo.wallet + "/connections/")
    visitor.look("w5-connections")


def revoke(visitor, badge: dict) -> None:
    """What the course takes back, the wallet finds out from the issuer's signed list."""
    visitor.demo.manage("microcred", "revoke", badge["id"], "--reason", "error", "--yes")
    page = visitor.page
    page.goto(visitor.demo.wallet)
    page.locator(".card__link").click()
    page.locator(".file").first.get_by_role("button", name="Verify again").click()
    page.locator(".award .state--revoked").wait_for()
    assert page.locator(".file").first.locator(".state--revoked").count() == 1
    assert "no longer counts" in page.locator(".award").inner_text()
    visitor.look("w8-revoked")
    page.goto(visitor.demo.wallet)
    assert page.locator(".card .state--revoked").count() == 1


def test_nobody_and_authors_are_told_that_nothing_is_recorded(visitor):
    page = visitor.page
    for student in ("anonymous", "staff"):
        page.goto(f"{visitor.demo.course}/scenario/pill-en/?student={student}")
        page.locator(".mcp-outcome").first.wait_for()
        assert page.locator("[data-action='review']").count() == 0
        visitor.look(f"07-{student}", without=FOREIGN)


def test_in_french_and_arabic(visitors):
    for language, direction in (("fr", "ltr"), ("ar", "rtl")):
        visitor = visitors(language)
        page = visitor.page
        page.goto(visitor.demo.course)
        assert page.locator("html").get_attribute("dir") == direction
        visitor.look(f"08-course-{language}")
        page.goto(f"{visitor.demo.course}/scenario/pill-fr/")
        page.locator(".mcp-outcome").first.wait_for()
        visitor.look(f"09-pill-{language}", without=FOREIGN)


def test_the_wallet_in_french_and_with_mistakes(visitors):
    visitor = visitors("fr")
    page = visitor.page
    page.goto(visitor.demo.wallet)
    page.get_by_role("button", name="Se connecter").click()
    page.locator(".problem").first.wait_for()
    visitor.look("w6-connexion")
    page.get_by_role("link", name="Ouvrir un portefeuille").click()
    page.get_by_role("button", name="Ouvrir mon portefeuille").click()
    page.locator(".problem").nth(2).wait_for()
    assert page.locator(".problem").count() == 3
    visitor.look("w7-ouverture")
