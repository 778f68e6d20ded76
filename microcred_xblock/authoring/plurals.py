"""Plural forms for the form's script, which has no catalogue of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MOST = 100  # larger numbers have the form of this one: no pill has more outcomes


def plural(form: Callable[[int], str]) -> dict[str, Any]:
    """``forms``: the different texts that ``form`` gives; ``of``: which of them each number from 0 to ``MOST`` has.

    ``form`` is a translator's ``ngettext`` with both of its texts, so ``of`` is one digit a number: no language has
    more than six forms.
    """
    every = [form(number) for number in range(MOST + 1)]
    forms = list(dict.fromkeys(every))
    return {"forms": forms, "of": "".join(str(forms.index(text)) for text in every)}
