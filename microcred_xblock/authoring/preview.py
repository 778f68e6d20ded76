"""A credential as a wallet and as Europass show it, read from the composed documents and from nothing else. Pure.

Every value is a *text*: ``{"text", "lang", "url", "moment"}``. Nothing of a document is trusted: texts are escaped by
the templates, addresses are links only where they are of the web, images only where they are PNG or SVG in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..messages import N_
from ..translation import Translator

_IMAGE = re.compile(r"data:image/(png|svg\+xml);base64,[A-Za-z0-9+/=]+")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_LONG = 200  # characters in a row without a space: an image, which nobody reads
_STRUCTURAL = ("id", "type", "inScheme", "awardedBy", "specifiedBy", "displayDetail")
# What European credentials call their parts; others are shown under their own name, so that nothing is hidden.
_LABELS = {
    "accreditation": N_("Quality assurance"), "additionalNote": N_("Further information"),
    "address": N_("Postal address"),
    "altLabel": N_("Also called"), "awardingDate": N_("Date of the award"), "category": N_("Tags"),
    "contactPoint": N_("E-mail address"), "creditPoint": N_("Credits"), "creditReceived": N_("Credits"),
    "dateIssued": N_("Assessed"), "dcType": N_("Kind"), "description": N_("Description"),
    "eIDASIdentifier": N_("Legal identifier"), "entryRequirement": N_("Prerequisites"), "eqfLevel": N_("EQF level"),
    "expirationDate": N_("Valid until"), "fullName": N_("Name"), "grade": N_("Result"), "gradeStatus": N_("Status"),
    "gradingScheme": N_("Needed"), "homepage": N_("Web address"), "identifier": N_("Identifier"),
    "idVerification": N_("Supervision and identity check"), "isPartOf": N_("Counts towards"),
    "isPartialQualification": N_("Part of a qualification"), "issuanceDate": N_("Issued"), "language": N_("Language"),
    "learningOutcomeSummary": N_("Mastery rule"), "legalName": N_("Legal name"), "location": N_("Place"),
    "mode": N_("Mode of learning"), "nqfLevel": N_("Level in the national framework"),
    "relatedESCOSkill": N_("ESCO skills"), "relatedSkill": N_("Other skills"), "reusabilityLevel": N_("Reuse level"),
    "thematicArea": N_("Field of study"), "title": N_("Title"), "validFrom": N_("Valid from"),
    "volumeOfLearning": N_("Workload"), "workload": N_("Workload"),
}
_REPEATED = ("title", "dcType", "mode", "language", "gradingScheme")  # parts of a specification that an item shows
_KINDS = {
    "Qualification": N_("Qualification"), "LearningAchievementSpecification": N_("Learning achievement"),
}


def script(_page: Any, translator: Translator) -> dict[str, Any]:
    """What the tab's script says by itself."""
    _ = translator.gettext
    return {"texts": {
        "copied": _("Copied."), "not_copied": _("The browser does not let this page copy. Download the file instead."),
        "failed": _("That did not work. Nothing is lost; please check your connection and try again."),
    }}


def verdict(errors: int, translator: Translator) -> str:
    """The one sentence about what was found."""
    if not errors:
        return translator.gettext("Nothing keeps the credentials of this pill from being issued.")
    return translator.ngettext(
        "{count} thing keeps the credentials of this pill from being issued.",
        "{count} things keep the credentials of this pill from being issued.", errors,
    ).format(count=translator.number(errors))


