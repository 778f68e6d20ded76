"""What pre-flight tells an author: everything that keeps credentials from being issued, and where to mend it."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.authoring import places, preflight
from microcred_xblock.credentials import badge_image, elm, open_badges, parity
from microcred_xblock.credentials.parity import ParityRow
from microcred_xblock.domain.errors import (
    InvalidDocument,
    InvalidInput,
    InvalidPill,
    MicrocredError,
    Misconfigured,
    NotAllowed,
)
from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.domain.pill import BadgeImage
from microcred_xblock.issuance import trial
from microcred_xblock.translation import Translator
from tests.credentials.strategies import awards, examples
from tests.factories import INSPECT, NOW, make_award, make_holder, make_issuer, make_outcome, make_pill

EN = Translator("en")
ELM_ID = "urn:uuid:7c7d1f6e-4f0e-4a8b-9df4-5f3e1b6a2c33"


def draft(pill=None, problems=()):
    pill = pill or make_pill()
    outcomes = [{"id": outcome.id, "title": outcome.title} for outcome in pill.outcomes]
    keys = [str(number) for number in range(1, len(outcomes) + 1)]
    return preflight.Draft(outcomes=outcomes, keys=keys, problems=problems, pill=pill)


def rehearsal(*findings, missing=None, parity=(), checks=("open-badge",)):
    return SimpleNamespace(
        findings=[trial.Finding(check=check, error=error, blocks=blocks) for check, error, blocks in findings],
        missing_issuer=missing, parity=parity, checks=checks,
    )


def report(*findings, pill=None, **over):
    return preflight.report(draft(pill), rehearsal(*findings, **over), EN)


def the_item(told):
    (item,) = told["items"]
    return item


def leads(item, control):
    """Whether a finding leads to a control, or to one of an outcome's card."""
    return f"{item['control']}.".startswith(f"{control}.")


class TestSeverity:
    def test_nothing_is_wrong_with_a_good_pill(self):
        told = report(checks=("open-badge", "elm"))
        assert told["items"] == [] and told["errors"] == 0
        assert {check["state"] for check in told["checks"]} == {"good"}

    def test_what_an_example_left_open_is_listed_with_the_way_there(self):
        outcomes = [
            {"id": "a", "title": "Use [tool]", "description": "With [tool] on\n[site]."}, {"id": "b"}, "damaged",
        ]
        texts = {"title": "Repair [equipment]", "description": "Nothing [\nis open]."}
        told = preflight.report(
            preflight.Draft(outcomes=outcomes, keys=["1", "2", "3"], problems=(), texts=texts), None, EN
        )
        assert [(item["severity"], item["control"]) for item in told["items"]] == [
            ("warning", "title"), ("warning", "1.title"), ("warning", "1.description"),
        ]
        assert "“[equipment]” still stands for something of yours" in told["items"][0]["text"]
        assert told["errors"] == 0 and told["checks"][1]["state"] == "warning"

    def test_definition_problems_block_and_unknown_attributes_do_not(self):
        problems = (
            InvalidPill("x", code="olx-unknown-attribute", field="pill", names="titel"),
            InvalidPill("x", code="text-empty", field="pill.description"),
        )
        told = preflight.report(replace(draft(), problems=problems, pill=None), None, EN)
        assert [(item["severity"], item["control"]) for item in told["items"]] == [
            ("error", "description"), ("warning", "pill"),
        ]
        assert told["errors"] == 1 and [check["state"] for check in told["checks"]] == ["error", "good"]

    def test_what_does_not_block_is_a_warning(self):
        told = report(("elm-shacl", InvalidDocument("x", code="elm-shacl", problems=["grade: Class"]), False))
        assert the_item(told)["severity"] == "warning" and "grade: Class" in the_item(told)["detail"]
        assert told["errors"] == 0

    def test_the_gravest_comes_first(self):
        told = report(
            ("elm-shacl", InvalidDocument("x", code="elm-shacl"), False),
            ("elm", InvalidDocument("x", code="language-unknown", field="language", language="tlh"), True),
            parity=[row("skill", "not-in-elm", subject="x")],
        )
        assert [item["severity"] for item in told["items"]] == ["error", "warning", "advice"]


