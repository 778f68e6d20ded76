"""What a block finds around itself: the platform it runs on, services, its course, its children, its files."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import translation

log = logging.getLogger(__name__)

LMS, STUDIO = "lms", "cms"


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
    """The language of the current request; the platform's middleware makes it the user's preference."""
    return translation.get_language() or "en"


def stored_id(block: Any) -> str:
    """The id under which awards know the block: without the branch and version that Studio may read it in."""
    return unversioned(block.scope_ids.usage_id)


def unversioned(key: Any) -> str:
    """A usage id as text, without the branch and version that Studio may read it in."""
    for name in ("for_branch", "version_agnostic"):
        step = getattr(key, name, None)
        if step is not None:
            key = step(None) if name == "for_branch" else step()
    return str(key)


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


def is_graded(block: Any) -> bool:
    """Whether ``block`` can have a score."""
    return bool(getattr(block, "has_score", False))


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
