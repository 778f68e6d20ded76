"""Writing among the files of a course (Studio's Files page, the ``contentstore``)."""

from __future__ import annotations

from typing import Any

from .runtime import STUDIO, course_key, platform


def save_course_file(block: Any, stem: str, ending: str, media_type: str, data: bytes) -> str | None:
    """Put ``data`` among the files of the block's course as ``<stem>.<ending>``; the ``/static/<name>`` of the file.

    None where there is no place for files: outside Studio, and in a library. A file of that name with the same
    content stays as it is; one with another is left alone, and the name gets a number.
    """
    key = course_key(block)
    if platform() != STUDIO or not _has_files(key):
        return None
    from xmodule.contentstore.content import StaticContent
    from xmodule.contentstore.django import contentstore

    store = contentstore()
    number, known = 1, None
    while number == 1 or (known is not None and bytes(known.data) != data):
        name = f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}"
        location = StaticContent.compute_location(key, name)
        known = store.find(location, throw_on_not_found=False)
        number += 1
    if known is None:
        content = StaticContent(location, name, media_type, data, length=len(data))
        content.thumbnail_location = getattr(store.generate_thumbnail(content)[0], "location", None)
        store.save(content)
    return StaticContent.get_static_path_from_location(location)


def _has_files(key: Any) -> bool:
    """Whether ``key`` is that of a course; a library's files, if it has any, are kept another way."""
    from opaque_keys.edx.locator import CourseLocator

    return isinstance(key, CourseLocator) and not key.deprecated