class TestPlaces:
    @pytest.mark.parametrize(("check", "path", "control"), [
        ("open-badge-schema", "$.credentialSubject.achievement.resultDescription[1].name", "2"),
        ("open-badge-schema", "$.credentialSubject.achievement.resultDescription[2].alignment[0].targetUrl", "3"),
        ("open-badge-schema", "$.credentialSubject.result[0].value", "1"),
        ("open-badge-schema", "$.credentialSubject.achievement.image.id", "image"),
        ("open-badge-schema", "$.credentialSubject.achievement.inLanguage", "language"),
        ("open-badge-schema", "$.credentialSubject.achievement.name", "title"),
        ("open-badge-schema", "$.credentialSubject.achievement.description", "description"),
        ("open-badge-schema", "$.credentialSubject.creditsEarned", "recognition.ects"),
        ("open-badge-schema", "$.credentialSubject.achievement.alignment[4]", "recognition"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].specifiedBy[0].learningOutcome[2].relatedSkill[0]", "3"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].provenBy[1].grade[0]", "2"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].specifiedBy[0].eqfLevel[0]", "recognition.eqf_level"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].specifiedBy[0].volumeOfLearning[0]",
         "recognition.workload_hours"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].specifiedBy[0].accreditation[0].title",
         "recognition.quality_assurance.title"),
        ("elm-profile", "$.credentialSubject[0].hasClaim[0].specifiedBy[0].isPartOf[0]",
         "recognition.bloc.certification"),
        ("elm-profile", "$.displayParameter[0].individualDisplay[0]", "image"),
    ])
    def test_a_place_in_a_document_leads_to_the_control(self, check, path, control):
        error = InvalidDocument("The library's words.", code="elm-value", place=path)
        item = the_item(report((check, error, True)))
        assert leads(item, control) and "The library's words. [elm-value]" in item["detail"]
        assert ("Europass" in item["text"]) is check.startswith("elm")

    @pytest.mark.parametrize("path", [
        "$.issuer.url", "issuer.eIDASIdentifier", "$.proof[0]", "$", "", "$.credentialSubject.result[99].value",
    ])
    def test_what_is_nobody_s_words_has_no_link_but_the_detail(self, path):
        error = InvalidDocument("Raw words.", code="open-badge-schema", place=path)
        item = the_item(report(("open-badge-schema", error, True)))
        assert (item["control"], item["place"]) == ("", "") and "Raw words." in item["detail"]
        assert "administrator" in item["text"]

    def test_every_place_is_known_to_the_form(self):
        """A typo in the table would send the author to the wrong part of the form."""
        for _pattern, place in preflight._PLACES:
            last = place.rpartition(".")[2]
            if not place.startswith("outcome"):
                assert last in places.CONTROLS or last in places.SECTIONS, place
        for place in preflight._FACTS.values():
            assert place.rpartition(".")[2] in places.CONTROLS

    @given(st.text(max_size=80))
    def test_any_path_is_told_somehow(self, path):
        error = InvalidDocument("x", code="elm-value", place=path)
        assert the_item(report(("elm-profile", error, True)))["text"]

    def test_a_bad_address_leads_to_its_skill(self):
        skill = Skill(uri="https://skills.example/\u2028x", label="x")
        pill = make_pill(outcomes=(make_outcome("a", "A", ("x",)), make_outcome("b", "B", ("y",), skills=(skill,))))
        error = InvalidDocument("x", code="document-iri", iri="https://skills.example/\u2028x")
        assert leads(the_item(report(("open-badge-json-ld", error, True), pill=pill)), "2")

    def test_the_images_own_messages_stay(self):
        error = InvalidInput("x", code="svg-unreadable", field="image")
        item = the_item(report(("elm", error, True)))
        assert item["control"] == "image" and "plain SVG" in item["text"]

    @pytest.mark.parametrize(("check", "error"), [
        ("elm", Misconfigured("x", code="country-unknown", country="XXX")),
        ("site", InvalidDocument("x", code="filter-fixed", term="id")),
        ("site", NotAllowed("x", code="credential-prevented")),
    ])
    def test_what_is_not_the_author_s_is_for_the_administrator(self, check, error):
        item = the_item(report((check, error, True)))
        assert item["control"] == "" and "administrator" in item["text"] and error.code in item["detail"]

    def test_a_check_that_broke_is_for_the_administrator_too(self):
        item = the_item(report(("elm", MicrocredError("The check broke: X.", code="internal"), True)))
        assert item["severity"] == "error" and "administrator" in item["text"] and "broke: X" in item["detail"]

    def test_no_issuer(self):
        missing = Misconfigured("The setting X is missing.", code="setting-missing", setting="X")
        item = the_item(report(missing=missing))
        assert item["severity"] == "warning" and "ask your administrator" in item["text"]
        assert "setting-missing" in item["detail"]

    def test_a_real_fault_leads_to_the_outcome(self):
        scheme = Skill(uri="http://data.europa.eu/esco/concept-scheme/skills", label="all")
        pill = make_pill(outcomes=(
            make_outcome("first", "First", ("x",)), make_outcome("second", "Second", ("y",), skills=(scheme, INSPECT)),
        ))
        run = trial.Trial(pill, trial.NOWHERE, NOW)
        run.elm()
        told = preflight.report(
            draft(pill), rehearsal(*((one.check, one.error, one.blocks) for one in run.findings)), EN
        )
        assert leads(the_item(told), "2") and "Second" in the_item(told)["place"]


