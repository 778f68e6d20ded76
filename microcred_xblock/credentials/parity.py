"""Which facts of an award each of its two credentials carries, found by looking into them.

Nothing is taken for granted: a fact counts as carried when a document holds its value at a place
of the right name. The facts themselves are listed in ``parity_facts``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.award import Award
from .parity_facts import facts
from .parity_probes import Fact, Probe


@dataclass(frozen=True, kw_only=True)
class ParityRow:
    """One fact and where each format has it.

    ``fact`` is a code, ``subject`` the outcome it is about (its title) or empty, ``value`` text for
    people, without personal data. ``open_badge`` and ``elm`` say whether it is carried, the paths
    where (``credentialSubject.result[0].value``); ``…_in_words`` that only a sentence says it.
    ``note`` is a code: ``not-in-open-badge``, ``not-in-elm``, ``in-neither``,
    ``open-badge-in-words``, ``elm-in-words``, ``in-words``, one of the facts' own, or empty.
    """

    fact: str
    value: str
    open_badge: bool
    elm: bool
    open_badge_path: str
    elm_path: str
    note: str
    subject: str = ""
    open_badge_in_words: bool = False
    elm_in_words: bool = False


@dataclass(frozen=True, kw_only=True)
class _Leaf:
    """A scalar of a document, its path, and the objects around it, outermost first."""

    path: tuple[str | int, ...]
    value: Any
    around: tuple[Mapping[str, Any], ...]


def report(award: Award, *, open_badge: Mapping[str, Any], elm: Mapping[str, Any]) -> tuple[ParityRow, ...]:
    """A row for every fact of ``award`` and its issuer, in a fixed order. Pure.

    The documents may be signed or not; they must be those composed from ``award``.
    """
    badge_index, elm_index = _index(open_badge), _index(elm)
    return tuple(_row(fact, badge_index, elm_index) for fact in facts(award, open_badge, elm))


def _row(fact: Fact, badge: Mapping[str, list[_Leaf]], elm: Mapping[str, list[_Leaf]]) -> ParityRow:
    badge_path, badge_words = _find(fact.open_badge, badge)
    elm_path, elm_words = _find(fact.elm, elm)
    note = fact.note or _note(bool(badge_path), bool(elm_path), badge_words, elm_words)
    return ParityRow(
        fact=fact.code,
        subject=fact.subject,
        value=fact.value,
        open_badge=bool(badge_path),
        elm=bool(elm_path),
        open_badge_path=badge_path,
        elm_path=elm_path,
        open_badge_in_words=badge_words,
        elm_in_words=elm_words,
        note=note,
    )


def _note(badge: bool, elm: bool, badge_words: bool, elm_words: bool) -> str:
    if not (badge and elm):
        return {(True, False): "not-in-elm", (False, True): "not-in-open-badge"}.get((badge, elm), "in-neither")
    return {
        (True, True): "in-words", (True, False): "open-badge-in-words", (False, True): "elm-in-words",
    }.get((badge_words, elm_words), "")


def _find(probes: tuple[Probe, ...], index: Mapping[str, list[_Leaf]]) -> tuple[str, bool]:
    """Path of the first leaf that answers a probe, and whether only in words; probes in order."""
    for probe in probes:
        for leaf in index.get(probe.key, ()):
            if _answers(leaf, probe):
                return _path(leaf.path), probe.words
    return "", False


def _answers(leaf: _Leaf, probe: Probe) -> bool:
    if probe.words:
        if not isinstance(leaf.value, str) or probe.value not in leaf.value:
            return False
    elif leaf.value != probe.value or isinstance(leaf.value, bool) is not isinstance(probe.value, bool):
        return False
    return all(any(_holds(node.get(key), wanted) for node in leaf.around) for key, wanted in probe.inside)


def _holds(value: Any, wanted: str) -> bool:
    """Whether a member is or lists ``wanted``; in a language map in any language, ``#id`` as the end of an IRI."""
    if isinstance(value, list | tuple):
        return wanted in value
    if isinstance(value, Mapping):
        return wanted in value.values()
    if isinstance(value, str):
        return value == wanted or (wanted.startswith("#") and value.endswith(wanted))
    return False


def _index(document: Mapping[str, Any]) -> Mapping[str, list[_Leaf]]:
    """Leaves by the name of their member, and by that of the language map they stand in."""
    index: dict[str, list[_Leaf]] = defaultdict(list)
    for leaf in _leaves(document, (), ()):
        names = [part for part in leaf.path if isinstance(part, str)]
        for name in names[-2:]:
            index[name].append(leaf)
    return index


def _leaves(node: Any, path: tuple[str | int, ...], around: tuple[Mapping[str, Any], ...]) -> Iterator[_Leaf]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _leaves(value, (*path, key), (*around, node))
    elif isinstance(node, list | tuple):
        for position, value in enumerate(node):
            yield from _leaves(value, (*path, position), around)
    else:
        yield _Leaf(path=path, value=node, around=around)


def _path(parts: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
