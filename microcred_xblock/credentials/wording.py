"""The sentences that credentials carry, in the pill's language (English and French; else English).

They say what was required and what was not awarded. Nothing here is a claim that a bloc, a
certification or a level was obtained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from ..domain.award import Award
from ..domain.outcomes import BlockResult, CriteriaGroup, Criterion, Logic, OutcomeResult
from ..domain.pill import LearningPill, Mastery
from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace, QualityAssurance, Recognition
from .wording_texts import primary, texts


def plain(number: Decimal) -> str:
    """A Decimal in full, without exponent or trailing zeros: ``3``, ``0.25``."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def localised(number: Decimal, language: str) -> str:
    """``plain`` with the decimal sign of the language of ``texts``."""
    return plain(number).replace(".", ",") if primary(language) == "fr" else plain(number)


def percent(fraction: Decimal) -> str:
    """A fraction as per cent, exactly: ``83.33`` of 0.8333."""
    return plain(fraction * 100)


def instant(moment: datetime) -> str:
    """``moment`` in UTC as xsd:dateTime with whole seconds: ``2026-11-20T10:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def requirements(pill: LearningPill) -> str:
    """What a learner has to do to earn ``pill``, as Markdown: mastery rule, thresholds, conditions."""
    words = texts(pill.language)
    rule = pill.mastery
    lines = [words[rule.kind.value].format(n=rule.n, m=len(pill.outcomes)), ""]
    for outcome in pill.outcomes:
        needed = rule.kind is Mastery.REQUIRED_PLUS_N and outcome.id in rule.required
        mark = f" ({words['required']})" if needed else ""
        lines.append(f"- {_line(outcome.title)}{mark}{words['colon']}{condition(outcome.assessment, pill.language)}")
    return "\n".join([*lines, *_paragraphs(conditions(pill.recognition, pill.language))])


def conditions(recognition: Recognition, language: str) -> list[str]:
    """One sentence for each recorded circumstance of learning and assessment, in a fixed order."""
    return [sentence for _, sentence in circumstances(recognition, language)]


def circumstances(recognition: Recognition, language: str) -> Iterator[tuple[str, str]]:
    """``(key of texts, sentence)`` for what Open Badges can say in words only."""
    words = texts(language)
    if recognition.workload_hours is not None:
        yield "workload", words["workload"].format(hours=localised(recognition.workload_hours, language))
    if recognition.ects is not None:
        yield "ects", words["ects"].format(ects=localised(recognition.ects, language))
    if recognition.mode:
        yield "mode", words["mode"].format(mode=words[recognition.mode])
    if recognition.assessment_type:
        yield "assessment", words["assessment"].format(type=words[recognition.assessment_type])
    if recognition.supervision:
        yield "supervision", words["supervision"].format(supervision=words[recognition.supervision])
    if recognition.quality_assurance is not None:
        yield "quality", quality(recognition.quality_assurance, language)
    if recognition.prerequisites:
        yield "prerequisites", words["prerequisites"].format(text=recognition.prerequisites)
    if recognition.nqf is not None:
        yield "national", national(recognition.nqf, language)
    if recognition.stackability:
        yield "stackability", words["stackability"].format(text=words[recognition.stackability])
    if recognition.bloc is not None:
        yield "bloc", towards(recognition.bloc, language)
    if recognition.towards is not None:
        yield "towards", towards(recognition.towards, language)
    if recognition.further_information:
        yield "further", words["further"].format(url=recognition.further_information)


def page_facts(recognition: Recognition, language: str) -> Iterator[tuple[str, str]]:
    """``(label, value)`` of what the page of a credential shows beside the badge."""
    words = texts(language)
    if recognition.eqf_level is not None:
        yield words["label-level"], words["value-level"].format(level=recognition.eqf_level)
    if recognition.nqf is not None:
        yield words["label-level"], f"{recognition.nqf.level} ({recognition.nqf.framework})"
    if recognition.workload_hours is not None:
        yield words["label-workload"], f"{localised(recognition.workload_hours, language)} h"
    if recognition.ects is not None:
        yield "ECTS", localised(recognition.ects, language)
    if recognition.mode:
        yield words["label-mode"], words[recognition.mode]
    if recognition.assessment_type:
        yield words["label-assessment"], words[recognition.assessment_type]
    if recognition.supervision:
        yield words["label-supervision"], words[recognition.supervision]
    if recognition.quality_assurance is not None:
        yield words["label-quality"], recognition.quality_assurance.title


def quality(assurance: QualityAssurance, language: str) -> str:
    """The quality framework, who stands for it and where to read about it."""
    sentence = texts(language)["quality"].format(title=assurance.title, agency=assurance.agency)
    return f"{sentence} {assurance.url}".strip()


def national(level: NationalLevel, language: str) -> str:
    """The level in a national framework, and where to read about it."""
    sentence = texts(language)["national"].format(framework=level.framework, level=level.level)
    return f"{sentence} {level.url}".strip()


def towards(place: BlocPlace | QualificationPlace, language: str) -> str:
    """What the pill is evidence towards, and that it awards none of it."""
    return _towards_bloc(place, language) if isinstance(place, BlocPlace) else _towards(place, language)


def _towards(place: QualificationPlace, language: str) -> str:
    words = texts(language)
    code = " ".join(filter(None, (place.framework, place.code)))
    what = words["towards-code" if code else "towards-name"].format(title=place.title, code=code)
    return words["towards"].format(what=what)


def _towards_bloc(bloc: BlocPlace, language: str) -> str:
    words = texts(language)
    key = "bloc" if bloc.bloc else "certification"
    what = words[f"{key}-name"].format(
        bloc=bloc.bloc, title=bloc.bloc_title,
        certification=bloc.certification, certification_title=bloc.certification_title,
    )
    sentence = words[key].format(what=what)
    if bloc.valid_until is None:
        return sentence
    return f"{sentence} {words['valid-until'].format(date=bloc.valid_until.isoformat())}"


def condition(group: CriteriaGroup, language: str) -> str:
    """The assessment of one outcome in words; assessments are numbered in the author's order."""
    numbers = {leaf.block: n for n, leaf in enumerate(group.leaves(), start=1)}
    return _group(group, numbers, language) + "."


