"""Words as they are searched: without case, accents and the variants that a keyboard may lack. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

WORD_MAX = 40  # as long as the column; the rest of a longer word is not searched
_WORD = re.compile(r"[^\W_]+")
# Letters that Unicode does not take apart, though people type them as others; Arabic ones that stand for one another.
_LETTERS = str.maketrans({
    "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n",
    "ى": "ي", "ة": "ه", "ـ": None,
})


def fold(text: str) -> str:
    """``text`` in small letters without marks."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold().translate(_LETTERS)


def words(text: str) -> list[str]:
    """The folded words of ``text``, in order."""
    return [word[:WORD_MAX] for word in _WORD.findall(fold(text))]


def ranked(label: str, alternatives: Iterable[str]) -> dict[str, int]:
    """Each word with its rank: 0 the label begins with it, 1 it is elsewhere in the label, 2 in an alternative."""
    found: dict[str, int] = {}
    for place, word in enumerate(words(label)):
        found.setdefault(word, min(place, 1))
    for alternative in alternatives:
        for word in words(alternative):
            found.setdefault(word, 2)
    return found


def begins(text: str, tokens: Iterable[str]) -> bool:
    """Whether each token begins a word of ``text``."""
    own = words(text)
    return all(any(word.startswith(token) for word in own) for token in tokens)
