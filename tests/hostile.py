"""Texts that attack whoever shows or stores them, and values that no form sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TEXTS = {
    "script": "<script>alert(1)</script>",
    "image": "\"><img src=x onerror=alert(1)>",
    "quoted": "' onfocus=alert(1) autofocus x='",
    "out of a text area": "</textarea><svg onload=alert(1)>",
    "out of a script": "</script><script>alert(1)</script>",
    "out of a template": "</template></li></ol><iframe src=javascript:alert(1)>",
    "comment": "<!--><script>alert(1)</script>-->",
    "entities": "&lt;script&gt;&#60;b&#62; &amp;amp;",
    "template": "{{ 7|add:7 }}{% load static %}{% include 'x' %}{# #}",
    "format": "{title} {0} {uid.__class__} %s %(x)s %n ${x} #{x}",
    "key": "__key__ __proto__ constructor",
    "turned around": "\u202egnp.exe\u202c \u2066\u2067\u2068\u2069\u200f",
    "address": "javascript:alert(document.cookie)",
    "combining": "Z" + "\u0300\u0336" * 80,
}
# Stored by nobody: refused, whatever field it is in.
UNSTORABLE = {"surrogate": "a\ud800b", "half an emoji": "\ude00"}
LONG = "<b>" + "ذ" * 1_000_000
CONTROLS = {"nul": "a\x00b", "escape": "\x1b[31m", "next line": "a\x85b", "no character": "a\uffffb"}


def deep(levels: int) -> list[Any]:
    """A list in a list in a list …"""
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**400, "", "x", "1", "\ud800", "a\x00b", [], ["x"], [[]], [None], [{}], {},
    {"x": 1}, {"": {}}, {"members": [{}]}, deep(60), deep(500),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, and to the whole."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """A copy of ``value`` with ``other`` at the end of the way; ``...`` takes away what is there."""
    if not path:
        return other
    copied = value.copy()
    if len(path) == 1 and other is ...:
        del copied[path[0]]
    else:
        copied[path[0]] = replaced(copied[path[0]], path[1:], other)
    return copied
