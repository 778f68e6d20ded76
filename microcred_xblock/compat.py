"""The only module that knows which platform it runs on: LMS, Studio, or the XBlock workbench.

Platform imports are local to functions, because none of them exists outside the platform. All
functions survive missing services, which is the normal case in Studio.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation

from .domain.outcomes import Score

log = logging.getLogger(__name__)

LMS, STUDIO = "lms", "cms"
_WORKBENCH_GUESTS = {"", "none", "None", "anonymous"}
_WORKBENCH_STAFF = {"staff", "preview"}


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks at a block. Personal data: never logged.

    ``kind``: ``learner`` may earn; ``visitor`` is known but not enrolled; ``anonymous`` is not
    known; ``preview`` is an author, staff, or somebody masquerading. ``id`` is empty but for learners.
    """

    kind: str
    id: str = ""
    full_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    language: str = "en"

    @property
    def is_learner(self) -> bool:
        """Whether anything this person does may be recorded."""
        return self.kind == "learner"


def platform() -> str | None:
    """``lms``, ``cms``, or None outside Open edX."""
    return {"lms.urls": LMS, "cms.urls": STUDIO}.get(getattr(settings, "ROOT_URLCONF", ""))


def service(block: Any, name: str) -> Any:
    """A runtime service the block wants, or None where the runtime has none."""
    from xblock.exceptions import NoSuchServiceError

    try:
        return block.runtime.service(block, name)
    except NoSuchServiceError:
        return None


def translations(block: Any) -> Any:
    """The platform's i18n service for this block; None outside a platform."""
    return service(block, "i18n") if platform() else None


def language() -> str:
    """The language of the current request."""
    return translation.get_language() or "en"


def viewer(block: Any) -> Viewer:
    """Who looks at ``block`` now."""
    users = service(block, "user")
    user = users.get_current_user() if users else None
    options = dict(getattr(user, "opt_attrs", None) or {})
    if platform() == STUDIO:
        return Viewer(kind="preview", language=language())
    if platform() == LMS:
        return _lms_viewer(block, user, options)
    return _workbench_viewer(user, options)


def _workbench_viewer(user: Any, options: Mapping[str, Any]) -> Viewer:
    """The workbench has no accounts: ``?student=`` is the learner, ``anonymous`` and ``staff`` are reserved."""
    identity = str(options.get("xblock-workbench.user_id") or "")
    if identity in _WORKBENCH_GUESTS:
        return Viewer(kind="anonymous", language=language())
    if identity in _WORKBENCH_STAFF:
        return Viewer(kind="preview", language=language())
    return _learner(identity, user)


def _lms_viewer(block: Any, user: Any, options: Mapping[str, Any]) -> Viewer:
    identity = options.get("edx-platform.user_id")
    if not identity or not options.get("edx-platform.is_authenticated"):
        return Viewer(kind="anonymous", language=language())
    if options.get("edx-platform.user_is_staff") or _masquerading(course_key(block)):
        return Viewer(kind="preview", language=language())
    if not _enrolled(identity, course_key(block)):
        return Viewer(kind="visitor", language=language())
    return _learner(str(identity), user)


def _learner(identity: str, user: Any) -> Viewer:
    emails = [address for address in (getattr(user, "emails", None) or ()) if address]
    return Viewer(
        kind="learner", id=identity, full_name=getattr(user, "full_name", None) or "",
        email=emails[0] if emails else "", language=language(),
    )


def _masquerading(key: Any) -> bool:
    """Whether the person behind the request sees the course as somebody else."""
    from crum import get_current_user
    from lms.djangoapps.courseware.masquerade import is_masquerading

    user = get_current_user()
    return user is not None and is_masquerading(user, key)


def _enrolled(user_id: Any, key: Any) -> bool:
    """Handlers are reachable without enrolment, so the block has to look for itself."""
    from common.djangoapps.student.models import CourseEnrollment

    return CourseEnrollment.objects.filter(user_id=user_id, course_id=key, is_active=True).exists()


def course_key(block: Any) -> Any:
    """The key of the course ``block`` is in; None in the workbench."""
    return getattr(block.scope_ids.usage_id, "course_key", None)


def course_id(block: Any) -> str:
    """The course as text; in the workbench the scenario's name."""
    key = course_key(block)
    return str(key) if key is not None else str(block.scope_ids.usage_id).partition(".")[0]


def children(block: Any) -> Iterator[tuple[Any, Any]]:
    """``(usage id, child or None)`` in order. None: deleted, or hidden from this person."""
    for usage_id in block.children:
        try:
            child = block.runtime.get_block(usage_id, for_parent=block)
        except Exception as error:  # each platform has its own "not found"; a lost child must not take the page
            log.info("Child %s of %s cannot be loaded: %s", usage_id, block.scope_ids.usage_id, type(error).__name__)
            child = None
        yield usage_id, child


def descendants(block: Any) -> Iterator[Any]:
    """Every loadable block below ``block``, parents before children."""
    for _usage_id, child in children(block):
        if child is not None:
            yield child
            if getattr(child, "has_children", False):
                yield from descendants(child)


