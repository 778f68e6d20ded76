"""JSON-LD in safe mode to canonical N-Quads (JSON-LD 1.1, RDFC-1.0), for documents that get signed.

Whatever JSON-LD would drop silently would be unsigned, and whatever two verifiers would
canonicalise differently would be refused by one of them. Both are InvalidDocument here:

``document-undefined-term``  a key or type that no context defines
``document-iri``             a relative or malformed IRI
``document-control``         a control character or lone surrogate; PyLD writes some of them raw
``document-number``          a number that JSON readers do not agree on
``document-empty``           null, an empty list or nesting that RDF cannot carry
``document-keyword``         JSON-LD syntax that is not signed, or a context inside the document
``document-duplicate``       the same statement twice
``document-sort-order``      text that sorts differently by code points and by UTF-16 code units
``document-json-ld``         any other JSON-LD error
``document-complex``         nameless parts so alike that telling them apart takes too long
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pyld import jsonld
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver
from pyld.nquads import serialize_nquad

from ..domain.errors import InvalidDocument, MicrocredError

Loader = Callable[..., dict[str, Any]]

# Canonical N-Quads escape these; PyLD does not. Tab, line feed and carriage return are escaped alike everywhere.
UNSAFE_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
ABSOLUTE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\x7f-\x9f]+")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_ABOVE_SURROGATES = re.compile("[\ue000-\uffff]")

_LANGUAGE = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")
_KEYWORDS = frozenset({"@id", "@type", "@value", "@language"})
_UNSIGNED_KEYWORDS = frozenset({"@index", "@direction"})
_RELATIVE = "x-relative:"  # the base of relative IRIs, so that they can be told from absolute ones
_BASE = _RELATIVE + "//invalid/"
_MAX_DEPTH = 60
_MAX_ALIKE = 6
_MAX_WORK = 500  # comparisons of nameless nodes that look alike; a badge has almost none
_SAFE_INTEGER = 2**53
_SAFE_DIGITS = 15
_SHOWN = 100

# PyLD's context caches are not safe to share between threads.
_LOCK = threading.RLock()


class _Bounded(URDNA2015):
    """The algorithm with an end: RDFC-1.0 §7.1 warns of documents made to keep it busy for ever."""

    _work = 0

    def hash_n_degree_quads(self, id_: str, issuer: Any) -> Any:
        """Counted, since each of the many ways to order like nodes comes through here."""
        self._work += 1
        if self._work > _MAX_WORK:
            raise InvalidDocument("The credential has too many parts that look alike.", code="document-complex")
        return super().hash_n_degree_quads(id_, issuer)

    def create_hash_to_related(self, id_: str, issuer: Any) -> Any:
        """A node with many like neighbours is refused before their orders are tried."""
        related = super().create_hash_to_related(id_, issuer)
        if any(len(nodes) > _MAX_ALIKE for nodes in related.values()):
            raise InvalidDocument("The credential has too many parts that look alike.", code="document-complex")
        return related


def canonical(document: Mapping[str, Any], loader: Loader) -> bytes:
    """The canonical N-Quads of ``document``; InvalidDocument as listed above."""
    return canonicalise(dataset(document, loader))


def dataset(document: Mapping[str, Any], loader: Loader) -> dict[str, list[dict[str, Any]]]:
    """The RDF dataset of ``document`` in PyLD's form, with nothing lost on the way."""
    check_json(document)
    dropped: list[Any] = []
    options = {"documentLoader": loader, "base": _BASE}
    with _LOCK:
        options["contextResolver"] = _resolver(loader)
        try:
            expanded = jsonld.expand(document, options, on_property_dropped=dropped.append)
            if dropped:
                raise _undefined(dropped[0])
            _check_expanded(expanded)
            return jsonld.to_rdf(expanded, options)
        except jsonld.JsonLdError as error:
            raise _reason(error) from error


def canonicalise(rdf: dict[str, list[dict[str, Any]]]) -> bytes:
    """RDFC-1.0 canonical form of a PyLD dataset, which is consumed. InvalidDocument for ambiguous ones."""
    text = _Bounded().main(rdf, {"format": "application/n-quads"})
    lines = text.splitlines(keepends=True) if text.isascii() else [line + "\n" for line in text.split("\n")[:-1]]
    check_lines(lines)
    if sort_classes(text) == (True, True):
        _check_sort_order(lines, rdf)
    return text.encode("utf-8")


def check_lines(lines: list[str]) -> None:
    """InvalidDocument (``document-duplicate``) if two statements are equal: a set would hold one of them."""
    if len(set(lines)) != len(lines):
        raise InvalidDocument("The credential says the same thing twice.", code="document-duplicate")


def sort_classes(text: str) -> tuple[bool, bool]:
    """Whether ``text`` has characters above U+FFFF, and any of U+E000–U+FFFF.

    Code points and UTF-16 code units may order two texts differently only if one of each meet.
    """
    if text.isascii():
        return False, False
    return _ASTRAL.search(text) is not None, _ABOVE_SURROGATES.search(text) is not None


def check_json(document: Any) -> None:
    """Refuses JSON that JSON-LD would drop, and text and numbers that two readers would read differently."""
    if not isinstance(document, Mapping):
        raise InvalidDocument("A credential is a JSON object.", code="document-json-ld")
    contexts = document.get("@context")
    if not isinstance(contexts, list) or not contexts or not all(isinstance(item, str) for item in contexts):
        raise InvalidDocument("The contexts must be a list of addresses.", code="document-keyword")
    for key, value in document.items():
        if key != "@context":
            _check_member(key, value, 1)


