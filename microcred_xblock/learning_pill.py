"""The XBlock ``learning_pill``: a container that shows what it teaches, tracks it, and gives the credential.

Thin by rule: a view or handler works out who asks, calls one function of ``issuance.api``, and
hands the result to ``views``. ``issuance`` is imported inside functions, so that the block loads
where the Django app is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from web_fragments.fragment import Fragment
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Dict, List, Scope, String

from . import (
    badge,
    compat,
    copying,
    credential_panel,
    definition,
    handlers,
    inheritance,
    olx,
    recognition_sources,
    views,
)
from .authoring import overview
from .domain.errors import InvalidPill, MicrocredError, NotReady
from .domain.outcomes import OutcomeResult, Score, assess, assess_at_best, conceal
from .domain.pill import BadgeImage, LearningPill
from .handlers import CredentialHandlers
from .studio import StudioHandlers
from .translation import Translator

_PLATFORM_ATTRIBUTES = {"url_name", "xblock-family", "slug"}
_READABLE = (
    "description", "outcomes", "mastery", "recognition", "badge_image", "upkeep", "tags", "unknown_elements",
)


@XBlock.needs("i18n")
@XBlock.wants("user")
class LearningPillBlock(CredentialHandlers, StudioHandlers, XBlock):
    """A learning pill. Awards live in the issuance app; of a learner it knows only ``first_seen``."""

    has_children = True
    has_author_view = True
    show_in_read_only_mode = True  # staff who look at the course as one of its learners see the preview, not a blank
    icon_class = "problem"  # of a unit in the course navigation
    completion_mode = XBlockCompletionMode.AGGREGATOR
    resources_dir = ""
    public_dir = "static"

    display_name = String(display_name="Title", default="Learning pill", scope=Scope.settings)
    language = String(display_name="Language of the texts", default="en", scope=Scope.content)
    description = String(display_name="Description", default="", scope=Scope.content)
    outcomes = List(display_name="Learning outcomes", default=[], scope=Scope.content)
    mastery = Dict(display_name="Mastery rule", default={}, scope=Scope.content)
    recognition = Dict(display_name="Recognition", default={}, scope=Scope.content)
    badge_image = Dict(display_name="Badge image", default={}, scope=Scope.content)
    upkeep = Dict(display_name="After the award", default={}, scope=Scope.content)
    tags = List(display_name="Tags", default=[], scope=Scope.settings)
    unknown_elements = List(help="OLX that was not understood, kept as it was", default=[], scope=Scope.content)
    unknown_attributes = Dict(help="The same for attributes", default={}, scope=Scope.content)
    first_seen = Dict(
        help="When each score was first seen, where no platform keeps the times", default={}, scope=Scope.user_state
    )
    _inherited: tuple[inheritance.Layer, ...] | None = None
    _unread: NotReady | None = None  # why nobody can tell at the moment what the pill takes over
    references = Dict(help="url_name to usage id, where the runtime makes its own ids", default={}, scope=Scope.content)

    def pill(self) -> LearningPill:
        """The pill as a domain value. Raises InvalidPill whose ``field`` says where; NotReady as ``readable_pill``."""
        return definition.build(self._whole())

    def readable_pill(self) -> LearningPill | None:
        """The pill, or None if its definition is not complete. NotReady while what it takes over cannot be read."""
        return definition.read(self._whole())[0]

    def assesses(self) -> bool:
        """Whether any outcome names an activity, also in a definition that is not complete."""
        return bool(definition.block_references(self.outcomes))

    def _whole(self) -> definition.Definition:
        written = self._definition()
        if self._unread is not None:  # with less than it takes over, the pill would certify something else
            raise self._unread
        return written

    def problems(self) -> tuple[InvalidPill, ...]:
        """Everything an author has to mend; all but unknown attributes and what others give before it can be earned."""
        return (
            *definition.read(self._definition())[1], *self._reference_problems(), *self._tolerated_problems(),
        )

    def inherited(self) -> tuple[inheritance.Layer, ...]:
        """The recognition data that the pill takes over where it says nothing. Asked for once in a block's life.

        Nothing while they cannot be read: content is shown all the same, and nothing is issued.
        """
        if self._inherited is None:
            try:
                self._inherited = recognition_sources.layers(self)
            except NotReady as reason:
                self._inherited, self._unread = (), reason
        return self._inherited

    def recognised(self, written: Any) -> Any:
        """The recognition data that count where the author wrote these: with what the pill takes over."""
        return inheritance.effective(written or {}, self.inherited())

    def _definition(self) -> definition.Definition:
        return definition.Definition(
            id=str(self.scope_ids.usage_id), title=self.display_name, description=self.description,
            language=self.language, outcomes=self.outcomes or (), mastery=self.mastery or {},
            recognition=self.recognised(self.recognition), image=self.image,
            tags=self.tags or (), upkeep=self.upkeep or {}, unknown=self.unknown_elements or (),
        )

    def _tolerated_problems(self) -> list[InvalidPill]:
        """What an author should know of, and what keeps nobody from earning."""
        taken_over = recognition_sources.problems(self.inherited(), unread=self._unread is not None)
        return [*self._unknown_attributes_problem(), *taken_over]

    def _unknown_attributes_problem(self) -> list[InvalidPill]:
        # Told, but no part of the definition: a newer platform may have attributes that this package does not know.
        if not self.unknown_attributes:
            return []
        names = ", ".join(sorted(self.unknown_attributes))[:200]
        return [InvalidPill(
            f"The pill does not understand its attributes {names}. If one is misspelt, correct it.",
            code="olx-unknown-attribute", field="pill", names=names,
        )]

    def _reference_problems(self, outcomes: Any = None) -> list[InvalidPill]:
        """What ``outcomes``, or those of the pill, refer to and cannot be assessed by."""
        blocks = compat.referenced_blocks(self)
        found = []
        for outcome, name in definition.block_references(self.outcomes if outcomes is None else outcomes):
            where = {"field": f"outcome {outcome}.assessed-by", "outcome": outcome, "block": name[:100]}
            if name not in blocks:
                found.append(InvalidPill(
                    f"Outcome '{outcome}' is assessed by '{name[:100]}', which is not in this pill (any more).",
                    code="block-missing", **where,
                ))
            elif not compat.is_graded(blocks[name]):
                found.append(InvalidPill(
                    f"Outcome '{outcome}' is assessed by '{name[:100]}', which gives no score.",
                    code="block-ungraded", **where,
                ))
        return found

    def image(self) -> BadgeImage | None:
        """The badge image, sanitised or drawn from its design; None where the author gave none. Raises InvalidInput."""
        return self.image_of(self.badge_image, self.display_name, self.recognition, self.language)

    def image_of(self, data: Any, title: Any, recognition: Any, language: Any) -> BadgeImage | None:
        """The same for other values of the fields than those that are stored."""
        return badge.image(
            data, title=title, level=badge.level(self.recognised(recognition)), language=language,
            file=lambda source: compat.course_file(self, source),
        )

    @classmethod
    def parse_xml(cls, node: Any, runtime: Any, keys: Any) -> LearningPillBlock:
        """Take the pill's own elements, leave the child blocks to XBlock."""
        fields = olx.take(node)
        names = olx.child_names(node)
        unknown = cls._take_unknown_attributes(node)
        block = super().parse_xml(node, runtime, keys)
        if unknown:
            fields["unknown_attributes"] = unknown
        for name, value in fields.items():
            setattr(block, name, value)
        references = olx.match_names(names, block)
        if references:
            block.references = references
        return block

    @classmethod
    def _take_unknown_attributes(cls, node: Any) -> dict[str, str]:
        """Remove the attributes that are no field, or whose JSON is not a value of the field, and return them."""
        unknown = {}
        for name, value in list(node.items()):
            if name in _PLATFORM_ATTRIBUTES:
                continue
            try:
                cls.fields[name].enforce_type(cls.fields[name].from_string(value))
            except Exception:  # what a field of the platform raises for bad text is its own affair
                unknown[name] = node.attrib.pop(name)
        return unknown

    def add_xml_to_node(self, node: Any) -> None:
        """The readable form: see ``olx``."""
        super().add_xml_to_node(node)
        for name in (*_READABLE, "unknown_attributes", "references"):
            node.attrib.pop(name, None)
        for name in self.unknown_attributes.keys() - set(node.attrib):
            node.set(name, self.unknown_attributes[name])
        olx.give_names(node, self, self.references)
        olx.give(node, {name: getattr(self, name) for name in _READABLE})

    def studio_post_duplicate(self, store: Any, source: Any) -> bool:
        """Studio's hook: duplicate the children here, so that references follow them. True: nothing is left to do."""
        compat.duplicate_children(source, self)
        return self._follow(copying.nodes_below(source), store)

    def studio_post_paste(self, store: Any, source_node: Any) -> bool:
        """The same for a paste, where Studio took every element for a child block and left our own to us."""
        node = deepcopy(source_node)
        for name, value in olx.take(node).items():
            setattr(self, name, value)
        elements = olx.blocks(node)
        compat.paste_children(elements, self, store)
        return self._follow(copying.nodes_written(elements), store)

    def _follow(self, old: tuple[copying.Node, ...], store: Any) -> bool:
        names = copying.new_names(old, copying.nodes_below(self))
        self.outcomes = copying.rename(self.outcomes, names)
        compat.save_copy(self, store)
        return True

    def translator(self) -> Translator:
        """Texts in the language of the current request."""
        return Translator(compat.language(), compat.translations(self))

    def student_view(self, context: dict | None = None) -> Fragment:
        """What a learner sees; also survives staff, previews and nobody at all."""
        return self._student_fragment("student_view", context)

    def public_view(self, context: dict | None = None) -> Fragment:
        """The same for the public of an open course."""
        return self._student_fragment("public_view", context)

    def _student_fragment(self, view: str, context: dict | None) -> Fragment:
        children = self._render_children(view, context)  # first: a bank draws when it is shown, and we tell of the draw
        page = self.page(compat.viewer(self))
        fragment = self._fragment(views.student(page, self.translator(), children), children)
        for name in ("collecting", "learning_pill"):
            fragment.add_javascript_url(self.runtime.local_resource_url(self, f"static/js/{name}.js"))
        fragment.initialize_js("MicrocredLearningPill", views.script_arguments(page, self.translator()))
        return fragment

    def author_view(self, context: dict | None = None) -> Fragment:
        """What the pill promises, what assesses what, who holds it, and what is still wrong; the children below."""
        studio = self.studio_children(context)
        children = self._render_children("author_view", context) if studio is None else []
        page = self.author_page(in_studio=studio is not None)
        fragment = self._fragment(overview.author(page, self.translator(), children), children)
        fragment.add_css_url(self.runtime.local_resource_url(self, "static/css/author.css"))
        fragment.add_javascript_url(self.runtime.local_resource_url(self, "static/js/author.js"))
        fragment.initialize_js("MicrocredAuthorView", {
            "uid": views.uid(page.key), "in_studio": page.in_studio, "untried": page.untried,
        })
        if studio is not None:  # beside, not inside: Studio sorts only what stands directly in the block
            fragment.add_fragment_resources(studio)
            fragment.add_content(studio.content)
        return fragment

    def student_view_data(self, _context: dict | None = None) -> dict[str, Any]:
        """Course-wide facts for other front ends; built without a learner."""
        return {
            "title": self.display_name, "language": self.language, "description": self.description,
            "outcomes": [{"id": o.get("id"), "title": o.get("title")} for o in self.outcomes if isinstance(o, dict)],
        }

    def index_dictionary(self) -> dict[str, Any]:
        """What course search knows of a pill."""
        body = super().index_dictionary()
        texts = [self.description, *(o.get("title", "") for o in self.outcomes if isinstance(o, dict)), *self.tags]
        body["content"] = {**body.get("content", {}), "pill": " ".join(filter(None, texts))}
        body["content_type"] = "Learning pill"
        return body

    def page(
        self, viewer: compat.Viewer, panel: Any = None, results: tuple[OutcomeResult, ...] | None = None,
        evidence: compat.Evidence | None = None,
    ) -> views.StudentPage:
        """Everything the student view shows. ``panel``, ``results``, ``evidence`` save asking again for the known."""
        pill, problems = definition.read(self._definition())
        error: MicrocredError | None = self._unread
        if pill is not None and evidence is None:
            evidence, unknown = self._evidence_or_none(pill, viewer)
            error = error or unknown
        if pill is not None and results is None:
            results = assess(pill.outcomes, evidence.scores, not_given=evidence.not_given)
        if evidence is not None and evidence.concealed:
            results = conceal(results or (), evidence.concealed)
        if viewer.is_learner and panel is None:
            try:
                panel = handlers.issuance().panel(viewer.id, str(self.scope_ids.usage_id))
            except MicrocredError as problem:
                error = problem
        if error is None and panel is None and _waits_for_mending(pill, evidence):
            error = NotReady("What assesses this pill is not all in it (any more).", code="pill-unready")
        return views.StudentPage(
            key=str(self.scope_ids.usage_id), title=self.display_name, pill=pill, results=results or (), viewer=viewer,
            problems=(*problems, *self._reference_problems()), blocks=self._block_names(), panel=panel,
            panel_error=error, downloads=self._download_urls(), evidence=evidence or compat.Evidence(),
            written=self.outcomes or (),
        )

    def _download_urls(self) -> dict[str, str]:
        kinds = (kind for kind, _title, _note in credential_panel.DOWNLOADS)
        return {kind: self.runtime.handler_url(self, "download", kind) for kind in kinds}

    def _evidence_or_none(
        self, pill: LearningPill, viewer: compat.Viewer
    ) -> tuple[compat.Evidence, MicrocredError | None]:
        """The evidence of the viewer, or of the learner whom staff see; none, and why, while nobody can tell."""
        if not (viewer.is_learner or viewer.seen_as):
            return compat.Evidence(), None
        try:
            return self.evidence(pill), None
        except NotReady as reason:
            return compat.Evidence(), reason

    def evidence(self, pill: LearningPill) -> compat.Evidence:
        """The current learner's scores on the blocks that assess ``pill``, and which of them this learner lacks."""
        found = compat.evidence(self, pill.references)
        return replace(found, scores={name: self._dated(score) for name, score in found.scores.items()})

    def note_scores(self, scores: Mapping[str, Score]) -> Mapping[str, Score]:
        """``scores``, each with a time: where no platform keeps times, when the score was first seen at its value."""
        fresh = {name: score for name, score in scores.items() if score.attempted and score.at is None}
        if not fresh:
            return scores
        now = datetime.now(UTC)
        seen = {name: {"score": _shown(score), "at": now.isoformat()} for name, score in fresh.items()}
        self.first_seen = {**self.first_seen, **seen}
        return {**scores, **{name: replace(score, at=now) for name, score in fresh.items()}}

    def _dated(self, score: Score) -> Score:
        seen = self.first_seen.get(score.block, {})
        if score.at is not None or seen.get("score") != _shown(score):
            return score
        return replace(score, at=datetime.fromisoformat(seen["at"]))

    def _block_names(self) -> dict[str, str]:
        return {
            name: getattr(block, "display_name", None) or name for name, block in compat.referenced_blocks(self).items()
        }

    def _render_children(self, view: str, context: dict | None) -> list[Fragment]:
        """The children that this person may see, each in ``view`` or, if it has none, in its student view."""
        return [
            self.runtime.render_child(child, view if hasattr(child, view) else "student_view", dict(context or {}))
            for _usage_id, child in compat.children(self)
            if child is not None
        ]

    def _fragment(self, html: str, children: list[Fragment]) -> Fragment:
        fragment = Fragment(html)
        fragment.add_css_url(self.runtime.local_resource_url(self, "static/css/learning_pill.css"))
        for child in children:
            fragment.add_fragment_resources(child)
        return fragment


def _shown(score: Score) -> str:
    return f"{score.earned}/{score.possible}"


def _waits_for_mending(pill: LearningPill | None, evidence: compat.Evidence | None) -> bool:
    """Whether the viewer lacks nothing, or nothing but blocks that the pill does not have (any more)."""
    if pill is None or evidence is None or not evidence.missing:
        return False
    return pill.mastered(assess_at_best(
        pill.outcomes, evidence.scores, missing=evidence.missing, not_given=evidence.not_given
    ))
