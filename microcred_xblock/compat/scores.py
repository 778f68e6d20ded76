"""What a learner scored on the blocks that assess a pill, and which of them this learner gets at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.errors import NotReady
from ..domain.outcomes import Score
from . import concealment
from .courses import graded_blocks, load_pill, subsections
from .runtime import LMS, STUDIO, is_graded, platform, referenced_blocks, service
from .variants import Ways


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A learner's scores by reference, and what is special about this learner's blocks.

    ``not_given``: never meant for this learner (not drawn from a library, another arm of an experiment, another
    group's content); an outcome is assessed without them. Nothing that learners choose themselves leads there: see
    ``variants.Ways``. ``withheld``: assessed, but this learner cannot open it (not released yet, staff only, not drawn
    yet, for groups while in none); it counts as not answered, and the learner is told. ``missing``: not in the pill, or
    without a score, for anybody; no award is made before the author has mended that. ``annulled``: the staff set the
    result of the subsection to nothing, so every score here is nothing. ``concealed``: this learner must not see the
    result, until ``concealed_until`` for the last of those that will be shown at all (None: none will be); of those in
    ``never_shown`` it is certain that they never are.
    """

    scores: Mapping[str, Score] = field(default_factory=dict)
    not_given: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    annulled: bool = False
    concealed: frozenset[str] = frozenset()
    never_shown: frozenset[str] = frozenset()
    concealed_until: datetime | None = None


def evidence(block: Any, references: Iterable[str]) -> Evidence:
    """The current learner's evidence; blocks without a score yet have none."""
    wanted = set(references)
    if platform() == LMS:
        user = service(block, "user").get_current_user()
        return platform_evidence(user.opt_attrs["edx-platform.user_id"], str(block.scope_ids.usage_id), wanted)
    if platform() == STUDIO:
        return Evidence()
    found = {name: child for name, child in referenced_blocks(block).items() if name in wanted}
    scores = {name: _block_score(name, child) for name, child in found.items()}
    return Evidence(
        scores={name: score for name, score in scores.items() if score is not None},
        missing=frozenset(name for name in wanted if name not in found or not is_graded(found[name])),
    )


def platform_evidence(user_id: Any, pill_id: str, references: Iterable[str]) -> Evidence:
    """The evidence in the LMS. Writes nothing but what the platform itself writes when it draws from a library.

    Scores are read where the platform's grades read them (submissions, then courseware state), with its own rule of
    precedence, at this moment: a stored subsection grade may be older than the answer, and does not know a block that
    was added since. Open response assessments are known to submissions only.

    NotReady for a pill that was published seconds ago: the platform's own structure of the course comes later.
    """
    from django.contrib.auth import get_user_model
    from lms.djangoapps.course_blocks.api import get_course_blocks
    from opaque_keys.edx.keys import UsageKey
    from openedx.core.djangoapps.content.block_structure.exceptions import UsageKeyNotInBlockStructure

    key, wanted = UsageKey.from_string(pill_id), set(references)
    user = get_user_model().objects.get(pk=user_id)
    try:
        structure = get_course_blocks(user, key)
    except UsageKeyNotInBlockStructure as error:
        raise NotReady(f"The platform's structure of the course does not have {pill_id} yet.") from error
    ways = Ways(user, key.course_key)
    not_drawn = ways.not_drawn(structure)
    visible = {name: usage for name, usage in _graded(structure, key, wanted).items() if usage not in not_drawn}
    lacking = wanted - set(visible)
    not_given, withheld = _lacking(pill_id, ways, lacking)
    scores = _platform_scores(user, structure, visible)
    annulled = _annulled(user_id, key)
    if annulled:
        scores = {name: replace(score, earned=Decimal(0)) for name, score in scores.items()}
    hidden = concealment.concealed(user, pill_id, structure, visible)
    return Evidence(
        scores=scores, not_given=not_given, withheld=withheld, missing=frozenset(lacking - not_given - withheld),
        annulled=annulled, concealed=hidden.blocks, never_shown=hidden.never, concealed_until=hidden.until,
    )


