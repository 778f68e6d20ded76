"""What the author's form is made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from .. import views
from ..domain.errors import InvalidInput
from ..inheritance import Layer
from ..issuance.data import Holders
from .blocks import Block

# The block's fields that the form shows, and that a save may change.
FIELDS = ("display_name", "language", "description", "outcomes", "mastery", "recognition", "upkeep", "badge_image")


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """What the form is made from. ``fields`` has the values of ``FIELDS``; ``image`` the badge as it is now.

    ``holders``: how many learners hold the pill, where that is known. ``layers``: the recognition data it takes over.
    ``issuer``: ``name`` and ``country`` of who awards here, where that is known. ``unissuable``: what keeps the pill
    from being issued, as far as that is known.
    """

    key: str
    fields: Mapping[str, Any]
    problems: Sequence[InvalidInput]
    blocks: Sequence[Block]
    image: Mapping[str, str] = field(default_factory=dict)
    holders: Holders | None = None
    layers: Sequence[Layer] = ()
    issuer: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None
    unissuable: Sequence[InvalidInput] = ()

    @cached_property
    def titles(self) -> dict[str, str]:
        """What each block inside is called, by its reference."""
        return {block.reference: block.title for block in self.blocks}

    @cached_property
    def inside(self) -> dict[str, Block]:
        """Each block inside by its reference."""
        return {block.reference: block for block in self.blocks}

    @property
    def uid(self) -> str:
        """A short id for the HTML of the form, which is shown on the same page as the pill itself."""
        return uid(self.key)


def uid(key: str) -> str:
    """The form's id in HTML for the pill ``key``."""
    return views.uid(key) + "-form"


def digest(fields: Mapping[str, Any]) -> str:
    """Changes exactly when a value in ``fields`` does."""
    text = json.dumps({name: fields[name] for name in FIELDS}, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
