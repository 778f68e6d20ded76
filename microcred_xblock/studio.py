"""The learning pill in Studio: its form, what the form may ask, and its children with Studio's own controls.

Studio lets any signed-in account call any handler of any block, so each handler here first asks whether the
person may write in the course. What a handler sets on the block, the platform stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from web_fragments.fragment import Fragment
from webob import Response
from xblock.core import XBlock
from xblock.utils.studio_editable import StudioContainerXBlockMixin

from . import compat, definition, messages, recognition_sources
from .authoring import edits, form, meter
from .authoring.badge_handlers import BadgeHandlers
from .authoring.blocks import Block
from .authoring.frameworks_handlers import FrameworkHandlers
from .authoring.page import FIELDS, FormPage, digest, uid
from .authoring.places import places
from .authoring.preview_handlers import PreviewHandlers
from .authoring.skills_handlers import SkillHandlers
from .authoring.versions_handlers import VersionsHandlers
from .domain.errors import InvalidAnswer, InvalidInput, MicrocredError, NotAllowed
from .problem_words import told_apart
from .rendering import render

# Field of the block, and what the definition calls it; the image is read by the block itself.
_DEFINITION = {
    "display_name": "title", "description": "description", "language": "language", "outcomes": "outcomes",
    "mastery": "mastery", "recognition": "recognition", "upkeep": "upkeep",
}
# Files in static/ that make the form; each script registers a part, the last one starts them.
SCRIPTS = (
    "studio_numbers", "studio_badge", "studio_problems", "studio_sight", "studio_gone", "studio_cards", "studio_drag",
    "studio_outcomes", "studio_mastery", "studio_recognition", "studio_wording", "studio_changes", "studio_preview",
    "studio_versions", "studio_frameworks", "studio_framework_list", "studio_combobox", "studio_skills", "studio_tags",
    "studio",
)
STYLES = (
    "learning_pill", "studio", "studio_badge", "studio_outcomes", "studio_recognition", "studio_preview",
    "studio_versions", "studio_frameworks", "studio_skills",
)


@XBlock.wants("studio_user_permissions")
class StudioHandlers(
    BadgeHandlers, FrameworkHandlers, PreviewHandlers, SkillHandlers, VersionsHandlers, StudioContainerXBlockMixin
):
    """What a learning pill is to an author; a mixin of its block."""

    _edited: tuple[str, ...] = ()  # the fields that the handler has changed

    def handle(self, handler_name: str, request: Any, suffix: str = "") -> Any:
        """XBlock's own; of what the block holds, Studio then finds nothing to write but what the handler changed.

        Studio writes the block after every handler, the ones that only read and the saves that are refused included.
        """
        answer = super().handle(handler_name, request, suffix)
        compat.bring_up_to_date(self, keep=self._edited)
        return answer

    def studio_view(self, _context: dict | None = None) -> Fragment:
        """The form in Studio's editing window."""
        translator = self.translator()
        if not compat.may_author(self):
            text = messages.text("author-required", translator)
            fragment = Fragment(render("studio_refused.html", translator, text=text))
        else:
            page = self._form_page()
            fragment = Fragment(render(
                "studio.html", translator, uid=uid(page.key), form=form.form(page, translator)
            ))
            for name in SCRIPTS:
                fragment.add_javascript_url(self.runtime.local_resource_url(self, f"static/js/{name}.js"))
            fragment.initialize_js("MicrocredStudio", form.script_arguments(page, translator))
        for name in STYLES:
            fragment.add_css_url(self.runtime.local_resource_url(self, f"static/css/{name}.css"))
        return fragment

    @XBlock.json_handler
    def save_pill(self, data: Any, _suffix: str = "") -> Any:
        """Store what the form sends, whole or not at all.

        Refused are unusable values and a form made from another definition than the stored one (409, with the
        ``digest`` of the stored one: sent again with it, the form overwrites knowingly). What is merely unfinished
        is stored, and told in the answer.
        """
        try:
            return self._save_pill(data if isinstance(data, dict) else {})
        except MicrocredError as error:
            return self.refusal(error)

    @XBlock.json_handler
    def edit_form(self, _data: Any, _suffix: str = "") -> Any:
        """The form as it is stored now."""
        try:
            self._check_author()
        except MicrocredError as error:
            return self.refusal(error)
        return self._form_answer()

    def studio_children(self, context: dict | None) -> Fragment | None:
        """The children as Studio shows them; None outside Studio.

        On the pill's own page they come with Studio's controls to add, move and edit them; on any other page, which
        links to that one, they are only named.
        """
        if compat.service(self, "mako") is None:
            return None
        root = (context or {}).get("root_xblock")
        if root is None or root.scope_ids.usage_id != self.scope_ids.usage_id:
            return Fragment(render("studio_contents.html", self.translator(), blocks=self._form_blocks()))
        fragment = Fragment()
        self.render_children(context, fragment, can_reorder=True, can_add=True)
        return fragment

    def recognition_elements(self) -> list[dict[str, Any]]:
        """What the European Recommendation asks, and how far the stored pill is; see ``authoring.meter``."""
        written = replace(self._definition(), recognition=self.recognition or {})
        issuer = recognition_sources.awarding_body(self)
        return meter.elements(written, issuer, self.translator(), self.inherited(), datetime.now(UTC).date())

    def _check_author(self) -> None:
        if not compat.may_author(self):
            raise NotAllowed("Only authors of the course may edit this pill.", code="author-required")

    def _save_pill(self, data: dict[str, Any]) -> Any:
        self._check_author()
        fields, translator = self._form_fields(), self.translator()
        stored = digest(fields)
        if data.get("digest") != stored:
            return self._form_answer(try_it=True) if self._says_what_is_stored(data) else self._conflict(stored)
        edit = edits.read(fields, data, translator)
        before = definition.read(self._definition())[1]
        after = definition.read(self._with(edit))[1]
        refused = edits.refused(before, after, edit)
        if refused:
            outcomes = edit.values.get("outcomes", fields["outcomes"])
            told = places(refused, outcomes, edit.keys, translator, rows=edit.rows)
            return self._not_saved(InvalidInput("Unusable values.", code="form-unusable"), 400, problems=told)
        values = dict(edit.values)
        if edit.uploaded and "badge_image" in values:
            # First: where it cannot be put nothing is claimed, and she may save without it at once.
            values["badge_image"] = self._badge_file(values["badge_image"])
        if not compat.claimed(self, stored, digest({**fields, **values})):
            return self._conflict(self._digest_now() or stored)  # somebody is saving this very moment
        return self._set(values, stored)

    def _set(self, values: Mapping[str, Any], stored: str) -> Any:
        """Leave ``values`` to Studio to write, unless somebody else has changed what was ``stored`` meanwhile."""
        for name, value in values.items():
            setattr(self, name, value)
        answer = self._form_answer(try_it=True)  # takes long enough for that
        now = self._digest_now()
        if now not in (stored, "", digest(self._form_fields())):
            return self._conflict(now)
        self._edited = tuple(values)
        return answer

    def _says_what_is_stored(self, data: dict[str, Any]) -> bool:
        """Whether a form that was made of other content would change nothing: a save whose answer was lost."""
        fields = self._form_fields()
        try:
            edit = edits.read(fields, data, self.translator())
        except MicrocredError:
            return False
        return not edit.problems and not edit.uploaded and digest({**fields, **edit.values}) == digest(fields)

    def _digest_now(self) -> str:
        """The digest of what the store has at this moment; empty where nobody can tell."""
        now = compat.stored_now(self)
        return "" if now is None else digest({name: getattr(now, name) for name in FIELDS})

    def _with(self, edit: edits.Edit) -> definition.Definition:
        """The definition as it would be with ``edit``."""
        changed = {_DEFINITION[name]: value for name, value in edit.values.items() if name in _DEFINITION}
        now = {**self._form_fields(), **edit.values}
        image = partial(
            self.image_of, now["badge_image"], now["display_name"], now["recognition"], now["language"]
        )
        if "recognition" in changed:
            changed["recognition"] = self.recognised(changed["recognition"])
        return replace(self._definition(), image=image, **changed)

    def _conflict(self, stored: str) -> Response:
        conflict = InvalidAnswer("The pill was changed since the form was made.", code="definition-changed")
        return self._not_saved(conflict, 409, digest=stored)

    def _not_saved(self, error: MicrocredError, status: int, **more: Any) -> Response:
        body = {"ok": False, "code": error.code, "message": messages.explain(error, self.translator()), **more}
        return Response(json_body=body, status=status, content_type="application/json", charset="utf-8")

    def _form_answer(self, *, try_it: bool = False) -> dict[str, Any]:
        page, translator = self._form_page(try_it=try_it), self.translator()
        return {
            "ok": True, "html": form.form(page, translator),
            "args": form.script_arguments(page, translator),
        }

    def _form_fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def _form_page(self, *, try_it: bool = False) -> FormPage:
        return FormPage(
            key=str(self.scope_ids.usage_id), fields=self._form_fields(), problems=self.problems(),
            blocks=self._form_blocks(), image=self._form_image(), holders=self.holders()[0],
            layers=self.inherited(), issuer=recognition_sources.awarding_body(self), today=datetime.now(UTC).date(),
            unissuable=self.unissuable(try_it=try_it)[0],
        )

    def _form_blocks(self) -> Sequence[Block]:
        """The blocks inside, in order; of several with one title each is told apart by its number."""
        found = compat.referenced_blocks(self)
        parts = {
            usage for usage, way in compat.graded_blocks(self).items() if any(map(compat.is_graded, way[:-1]))
        }
        return [
            Block(
                reference=reference, title=title, graded=compat.is_graded(found[reference]),
                part=found[reference].scope_ids.usage_id in parts,
            )
            for reference, title in told_apart(self._block_names(), self.translator()).items()
        ]
