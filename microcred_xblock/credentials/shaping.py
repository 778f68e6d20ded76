"""A line of text as the row of its characters from left to right: joined Arabic letters, and both directions.

Arabic letters become the presentation forms that Unicode has for them (Unicode 15, chapter 9.2), and directions
follow UAX #9 without its explicit marks. Enough for titles; what it cannot do is told by ``outlines`` finding no glyph.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))
_TATWEEL, _LAM = "\u0640", "\u0644"
_UNSEEN = "\u0670\u200b\u200d\u200e\u200f\u2066\u2067\u2068\u2069"
_BREAK = "\u200c"  # a joiner that keeps letters apart
_NUMBERS, _RIGHT = ("EN", "AN"), ("R", "AL")


def visual(text: str) -> str:
    """The characters of one line in the order they stand in, from left to right."""
    bare = "".join(character for character in unicodedata.normalize("NFC", text) if not _is_point(character))
    line = _joined(bare)
    levels = _levels(line)
    row = [
        _MIRRORED.get(character, character) if level % 2 else character
        for character, level in zip(line, levels, strict=True)
    ]
    for least in range(max(levels, default=0), 0, -1):
        _turn(row, levels, least)
    return "".join(row)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter of ``text`` is of a script that is written from right to left."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind in _RIGHT for kind in kinds if kind in ("L", *_RIGHT)), False)


def _is_point(character: str) -> bool:
    """Vowel signs, which titles go without, and marks of direction."""
    if "\u0591" <= character <= "\u05c7":
        return unicodedata.category(character) == "Mn"
    return "\u064b" <= character <= "\u0652" or character in _UNSEEN


@cache
def _forms() -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], dict[str, str]]]:
    """The forms of each letter by name, and those of lam with alef."""
    letters: dict[str, dict[str, str]] = {}
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFBFF), *range(0xFE80, 0xFEFD)):
        kind, *parts = unicodedata.decomposition(chr(code)).split() or [""]
        base = [chr(int(part, 16)) for part in parts]
        if len(base) == 1:
            letters.setdefault(base[0], {})[kind.strip("<>")] = chr(code)
        elif len(base) == 2 and base[0] == _LAM and code >= 0xFEF5:
            pairs.setdefault((base[0], base[1]), {})[kind.strip("<>")] = chr(code)
    return letters, pairs


def _joined(text: str) -> str:
    letters, pairs = _forms()

    def reaches_on(character: str) -> bool:
        return character == _TATWEEL or "initial" in letters.get(character, {})

    def is_reached(character: str) -> bool:
        return character == _TATWEEL or "final" in letters.get(character, {})

    found, index = [], 0
    while index < len(text):
        pair = pairs.get((text[index], text[index + 1])) if index + 1 < len(text) else None
        after = index + (2 if pair else 1)
        before = index > 0 and reaches_on(text[index - 1]) and is_reached(text[index])
        behind = not pair and after < len(text) and reaches_on(text[index]) and is_reached(text[after])
        kind = {(False, False): "isolated", (True, False): "final", (False, True): "initial"}.get(
            (before, behind), "medial"
        )
        forms = pair or letters.get(text[index], {})
        found.append(forms.get(kind, text[index]))
        index = after
    return "".join(found).replace(_BREAK, "")


def _levels(line: str) -> list[int]:
    base = int(is_right_to_left(line))
    kinds = _with_numbers([unicodedata.bidirectional(character) for character in line])
    outer, strong, found = "R" if base else "L", "R" if base else "L", []
    for kind in kinds:
        if kind in ("L", *_RIGHT):
            strong = "L" if kind == "L" else "R"
        if kind == "AN" or (kind == "EN" and strong == "R"):
            found.append("N")
        else:
            found.append(strong if kind in ("L", "EN", *_RIGHT) else "")
    for index, kind in enumerate(found):
        if not kind:
            before = next((near for near in reversed(found[:index]) if near), outer).replace("N", "R")
            after = next((near for near in found[index:] if near), outer).replace("N", "R")
            found[index] = before if before == after else outer
    return [{"L": 2 * base, "R": 1, "N": 2}[kind] for kind in found]


def _with_numbers(kinds: list[str]) -> list[str]:
    """Signs inside and beside numbers count as part of them."""
    found = list(kinds)
    for index in range(1, len(found) - 1):
        near = (found[index - 1], found[index + 1])
        if found[index] in ("CS", "ES") and near[0] == near[1] and near[0] in _NUMBERS:
            found[index] = near[0]
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        for index in order:
            beside = found[index - 1] if order.step > 0 else found[index + 1]
            if found[index] == "ET" and beside == "EN":
                found[index] = "EN"
    return found


def _turn(row: list[str], levels: list[int], least: int) -> None:
    """Reverse every stretch whose level is at least ``least``."""
    start = 0
    for end in range(len(row) + 1):
        if end == len(row) or levels[end] < least:
            row[start:end] = reversed(row[start:end])
            start = end + 1