def wallet(document: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    """The card of an Open Badge in a wallet, and its pages behind."""
    subject, _ = _map(document.get("credentialSubject")), translator.gettext
    achievement, issuer = _map(subject.get("achievement")), _map(document.get("issuer"))
    lang = _string(achievement.get("inLanguage"))
    names = {_string(item.get("id")): item for item in _maps(achievement.get("resultDescription"))}
    image = _map(achievement.get("image"))
    dates = (
        (_("Awarded"), document.get("awardedDate")), (_("Valid from"), document.get("validFrom")),
        (_("Valid until"), document.get("validUntil")),
    )
    return {
        "lang": lang, "name": _string(achievement.get("name")), "image": _image(image.get("id")),
        "caption": _string(image.get("caption")), "description": _string(achievement.get("description")),
        "criteria": _string(_map(achievement.get("criteria")).get("narrative")),
        "issuer": _text(_string(issuer.get("name")), lang=lang, url=_string(issuer.get("url"))),
        "dates": [
            {"label": label, "values": [_text(value, translator=translator)]} for label, value in dates if value
        ],
        "results": [
            _result(item, _map(names.get(_string(item.get("resultDescription")))), translator)
            for item in _maps(subject.get("result"))
        ],
        "alignments": [
            {
                **_text(_string(item.get("targetName")), lang=lang, url=_string(item.get("targetUrl"))),
                "framework": _joined(" ", item.get("targetFramework"), item.get("targetCode")),
                "description": _string(item.get("targetDescription")),
            }
            for item in _maps(achievement.get("alignment"))
        ],
        "evidence": [
            {
                **_text(_string(item.get("name")), lang=lang, url=_string(item.get("id"))),
                "genre": _string(item.get("genre")),
                "narrative": _joined("\n\n", item.get("description"), item.get("narrative")),
            }
            for item in _maps(document.get("evidence"))
        ],
        "tags": [tag for tag in _many(achievement.get("tag")) if isinstance(tag, str)],
        "credits": _number(subject.get("creditsEarned"), translator),
    }


def europass(document: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    """A European credential in the sections of Europass's viewer; ``page`` is its picture."""
    show, _ = _Viewer(translator), translator.gettext
    subject, display = _map(document.get("credentialSubject")), _map(document.get("displayParameter"))
    claims = [item for item in _maps(subject.get("hasClaim")) if item.get("type") == "LearningAchievement"]
    specified = [_map(claim.get("specifiedBy")) for claim in claims]
    sections = [
        ("credential", N_("Credential"), [show.item(
            display, [*show.rows(display, ("description",)), *show.rows(document, (
                "issuanceDate", "validFrom", "expirationDate", "identifier",
            )), *show.rows(display, ("language",))],
        )]),
        ("holder", N_("Holder"), [show.item({}, show.rows(subject, ("fullName",)))]),
        ("achievement", N_("Achievement"), [show.achievement(claim) for claim in claims]),
        ("outcomes", N_("Learning outcomes"), [
            show.whole(outcome) for spec in specified for outcome in _maps(spec.get("learningOutcome"))
        ]),
        ("assessment", N_("Assessment"), [
            show.specified(item) for claim in claims for item in _maps(claim.get("provenBy"))
        ]),
        ("activity", N_("Activity"), [
            show.specified(item) for claim in claims for item in _maps(claim.get("influencedBy"))
        ]),
        ("issuer", N_("Awarding body"), [show.whole(_map(document.get("issuer")), title="legalName")]),
    ]
    return {
        **show.said(display.get("title")),
        "page": _page(display),
        "sections": [{"name": name, "title": _(title), "items": items} for name, title, items in sections if items],
    }


def written(document: Mapping[str, Any]) -> str:
    """The document as a person reads it, whole."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def shortened(document: Any) -> Any:
    """The same with long encoded data cut, to be looked at."""
    if isinstance(document, Mapping):
        return {key: shortened(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [shortened(item) for item in document]
    if isinstance(document, str) and len(document) > _LONG and not re.search(r"\s", document):
        return f"{document[:60]}… ({len(document)})"
    return document


class _Viewer:
    """Shows nodes of a European credential to one reader."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def item(self, node: Mapping[str, Any], rows: list[dict[str, Any]], title: str = "title") -> dict[str, Any]:
        """A node with its title and its rows."""
        return {"title": self.said(node.get(title)), "rows": rows}

    def whole(self, node: Mapping[str, Any], title: str = "title") -> dict[str, Any]:
        """A node with everything it says."""
        return self.item(node, self.rows(node, [name for name in node if name != title]), title)

    def achievement(self, claim: Mapping[str, Any]) -> dict[str, Any]:
        """A claim with what specifies it, but for its outcomes, which have a section of their own."""
        spec = _map(claim.get("specifiedBy"))
        kind = _KINDS.get(_string(spec.get("type")), "")
        rows = [{"label": self._translator.gettext("Kind"), "values": [_text(self._translator.gettext(kind))]}]
        rows += self.rows(_map(claim.get("awardedBy")), ("awardingDate",))
        rows += self.rows(spec, [name for name in spec if name not in ("title", "learningOutcome", "creditPoint")])
        rows += self.rows(claim, ("creditReceived",))
        return self.item(claim, rows if kind else rows[1:])

    def specified(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """An assessment or activity with what specifies it."""
        spec = _map(node.get("specifiedBy"))
        own = [name for name in node if name != "title"]
        return self.item(node, [
            *self.rows(node, own),
            *self.rows(spec, [name for name in spec if name in _REPEATED and name != "title"]),
        ])

    def rows(self, node: Mapping[str, Any], names: Iterable[str]) -> list[dict[str, Any]]:
        """A row for each of these members that the node has."""
        found = []
        for name in names:
            values = [] if name in _STRUCTURAL else list(self.values(node.get(name)))
            if values:
                label = self._translator.gettext(_LABELS[name]) if name in _LABELS else name
                found.append({"label": label, "values": values})
        return found

    def values(self, value: Any) -> Iterator[dict[str, str]]:
        """What a member says, as texts."""
        for one in _many(value):
            if isinstance(one, Mapping):
                yield from self._node(one)
            elif one is True:
                yield _text(self._translator.gettext("Yes"))
            elif isinstance(one, str | int | float) and one is not False:
                yield _text(str(one), translator=self._translator)

    def _node(self, node: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        if "type" not in node:  # a language map
            for tag, texts in node.items():
                yield from (_text(text, lang=tag) for text in _many(texts) if isinstance(text, str))
            return
        url = _string(node.get("id")) if node["type"] == "Concept" else _string(node.get("contentURL"))
        for name in ("landingPage", "homepage"):
            url = url or next((_string(page.get("contentURL")) for page in _maps(node.get(name))), "")
        parts = [part for name in _SAID for part in self._part(node, name)]
        if parts:
            text = self._translator.gettext(", ").join(part["text"] for part in parts)
            yield _text(text, lang=parts[0]["lang"], url=url)
        elif url:
            yield _text(url, url=url)

    def _part(self, node: Mapping[str, Any], name: str) -> Iterator[dict[str, str]]:
        """One member of a node that stands in a line with others."""
        value = node.get(name)
        if name == "prefLabel":
            yield from [self.said(value)] if value else []
        elif name == "emailAddress":
            yield from (_text(_string(box.get("id")).removeprefix("mailto:")) for box in _maps(value))
        else:
            yield from self.values(value)

    def said(self, texts: Any) -> dict[str, str]:
        """A language map in the reader's language, else in its first."""
        known = {tag: text for tag, text in _map(texts).items() if isinstance(text, str)}
        for tag in (self._translator.language.split("-")[0], "en", *known):
            if tag in known:
                return _text(known[tag], lang=tag)
        return _text("")


# Members of a node that tell what it is, where it stands in a line, in this order.
_SAID = (
    "prefLabel", "noteLiteral", "legalName", "title", "point", "framework", "notation", "schemeName", "description",
    "accreditingAgent", "address", "fullAddress", "countryCode", "emailAddress", "identifier", "isPartOf",
)


def _result(item: Mapping[str, Any], about: Mapping[str, Any], translator: Translator) -> dict[str, Any]:
    return {
        "name": _string(about.get("name")), "value": _percent(item.get("value"), translator),
        "needed": _percent(about.get("requiredValue"), translator),
        "done": item.get("status") == "Completed",
        "skills": [_string(skill.get("targetName")) for skill in _maps(about.get("alignment"))],
    }


def _percent(value: Any, translator: Translator) -> str:
    try:
        return translator.percent(Decimal(_string(value)) / 100)
    except (ArithmeticError, ValueError):
        return _string(value)


def _number(value: Any, translator: Translator) -> str:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return translator.number(Decimal(str(value))) if known else ""


def _text(text: Any, *, lang: str = "", url: str = "", translator: Translator | None = None) -> dict[str, str]:
    """A text; with ``translator`` a time or a duration becomes one that people read."""
    said = _string(text)
    moment = ""
    if translator is not None and (at := _at(said)):
        moment, said = said, translator.moment(at)
    elif translator is not None and said != "PT" and (spent := _DURATION.fullmatch(said)):
        hours, minutes, seconds = (Decimal(part or 0) for part in spent.groups())
        total = hours + minutes / 60 + seconds / 3600
        said = translator.gettext("{hours} h").format(hours=translator.number(round(total, 2).normalize() + 0))
    return {"text": said, "lang": lang, "url": url if url.startswith(("https://", "http://")) else "", "moment": moment}


def _at(text: str) -> datetime | None:
    """The time that ``text`` is, if it is one: a text that only looks like one stays as it is."""
    try:
        return datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def _image(value: Any) -> str:
    return value if isinstance(value, str) and _IMAGE.fullmatch(value) else ""


def _page(display: Mapping[str, Any]) -> str:
    """The first page of the picture, as an address."""
    for shown in _maps(display.get("individualDisplay")):
        for detail in _maps(shown.get("displayDetail")):
            content = _string(_map(detail.get("image")).get("content"))
            return _image(f"data:image/png;base64,{content}")
    return ""


def _joined(between: str, *texts: Any) -> str:
    return between.join(filter(None, map(_string, texts)))


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _many(value) if isinstance(item, Mapping)]