def _check_member(key: Any, value: Any, depth: int) -> None:
    if not isinstance(key, str):
        raise InvalidDocument("A key of the credential is not text.", code="document-json-ld")
    if key.startswith("@") and key not in _KEYWORDS:
        raise InvalidDocument(f"'{key[:_SHOWN]}' may not stand here.", code="document-keyword", term=key[:_SHOWN])
    _check_text(key)
    _check_value(value, key, depth)


def _check_value(value: Any, key: str, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int | float):
        _check_number(value, key)
    elif depth >= _MAX_DEPTH or value is None or (isinstance(value, list) and not value):
        raise InvalidDocument(
            f"'{key[:_SHOWN]}' is empty or nested too deeply: leave it out.", code="document-empty", term=key[:_SHOWN]
        )
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _check_member(name, member, depth + 1)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, list):  # a list in a list is flattened by JSON-LD
                raise InvalidDocument(f"'{key[:_SHOWN]}' holds a list in a list.", code="document-empty")
            _check_value(item, key, depth + 1)
    else:
        raise InvalidDocument(f"'{key[:_SHOWN]}' is not a JSON value.", code="document-json-ld", term=key[:_SHOWN])


def _check_text(value: str) -> None:
    match = UNSAFE_TEXT.search(value)
    if match:
        character = f"U+{ord(match.group()):04X}"
        raise InvalidDocument(
            f"The credential contains the control character {character}: delete it.",
            code="document-control", character=character,
        )


def _check_number(value: int | float, key: str) -> None:
    """Readers agree on integers below 2**53 and on plain fractions of up to 15 digits.

    JavaScript reads 1.0 as the integer 1, and jsonld.js writes 1e-7 as 0.
    """
    if isinstance(value, float):
        written = repr(value)
        plain = math.isfinite(value) and "e" not in written and not value.is_integer()
        good = plain and len(written.replace(".", "").strip("-0")) <= _SAFE_DIGITS
    else:
        good = abs(value) < _SAFE_INTEGER
    if not good:
        raise InvalidDocument(
            f"The number of '{key[:_SHOWN]}' is not read alike by all verifiers.", code="document-number",
            term=key[:_SHOWN],
        )


def _check_expanded(item: Any) -> None:
    """Every IRI of an expanded document is absolute, and nothing in it stays out of the RDF."""
    if isinstance(item, list):
        for member in item:
            _check_expanded(member)
    elif isinstance(item, dict):
        for key, value in item.items():
            if key in ("@id", "@type"):
                for iri in value if isinstance(value, list) else [value]:
                    if iri != "@json":
                        _check_iri(iri)
            elif key == "@language":
                if not _LANGUAGE.fullmatch(value):
                    raise InvalidDocument("A language tag is malformed.", code="document-iri")
            elif key in _UNSIGNED_KEYWORDS:
                raise InvalidDocument(f"'{key}' would not be signed.", code="document-keyword", term=key)
            elif not key.startswith("@"):
                _check_iri(key)
                _check_expanded(value)
            elif key != "@value":
                _check_expanded(value)


def _check_iri(iri: Any) -> None:
    if isinstance(iri, str) and iri.startswith(_BASE):
        raise _undefined(iri.removeprefix(_BASE))
    if not isinstance(iri, str) or iri.startswith(_RELATIVE) or not ABSOLUTE_IRI.fullmatch(iri):
        shown = str(iri).removeprefix(_RELATIVE)[:_SHOWN]
        raise InvalidDocument(f"'{shown}' is not an absolute IRI.", code="document-iri", iri=shown)


def _undefined(term: Any) -> InvalidDocument:
    shown = str(term)[:_SHOWN]
    return InvalidDocument(
        f"'{shown}' is neither a term of the credential's contexts nor an absolute IRI.",
        code="document-undefined-term", term=shown,
    )


def _check_sort_order(lines: list[str], rdf: Mapping[str, list[dict[str, Any]]]) -> None:
    """InvalidDocument unless sorting by UTF-16 code units gives this very canonical form.

    Text is sorted in two places: the statements of each blank node before they are hashed, and
    the whole. If both orders agree there, all hashes, labels and lines agree.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for triples in rdf.values():
        for quad in triples:
            for name in {part["value"] for part in quad.values() if part["type"] == "blank node"}:
                groups.setdefault(name, []).append(quad)
    hashed = ([first_degree(quad, name) for quad in quads] for name, quads in groups.items())
    for group in (lines, *hashed):
        if sorted(group) != sorted(group, key=lambda line: line.encode("utf-16-be")):
            raise InvalidDocument(
                "The texts mix scripts that verifiers sort differently (for instance an emoji and a fullwidth "
                "letter): leave one of them out.",
                code="document-sort-order",
            )


def first_degree(quad: Mapping[str, Any], name: str) -> str:
    """The statement with the blank node ``name`` as ``_:a`` and all others as ``_:z`` (RDFC-1.0 §4.6)."""
    return serialize_nquad({
        key: {**part, "value": "_:a" if part["value"] == name else "_:z"} if part["type"] == "blank node" else part
        for key, part in quad.items()
    })


@lru_cache(maxsize=8)
def _resolver(loader: Loader) -> ContextResolver:
    """A context cache of this loader's own: PyLD's shared one would hand out another loader's contexts."""
    return ContextResolver({}, loader)


def _reason(error: BaseException) -> MicrocredError:
    """What the loader raised, if it did; PyLD wraps it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MicrocredError):
            return cause
        cause = cause.__cause__
    code = getattr(error.__cause__ or error, "code", None) or "unknown"
    return InvalidDocument(f"The credential is not valid JSON-LD ({code}).", code="document-json-ld", reason=str(code))
