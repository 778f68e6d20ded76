"""One award may arrive as several files; here they are put together again for showing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import wording
from .facts import Facts, Towards, badge_facts, elm_facts
from .models import StoredCredential
from .verification import Report
from .verification.reading import strings
from .verification.report import STATES

_Form = StoredCredential.Form
_ORDER = [_Form.BADGE, _Form.BADGE_JWT, _Form.ELM]


@dataclass(kw_only=True, eq=False)
class Item:
    """A stored credential with its facts and its report."""

    stored: StoredCredential

    @cached_property
    def facts(self) -> Facts:
        """What it says."""
        read = elm_facts if self.stored.form == _Form.ELM else badge_facts
        return read(self.stored.document)

    @cached_property
    def report(self) -> Report:
        """Its last verification."""
        return Report.from_json(self.stored.report)

    @property
    def state(self) -> str:
        """The code of the report's state."""
        return self.report.state

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(wording.STATES[self.report.state])

    @property
    def lines(self) -> list[wording.Line]:
        """The report in sentences."""
        return wording.lines(self.report)


@dataclass(kw_only=True, eq=False)
class Award:
    """The files of one award. ``main`` is the one whose facts stand for it."""

    items: list[Item] = field(default_factory=list)

    @property
    def main(self) -> Item:
        """The badge if there is one: it has the image and the results."""
        return self.items[0]

    @property
    def facts(self) -> Facts:
        """The facts of the main file."""
        return self.main.facts

    @property
    def state(self) -> str:
        """The worst state of its files."""
        return min((item.state for item in self.items), key=STATES.index)

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(wording.STATES[self.state])

    @property
    def meaning(self) -> str:
        """What the state means for the holder, where the label does not say it all."""
        return str(wording.MEANINGS.get(self.state, ""))

    @property
    def somebody_elses(self) -> bool:
        """Whether one of its files is made out to another e-mail address than the wallet's."""
        return any(check.code == "recipient-other" for item in self.items for check in item.report.checks)

    def first(self, name: str) -> Any:
        """A fact from the first file that states it."""
        return next((value for item in self.items if (value := getattr(item.facts, name))), "")

    @property
    def level(self) -> str:
        """The qualification level, from whichever file has it."""
        return self.first("level")

    @property
    def study(self) -> str:
        """The field of study, from whichever file has it."""
        return self.first("study")

    @property
    def towards(self) -> tuple[Towards, ...]:
        """What it is evidence towards, from whichever file says so."""
        return self.first("towards")

    @property
    def workload(self) -> str:
        """The notional workload, from whichever file has it."""
        return self.first("workload")

    @property
    def image(self) -> str:
        """The picture, from whichever file has it."""
        return self.first("image")


def group(rows: Iterable[StoredCredential]) -> list[Award]:
    """Awards, newest first: badges by issuer and id; an ELM file joins the badge whose id it names.

    Both must have been delivered by the same application, or anybody's file could join a genuine badge.
    """
    awards: list[Award] = []
    badges: dict[tuple, Award] = {}
    mentioned: dict[tuple, Award] = {}
    for row in sorted(rows, key=lambda row: (_ORDER.index(row.form), -row.pk)):
        if row.form == _Form.ELM:
            found = (mentioned.get((row.client_id, value)) for value in strings(row.document))
            award = next(filter(None, found), None) or Award()
        else:
            award = badges.setdefault((row.issuer_id, row.credential_id), Award())
            mentioned[(row.client_id, row.credential_id)] = award
        award.items.append(Item(stored=row))
        if award not in awards:
            awards.append(award)
    return sorted(awards, key=lambda award: award.main.stored.valid_from, reverse=True)
