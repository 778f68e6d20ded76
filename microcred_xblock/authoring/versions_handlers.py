"""What an author's pages ask about the pill as a whole: what a save would change for whom, and how it stands now."""

from __future__ import annotations

from typing import Any

from xblock.core import XBlock

from .. import compat, definition
from ..domain.errors import InvalidInput, MicrocredError
from ..domain.pill import LearningPill
from ..issuance.data import Holders
from . import edits, overview, preflight, versions


class VersionsHandlers:
    """Part of the pill's handlers in Studio; a mixin of its block."""

    @XBlock.json_handler
    def compare(self, data: Any, _suffix: str = "") -> Any:
        """What the submission would change, as ``versions.notice``; ``renews``: it makes a new version.

        Nothing is stored. What the form has wrong is not told here: saving does that.
        """
        try:
            self._check_author()
            return {"ok": True, **self._compared(data if isinstance(data, dict) else {})}
        except MicrocredError as error:
            return self.refusal(error)

    @XBlock.json_handler
    def overview(self, _data: Any, _suffix: str = "") -> Any:
        """The author view as it is now, without the children; the pill is tried if it was not yet."""
        try:
            self._check_author()
        except MicrocredError as error:
            return self.refusal(error)
        page = self.author_page(in_studio=True, try_it=True)
        return {"ok": True, "html": overview.author(page, self.translator(), ())}

    def author_page(self, *, in_studio: bool, try_it: bool = False) -> overview.AuthorPage:
        """What the author view shows."""
        held, unknown = self.holders()
        unissuable, untried = self.unissuable(try_it=try_it)
        return overview.AuthorPage(
            key=str(self.scope_ids.usage_id), title=self.display_name, definition=self._definition(),
            problems=self.problems(), blocks=self._form_blocks(), elements=self.recognition_elements(), holders=held,
            holders_unknown=unknown, in_studio=in_studio, unissuable=unissuable, untried=untried,
        )

    def unissuable(self, *, try_it: bool) -> tuple[list[InvalidInput], bool]:
        """What keeps the pill, as it is stored, from being issued by anybody; True where it was not tried yet.

        A trial takes some tenths of a second, so a page that is to be shown at once does not ask for it.
        """
        api, pill = _issuance(), definition.read(self._definition())[0]
        verdict = api.verdict(pill, try_it=try_it) if api is not None and pill is not None else None
        found = [] if verdict is None else preflight.unissuable(
            verdict.findings, preflight.Draft(outcomes=self.outcomes or (), keys=(), problems=(), pill=pill)
        )
        if not any(problem.field == "language" for problem in found):
            found += preflight.unnameable(self.language)
        return found, api is not None and pill is not None and verdict is None

    def holders(self) -> tuple[Holders | None, bool]:
        """Who holds the pill, in numbers; None where nothing is issued, and True where only now nobody can tell."""
        api = _issuance()
        try:
            return (api.holders(compat.stored_id(self)), False) if api is not None else (None, False)
        except MicrocredError:
            return None, True

    def _compared(self, data: dict[str, Any]) -> dict[str, Any]:
        held, _unknown = self.holders()
        before = self._version_before() if held is not None and held.total else None
        if held is None or before is None:
            return {"html": "", "renews": False}
        translator = self.translator()
        edit = edits.read(self._form_fields(), data, translator)
        after, _problems = definition.sketch(self._with(edit))
        found = versions.notice(before, after, held, translator)
        return {"html": found.html, "renews": found.renews}

    def _version_before(self) -> LearningPill | None:
        """The stored pill; while it is unfinished, what was awarded last."""
        stored = definition.read(self._definition())[0]
        return stored if stored is not None else _issuance().last_awarded(compat.stored_id(self))


def _issuance() -> Any:
    """``issuance.api``, or None where the app is not installed."""
    try:
        from ..issuance import api
    except (ImportError, RuntimeError):
        return None
    return api
