"""What to look for in a document, to see whether it carries a fact of an award."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import concepts


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Look for ``value`` in a member called ``key``; ``words``: as part of a text.

    ``inside`` narrows it to places within objects that have these members.
    """

    key: str
    value: Any
    words: bool = False
    inside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A fact and what to look for in each format, the best answer first."""

    code: str
    value: str
    open_badge: tuple[Probe, ...] = ()
    elm: tuple[Probe, ...] = ()
    subject: str = ""
    note: str = ""


def has(key: str, value: Any, *inside: tuple[str, str]) -> Probe:
    """Look for the very ``value`` in ``key``, ``inside`` an object with these members."""
    return Probe(key=key, value=value, inside=inside)


def says(key: str, text: str, *inside: tuple[str, str]) -> Probe:
    """Look for ``text`` as part of what ``key`` says."""
    return Probe(key=key, value=text, words=True, inside=inside)


def as_concept(code: str, value: str, vocabulary: str, name: str, elm_key: str) -> Fact:
    """A fact that both documents name by the address of a concept."""
    uri = concepts.concept(vocabulary, name)["id"]
    return Fact(code=code, value=value, open_badge=(has("targetUrl", uri),), elm=(has(elm_key, uri),))


def as_value(code: str, value: str, badge_key: str, elm_key: str) -> Fact:
    """A fact that both documents hold as it is."""
    return Fact(code=code, value=value, open_badge=(has(badge_key, value),), elm=(has(elm_key, value),))


def as_sentence(code: str, sentence: str) -> Fact:
    """A fact that both documents tell in one sentence."""
    return Fact(
        code=code, value=sentence, open_badge=(says("narrative", sentence),), elm=(says("noteLiteral", sentence),)
    )
