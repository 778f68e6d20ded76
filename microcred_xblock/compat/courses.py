"""Published course content, without a learner: for the index of pills and for the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..domain.errors import NotReady
from .runtime import platform

log = logging.getLogger(__name__)

PILL = "learning_pill"


@contextmanager
def _published(key: Any) -> Iterator[Any]:
    """The modulestore, reading what learners see, with one connection for all reads."""
    from xmodule.modulestore import ModuleStoreEnum
    from xmodule.modulestore.django import modulestore

    store = modulestore()
    with store.branch_setting(ModuleStoreEnum.Branch.published_only, key), store.bulk_operations(key):
        yield store


def course_ids() -> list[str]:
    """The ids of all courses of the platform."""
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    return [str(key) for key in CourseOverview.objects.order_by("id").values_list("id", flat=True)]


def pills_of_course(course: str) -> Mapping[str, frozenset[str]]:
    """What can change the standing in each published pill: ``{pill: graded blocks below it, and its subsection}``.

    Usage ids as text. Empty for a course without pills, or without anything published. NotReady where pills are
    stored but the block is not installed.
    """
    from opaque_keys.edx.keys import CourseKey

    key = CourseKey.from_string(course)
    with _published(key) as store:
        if store.get_course(key) is None:
            return {}
        pills = store.get_items(key, qualifiers={"category": PILL})
        return {
            str(pill.scope_ids.usage_id): frozenset((*map(str, graded_blocks(pill)), *map(str, subsections(pill))))
            for pill in map(_ours, pills)
        }


def graded_blocks(pill: Any) -> dict[Any, tuple[Any, ...]]:
    """``{usage key: the blocks on the way to it, from the pill's child to itself}`` for all graded blocks below."""
    found: dict[Any, tuple[Any, ...]] = {}
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(pill, ())]
    while waiting:
        parent, path = waiting.pop()
        for child in _stored_children(parent):
            way = (*path, child)
            if getattr(child, "has_score", False):
                found[child.scope_ids.usage_id] = way
            if getattr(child, "has_children", False):
                waiting.append((child, way))
    return found


def _stored_children(parent: Any) -> Iterator[Any]:
    """The children as stored; what cannot be loaded is skipped."""
    load = _loader(parent)
    for usage_id in parent.children:
        try:
            yield load(usage_id)
        except Exception as error:  # deleted, or a kind of block that is not installed
            log.info("Block %s cannot be loaded: %s", usage_id, type(error).__name__)


def _loader(parent: Any) -> Callable[[Any], Any]:
    """Loads blocks for nobody in particular. On a platform a runtime gives only what the person of the request sees."""
    if platform() is None:
        return parent.runtime.get_block
    from xmodule.modulestore.django import modulestore

    return modulestore().get_item


def subsections(pill: Any) -> list[Any]:
    """The subsection above the pill, in a list; an override of its grade touches the pill."""
    keys = (parent.scope_ids.usage_id for parent in ancestors(pill))
    return [key for key in keys if key.block_type == "sequential"][:1]


def ancestors(block: Any) -> Iterator[Any]:
    """The blocks above a stored block, up to the course."""
    parent = block.get_parent()
    while parent is not None:
        yield parent
        parent = parent.get_parent()


@contextmanager
def load_pill(pill_id: str) -> Iterator[Any]:
    """The published block of a pill for as long as the context lasts, bound to no learner; None if there is none."""
    from opaque_keys.edx.keys import UsageKey
    from xmodule.modulestore.exceptions import ItemNotFoundError

    key = UsageKey.from_string(pill_id)
    with _published(key.course_key) as store:
        try:
            block = store.get_item(key.map_into_course(key.course_key))
        except ItemNotFoundError:
            block = None
        yield _ours(block) if block is not None and block.scope_ids.block_type == PILL else None


def _ours(block: Any) -> Any:
    """``block``; NotReady where the pill is not installed and the platform puts something else in its place."""
    if not hasattr(block, "readable_pill"):
        raise NotReady("The block learning_pill is not installed in this process: nothing is known of its pills.")
    return block
