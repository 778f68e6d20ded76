"""Studio's duplicate and paste, for a block that makes the copies of its children itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

from .runtime import service


def duplicate_children(source: Any, copy: Any) -> None:
    """Duplicate the children of ``source`` into its ``copy``; the copy itself is to be saved."""
    from cms.djangoapps.contentstore.utils import duplicate_block

    user = _user(copy)
    copy.children = list(copy.children or ())
    for child in source.children:
        made = duplicate_block(copy.location, child, user=user, is_child=True)
        if made not in copy.children:
            copy.children.append(made)


def paste_children(elements: Iterable[Any], copy: Any, store: Any) -> None:
    """Make children of ``copy`` from the OLX elements of Studio's clipboard; the copy itself is to be saved."""
    from cms.djangoapps.contentstore.helpers import _import_xml_node_to_parent as paste

    user, known = _user(copy), signature(paste).parameters
    options = {"user": user, "user_id": user.id, "tags": _tags(user)}
    for element in elements:
        given = {**options, "copied_from_block": _copied_from(copy, element, store)}
        paste(element, copy, store, **{name: value for name, value in given.items() if name in known})


def save_copy(copy: Any, store: Any) -> None:
    """Store the copy's own fields and its list of children."""
    store.update_item(copy, _user(copy).id)


def _copied_from(copy: Any, element: Any, store: Any) -> str | None:
    """The usage id of the block that ``element`` was copied from, where the platform keeps that and has it still."""
    from opaque_keys.edx.keys import UsageKey

    origin, name = getattr(copy, "copied_from_block", None), element.get("url_name")
    if not origin or not name:
        return None
    key = UsageKey.from_string(origin).course_key.make_usage_key(element.tag, name)
    return str(key) if store.has_item(key) else None


def _tags(user: Any) -> Mapping[str, Any] | None:
    """The content tags of what is in the clipboard, by usage id."""
    from openedx.core.djangoapps.content_staging import api

    clipboard = api.get_user_clipboard(user.id)
    return getattr(clipboard.content, "tags", None) if clipboard else None


def _user(block: Any) -> Any:
    """The account that copies."""
    from crum import get_current_user
    from django.contrib.auth import get_user_model

    users = service(block, "user")
    options = dict(getattr(users.get_current_user() if users else None, "opt_attrs", None) or {})
    identity = options.get("edx-platform.user_id")
    return get_user_model().objects.get(pk=identity) if identity else get_current_user()
