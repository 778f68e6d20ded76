"""The gate that every European Digital Credential passes before it is sealed.

It reads ``schemas/edc_generic.json``, an extract of the SHACL shapes in the keys of the JSON
documents, and closes what SHACL leaves open: keys that JSON-LD would drop silently, dates that are
none, one id with two contents, another profile than the one configured, another context.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..domain.errors import InvalidDocument
from . import pinned

_TYPES = ["VerifiableCredential", "EuropeanDigitalCredential"]
_ROOT = "EuropeanDigitalCredential"
_STRUCTURAL = {"id", "type"}
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(
    r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", re.ASCII
)
_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def check(document: Mapping[str, Any], *, contexts: Sequence[str], profile: str) -> None:
    """Raises InvalidDocument at the first fault, with ``place`` and one of the codes

    ``elm-context``, ``elm-type``, ``elm-profile``, ``elm-unknown-key``, ``elm-cardinality``,
    ``elm-value``, ``elm-range``, ``elm-scheme``, ``elm-id``, ``elm-mandatory``.
    """
    if document.get("@context") != list(contexts):
        raise _fault("elm-context", "@context", "must be exactly the two contexts of the profile")
    if document.get("type") != _TYPES:
        raise _fault("elm-type", "type", f"must be {_TYPES}")
    _check_profile(document, profile)
    content = {key: value for key, value in document.items() if key != "@context"}
    _Walk().credential(content)
    _check_people(document)


def _check_profile(document: Mapping[str, Any], profile: str) -> None:
    schemas = {_id(schema) for schema in _many(document.get("credentialSchema"))}
    if schemas != {profile}:
        raise _fault("elm-profile", "credentialSchema", f"must name {profile} and nothing else")
    generic = pinned.vocabulary("concepts")["credential-profile"]["concepts"]["generic"]["id"]
    if {_id(item) for item in _many(document.get("credentialProfiles"))} != {generic}:
        raise _fault("elm-profile", "credentialProfiles", "must name the generic profile and nothing else")


def _check_people(document: Mapping[str, Any]) -> None:
    """What the profile asks of an issuer, and the Recommendation of a learner."""
    if not _many(document["issuer"].get("eIDASIdentifier")):
        raise _fault("elm-mandatory", "issuer.eIDASIdentifier", "is missing")
    if not document["credentialSubject"].get("fullName"):
        raise _fault("elm-mandatory", "credentialSubject.fullName", "is missing")


class _Walk:
    """One pass over a document, remembering the content seen under each id."""

    def __init__(self) -> None:
        self._classes: Mapping[str, Any] = pinned.schema("edc_generic")["classes"]
        self._seen: dict[str, str] = {}

    def credential(self, content: Mapping[str, Any]) -> None:
        """The root, whose type is a pair instead of one name."""
        self._identity(content, "$")
        self._properties(content, self._classes[_ROOT], "$")

    def node(self, node: Any, rule: Mapping[str, Any], place: str) -> None:
        """A node in the range of ``rule``."""
        if not isinstance(node, Mapping):
            raise _fault("elm-value", place, "must be an object")
        kind = node.get("type")
        if kind not in rule["range"]:
            raise _fault("elm-range", place, f"must be of type {' or '.join(rule['range'])}")
        self._identity(node, place)
        self._properties(node, self._classes[kind], place)
        scheme = rule.get("scheme")
        if scheme and scheme not in {_id(item) for item in _many(node.get("inScheme"))}:
            raise _fault("elm-scheme", place, f"must be a concept of {scheme}")

    def _identity(self, node: Mapping[str, Any], place: str) -> None:
        identifier = node.get("id")
        if not isinstance(identifier, str) or not _ABSOLUTE.fullmatch(identifier):
            raise _fault("elm-id", f"{place}.id", "must be an absolute IRI")
        content = json.dumps(node, sort_keys=True, ensure_ascii=False)
        if self._seen.setdefault(identifier, content) != content:
            raise _fault("elm-id", place, "has an id that stands for something else elsewhere")

    def _properties(self, node: Mapping[str, Any], rules: Mapping[str, Any], place: str) -> None:
        unknown = node.keys() - rules.keys() - _STRUCTURAL
        if unknown:
            raise _fault("elm-unknown-key", f"{place}.{min(unknown)}", "is not part of the profile")
        for key, rule in rules.items():
            values = _values(node.get(key), rule, f"{place}.{key}")
            if len(values) < rule["min"] or (rule["max"] is not None and len(values) > rule["max"]):
                most = "any number of" if rule["max"] is None else rule["max"]
                raise _fault("elm-cardinality", f"{place}.{key}", f"must have {rule['min']} to {most} values")
            for index, value in enumerate(values):
                self._value(value, rule, f"{place}.{key}[{index}]")

    def _value(self, value: Any, rule: Mapping[str, Any], place: str) -> None:
        if "range" in rule:
            self.node(value, rule, place)
        elif not _LEXICAL[rule["datatype"]](value):
            raise _fault("elm-value", place, f"is no {rule.get('datatype', 'string')}")


def _values(value: Any, rule: Mapping[str, Any], place: str) -> list[Any]:
    """The values of a property; of a language map, one for each text, as JSON-LD expands it."""
    if rule.get("datatype") != "langString":
        return _many(value)
    if value is None:
        return []
    if not isinstance(value, Mapping) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in value):
        raise _fault("elm-value", place, "must be an object from language to text")
    if rule.get("unique") and any(not isinstance(text, str) for text in value.values()):
        raise _fault("elm-value", place, "must have one text for each language")
    return [text for texts in value.values() for text in _many(texts)]


def _date_time(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_LEXICAL = {
    "langString": _text,
    "string": _text,
    "HTML": _text,
    "anyURI": lambda value: isinstance(value, str) and bool(_ABSOLUTE.fullmatch(value)),
    "dateTime": _date_time,
    "duration": lambda value: isinstance(value, str) and bool(_DURATION.fullmatch(value)),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _integer,
    "positiveInteger": lambda value: _integer(value) and value > 0,
    "decimal": lambda value: isinstance(value, str) and bool(_DECIMAL.fullmatch(value)),
}


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _id(node: Any) -> Any:
    return node.get("id") if isinstance(node, Mapping) else node


def _fault(code: str, place: str, problem: str) -> InvalidDocument:
    return InvalidDocument(f"The European Digital Credential at {place}: {problem}.", code=code, place=place)