def _platform_scores(user: Any, structure: Any, visible: Mapping[str, Any]) -> dict[str, Score]:
    from common.djangoapps.student.models import anonymous_id_for_user
    from lms.djangoapps.grades.scores import get_score
    from submissions import api as submissions

    if not visible:
        return {}
    course = next(iter(visible.values())).course_key
    submitted = submissions.get_scores(str(course), anonymous_id_for_user(user, course))
    stored = _StateScores(user.pk, course, visible.values())
    found = {
        name: get_score(submitted, stored, None, structure[usage]) for name, usage in visible.items()
    }
    return {name: _score(name, score) for name, score in found.items() if score is not None}


class _StateScores:
    """Courseware state in the form of the platform's ``ScoresClient``, with the time of the answer.

    Theirs gives the time at which the learner first *opened* the problem; an award must not claim that anything was
    proved then.
    """

    def __init__(self, user_id: Any, course: Any, keys: Iterable[Any]) -> None:
        from lms.djangoapps.courseware.model_data import ScoresClient
        from lms.djangoapps.courseware.models import StudentModule

        rows = StudentModule.objects.filter(
            student_id=user_id, course_id=course, module_state_key__in=list(keys)
        ).values_list("module_state_key", "grade", "max_grade", "modified", "state")
        self._scores = {
            key.map_into_course(course): ScoresClient.Score(grade, most, _answered_at(key, state, modified))
            for key, grade, most, modified, state in rows
        }

    def get(self, location: Any) -> Any:
        return self._scores.get(location.replace(version=None, branch=None))


def _answered_at(key: Any, state: str | None, modified: datetime) -> datetime:
    """When a problem was last submitted, where its state says so; otherwise when the state was last written.

    That happens at a mere *Save*, too, and whenever staff have it scored again. Submissions are kept to the second, so
    what counts is the end of that second.
    """
    if key.block_type != "problem":
        return modified
    try:
        submitted = datetime.fromisoformat(json.loads(state or "")["last_submission_time"])
        return min(modified, submitted.replace(microsecond=999_999))
    except (ValueError, TypeError, KeyError):
        return modified


def _score(name: str, score: Any) -> Score:
    """Points as the learner sees them; raw ones for a block that weighs nothing. Submissions have no raw ones."""
    weighted = score.raw_possible is None or bool(score.possible)
    earned, possible = (
        (score.earned, score.possible) if weighted else (score.raw_earned, score.raw_possible)
    )
    return Score(
        block=name, earned=exact(max(earned or 0, 0)), possible=exact(possible or 0),
        attempted=score.first_attempted is not None, at=score.first_attempted,
    )


def _graded(structure: Any, pill: Any, wanted: set[str]) -> dict[str, Any]:
    """The graded blocks in the order of the page; of two with one name the first counts, as in the page."""
    found: dict[str, Any] = {}
    waiting = [pill] if pill in structure else []
    while waiting:
        usage = waiting.pop()
        if usage.block_id in wanted and usage != pill and structure.get_xblock_field(usage, "has_score", False):
            found.setdefault(usage.block_id, usage)
        waiting.extend(reversed(structure.get_children(usage)))
    return found


def _lacking(pill_id: str, ways: Ways, names: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Why this learner lacks these assessed blocks: ``(not given, withheld)``; in neither if the pill has them not."""
    if not names:
        return frozenset(), frozenset()
    not_given, withheld = set(), set()
    with load_pill(pill_id) as pill:
        for usage, way in (graded_blocks(pill) if pill is not None else {}).items():
            if usage.block_id in names:
                (not_given if ways.leads_elsewhere(pill, way) else withheld).add(usage.block_id)
    return frozenset(not_given - withheld), frozenset(withheld)


def _annulled(user_id: Any, pill_key: Any) -> bool:
    """Whether staff (or a rejected proctored exam) set the grade of the pill's subsection to nothing."""
    from lms.djangoapps.grades.models import PersistentSubsectionGradeOverride

    rows = PersistentSubsectionGradeOverride.objects.filter(
        grade__user_id=user_id, grade__course_id=pill_key.course_key
    ).select_related("grade")
    nothing = {row.grade.full_usage_key for row in rows if _is_nothing(row)}
    if not nothing:
        return False
    with load_pill(str(pill_key)) as pill:
        return pill is not None and any(key in nothing for key in subsections(pill))


def _is_nothing(override: Any) -> bool:
    """A total above nothing says nothing about a single block; nothing says that none of them counts."""
    totals = [total for total in (override.earned_all_override, override.earned_graded_override) if total is not None]
    return bool(totals) and not any(totals)


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
