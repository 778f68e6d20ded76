"""The facts of a pill's recognition data, and under which names a document would hold each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..domain.recognition import BlocPlace, NationalLevel, QualificationPlace, Recognition
from . import concepts, open_badges, wording
from .elm_nodes import duration
from .parity_probes import Fact, as_concept, as_sentence, has, says


def of_recognition(recognition: Recognition, language: str) -> Iterator[Fact]:
    """Everything the pill says of its recognition, in the order in which people should read it."""
    sentences = dict(wording.circumstances(recognition, language))
    if recognition.eqf_level is not None:
        yield as_concept("level", f"EQF {recognition.eqf_level}", "eqf", str(recognition.eqf_level), "eqfLevel")
    if recognition.nqf is not None:
        yield from _national(recognition.nqf, sentences["national"])
    if recognition.isced_f:
        known = concepts.has("isced-f", recognition.isced_f)
        yield Fact(
            code="field", value=f"ISCED-F {recognition.isced_f}",
            open_badge=(
                has("targetCode", recognition.isced_f, ("targetFramework", "ISCED-F 2013")),
                says("fieldOfStudy", recognition.isced_f),
            ),
            elm=(has("thematicArea", concepts.concept("isced-f", recognition.isced_f)["id"]),) if known else (),
        )
    if recognition.workload_hours is not None:
        yield Fact(
            code="workload", value=f"{wording.localised(recognition.workload_hours, language)} h",
            open_badge=(says("narrative", sentences["workload"]),),
            elm=(has("volumeOfLearning", duration(recognition.workload_hours)),),
        )
    if recognition.ects is not None:
        yield Fact(
            code="ects", value=wording.localised(recognition.ects, language),
            open_badge=(has("creditsEarned", open_badges.number(recognition.ects)),),
            elm=(has("point", wording.plain(recognition.ects)),),
        )
    yield from _circumstances(recognition, sentences, language)
    if recognition.stackability:
        said = sentences["stackability"]
        yield Fact(
            code="stackability", value=wording.texts(language)[recognition.stackability],
            open_badge=(says("narrative", said),), elm=(says("noteLiteral", said),),
        )
    if recognition.bloc is not None:
        yield from _place(recognition.bloc, language)
    if recognition.towards is not None:
        yield from _qualification(recognition.towards, language)
    if recognition.further_information:
        yield Fact(
            code="further-information", value=recognition.further_information,
            open_badge=(says("narrative", recognition.further_information),),
            elm=(has("contentURL", recognition.further_information),),
        )


def _national(level: NationalLevel, sentence: str) -> Iterator[Fact]:
    """The level in a national framework; a concept only where it is one of the European register."""
    yield Fact(
        code="national-level", value=f"{level.level} ({level.framework})",
        open_badge=(
            has("targetName", level.level, ("targetFramework", level.framework)), says("narrative", sentence),
        ),
        elm=(has("nqfLevel", level.url), says("noteLiteral", sentence)) if level.url else (
            says("noteLiteral", sentence),
        ),
    )
    if level.url:
        yield Fact(
            code="national-level-url", value=level.url, open_badge=(has("targetUrl", level.url),),
            elm=(has("nqfLevel", level.url), says("noteLiteral", level.url)),
        )


def _circumstances(recognition: Recognition, sentences: Mapping[str, str], language: str) -> Iterator[Fact]:
    words = wording.texts(language)
    coded = (
        ("assessment-type", recognition.assessment_type, "assessment", ("dcType",)),
        ("mode", recognition.mode, "mode", ("mode",)),
        ("supervision", recognition.supervision, "supervision", ("idVerification",)),
    )
    for name, code, sentence, keys in coded:
        if code:
            uri = concepts.concept(name, code)["id"] if concepts.has(name, code) else ""
            genre = (has("genre", words[code]),) if name == "assessment-type" else ()
            yield Fact(
                code=name, value=words[code],
                open_badge=(*genre, says("narrative", sentences[sentence])),
                elm=(*(has(key, uri) for key in keys), says("noteLiteral", sentences[sentence])),
            )
    if recognition.prerequisites:
        yield Fact(
            code="prerequisites", value=recognition.prerequisites,
            open_badge=(says("narrative", recognition.prerequisites),),
            elm=(has("entryRequirement", recognition.prerequisites), has("noteLiteral", recognition.prerequisites)),
        )
    assurance = recognition.quality_assurance
    if assurance is not None:
        parts = (
            ("quality-assurance", assurance.title, "title"),
            ("quality-assurance-agency", assurance.agency, "legalName"),
            ("quality-assurance-url", assurance.url, "contentURL"),
        )
        for code, value, key in parts:
            if value:
                yield Fact(
                    code=code, value=value, open_badge=(says("narrative", value),),
                    elm=(has(key, value, ("type", "Accreditation")),),
                )


def _place(bloc: BlocPlace, language: str) -> Iterator[Fact]:
    """What the pill is evidence towards; a place, not an award."""
    yield _towards("certification", f"{bloc.certification} {bloc.certification_title}", bloc.certification)
    yield _towards("certification-title", bloc.certification_title, bloc.certification_title)
    if bloc.bloc:
        yield _towards("bloc", f"{bloc.bloc} {bloc.bloc_title}", bloc.bloc)
        yield _towards("bloc-title", bloc.bloc_title, bloc.bloc_title)
    if bloc.url:
        yield Fact(
            code="bloc-url", value=bloc.url, open_badge=(has("targetUrl", bloc.url),),
            elm=(has("contentURL", bloc.url, ("type", "Qualification")),),
        )
    if bloc.valid_until is not None:
        sentence = wording.texts(language)["valid-until"].format(date=bloc.valid_until.isoformat())
        yield Fact(
            code="certification-valid-until", value=bloc.valid_until.isoformat(),
            open_badge=(says("narrative", sentence),), elm=(says("noteLiteral", sentence),),
        )
    yield as_sentence("not-awarded", wording.towards(bloc, language))


def _qualification(place: QualificationPlace, language: str) -> Iterator[Fact]:
    """Another qualification that the pill is evidence towards."""
    sentence = wording.towards(place, language)
    parts = (
        ("towards-title", place.title, "targetName", (has("title", place.title, ("type", "Qualification")),)),
        ("towards-framework", place.framework, "targetFramework", (
            has("schemeName", place.framework), has("noteLiteral", place.framework, ("type", "Qualification")),
        )),
        ("towards-code", place.code, "targetCode", (has("notation", place.code),)),
        ("towards-url", place.url, "targetUrl", (has("contentURL", place.url, ("type", "Qualification")),)),
    )
    for code, value, key, elm in parts:
        if value:
            yield Fact(
                code=code, value=value, note="towards", elm=elm,
                open_badge=(has(key, value, ("targetType", "ext:towardsQualification")), says("narrative", value)),
            )
    yield as_sentence("not-awarded", sentence)


def _towards(code: str, value: str, needle: str) -> Fact:
    return Fact(
        code=code, value=value, note="towards",
        open_badge=(has("targetCode", needle), has("targetName", needle), says("targetDescription", needle)),
        elm=(has("notation", needle), has("title", needle, ("type", "Qualification"))),
    )
