"""One canonicalisation for many credentials of the same shape.

A ``Template`` holds the canonical N-Quads of a document with gaps where learners differ. Filling
the gaps gives the bytes that full canonicalisation would give, because each of these holds, or
the template says None and the caller canonicalises in full:

1. *Same shape.* Everything outside the gaps equals the document the template was made from, in
   value and type.
2. *Gaps pass through JSON-LD unchanged.* The template is made from markers; each marker must have
   come out whole, either as a literal of a datatype that is not normalised or as an IRI. What JSON-LD
   does to an absolute IRI depends on its scheme alone, which must be the marker's.
3. *No two nodes merge.* The identifiers filled in differ from each other and from every fixed IRI.
4. *Blank-node labels.* The first-degree hashes (RDFC-1.0 §4.6) of all blank nodes are recomputed
   with this learner's values and are distinct; then the labels follow their order and no more.
5. *A set stays a set.* No two statements become equal.
6. *One sort order.* No text is filled in that code points and UTF-16 code units order differently,
   and none that canonical N-Quads would escape otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from pyld.nquads import XSD_STRING, escape, serialize_nquad

from ..domain.errors import InvalidDocument
from . import rdfc

Path = tuple[str | int, ...]
Trie = dict[str | int, Any]  # None at a leaf
Pieces = tuple[Any, ...]  # a statement: UTF-8 text and numbers of terms in turn

_MARK = "x-gap-"
_IRI = re.compile(
    r"(https?://(?=[A-Za-z0-9])|urn:(?=[A-Za-z0-9])|did:(?=[A-Za-z0-9]))[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+"
)
_ESCAPED = re.compile(r'["\\\t\n\r]')
# PyLD normalises the text of other datatypes. Context 3.0.3 has "xsd:dateTime" without a prefix of that name.
_UNCHANGED_DATATYPE = re.compile(r".*[#:](string|dateTime|anyURI)")


class _Gap:
    """Stands in a skeleton where a value was; equal to itself only."""


_GAP = _Gap()


class Template:
    """The canonical form of one shape of document; see the module for why it may be trusted."""

    def __init__(
        self, document: Mapping[str, Any], paths: tuple[Path, ...], loader: rdfc.Loader, *, canonical: bytes
    ) -> None:
        """``paths`` lead to the text leaves of ``document`` that differ between learners.

        ``canonical`` is the full canonical form of ``document``; a template that does not
        reproduce it is not ``usable``, nor is one whose shape cannot be templated. One whose
        first values happen not to fit is not ``settled``: another document may make a usable one.
        """
        scalars = dict(_scalars(document))
        self._trie = _trie([*paths, *scalars])
        leaves = list(_leaves(self._trie))
        self._gaps = [leaves.index(path) for path in paths]
        self._scalars = [(leaves.index(path), value) for path, value in scalars.items()]
        found: list[Any] = []
        self._skeleton = _mask(document, self._trie, found)
        self._prefixes = [_prefix(path, found[gap]) for path, gap in zip(paths, self._gaps, strict=True)]
        odd = any(path[-1] == "id" and not prefix for path, prefix in zip(paths, self._prefixes, strict=True))
        compiled = not odd and self._compile(document, paths, loader)
        terms = self._all_terms([found[gap] for gap in self._gaps]) if compiled else None
        filled = self._filled(terms) if terms is not None else None
        self.usable = filled == canonical
        self.settled = filled is not None or not (compiled or odd)
        if terms is not None:  # the next learner's statements come nearly in order, which sorts fast
            self._single.sort(key=lambda pieces: _joined(pieces, terms))
            self._double.sort(key=lambda pieces: _joined(pieces, terms))

    def matches(self, document: Mapping[str, Any]) -> list[str] | None:
        """The values of the gaps if ``document`` has this shape, else None."""
        found: list[Any] = []
        try:
            if _mask(document, self._trie, found) != self._skeleton:
                return None
        except (KeyError, IndexError, TypeError, AttributeError):
            return None
        for leaf, scalar in self._scalars:
            if type(found[leaf]) is not type(scalar) or found[leaf] != scalar:
                return None
        values = [found[gap] for gap in self._gaps]
        return values if all(type(value) is str for value in values) else None

    def fill(self, values: list[str]) -> bytes | None:
        """The canonical form with ``values`` (from ``matches``) in the gaps; None if filling gaps cannot tell it.

        Only for a template that is ``usable``.
        """
        terms = self._all_terms(values)
        return None if terms is None else self._filled(terms)

    def _filled(self, terms: list[bytes]) -> bytes | None:
        """The sorted statements; None if two are equal (obligation 5)."""
        lines = [*self._fixed]
        lines += [first + terms[one] + last for first, one, last in self._single]
        lines += [first + terms[one] + middle + terms[two] + last for first, one, middle, two, last in self._double]
        if len(set(lines)) != len(lines):
            return None
        lines.sort()  # the order of UTF-8 bytes is that of code points
        return b"".join(lines)

    def _all_terms(self, values: list[str]) -> list[bytes] | None:
        """What stands in the gaps, then the labels of the blank nodes; None if an obligation fails."""
        terms = self._terms(values)
        labels = self._labels(terms) if terms is not None else None
        return None if labels is None else terms + labels

    def _terms(self, values: list[str]) -> list[bytes] | None:
        """Each value as the RDF term it becomes; None if one of the obligations 2, 3 and 6 fails."""
        terms = []
        identifiers = set()
        for value, prefix, after in zip(values, self._prefixes, self._after, strict=True):
            if prefix:
                if not value.startswith(prefix) or not _IRI.fullmatch(value) or value in identifiers:
                    return None
                identifiers.add(value)
                terms.append(f"<{value}>".encode("ascii"))
            elif rdfc.UNSAFE_TEXT.search(value):
                return None
            else:
                escaped = escape(value) if _ESCAPED.search(value) else value
                terms.append(f'"{escaped}{after}'.encode())
        if not identifiers.isdisjoint(self._iris):
            return None
        astral, high = self._text_classes
        for value in values:
            if not value.isascii():
                more_astral, more_high = rdfc.sort_classes(value)
                astral, high = astral or more_astral, high or more_high
        return None if astral and high else terms

    def _labels(self, terms: list[bytes]) -> list[bytes] | None:
        """The canonical labels of the blank nodes; None if two have the same first-degree hash."""
        if len(self._hashes) < 2:
            return [b"_:c14n0"] * len(self._hashes)
        hashes = list(self._hashes)
        for node, fixed, gapped in self._open_nodes:
            lines = [*fixed, *(_joined(pieces, terms) for pieces in gapped)]
            lines.sort()
            hashes[node] = sha256(b"".join(lines)).digest()
        ranks = {digest: rank for rank, digest in enumerate(sorted(hashes))}
        if len(ranks) != len(hashes):
            return None
        return [b"_:c14n%d" % ranks[digest] for digest in hashes]

    def _compile(self, document: Mapping[str, Any], paths: tuple[Path, ...], loader: rdfc.Loader) -> bool:
        """Statements cut at their gaps and blank nodes. False if this shape cannot be templated."""
        if any(_MARK in text for text in _texts(self._skeleton)):
            return False
        markers = [f"{prefix}{_MARK}{number}-end" for number, prefix in enumerate(self._prefixes)]
        try:
            rdf = rdfc.dataset(_replaced(document, dict(zip(paths, markers, strict=True))), loader)
        except InvalidDocument:
            return False  # valid with its own values, so what stands in the gaps matters
        if any(triples for name, triples in rdf.items() if name != "@default"):
            return False
        quads = rdf["@default"]
        after = _term_endings(quads, markers)
        if after is None or [end == ">" for end in after] != [bool(prefix) for prefix in self._prefixes]:
            return False
        self._after = after
        nodes = sorted({part["value"] for quad in quads for part in quad.values() if part["type"] == "blank node"})
        cutter = _Cutter(markers, after, nodes)
        cut = [cutter.cut(serialize_nquad(quad)) for quad in quads]
        self._fixed = sorted(pieces[0] for pieces in cut if len(pieces) == 1)
        self._single = [pieces for pieces in cut if len(pieces) == 3]
        self._double = [pieces for pieces in cut if len(pieces) == 5]
        self._iris = _iris(quads).difference(markers)
        text = b"".join(piece for pieces in cut for piece in pieces[::2]).decode("utf-8")
        self._text_classes = rdfc.sort_classes(text)
        return self._compile_nodes(quads, nodes, cutter) and self._text_classes != (True, True) and _MARK not in text

    def _compile_nodes(self, quads: list[dict[str, Any]], nodes: list[str], cutter: _Cutter) -> bool:
        """What the first-degree hashes are made of. False if two nodes are alike for every learner."""
        self._hashes: list[bytes] = []
        self._open_nodes: list[tuple[int, list[bytes], list[Pieces]]] = []
        for number, name in enumerate(nodes):
            cut = [
                cutter.cut(rdfc.first_degree(quad, name)) for quad in quads
                if name in (quad["subject"]["value"], quad["object"]["value"])
            ]
            fixed = sorted(pieces[0] for pieces in cut if len(pieces) == 1)
            gapped = [pieces for pieces in cut if len(pieces) > 1]
            self._hashes.append(sha256(b"".join(fixed)).digest())
            if gapped:
                self._open_nodes.append((number, fixed, gapped))
        open_numbers = {number for number, _, _ in self._open_nodes}
        closed = [digest for number, digest in enumerate(self._hashes) if number not in open_numbers]
        return len(set(closed)) == len(closed)


class _Cutter:
    """Cuts a statement into text and the numbers of the terms between: gaps first, then blank nodes."""

    def __init__(self, markers: list[str], after: list[str], nodes: list[str]) -> None:
        openings = ["<" if end == ">" else '"' for end in after]
        terms = [f"{opening}{marker}{end}" for opening, marker, end in zip(openings, markers, after, strict=True)]
        self._numbers = {term: number for number, term in enumerate([*terms, *nodes])}

    def cut(self, line: str) -> Pieces:
        """UTF-8 text and term numbers in turn: ``(text,)``, ``(text, n, text)`` or ``(text, n, text, n, text)``."""
        subject, predicate, rest = line.split(" ", 2)
        object_ = rest.removesuffix(" .\n")
        one, two = self._numbers.get(subject), self._numbers.get(object_)
        if one is None and two is None:
            return (line.encode(),)
        if two is None:
            return (b"", one, f" {predicate} {rest}".encode())
        if one is None:
            return (f"{subject} {predicate} ".encode(), two, b" .\n")
        return (b"", one, f" {predicate} ".encode(), two, b" .\n")


def _term_endings(quads: list[dict[str, Any]], markers: list[str]) -> list[str] | None:
    """What follows each marker in its term: ``>``, ``"`` or ``"^^<…>``; None if one did not come out whole."""
    endings: dict[str, str] = {}
    for part in (part for quad in quads for part in quad.values()):
        texts = [part["value"], part.get("datatype", ""), part.get("language", "")]
        if not any(_MARK in text for text in texts):
            continue
        marker = part["value"]
        if marker not in markers or _MARK in texts[1] or _MARK in texts[2]:
            return None
        if part["type"] == "IRI":
            ending = ">"
        else:
            datatype = part["datatype"]
            if not _UNCHANGED_DATATYPE.fullmatch(datatype) or part.get("language"):
                return None
            ending = '"' if datatype == XSD_STRING else f'"^^<{datatype}>'
        if endings.setdefault(marker, ending) != ending:
            return None
    return [endings[marker] for marker in markers] if len(endings) == len(markers) else None


def _prefix(path: Path, value: str) -> str:
    """The scheme with which an identifier's gap must be filled; empty for text."""
    match = _IRI.fullmatch(value) if path[-1] == "id" else None
    return match.group(1) if match else ""


