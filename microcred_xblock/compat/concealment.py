"""Which results the platform keeps from a learner (``show_correctness``), and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .courses import ancestors, graded_blocks, load_pill


@dataclass(frozen=True, kw_only=True)
class Concealed:
    """The blocks whose result a learner must not know now, those of them that are ``never`` shown, and when the last of
    the others will be."""

    blocks: frozenset[str]
    never: frozenset[str]
    until: datetime | None


def concealed(user: Any, pill_id: str, structure: Any, visible: Mapping[str, Any]) -> Concealed:
    """What is kept from ``user`` at this moment.

    As a problem decides it for itself: after its close, which is its due date for this learner (or the end of the
    course) and the grace period. The block structure knows the policy, but neither the learner's inherited date nor
    the grace.
    """
    try:
        from xblock.scorable import ShowCorrectness
    except ImportError:  # XBlock 5.2
        from xmodule.graders import ShowCorrectness

    policies = {name: structure.get_xblock_field(usage, "show_correctness", "") for name, usage in visible.items()}
    never = {name for name, policy in policies.items() if policy == ShowCorrectness.NEVER}
    later = {name for name, policy in policies.items() if policy == ShowCorrectness.PAST_DUE}
    closes = _closes(user, pill_id, later) if later else {}
    closed = {
        name for name in later
        if name in closes and ShowCorrectness.correctness_available(ShowCorrectness.PAST_DUE, closes[name], False)
    }
    dates = [date for name, date in closes.items() if name not in closed and date is not None]
    return Concealed(
        blocks=frozenset(never | (later - closed)), never=frozenset(never), until=max(dates, default=None)
    )


def _closes(user: Any, pill_id: str, names: set[str]) -> dict[str, datetime | None]:
    """When each block closes for ``user``; None if never. Without an entry: not known."""
    from edx_when.api import get_dates_for_course

    with load_pill(pill_id) as pill:
        if pill is None:
            return {}
        above = [pill, *ancestors(pill)]
        course = pill.scope_ids.usage_id.course_key
        own = {(str(key), field): date for (key, field), date in get_dates_for_course(course, user).items()}
        end = getattr(above[-1], "end", None)
        found = {}
        for usage, way in graded_blocks(pill).items():
            if usage.block_id in names:
                lineage = (str(block.scope_ids.usage_id) for block in (*reversed(way), *above))
                dates = (own[key, "due"] for key in lineage if (key, "due") in own)
                close = next(dates, getattr(way[-1], "due", None)) or end
                grace = getattr(way[-1], "graceperiod", None)
                found[usage.block_id] = close + grace if close and grace else close
        return found
