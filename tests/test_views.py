"""What people read: progress in words, the panel's states, facts, and languages."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import lxml.html
import pytest
import resvg_py
from PIL import Image

from microcred_xblock import collect, credential_panel, facts, views
from microcred_xblock.compat import Evidence, Viewer
from microcred_xblock.credentials import badge_image, elm, open_badges, parity
from microcred_xblock.credentials.parity import ParityRow
from microcred_xblock.definition import Definition, build
from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.domain.outcomes import Score, assess
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance.data import (
    Offer,
    Panel,
    PanelCredential,
    PanelDelivery,
    PanelNotice,
    PanelOffer,
    PanelReplacement,
    PanelStanding,
    Payload,
    WalletOption,
)
from microcred_xblock.translation import Translator
from tests.factories import make_award, make_holder, make_issuer, make_pill, make_recognition

ENGLISH, FRENCH, ARABIC = Translator("en"), Translator("fr"), Translator("ar")
ANN = Viewer(kind="learner", id="ann", full_name="Ann Example", email="ann@example.org")
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def outcome(name: str, *blocks: str, threshold: str = "0.7") -> dict:
    return {
        "id": name, "title": f"Outcome {name}", "threshold": threshold,
        "assessed_by": [{"block": block} for block in blocks],
    }


def pill(**changes):
    values = {"id": "p", "title": "T", "description": "D", "outcomes": [outcome("a", "x", "y"), outcome("b", "z")]}
    return build(Definition(**{**values, **changes}))


def page(scores=(), panel=None, viewer=ANN, source=None, **changes) -> views.StudentPage:
    source = source or pill()
    found = {name: Score(block=name, earned=Decimal(earned), possible=Decimal(1)) for name, earned in scores}
    return views.StudentPage(**{
        "key": "p", "title": "T", "pill": source, "results": assess(source.outcomes, found), "problems": (),
        "viewer": viewer, "blocks": {"x": "X", "y": "Y", "z": "Z"}, "panel": panel,
        "downloads": {"ob3.png": "/d/ob3.png"}, **changes,
    })


def award(state="issued", *, deliveries=(), connected=True, **changes) -> Panel:
    return Panel(**{
        "award_id": "a", "awarded_at": NOON, "state": state, "consent": "given",
        "credentials": (PanelCredential(format=Format.OPEN_BADGE, id="urn:uuid:1", state="issued"),),
        "wallets": (WalletOption(id="w", name="My wallet", connected=connected, takes_elm=True),),
        "deliveries": tuple(deliveries), "parity": (), **changes,
    })


def delivery(state, **changes) -> PanelDelivery:
    return PanelDelivery(**{"wallet": "w", "format": Format.OPEN_BADGE, "state": state, "attempts": 1, **changes})


def labels(scores, translator=ENGLISH, **changes):
    return [item["label"] for item in views.live(page(scores, **changes), translator)["outcomes"]]


def test_progress_is_said_in_words():
    assert labels([]) == ["Not yet assessed", "Not yet assessed"]
    assert labels([("x", "1"), ("z", "0.5")]) == [
        "In progress: 1 of 2", "Not yet achieved: 50\u00a0%, needed 70\u00a0%",
    ]
    assert labels([("x", "1"), ("y", "0.6")])[0] == "Achieved 80\u00a0%, needed 70\u00a0%"


def test_percentages_are_exact_and_never_flatter():
    source = pill(outcomes=[outcome("a", "x", threshold="0.6667")])
    assert labels([("x", "0.66669")], source=source) == ["Not yet achieved: 66.66\u00a0%, needed 66.67\u00a0%"]
    assert labels([("x", "0.6667")], source=source) == ["Achieved 66.67\u00a0%, needed 66.67\u00a0%"]
    assert labels([("x", "0.6667")], FRENCH, source=source) == [
        "Atteint\u00a0: 66,67\u00a0%, requis\u00a0: 66,67\u00a0%"
    ]


@pytest.mark.parametrize(("evidence", "label"), [
    (Evidence(concealed=frozenset({"x"})), "Answered: 1 of 2. The result is not shown yet"),
    (Evidence(concealed=frozenset({"x"}), never_shown=frozenset({"x"})),
     "Answered: 1 of 2. The result is not shown here"),
    (Evidence(concealed=frozenset({"x", "y"}), never_shown=frozenset({"y"})),
     "Answered: 1 of 2. The result is not shown here"),
    (Evidence(concealed=frozenset({"z"}), never_shown=frozenset({"z"})), "In progress: 1 of 2"),
])
def test_a_result_that_is_never_shown_is_not_promised(evidence, label):
    assert labels([("x", "1")], evidence=evidence)[0] == label


@pytest.mark.parametrize(("mastery", "sentence"), [
    ({}, "Achieve all 2 outcomes to earn the credential."),
    ({"rule": "n-of-m", "n": "1"}, "Achieve at least 1 of the 2 outcomes to earn the credential."),
    ({"rule": "required-plus-n", "n": "1", "required": ["a"]},
     "Achieve “Outcome a” and at least 1 of the others to earn the credential."),
])
def test_the_mastery_rule_is_a_sentence(mastery, sentence):
    assert sentence in views.live(page(source=pill(mastery=mastery)), ENGLISH)["html"]["progress"]


@pytest.mark.parametrize(("state", "text", "actions"), [
    ("earned", "You have earned this credential", {"review"}),
    ("withdrawn", "You have withdrawn your consent", {"review"}),
    ("issuing", "is being issued", set()),
    ("failed", "could not be issued yet", {"review"}),
    ("issued", "Your credential is issued", {
        "send", "disconnect", "download", "withdraw", "wallet-window", "wallet-cancel",
    }),
])
def test_each_state_of_an_award_has_its_panel(state, text, actions):
    import re

    answer = views.live(page(panel=award(state)), ENGLISH)
    html = answer["html"]["panel"]
    assert text in html
    assert set(re.findall(r'data-action="([^"]+)"', html)) == actions
    assert (answer["state"], answer["busy"]) == (state, state == "issuing")


def test_before_the_award_the_panel_says_what_is_open():
    html = views.live(page([("x", "1"), ("y", "1")]), ENGLISH)["html"]["panel"]
    assert "Outcome b" in html and "Outcome a" not in html


@pytest.mark.parametrize(("row", "texts", "action", "busy"), [
    (delivery("queued"), ["Waiting to be sent"], None, True),
    (delivery("sending"), ["Being sent…"], None, True),
    (delivery("delivered", delivered_at=NOON, location="https://w.example/1"),
     ["Delivered", "2026-05-04T12:00:00+00:00", 'href="https://w.example/1"'], None, False),
    (delivery("delivered", location="javascript:alert(1)"), ["Delivered"], None, False),
    (delivery("refused", code="wallet-rejected", params={"detail": "<b>bad</b>"}),
     ["Refused", "Download it", "&lt;b&gt;bad"], "retry", False),
    (delivery("waiting-retry", code="wallet-timeout", next_attempt_at=NOON),
     ["did not answer in time", "download", "Next try:"], "retry", False),
    (delivery("waiting-retry", code="no-longer-known"), ["Something went wrong"], "retry", False),
])
def test_each_delivery_says_where_it_stands_and_what_to_do(row, texts, action, busy):
    answer = views.live(page(panel=award(deliveries=[row])), ENGLISH)
    html = answer["html"]["panel"]
    for text in texts:
        assert text in html, text
    assert ("data-action=\"retry\"" in html) == (action == "retry")
    assert "data-action=\"send\"" not in html, "what was sent is not sent twice"
    assert "javascript:" not in html
    assert answer["busy"] is busy


def test_the_way_into_europass_is_shown_where_there_is_a_sealed_file_and_promises_nothing():
    urls = {"elm.jsonld": "/d/elm.jsonld"}
    html = views.live(page(panel=award(), downloads=urls), ENGLISH)["html"]["panel"]
    assert html.count('class="mcp-step"') == 3 and html.count('href="/d/elm.jsonld"') == 2
    assert "as verified only if the awarding body’s seal is on a trusted list" in html
    assert "mcp-step" not in views.live(page(panel=award()), ENGLISH)["html"]["panel"]


@pytest.mark.parametrize("connected", [True, False])
def test_a_wallet_that_needs_a_public_page_says_so_before_anything_is_pressed(connected):
    backpack = WalletOption(id="w", name="Backpack", connected=connected, takes_elm=False, public_page=True)
    html = views.live(page(panel=award(wallets=(backpack,))), ENGLISH)["html"]["panel"]
    assert "whoever has its address can read your results" in html and "version 3.0" not in html
    assert "whoever has its address" not in views.live(page(panel=award(connected=connected)), ENGLISH)["html"]["panel"]
    there = award(wallets=(backpack,), deliveries=[delivery("delivered")])
    assert "Open Badge 2.0" in views.live(page(panel=there), ENGLISH)["html"]["panel"]


def test_a_wallet_that_is_not_connected_offers_to_connect():
    html = views.live(page(panel=award(connected=False)), ENGLISH)["html"]["panel"]
    assert 'data-action="connect" data-wallet="w"' in html and 'data-action="send"' not in html


def test_what_a_disconnected_wallet_has_is_said_to_be_sent_again_only_by_connecting():
    sent = [delivery("delivered", delivered_at=NOON)]
    text = "Connect again to send it once more"
    assert text in views.live(page(panel=award(connected=False, deliveries=sent)), ENGLISH)["html"]["panel"]
    assert text not in views.live(page(panel=award(deliveries=sent)), ENGLISH)["html"]["panel"]


def test_a_fault_of_the_site_is_told_while_issuing_waits():
    waiting = PanelCredential(
        format=Format.ELM, id="urn:uuid:2", state="queued", code="certificate-expired", params={"until": "2026-01-01"}
    )
    html = views.live(page(panel=award("issuing", credentials=(waiting,))), ENGLISH)["html"]["panel"]
    assert "expired on 2026-01-01" in html


def row(fact, value="", **changes):
    return ParityRow(**{
        "fact": fact, "value": value, "open_badge": True, "elm": True, "open_badge_path": "x", "elm_path": "y",
        "note": "", **changes,
    })


ROWS = (
    row("learner-name", open_badge=False, note="learner-name"), row("learner-email", note="learner-hashed"),
    row("title", "T"), row("awarding-body", "School"), row("issuer-country", "FRA"),
    row("outcome", "Outcome a", subject="Outcome a"), row("outcome-kind", "skill", subject="Outcome a"),
    row("outcome-time", "2026-05-04T12:00:00Z", subject="Outcome a"),
    row("workload", "3 h", open_badge_in_words=True), row("a-fact-of-the-future", "?"),
)


def test_facts_are_grouped_and_show_the_learner_their_own_data():
    groups = facts.groups(ROWS, ANN, ENGLISH)
    assert [group["title"] for group in groups] == [
        "About you", "The achievement", "Awarding body", "Outcome a", "Recognition",
    ]
    name, email = groups[0]["facts"]
    assert (name["value"], name["open_badge"], name["elm"]) == ("Ann Example", False, True)
    assert email["value"] == "ann@example.org" and "hash" in email["note"]
    assert [fact["value"] for fact in groups[3]["facts"]][1] == "Skill"
    assert groups[3]["facts"][2]["moment"] == "2026-05-04T12:00:00+00:00"


def values(rows, translator=ENGLISH, **known):
    found = facts.groups(rows, ANN, translator, facts.Known(**known))
    return [fact["value"].strip("\u2068").replace("\u2069", "") for group in found for fact in group["facts"]]


@pytest.mark.parametrize(("said", "translator", "value"), [
    ("reading-data: 0.933333333 of 1 points", ENGLISH, "Reading data: 0.93 of 1"),
    ("reading-data\u00a0: 0,933333333 points sur 1", ENGLISH, "Reading data: 0.93 of 1"),
    ("reading-data: 2 of 3 points (2026-05-04T12:00:00Z)", ENGLISH, "Reading data: 2 of 3"),
    ("a:b: 1 of 1 points", ENGLISH, "a:b: 1 of 1"),
    ("reading-data: not attempted", ENGLISH, "Reading data: not done"),
    ("in words of the future", ENGLISH, "in words of the future"),
])
def test_an_activity_has_its_title_and_rounded_points(said, translator, value):
    assert values([row("assessed-block", said)], translator, blocks={"reading-data": "Reading data"}) == [value]


def test_the_time_of_an_activity_is_kept():
    (group,) = facts.groups([row("assessed-block", "x: 2 of 3 points (2026-05-04T12:00:00Z)")], ANN, ENGLISH)
    assert group["facts"][0]["at"] == "2026-05-04T12:00:00+00:00"


@pytest.mark.parametrize(("fact", "said", "value"), [
    ("language", "en", "English"), ("language", "pt-BR", "Portuguese"), ("language", "zz", "zz"),
    ("issuer-country", "FRA", "France"), ("issuer-country", "ZZZ", "ZZZ"),
    ("mode", "en ligne", "Online"), ("mode", "online", "Online"), ("mode", "by post", "by post"),
    ("assessment-type", "quiz", "Quiz"), ("outcome-status", "atteint", "Achieved"), ("level", "EQF 5", "EQF level 5"),
    ("field", "ISCED-F 9990", "ISCED-F 9990"), ("image", "image/png", "PNG"),
])
def test_codes_become_words(fact, said, value):
    assert values([row(fact, said)]) == [value]


def test_the_mastery_rule_of_an_award_is_the_page_s_only_while_the_pill_is_the_same():
    rows = [row("mastery-rule", "Every one had to be achieved:"), row("pill-version", "v1")]
    assert values(rows, version="v1", mastery="Achieve all.")[0] == "Achieve all."
    assert values(rows, version="v2", mastery="Achieve one.")[0] == "Every one had to be achieved."


def test_what_only_machines_read_comes_last():
    groups = facts.groups([row("pill-id", "p"), row("title", "T"), row("award-id", "a"), *ROWS], ANN, ENGLISH)
    assert groups[-1]["title"] == "Technical" and [fact["value"] for fact in groups[-1]["facts"]] == ["p", "a"]
    assert [group["title"] for group in groups].count("Technical") == 1


def test_every_fact_and_note_of_a_full_report_has_a_name():
    issuer = make_issuer(email="office@learn.example", address="Street 1")
    award = make_award(pill=make_pill(image=badge_image.default_image("T", 5, "en"), recognition=make_recognition(
        ects=Decimal("0.1"), prerequisites="none",
    )))
    badge = open_badges.compose(
        award, issuer, make_holder(), credential_id=f"urn:uuid:{UUID(int=1)}", achievement_id="https://learn.example/1",
        salt="0123456789abcdef0123456789abcdef", valid_from=NOON,
    )
    european = elm.compose(
        award, issuer, make_holder(), credential_id=f"urn:uuid:{UUID(int=2)}", issued=NOON, valid_from=NOON
    )
    rows = parity.report(award, open_badge=badge.document, elm=european.document)
    assert len({row.fact for row in rows}) > 35
    assert {row.fact for row in rows} <= set(facts.NAMES)
    told_by_the_ticks = {"", "not-in-open-badge", "not-in-elm", "open-badge-in-words", "elm-in-words", "in-words"}
    assert {row.note for row in rows} <= set(facts.NOTES) | told_by_the_ticks
    assert facts.groups(rows, ANN, ENGLISH)


def test_the_payload_shows_facts_first_and_the_exact_documents():
    payload = Payload(digest="d", open_badge={"name": "é</pre><script>"}, elm={"id": "urn:x"}, parity=ROWS)
    answer = views.payload(payload, page(), ENGLISH)
    html = answer["html"]["payload"]
    assert answer["digest"] == "d"
    assert html.index("Ann Example") < html.index("The exact document: Open Badge 3.0") < html.index("urn:x")
    assert "é&lt;/pre&gt;&lt;script&gt;" in html and "<script>" not in html
    assert "as text" in html


@pytest.mark.parametrize(("translator", "direction"), [(ENGLISH, "ltr"), (FRENCH, "ltr"), (ARABIC, "rtl")])
def test_our_texts_carry_their_language_and_the_authors_theirs(translator, direction):
    html = views.student(page(source=pill(language="de"), panel=award()), translator, [])
    assert f'lang="{translator.language}" dir="{direction}"' in html
    assert 'class="mcp-title" id="' in html and 'lang="de" dir="ltr"' in html
    assert html.index("microcred-pill") < html.index("lang="), "the root, which holds the children, sets no language"
    assert not html.split(">")[0].count("lang=")


def test_nothing_claims_a_qualified_seal():
    html = views.student(page(panel=award(parity=ROWS)), ENGLISH, [])
    assert "qualified" not in html.lower()


@pytest.mark.parametrize("kind", ["anonymous", "visitor", "preview"])
def test_whoever_cannot_earn_gets_no_actions(kind):
    html = views.student(page(viewer=Viewer(kind=kind)), ENGLISH, [])
    assert "data-action" not in html and "<dialog" not in html and 'role="note"' in html


def test_a_notice_says_what_happened_what_follows_when_and_what_to_do():
    due = NOON + timedelta(days=14)
    notice = PanelNotice(id=7, kind="score-change", created_at=NOON, params={
        "reason": "regrade", "policy": "revoke", "mastered": False, "date": due.isoformat(),
    })
    html = views.student(page(panel=award(notices=(notice,))), ENGLISH, [])
    for text in ("Your scores have changed", "no longer reach", "it is revoked", due.isoformat(), "Work through the"):
        assert text in html, text
    assert 'data-notice="7"' in html and 'aria-label="Put away: Your scores have changed"' in html
    assert "Your credential is issued" in html, "nothing has happened yet"


@pytest.mark.parametrize(("standing", "text"), [
    (PanelStanding(state="suspended", reason="regrade", automatic=True), "it is valid again by itself"),
    (PanelStanding(state="suspended", reason="integrity"), "Ask the course team what has to happen"),
    (PanelStanding(state="expired", since=NOON), "once every outcome is proved anew"),
])
def test_how_it_stands_is_told_without_a_notice_too(standing, text):
    html = views.student(page(panel=award(standing=standing)), ENGLISH, [])
    assert text in html and "Your credential is issued" not in html
    notice = PanelNotice(id=7, kind=standing.state, created_at=NOON, params={})
    twice = views.student(page(panel=award(standing=standing, notices=(notice,))), ENGLISH, [])
    assert twice.count('class="mcp-told ') == twice.count('class="mcp-told__title"') == 1


def test_what_was_revoked_is_told_and_can_be_earned_again():
    gone = award(standing=PanelStanding(state="revoked", since=NOON, reason="regrade", regain="results"))
    html = views.student(page([("x", "1"), ("y", "1")], panel=gone), ENGLISH, [])
    assert "You can earn it again" in html and "You no longer hold this credential" in html
    assert not {"download", "connect", "review", "withdraw"} & set(re.findall(r'data-action="([^"]+)"', html.split(
        "<dialog")[0]))
    everything = [("x", "1"), ("y", "1"), ("z", "1")]
    assert views.script_arguments(page(everything, panel=gone), ENGLISH)["record"]
    refused = page(everything, panel=gone, panel_error=NotAllowed("x", code="award-anew"))
    assert "once every outcome it needs has been assessed anew" in views.student(refused, ENGLISH, [])
    assert views.live(refused, ENGLISH)["state"] == "revoked"
    assert "You no longer hold" in views.student(page(panel=gone, source=None, pill=None), ENGLISH, [])


@pytest.mark.parametrize(("standing", "text"), [
    ("valid", "The present one stays valid until you agree and the new one is issued."),
    ("suspended", "The present one stays suspended until you agree and the new one is issued."),
    ("expired", "The present one is no longer valid."),
])
def test_a_new_version_is_offered_beside_the_present_one(standing, text):
    offer = PanelReplacement(award_id="b", why="renewal", until=NOON)
    told = PanelNotice(id=7, kind="renewal-offered", created_at=NOON, params={"reason": "renewal"})
    panel = award(replacement=offer, notices=(told,), standing=PanelStanding(state=standing, renewable=True))
    html = views.live(page(panel=panel), ENGLISH)["html"]["panel"]
    assert "A new version of your credential is ready" in html and text in html
    assert "valid for longer than the present one" in html
    assert f'Agree before: <time datetime="{NOON.isoformat()}"' in html
    assert "A new credential is ready for you" not in html, "what the offer tells is not told twice"
    assert "prove every outcome again" not in html
    actions = re.findall(r'data-action="([^"]+)"', html)
    assert actions.count("review") == 1 and {"download", "send", "withdraw"} <= set(actions)


def test_where_scores_call_for_it_the_day_has_a_consequence():
    panel = award(replacement=PanelReplacement(award_id="b", why="regrade", until=NOON))
    html = views.live(page(panel=panel), ENGLISH)["html"]["panel"]
    assert "stays valid until the day below; after that it is suspended until you agree" in html
    assert "until you agree and the new one is issued" not in html and NOON.isoformat() in html


@pytest.mark.parametrize("state", ["withdrawn", "failed"])
def test_there_is_one_thing_to_agree_to(state):
    html = views.live(page(panel=award(state, replacement=PanelReplacement(award_id="b"))), ENGLISH)["html"]["panel"]
    assert html.count('data-action="review"') == 1
    assert "The course team has prepared the credential anew." in html and "Agree before" not in html


def test_until_when_it_is_valid_is_told():
    html = views.student(page(panel=award(expires_at=NOON)), ENGLISH, [])
    assert f'Valid until: <time datetime="{NOON.isoformat()}"' in html
    source = replace(pill(), upkeep=Upkeep(valid_months=24))
    assert "Valid for 24 months" in views.student(page(source=source), ENGLISH, [])


def test_the_script_is_told_when_an_award_is_still_to_be_recorded():
    everything = [("x", "1"), ("y", "1"), ("z", "1")]
    assert views.script_arguments(page(everything), ENGLISH)["record"]
    assert not views.script_arguments(page(everything, panel=award()), ENGLISH)["record"]
    assert not views.script_arguments(page([("x", "1")]), ENGLISH)["record"]
    assert not views.script_arguments(page(everything, viewer=Viewer(kind="preview")), ENGLISH)["learner"]


def test_delivery_states_are_those_of_the_issuance_app():
    from microcred_xblock.issuance.models import Delivery

    told = {state.value for state in Delivery.State} - {"stopped", "dead"}  # the page calls the last waiting-retry
    assert told == set(credential_panel.DELIVERY)


@pytest.mark.parametrize("mails", [True, False])
def test_the_archive_can_be_sent_where_the_site_allows_it(mails):
    shown = page(panel=award(mails_files=mails), downloads={"bundle.zip": "/d/bundle.zip", "ob3.png": "/d/ob3.png"})
    html = views.live(shown, ENGLISH)["html"]["panel"]
    assert html.count('data-action="mail-files"') == (1 if mails else 0)
    assert html.index("/d/bundle.zip") < html.index("/d/ob3.png"), "what holds everything comes first"


def offered(state, channel="vc-api", **changes) -> PanelOffer:
    return PanelOffer(**{"channel": channel, "state": state, "expires_at": NOON, **changes})


def collecting(**changes):
    return views.live(page(panel=award(**changes)), ENGLISH)["html"]["panel"]


def test_each_channel_has_a_button_and_no_channel_no_section():
    html = collecting(channels=("vc-api", "openid4vci"))
    assert re.findall(r'data-action="offer" data-channel="([^"]+)"', html) == ["vc-api", "openid4vci"]
    assert html.count("QR code or link") == 2, "who has the app on the same phone scans nothing"
    assert "Collect it with a wallet app" not in collecting()


def test_every_button_of_a_wallet_is_described_by_its_name_and_by_what_it_makes_public():
    wallets = tuple(
        WalletOption(id=name, name=name.title(), connected=connected, takes_elm=True, **changes)
        for name, connected, changes in (
            ("plain", False, {}), ("sent", True, {}), ("fresh", True, {}), ("open", False, {"public_page": True}),
            ("eu", False, {"by_address": True}),
        )
    )
    html = views.live(
        page(panel=award(wallets=wallets, deliveries=[delivery("refused", wallet="sent")])), ENGLISH
    )["html"]["panel"]
    found = lxml.html.fromstring(f"<div>{html}</div>")
    buttons = found.xpath("//button[@data-wallet]")
    assert {button.get("data-action") for button in buttons} == {
        "connect", "send", "retry", "disconnect", "deposit", "deposit-email",
    }
    for button in buttons:
        texts = [found.get_element_by_id(name).text_content() for name in button.get("aria-describedby").split()]
        assert texts[0] == button.get("data-wallet").title()
    publishing = found.xpath("//button[@data-wallet='open']")[0].get("aria-describedby").split()
    assert "a page of its own" in found.get_element_by_id(publishing[1]).text_content()


@pytest.mark.parametrize(("changes", "shown"), [
    ({"channels": ("vc-api",)}, True), ({"channels": ("vc-api", "openid4vci"), "wallets": ()}, True),
    ({}, False), ({"channels": ("vc-api",), "wallets": ()}, False),
    ({"channels": ("vc-api",), "deliveries": [delivery("queued")]}, False),
    ({"channels": ("vc-api",), "offers": ("vc-api",)}, False),
])
def test_who_sees_several_ways_and_took_none_reads_that_one_is_enough(changes, shown):
    changes = {**changes, "offers": tuple(offered("open", channel) for channel in changes.get("offers", ()))}
    html = views.live(page(panel=award(**changes), downloads={"bundle.zip": "/d/bundle.zip"}), ENGLISH)["html"]["panel"]
    assert ("One of these ways is enough" in html) is shown


@pytest.mark.parametrize(("changes", "main"), [
    ({}, ["send"]), ({"connected": False}, ["connect"]), ({"wallets": ()}, ["offer"]),
    ({"wallets": (), "offers": ("vc-api",)}, ["offer-show"]),
])
def test_only_the_likeliest_next_step_is_drawn_as_the_main_one(changes, main):
    offers = tuple(offered("open", channel) for channel in changes.get("offers", ()))
    html = collecting(**{**changes, "channels": ("vc-api",), "offers": offers})
    found = re.findall(r'class="mcp-button mcp-button--main" data-action="([^"]+)"', html)
    assert found == main


def test_without_any_wallet_there_are_downloads_and_no_complaint_where_apps_can_collect():
    assert "No wallet is set up" in collecting(wallets=())
    html = collecting(wallets=(), channels=("vc-api",))
    assert "No wallet is set up" not in html and "Send to your wallet" not in html and "/d/ob3.png" in html


@pytest.mark.parametrize(("offer", "text"), [
    (offered("open"), "Waiting for your app."),
    (offered("started"), "Your app is collecting the credential…"),
    (offered("collected", collected_at=NOON), "Your app has collected the credential."),
    (offered("over"), "This code is not good any more."),
    (offered("failed", code="offer-code"), "The wallet sent another code than the one shown."),
])
def test_what_became_of_an_offer_is_told_on_the_page_and_to_whoever_asks(offer, text):
    panel = award(channels=("vc-api",), offers=(offer,))
    assert text in views.live(page(panel=panel), ENGLISH)["html"]["panel"]
    told = views.offers(panel, ENGLISH)
    assert told["vc-api"]["state"] == offer.state and text in told["vc-api"]["html"]


def test_a_fresh_offer_is_a_link_a_code_for_cameras_and_the_digits():
    uri = "https://x.example/i/s3cret?iuv=1&a=b"
    made = Offer(channel="vc-api", uri=uri, tx_code="012345", expires_at=NOON)
    html = views.offer(made, "u", ENGLISH)
    assert html.count("https://x.example/i/s3cret?iuv=1&amp;a=b") == 2 and "012345" in html
    assert "Which app" not in html and "s3cret" not in repr(made) and "012345" not in repr(made)


def test_apps_that_read_another_address_get_a_code_of_their_own():
    made = Offer(channel="vc-api", uri="https://x.example/1", app_uris={"lcw": "https://y.example/2"}, expires_at=NOON)
    html = views.offer(made, "u", ENGLISH)
    assert html.count('class="mcp-qr"') == 2 and html.index("https://y.example/2") < html.index("https://x.example/1")
    assert len(re.findall(r'data-way="[a-z]+" hidden', html)) == 1


@pytest.mark.parametrize("text", ["https://x.example/microcred/interactions/abc?iuv=1", "x" * 700])
def test_cameras_read_the_code(text):
    zxingcpp = pytest.importorskip("zxingcpp")
    svg = collect.qr(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=600, height=600))
    assert [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"))] == [text]
