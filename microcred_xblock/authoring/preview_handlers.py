"""What the Preview tab of an author's form asks: both credentials of the form as it stands, and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from webob import Response
from xblock.core import XBlock

from .. import compat, definition
from ..domain.errors import InvalidAnswer, MicrocredError, Misconfigured
from ..messages import N_
from ..rendering import render
from ..translation import Translator
from . import edits, preflight, preview
from .page import uid

MAX_BYTES = 3_000_000  # of one request: a hundred outcomes with everything in them are far less
_FILES = {
    "open_badge": ("open-badge-TEST.json", "application/json"),
    "elm": ("european-credential-TEST.jsonld", "application/json"),
}


class PreviewHandlers:
    """The handler of the Preview tab; a mixin of the block. Nothing is stored, whatever is sent."""

    @XBlock.handler
    def rehearse(self, request: Any, _suffix: str = "") -> Response:
        """The credentials that the form, as it is sent, would lead to: HTML, and the two test files.

        The body is that of ``save_pill``; an empty object means the stored pill.
        """
        try:
            self._check_author()
            body = self._rehearsed(_submission(request))
        except MicrocredError as error:
            return self.refusal(error)
        return Response(json_body=body, content_type="application/json", charset="utf-8")

    def _rehearsed(self, data: Mapping[str, Any]) -> dict[str, Any]:
        translator = self.translator()
        draft, rehearsal = self._draft(data, translator), None
        if draft.pill is not None:
            rehearsal = _issuance().rehearse(
                draft.pill, course_id=compat.course_id(self), asked_by=f"{self.scope_ids.user_id} {draft.pill.id}"
            )
        told = preflight.report(draft, rehearsal, translator)
        verdict = preview.verdict(told["errors"], translator)
        return {
            "ok": True, "errors": told["errors"], "verdict": verdict,
            "html": render(
                "studio_preview_result.html", translator, uid=uid(str(self.scope_ids.usage_id)), report=told,
                verdict=verdict, **shown(rehearsal, translator),
            ),
            "files": files(rehearsal),
        }

    def _draft(self, data: Mapping[str, Any], translator: Translator) -> preflight.Draft:
        """The pill as the form has it, or as it is stored."""
        fields = self._form_fields()
        if data:
            edit = edits.read(fields, data, translator)
        else:
            keys = tuple(str(number) for number in range(1, len(fields["outcomes"] or ()) + 1))
            edit = edits.Edit(values={}, keys=keys, problems=())
        outcomes = edit.values.get("outcomes", fields["outcomes"]) or ()
        pill, problems = definition.read(self._with(edit))
        places = {problem.field for problem in edit.problems}
        problems = (
            *edit.problems, *(problem for problem in problems if problem.field not in places),
            *self._reference_problems(outcomes), *self._tolerated_problems(),
        )
        return preflight.Draft(
            outcomes=outcomes, keys=edit.keys, problems=problems, blocks=self._block_names(),
            pill=None if edit.problems else pill, rows=edit.rows, texts={
                "title": edit.values.get("display_name", fields["display_name"]),
                "description": edit.values.get("description", fields["description"]),
            },
        )


def shown(rehearsal: Any | None, translator: Translator) -> dict[str, Any]:
    """What the template shows of the documents that could be made."""
    badge, european = (None, None) if rehearsal is None else (rehearsal.open_badge, rehearsal.elm)
    return {
        "wallet": preview.wallet(badge, translator) if badge is not None else None,
        "europass": preview.europass(european, translator) if european is not None else None,
        "documents": [
            {"name": name, "title": translator.gettext(title), "text": preview.written(preview.shortened(document))}
            for name, title, document in (
                ("open_badge", N_("Open Badge 3.0"), badge), ("elm", N_("European Digital Credential (ELM)"), european),
            ) if document is not None
        ],
    }


def files(rehearsal: Any | None) -> dict[str, dict[str, str]]:
    """The test files by name: ``file``, ``type``, ``text``, and ``copy`` where the document itself is another text."""
    found = {}
    if rehearsal is not None and rehearsal.open_badge is not None:
        found["open_badge"] = {"text": preview.written(rehearsal.open_badge)}
    if rehearsal is not None and rehearsal.elm is not None:
        found["elm"] = {"text": rehearsal.sealed.decode("utf-8"), "copy": preview.written(rehearsal.elm)}
    return {name: {"file": _FILES[name][0], "type": _FILES[name][1], **file} for name, file in found.items()}


def _submission(request: Any) -> Mapping[str, Any]:
    """The JSON object of a request of usual size. InvalidAnswer: ``api-too-large``, ``request-field``."""
    body = request.body if request.method == "POST" else b""
    if len(body) > MAX_BYTES:
        raise InvalidAnswer("The request is too large.", code="api-too-large", limit=MAX_BYTES)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidAnswer("The request is no JSON object.", code="request-field", field="")
    return data


def _issuance() -> Any:
    """``issuance.api``, imported late: the form must open where the Django app is not installed."""
    try:
        from ..issuance import api
    except (ImportError, RuntimeError) as error:
        raise Misconfigured("The issuance app is not installed.", code="issuance-missing") from error
    return api