def _joined(pieces: Pieces, terms: list[bytes]) -> bytes:
    return b"".join(terms[piece] if isinstance(piece, int) else piece for piece in pieces)


def _scalars(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Leaves that are not text: ``==`` alone would take True for 1."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _scalars(value, (*path, key))
    elif not isinstance(node, str):
        yield path, node


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
    elif isinstance(node, str):
        yield node


def _iris(quads: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(part["value"] for quad in quads for part in quad.values() if part["type"] == "IRI")


def _trie(paths: list[Path]) -> Trie:
    root: Trie = {}
    for path in paths:
        node = root
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = None
    return root


def _leaves(trie: Trie, path: Path = ()) -> Iterator[Path]:
    """The paths of a trie in the order in which ``_mask`` visits them."""
    for key, below in trie.items():
        if below is None:
            yield (*path, key)
        else:
            yield from _leaves(below, (*path, key))


def _mask(node: Any, trie: Trie, found: list[Any]) -> Any:
    """A copy of ``node`` with gaps at the leaves of ``trie``, whose values are appended to ``found``."""
    copy = node.copy()
    for key, below in trie.items():
        if below is None:
            found.append(node[key])
            copy[key] = _GAP
        else:
            copy[key] = _mask(node[key], below, found)
    return copy


def _replaced(node: Any, values: Mapping[Path, str], path: Path = ()) -> Any:
    """A deep copy with the leaves at the paths of ``values`` replaced."""
    if isinstance(node, dict):
        return {key: _replaced(value, values, (*path, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, values, (*path, index)) for index, value in enumerate(node)]
    return values.get(path, node)
