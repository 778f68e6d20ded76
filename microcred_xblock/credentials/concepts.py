"""Concepts of the EU controlled vocabularies, from the pinned extracts.

Every concept is ``{"id", "prefLabel", …}`` exactly as the vocabulary has it, so that one concept
carries the same labels wherever it appears.
"""

from __future__ import annotations

from typing import Any

from ..domain.errors import InvalidDocument, Misconfigured
from . import pinned

ESCO_SCHEME = "http://data.europa.eu/esco/concept-scheme/skills"
ESCO_SKILL = "http://data.europa.eu/esco/skill/"
NQF_SCHEME = "http://data.europa.eu/snb/qdr/25831c2"
NQF_LEVEL = "http://data.europa.eu/snb/qdr/"


def concept(name: str, code: str) -> dict[str, Any]:
    """The concept ``code`` of the extract ``name`` in concepts.json; KeyError for unknown names."""
    return pinned.vocabulary("concepts")[name]["concepts"][code]


def has(name: str, code: str) -> bool:
    """Whether the extract ``name`` knows ``code``."""
    return code in pinned.vocabulary("concepts")[name]["concepts"]


def elm(name: str, code: str) -> dict[str, Any]:
    """The concept as an ELM Concept node."""
    return node(concept(name, code), pinned.vocabulary("concepts")[name]["scheme"])


def node(entry: dict[str, Any], scheme: str) -> dict[str, Any]:
    """An ELM Concept of ``scheme``."""
    return {
        "id": entry["id"],
        "type": "Concept",
        "inScheme": {"id": scheme, "type": "ConceptScheme"},
        "prefLabel": dict(entry["prefLabel"]),
    }


def country(code: str) -> dict[str, Any]:
    """The country with that alpha-3 code, with ``alpha2``. Misconfigured (``country-unknown``) otherwise."""
    entry = pinned.vocabulary("countries")["concepts"].get(code)
    if entry is None:
        raise Misconfigured(f"The issuer's country {code} is not known.", code="country-unknown", country=code)
    return entry


def elm_country(code: str) -> dict[str, Any]:
    """``country`` as an ELM Concept node."""
    return node(country(code), pinned.vocabulary("countries")["scheme"])


def elm_language(tag: str) -> dict[str, Any]:
    """The language of a BCP 47 tag as an ELM Concept. InvalidDocument (``language-unknown``) otherwise."""
    table = pinned.vocabulary("languages")
    entry = table["concepts"].get(tag.split("-")[0])
    if entry is None:
        raise InvalidDocument(
            f"European Digital Credentials cannot name the language '{tag}' here.", code="language-unknown",
            field="language", language=tag,
        )
    return node(entry, table["scheme"])


def language_uri(tag: str) -> str:
    """The URI of the language of a BCP 47 tag, or an empty string."""
    return pinned.vocabulary("languages")["concepts"].get(tag.split("-")[0], {}).get("id", "")


def isced_f(code: str) -> dict[str, Any] | None:
    """The field of education with that ISCED-F 2013 code, or None."""
    return concept("isced-f", code) if has("isced-f", code) else None


def certification_url(certification: str) -> str:
    """The public page of a French certification, from its code ``RNCP38596`` or ``RS1234``."""
    register = "rncp" if certification.startswith("RNCP") else "rs"
    return f"https://www.francecompetences.fr/recherche/{register}/{certification[len(register):]}/"
