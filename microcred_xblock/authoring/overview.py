"""The pill as its authors see it in the unit: what it promises, what proves it, who holds it, what is to be mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from web_fragments.fragment import Fragment

from .. import definition, views
from ..definition import Definition
from ..domain.errors import InvalidInput, InvalidPill
from ..domain.outcomes import CriteriaGroup, Criterion, LearningOutcome, Logic
from ..domain.pill import LearningPill
from ..issuance.data import Holders
from ..problem_words import outcome_of, outcome_titles
from ..rendering import render
from ..translation import Translator
from . import meter, versions
from .blocks import Block

_FIRST = 3  # of what keeps a pill from being issued; the preview tells the rest


@dataclass(frozen=True, kw_only=True)
class AuthorPage:
    """What the author view shows. ``in_studio``: an Edit button is near.

    ``holders`` is None where nothing is issued on this site; ``holders_unknown``: they cannot be read now. ``elements``
    are those of the European Recommendation as ``meter`` judges them. ``unissuable``: what keeps the complete pill from
    being issued; ``untried``: that is not known yet, and the page's script asks.
    """

    key: str
    title: str
    definition: Definition
    problems: tuple[InvalidPill, ...]
    blocks: Sequence[Block]
    elements: Sequence[Mapping[str, Any]] = ()
    holders: Holders | None = None
    holders_unknown: bool = False
    in_studio: bool = False
    unissuable: Sequence[InvalidInput] = ()
    untried: bool = False

    @cached_property
    def known(self) -> dict[str, Block]:
        """The blocks inside, by their references."""
        return {block.reference: block for block in self.blocks}

    @property
    def titles(self) -> dict[str, str]:
        """What each block inside is called, by its reference."""
        return {reference: block.title for reference, block in self.known.items()}


def author(page: AuthorPage, translator: Translator, children: Sequence[Fragment]) -> str:
    """The author view as HTML: promises, map of the assessment, problems, holders; then the children."""
    sketch, faults = definition.sketch(page.definition)
    pill = None if faults else sketch
    return render(
        "author.html", translator,
        uid=views.uid(page.key), title=page.title, in_studio=page.in_studio, pill=pill,
        lead=page.definition.description if isinstance(page.definition.description, str) else "",
        header=views.header(pill, translator),
        problems=views.problem_lines(
            (*page.problems, *page.unissuable[:_FIRST]), page.definition.outcomes, page.titles, translator
        ),
        unissuable=bool(page.unissuable), untried=page.untried,
        outcomes=_outcomes(page, sketch, translator),
        unused=[block.title for block in page.blocks if block.offered and block.reference not in sketch.references],
        mastery=views.mastery_sentence(pill, translator) if pill else "",
        recognition=_recognition(page.elements, translator), learners=_learners(page, pill, translator),
        children=[child.content for child in children],
    )


def _outcomes(page: AuthorPage, sketch: LearningPill, translator: Translator) -> list[dict[str, Any]]:
    """Every outcome with what assesses it; of one that is to be mended only what can be trusted."""
    titles = outcome_titles(page.definition.outcomes, translator)
    if len(titles) != len(sketch.outcomes):  # none yet, or more than a pill may have
        return []
    broken = {outcome_of(problem.field, titles) for problem in page.problems if problem.code != "block-missing"}
    return [
        _outcome(outcome, title, name in broken, page, translator)
        for (name, title), outcome in zip(titles.items(), sketch.outcomes, strict=True)
    ]


def _outcome(
    outcome: LearningOutcome, title: str, broken: bool, page: AuthorPage, translator: Translator
) -> dict[str, Any]:
    if broken:
        return {"title": title, "broken": True}
    return {
        "title": title, "description": outcome.description, "skills": outcome.skills,
        "threshold": translator.percent(outcome.threshold),
        "group": _group(outcome.assessment, page, translator),
    }


def _group(group: CriteriaGroup, page: AuthorPage, translator: Translator) -> dict[str, Any]:
    _ = translator.gettext
    best = group.logic is Logic.OR
    rule = _("The best of these counts") if best else _("The weighted mean of these counts")
    if group.all_attempted:
        rule = _("{rule}; all must be attempted").format(rule=rule)
    whole = sum(Fraction(member.weight) for member in group.members)
    return {
        "rule": rule if len(group.members) > 1 or group.all_attempted else "",
        "members": [
            _member(member, None if best else Fraction(member.weight) / whole, page, translator)
            for member in group.members
        ],
    }


def _member(
    member: Criterion | CriteriaGroup, share: Fraction | None, page: AuthorPage, translator: Translator
) -> dict[str, Any]:
    shared = {
        "weight": translator.number(member.weight),
        "share": translator.percent(_rounded(share)) if share is not None else "",
        "share_css": format((_rounded(share) * 100).normalize(), "f") if share is not None else "",
        "threshold": translator.percent(member.rule.value) if member.rule else "",
    }
    if isinstance(member, CriteriaGroup):
        return {**shared, "group": _group(member, page, translator)}
    known = page.known.get(member.block)
    return {
        **shared, "block": member.block, "title": known.title if known else "",
        "missing": known is None, "ungraded": known is not None and not known.graded,
    }


def _rounded(share: Fraction) -> Decimal:
    """A share to the percent, for reading only."""
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _recognition(elements: Sequence[Mapping[str, Any]], translator: Translator) -> dict[str, Any] | None:
    """How far the pill is from what Europe asks, and what of the mandatory is missing."""
    if not elements:
        return None
    counted = meter.summary(elements, translator)
    return {
        "text": counted["text"], "complete": counted["complete"],
        "share": round(100 * counted["mandatory"]["done"] / counted["mandatory"]["total"]),
        "missing": [item["name"] for item in elements if item["mandatory"] and not item["done"]],
    }


def _learners(page: AuthorPage, pill: LearningPill | None, translator: Translator) -> dict[str, Any] | None:
    """How many hold it, and the versions that were awarded where there is more to tell than that."""
    if page.holders is None:
        unknown = translator.gettext("How many learners hold it cannot be told at the moment.")
        return {"text": unknown, "versions": ()} if page.holders_unknown else None
    present = pill.version if pill else None
    awarded = page.holders.versions
    several = len(awarded) > 1 or any(item.version != present for item in awarded)
    return {
        "text": versions.held(page.holders, present, translator),
        "versions": list(_history(page.holders, present, translator)) if several else (),
    }


def _history(holders: Holders, present: str | None, translator: Translator) -> Iterable[Mapping[str, Any]]:
    for item in holders.versions:
        text = translator.ngettext("{count} learner holds it", "{count} learners hold it", item.holders)
        yield {
            "version": item.version, "text": text.format(count=item.holders), "present": item.version == present,
            "first": {
                "iso": item.first_awarded_at.isoformat(), "text": translator.date(item.first_awarded_at),
            },
        }
