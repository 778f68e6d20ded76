"""Examples, files and frameworks for the author's form; nothing here changes the pill."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from webob import Response
from xblock.core import XBlock

from .. import compat
from ..domain.errors import InvalidInput, MicrocredError
from . import edits, frameworks, presets
from .frameworks import form


class FrameworkHandlers:
    """A mixin of ``StudioHandlers``, whose check of the author is the only gate."""

    @XBlock.json_handler
    def preset_values(self, data: Any, _suffix: str = "") -> Any:
        """The values of the example ``preset`` in the pill's ``language`` as it is in the form."""
        try:
            self._check_author()
            given = data if isinstance(data, dict) else {}
            return {"ok": True, **presets.values(given.get("preset"), given.get("language"), self.translator())}
        except MicrocredError as error:
            return self.refusal(error)

    @XBlock.handler
    def read_framework(self, request: Any, _suffix: str = "") -> Response:
        """The outcomes in the file that is the request's body, to choose from."""
        try:
            self._check_author()
            if (request.content_length or 0) > frameworks.MAX_BYTES:
                raise InvalidInput("The file is larger than 2 MB.", code="framework-large")
            found = frameworks.read(request.body, self._legacy_language())
            answer = form.answer(found, self.translator())
        except MicrocredError as error:
            return self.refusal(error)
        return Response(json_body=answer, content_type="application/json", charset="utf-8")

    @XBlock.json_handler
    def write_framework(self, data: Any, _suffix: str = "") -> Any:
        """The outcomes of ``draft`` (what a save would send now) as a file of ``format``."""
        try:
            self._check_author()
            return self._write_framework(data if isinstance(data, dict) else {})
        except MicrocredError as error:
            return self.refusal(error)

    def _write_framework(self, data: dict[str, Any]) -> dict[str, Any]:
        fields, translator = self._form_fields(), self.translator()
        draft = data.get("draft")
        edit = edits.read(fields, draft if isinstance(draft, dict) else {}, translator)
        if edit.problems:
            raise edit.problems[0]
        now = {**fields, **edit.values}
        file = frameworks.write(
            str(data.get("format")), now["outcomes"], title=now["display_name"], key=str(self.scope_ids.usage_id),
            language=now["language"], creator=getattr(compat.course_key(self), "org", None) or "",
            now=datetime.now(UTC), translator=translator,
        )
        return {
            "ok": True, "name": file.name, "type": file.media_type, "text": file.text, "left_out": file.left_out,
        }

    def _legacy_language(self) -> str:
        """Whose letters a file has that is not in Unicode: those of the pill, or of the reader if they are others."""
        language = self.translator().language
        return self.language if str(self.language).startswith("ar") else language
