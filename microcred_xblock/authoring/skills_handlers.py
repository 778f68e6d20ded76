"""The catalogue of skills and the platform's tags for the author's form; nothing here changes the pill."""

from __future__ import annotations

from typing import Any

from xblock.core import XBlock

from .. import compat
from ..domain.errors import MicrocredError
from . import skills


class SkillHandlers:
    """A mixin of ``StudioHandlers``, whose check of the author is the only gate."""

    @XBlock.json_handler
    def search_skills(self, data: Any, _suffix: str = "") -> Any:
        """Skills for what was typed so far (``query``), in the pill's ``language`` as it is in the form."""
        try:
            self._check_author()
        except MicrocredError as error:
            return self.refusal(error)
        given = data if isinstance(data, dict) else {}
        query, language = (str(given.get(name) or "") for name in ("query", "language"))
        try:
            from ..issuance import api
        except RuntimeError:  # the Django app is not installed: there is no catalogue
            return {"ok": True, "results": [], "installed": False}
        found = api.search_skills(query, language)
        return {
            "ok": True, "results": skills.results(found, language),
            "installed": bool(found) or api.skills_installed(),
        }

    @XBlock.json_handler
    def pill_tags(self, _data: Any, _suffix: str = "") -> Any:
        """The tags of the pill, of the unit it is in, and of what is inside."""
        try:
            self._check_author()
        except MicrocredError as error:
            return self.refusal(error)
        texts = skills.script(self._form_page(), self.translator())["tag_texts"]
        own, unit = self.scope_ids.usage_id, getattr(self, "parent", None)
        titles = {compat.unversioned(own): texts["here"]}
        if unit is not None:
            titles[compat.unversioned(unit)] = texts["unit"]
        for child in compat.descendants(self):
            key = compat.unversioned(child.scope_ids.usage_id)
            titles[key] = getattr(child, "display_name", None) or child.scope_ids.block_type
        return {"ok": True, "tags": skills.offers(compat.content_tags(titles), titles)}
