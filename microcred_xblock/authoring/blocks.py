"""The blocks inside a pill as an author reads of them: by title, and told apart by a number where titles are equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ..translation import Translator


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block inside the pill, as an outcome may refer to it. ``part``: of another graded block, which counts it."""

    reference: str
    title: str
    graded: bool
    part: bool = False

    @property
    def offered(self) -> bool:
        """Whether an outcome should be able to choose it."""
        return self.graded and not self.part


def told_apart(titles: Mapping[str, str], translator: Translator) -> dict[str, str]:
    """Each block's title by its reference, in the same order; of several with one title each has its number.

    Wherever an author reads of a block it is called so.
    """
    often, seen, names = Counter(titles.values()), Counter[str](), {}
    for reference, title in titles.items():
        seen[title] += 1
        names[reference] = title if often[title] == 1 else translator.gettext("{title} (number {number})").format(
            title=title, number=seen[title]
        )
    return names