def record(award: Award, result: OutcomeResult) -> str:
    """What was measured for one outcome: result, threshold, time, and the points of each block."""
    language = award.pill.language
    words = texts(language)
    lines = [
        words["score"].format(
            percent=localised(result.fraction * 100, language), threshold=localised(result.threshold * 100, language)
        )
    ]
    if result.assessed_at is not None:
        lines[0] += " " + words["assessed"].format(date=instant(result.assessed_at))
    return "\n".join([*lines, "", *(f"- {points(block, language)}" for block in result.blocks)])


def points(block: BlockResult, language: str) -> str:
    """One assessed block, its points and when they were given."""
    words = texts(language)
    if not block.attempted:
        return words["unattempted"].format(block=block.block)
    sentence = words["points"].format(
        block=block.block, earned=localised(block.earned, language), possible=localised(block.possible, language)
    )
    return f"{sentence} ({instant(block.at)})" if block.at else sentence


def _group(group: CriteriaGroup, numbers: Mapping[str, int], language: str) -> str:
    words = texts(language)
    parts = []
    if group.rule is not None:
        parts.append(words["threshold"].format(percent=localised(group.rule.value * 100, language)))
    kind = "best" if group.logic is Logic.OR else "mean"
    if len(numbers) == 1 and _bare(group):
        parts.append(words["single"].format(one=words["one"]))
    elif _uniform(group):
        parts.append(words[kind].format(members=words["count"].format(n=len(group.members))))
    else:
        members = "; ".join(_member(member, numbers, language) for member in group.members)
        parts.append(words[kind].format(members=f"[{members}]"))
    sentence = " ".join(parts)
    return f"{sentence}, {words['attempted']}" if group.all_attempted else sentence


def _member(member: Criterion | CriteriaGroup, numbers: Mapping[str, int], language: str) -> str:
    words = texts(language)
    weight = words["weight"].format(weight=localised(member.weight, language))
    if isinstance(member, CriteriaGroup):
        return f"{_group(member, numbers, language)} ({weight})"
    rule = [words["threshold"].format(percent=localised(member.rule.value * 100, language))] if member.rule else []
    return f"{words['leaf'].format(n=numbers[member.block])} ({', '.join([weight, *rule])})"


def _bare(group: CriteriaGroup) -> bool:
    """Whether nothing below a group of one block asks for more than the group does."""
    (member,) = group.members
    if isinstance(member, CriteriaGroup):
        return member.rule is None and not member.all_attempted and _bare(member)
    return member.rule is None


def _uniform(group: CriteriaGroup) -> bool:
    """Whether the members are blocks of one weight and without rules of their own."""
    return all(
        isinstance(member, Criterion) and member.rule is None and member.weight == group.members[0].weight
        for member in group.members
    )


def _line(text: str) -> str:
    """``text`` on one line, so that it stays one item of a list."""
    return " ".join(text.split())


def _paragraphs(sentences: list[str]) -> Iterator[str]:
    for sentence in sentences:
        yield ""
        yield sentence