def referenced_blocks(block: Any) -> dict[str, Any]:
    """Every block below ``block`` by its reference. Blocks of two types may share one: a graded one counts."""
    names = {usage: name for name, usage in (getattr(block, "references", None) or {}).items()}
    found: dict[str, Any] = {}
    for child in descendants(block):
        usage_id = child.scope_ids.usage_id
        name = getattr(usage_id, "block_id", None) or names.get(str(usage_id)) or str(usage_id)
        if name not in found or (is_graded(child) and not is_graded(found[name])):
            found[name] = child
    return found


def resolve_reference(block: Any, name: str) -> Any:
    """The block below ``block`` that ``name`` refers to, or None."""
    return referenced_blocks(block).get(name)


def course_file(block: Any, path: str) -> bytes | None:
    """A file of this package's ``static/``, or of the course (``/static/name``); None if there is none."""
    if path.startswith("static/"):
        try:
            with getattr(block, "unmixed_class", type(block)).open_local_resource(path) as file:
                return file.read()
        except Exception as error:  # missing, a folder, or outside the public folder
            log.info("No package file %s: %s", path[:200], type(error).__name__)
            return None
    if platform() and path.startswith("/static/"):
        return _course_asset(course_key(block), path.removeprefix("/static/"))
    return None


def _course_asset(key: Any, name: str) -> bytes | None:
    from xmodule.contentstore.content import StaticContent
    from xmodule.contentstore.django import contentstore

    content = contentstore().find(StaticContent.compute_location(key, name), throw_on_not_found=False)
    return bytes(content.data) if content is not None else None


def is_graded(block: Any) -> bool:
    """Whether ``block`` can have a score."""
    return bool(getattr(block, "has_score", False))


def child_scores(block: Any, references: Iterable[str]) -> dict[str, Score]:
    """The current learner's scores by reference; blocks without a score yet are left out."""
    wanted = set(references)
    if platform() == LMS:
        user = service(block, "user").get_current_user()
        return platform_scores(user.opt_attrs["edx-platform.user_id"], block.scope_ids.usage_id, wanted)
    if platform() == STUDIO:
        return {}
    found = {name: child for name, child in referenced_blocks(block).items() if name in wanted}
    scores = {name: _block_score(name, child) for name, child in found.items()}
    return {name: score for name, score in scores.items() if score is not None}


def platform_scores(user_id: Any, usage_key: Any, references: Iterable[str]) -> dict[str, Score]:
    """Scores in the LMS, from its grades, which know every kind of graded block and every override.

    Reading the children's own state would miss open response assessments. Recalculates where no
    grade is stored, writes nothing.
    """
    from django.contrib.auth import get_user_model
    from lms.djangoapps.course_blocks.api import get_course_blocks
    from lms.djangoapps.grades.subsection_grade_factory import SubsectionGradeFactory
    from xmodule.modulestore.django import modulestore

    user = get_user_model().objects.get(pk=user_id)
    structure = get_course_blocks(user, modulestore().make_course_usage_key(usage_key.course_key))
    subsection = _subsection(structure, usage_key)
    if subsection is None:
        return {}
    grade = SubsectionGradeFactory(user, course_structure=structure).create(
        structure[subsection], read_only=True, force_calculate=True
    )
    below = set(structure.topological_traversal(start_node=usage_key))
    wanted = set(references)
    return {
        key.block_id: Score(
            block=key.block_id, earned=exact(score.raw_earned or 0), possible=exact(score.raw_possible or 0),
            attempted=score.first_attempted is not None, at=score.first_attempted,
        )
        for key, score in grade.problem_scores.items()
        if key in below and key.block_id in wanted
    }


def _subsection(structure: Any, usage_key: Any) -> Any:
    waiting = [usage_key] if usage_key in structure else []
    while waiting:
        key = waiting.pop()
        if key.block_type == "sequential":
            return key
        waiting += structure.get_parents(key)
    return None


def exact(value: Any) -> Decimal:
    """A platform's number as a Decimal. Floats are rounded to nine places: 1 − 0.9 is meant to be 0.1."""
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return round(number, 9).normalize() + 0


def _block_score(name: str, block: Any) -> Score | None:
    """The score a block itself reports, where no platform keeps grades."""
    if hasattr(block, "get_score") and hasattr(block, "has_submitted_answer"):
        if not block.has_submitted_answer():
            return None
        raw = block.get_score()
        return raw and Score(block=name, earned=exact(raw.raw_earned), possible=exact(raw.raw_possible))
    if is_graded(block) and hasattr(block, "max_score"):
        return _older_score(name, block)
    return None


def _older_score(name: str, block: Any) -> Score | None:
    """Blocks from before ScorableXBlockMixin keep a share of their points in ``score``."""
    share = getattr(block, "score", None)
    share = getattr(share, "raw", share)
    if not _answered(block) or not isinstance(share, int | float | Decimal) or isinstance(share, bool):
        return None
    return Score(block=name, earned=exact(share), possible=Decimal(1))


def _answered(block: Any) -> bool:
    counters = ("num_attempts", "count_attempts", "attempts")
    if any(isinstance(getattr(block, name, None), int) and getattr(block, name) > 0 for name in counters):
        return True
    stored = block.fields.get("score")
    return stored is not None and stored.is_set_on(block)