def row(fact, note, **over):
    values = {
        "fact": fact, "value": "0999", "open_badge": True, "elm": False, "open_badge_path": "x", "elm_path": "",
        "note": note, **over,
    }
    return ParityRow(**values)


class TestParity:
    @pytest.mark.parametrize(("fact", "note", "severity", "control"), [
        ("field", "not-in-elm", "advice", "recognition.isced_f"),
        ("title", "in-neither", "warning", "title"),
        ("national-level", "not-in-open-badge", "advice", "recognition"),
    ])
    def test_what_gets_lost_is_told_at_its_control(self, fact, note, severity, control):
        item = the_item(report(parity=[row(fact, note)]))
        assert (item["severity"], item["control"]) == (severity, control) and "0999" in item["text"]

    def test_a_lost_skill_leads_to_its_outcome(self):
        title = make_pill().outcomes[1].title
        assert leads(the_item(report(parity=[row("skill", "not-in-elm", subject=title)])), "2")

    @pytest.mark.parametrize(("fact", "note"), [
        ("outcome-kind", "not-in-open-badge"), ("image-caption", "not-in-elm"), ("learner-name", "learner-name"),
        ("award-id", "internal"), ("awarding-body-email", "not-in-elm"), ("title", ""), ("title", "in-words"),
    ])
    def test_what_the_author_cannot_change_is_not_told(self, fact, note):
        assert report(parity=[row(fact, note)])["items"] == []

    @given(awards())
    @examples(20)
    def test_nothing_an_author_can_write_gets_lost(self, award):
        run = trial.Trial(award.pill, trial.NOWHERE, NOW)
        badge, european = run.open_badge(), run.elm()
        rows = parity.report(run.award, open_badge=badge, elm=european)
        found = preflight._of_parity(SimpleNamespace(parity=rows), draft(award.pill), EN)
        assert [item.problem.params for item in found if item.severity != preflight.ADVICE] == []

    def test_nothing_of_the_full_pill_gets_lost(self):
        """Together with the property test of the report itself: whatever is in it is told, and there is nothing."""
        award, issuer, holder = make_award(), make_issuer(), make_holder()
        badge = open_badges.compose(
            award, issuer, holder, credential_id=ELM_ID, achievement_id="https://x.example/a", salt="0" * 32,
            valid_from=NOW,
        ).document
        european = elm.compose(award, issuer, holder, credential_id=ELM_ID, issued=NOW, valid_from=NOW).document
        rows = parity.report(award, open_badge=badge, elm=european)
        assert list(preflight._of_parity(SimpleNamespace(parity=rows), draft(award.pill), EN)) == []


def png(width, height):
    """A PNG's beginning; the checks of its size look no further."""
    header = struct.pack(">II", width, height)
    return BadgeImage(media_type="image/png", data=b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + header, caption="x")


class TestImage:
    @pytest.mark.parametrize(("image", "codes"), [
        (png(400, 400), []), (png(400, 430), []), (png(900, 400), ["warning"]), (png(64, 64), ["advice"]),
        (png(90, 40), ["warning", "advice"]),
        (replace(png(400, 400), data=png(400, 400).data + b"x" * 300_000), ["advice"]),
        (BadgeImage(media_type="image/svg+xml", data=b'<svg viewBox="0 0 100 30"/>', caption="x"), ["warning"]),
        (BadgeImage(media_type="image/svg+xml", data=b'<svg viewBox="-5,-5,1e1,10"/>', caption="x"), []),
    ])
    def test_shape_size_and_weight(self, image, codes):
        told = report(pill=make_pill(image=image))
        assert [item["severity"] for item in told["items"]] == codes
        assert all(item["control"] == "image" for item in told["items"])

    def test_the_drawn_badge_is_fine(self):
        assert report(pill=make_pill(image=badge_image.default_image("A title", 4, "en")))["items"] == []
        assert report(pill=make_pill(image=badge_image.default_png("A title", 4, "en")))["items"] == []


def test_every_code_has_words_and_no_parameter_is_left():
    told = report(
        ("elm", InvalidDocument("x", code="language-unknown", field="language", language="tlh"), True),
        ("open-badge-json-ld", InvalidDocument("x", code="document-undefined-term", term="y"), True),
        parity=[row("field", "in-neither")],
    )
    for item in told["items"]:
        assert not re.search(r"[{}–]", item["text"]), item["text"]
