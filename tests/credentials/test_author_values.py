"""What an author writes in Studio ends up in both credentials, or the report of both says where it does not.

The author's values are listed here from what the block stores, without the code that composes or reports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import assume, given

from microcred_xblock import badge, definition
from microcred_xblock.authoring import edits
from microcred_xblock.credentials import elm, open_badges, parity
from microcred_xblock.domain.award import Award, decide
from microcred_xblock.domain.outcomes import Score, assess
from microcred_xblock.domain.pill import LearningPill
from microcred_xblock.domain.recognition import ASSESSMENT_TYPES, MODES, SUPERVISION
from microcred_xblock.translation import Translator
from tests import strategies as authors
from tests.authoring.page import EMPTY, FilledForm, page
from tests.factories import AWARD_ID

from .strategies import examples

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
# Formats that have no place for a value, or keep it to themselves; everything else is in both.
NOT_IN_OPEN_BADGE = {"outcome-kind", "outcome-reuse-level", "regrade", "grace-days"}
NOT_IN_ELM = {"image", "image-caption", "regrade", "grace-days"}
CODES = {*MODES, *ASSESSMENT_TYPES, *SUPERVISION, "stand-alone", "stackable"}


def pill_of(fields: Mapping[str, Any]) -> LearningPill:
    """The pill that the block makes of its fields."""
    fields = {**EMPTY, **fields}
    recognition = fields["recognition"]

    def image():
        return badge.image(
            fields["badge_image"], title=fields["display_name"], level=badge.level(recognition),
            language=fields["language"], file=lambda _source: None,
        )

    return definition.build(definition.Definition(
        id="pill", title=fields["display_name"], description=fields["description"], language=fields["language"],
        outcomes=fields["outcomes"], mastery=fields["mastery"], recognition=recognition, upkeep=fields["upkeep"],
        image=image, tags=fields.get("tags", ()),
    ))


def award_of(pill: LearningPill) -> Award:
    """The award of somebody with full marks."""
    full = {name: Score(block=name, earned=Decimal(3), possible=Decimal(3), at=NOON) for name in pill.references}
    award = decide(pill, assess(pill.outcomes, full), award_id=AWARD_ID, now=NOON)
    assert award is not None
    return award


def number(text: str, pill: LearningPill, *, of_hundred: bool = False) -> str:
    """A number as the texts of the pill's language write it."""
    value = Decimal(text.strip()) * (100 if of_hundred else 1)
    plain = format(value, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return plain.replace(".", ",") if pill.language.startswith("fr") else plain


def author_values(fields: Mapping[str, Any], pill: LearningPill) -> Iterator[tuple[str, str, str]]:
    """``(fact, subject, text)`` of everything an author wrote: the text stands in the row of that fact."""
    yield "title", "", fields["display_name"]
    yield "description", "", fields["description"]
    yield "language", "", fields["language"]
    for tag in fields.get("tags", ()):
        yield "tag", "", tag
    if fields["badge_image"]:
        yield "image", "", "image/"
        yield "image-caption", "", fields["badge_image"].get("caption", "")
    for outcome in fields["outcomes"]:
        yield from _outcome_values(outcome, pill)
    yield "mastery-rule", "", fields["mastery"].get("n", "") if fields["mastery"].get("rule") != "all" else ""
    yield from _recognition_values(fields["recognition"], pill)
    if "valid_months" in fields["upkeep"]:
        yield "valid-until", "", ""
    yield "regrade", "", fields["upkeep"].get("regrade", "keep")
    if fields["upkeep"].get("regrade", "keep") != "keep" and "grace_days" in fields["upkeep"]:
        yield "grace-days", "", fields["upkeep"]["grace_days"]


def _outcome_values(outcome: Mapping[str, Any], pill: LearningPill) -> Iterator[tuple[str, str, str]]:
    about = outcome["title"]
    yield "outcome", about, about
    facts = {"description": "outcome-description", "kind": "outcome-kind", "reuse": "outcome-reuse-level"}
    for name in facts.keys() & outcome.keys():
        yield facts[name], about, outcome[name]
    for skill in outcome.get("skills", ()):
        for name in ("label", "uri", "framework"):
            yield "skill", about, skill.get(name, "")
    threshold = number(outcome["threshold"], pill, of_hundred=True)
    yield "outcome-threshold", about, f"{threshold} %"
    for member in _below(outcome["assessed_by"]):
        if "block" in member:
            yield "assessed-block", about, member["block"]
        if "threshold" in member:
            yield "outcome-criteria", about, number(member["threshold"], pill, of_hundred=True)


def _below(members: Any) -> Iterator[Mapping[str, Any]]:
    for member in members:
        yield member
        yield from _below(member.get("members", ()))


_RECOGNITION = {
    "workload_hours": "workload", "ects": "ects", "eqf_level": "level", "isced_f": "field", "mode": "mode",
    "assessment_type": "assessment-type", "supervision": "supervision", "prerequisites": "prerequisites",
    "stackability": "stackability", "further_information": "further-information",
    "quality_assurance.title": "quality-assurance", "quality_assurance.agency": "quality-assurance-agency",
    "quality_assurance.url": "quality-assurance-url", "nqf.framework": "national-level", "nqf.level": "national-level",
    "nqf.url": "national-level-url", "bloc.certification": "certification",
    "bloc.certification_title": "certification-title", "bloc.bloc": "bloc", "bloc.bloc_title": "bloc-title",
    "bloc.url": "bloc-url", "bloc.valid_until": "certification-valid-until", "towards.title": "towards-title",
    "towards.framework": "towards-framework", "towards.code": "towards-code", "towards.url": "towards-url",
}


def _recognition_values(data: Mapping[str, Any], pill: LearningPill) -> Iterator[tuple[str, str, str]]:
    for name, value in data.items():
        if name == "not_stated":
            continue  # what is not said has nowhere to be
        for key, text in value.items() if isinstance(value, Mapping) else ((None, value),):
            fact = _RECOGNITION[f"{name}.{key}" if key else name]
            shown = number(text, pill) if name in ("workload_hours", "ects") else "" if text in CODES else text
            yield fact, "", shown


def check(fields: Mapping[str, Any], compose_badge, compose_elm) -> None:
    """Both documents pass their gates, and each author value has its row, in both but where a format has no place."""
    pill = pill_of(fields)
    award = award_of(pill)
    until = pill.upkeep.expiry(award.awarded_at)
    badge_document = compose_badge(award, valid_until=until).document
    elm_document = compose_elm(award, valid_until=until).document
    open_badges.validate(badge_document, signed=False)
    elm.validate(elm_document)
    rows = parity.report(award, open_badge=badge_document, elm=elm_document)
    for fact, about, text in author_values(fields, pill):
        found = [row for row in rows if row.fact == fact and row.subject == about and text in row.value]
        assert found, (fact, about, text, [row.value for row in rows if row.fact == fact])
        assert any(row.open_badge for row in found) or fact in NOT_IN_OPEN_BADGE, (fact, text, "Open Badge")
        assert any(row.elm for row in found) or fact in NOT_IN_ELM, (fact, text, "ELM")


@examples(30)
@given(fields=authors.written())
def test_every_value_of_a_pill_is_in_both_or_told_to_be_missing(compose_badge, compose_elm, fields):
    check(fields, compose_badge, compose_elm)


def typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored where somebody types all of this into the form of an empty pill; the form has no groups."""
    plain = json.dumps(fields)
    for written, meant in ((r"\.7", "0.7"), (r"\+0\.5", "0.5")):
        plain = re.sub(f'" ?{written}"', f'"{meant}"', plain)
    sent = FilledForm.of(page(json.loads(plain), authors.BLOCKS)).send()
    for outcome in sent["outcomes"]:
        del outcome["source"]
        outcome["blocks"] = [{**row, "member": ""} for row in outcome["blocks"]]
        outcome["skills"] = [{name: skill[name] for name in skill if name != "member"} for skill in outcome["skills"]]
    edit = edits.read(EMPTY, sent, Translator("en"))
    assert not edit.problems
    return {**EMPTY, **edit.values}


@examples(20)
@given(fields=authors.written())
def test_every_value_typed_into_the_form_is_too(compose_badge, compose_elm, fields):
    stored = typed(fields)
    assume(all(outcome.get("assessed_by") for outcome in stored["outcomes"]))
    assert {**stored["recognition"]}.keys() == {**fields["recognition"]}.keys()
    check(stored, compose_badge, compose_elm)
