"""What Studio cannot tell: that two authors are at one block in the same instant.

Studio reads a block, runs a handler of it, and writes the block as it then is, whatever the handler did.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from typing import Any

from django.core.cache import cache
from xblock.fields import Scope

from .runtime import STUDIO, platform, unversioned

log = logging.getLogger(__name__)

_SECONDS = 15  # longer than Studio takes from reading a block to writing it
_STORED = (Scope.settings, Scope.content, Scope.children)  # what Studio writes
_COURSE_VERSIONS = "course_index_cache"  # where the platform remembers for one request which version a course has


def claimed(block: Any, before: str, after: str) -> bool:
    """Whether the caller may replace the content with the digest ``before`` by that with the digest ``after``.

    Studio reads a block, runs the handler, and writes the block without looking again: of two who read the same
    content both would write, and the first one's work be lost unseen. So each content is replaced once; whoever comes
    second within seconds may not, unless with the same (a save that is tried again). It is as good as Django's default
    cache: common to all processes on a platform (memcached, Redis), and never in the way when it is down. Elsewhere
    than in Studio there are no two authors: always True.
    """
    if platform() != STUDIO or before == after:
        return True
    usage = str(unversioned(block.scope_ids.usage_id))
    try:
        if not cache.add(_key(usage, before), after, _SECONDS) and cache.get(_key(usage, before)) not in (after, None):
            return False
        cache.delete(_key(usage, after))  # what an undo brings back may be replaced again
    except Exception:  # each kind of cache has its own; without one the check of the digest remains
        return True
    return True


def _key(usage: str, content: str) -> str:
    return f"microcred-save-{hashlib.sha256(f'{usage} {content}'.encode()).hexdigest()}"


def stored_now(block: Any) -> Any:
    """The block as it is stored at this moment; None where Studio does not keep it, and while it cannot be read."""
    if platform() != STUDIO or getattr(block, "definition_locator", None) is None:
        return None
    from edx_django_utils.cache import RequestCache
    from xmodule.modulestore.django import modulestore

    # With the version remembered from the beginning of the request, Studio would neither see what others stored
    # since nor store anything itself: it drops a write that collides, without a word.
    RequestCache(_COURSE_VERSIONS).clear()
    try:
        return modulestore().get_item(block.scope_ids.usage_id)
    except Exception as error:  # deleted meanwhile, or a store that is away: Studio will notice either itself
        log.warning("%s cannot be read again: %s", block.scope_ids.usage_id, type(error).__name__)
        return None


def bring_up_to_date(block: Any, keep: Collection[str] = ()) -> None:
    """Give ``block`` what is stored now in all fields but those in ``keep``, so that Studio writes nothing else back.

    To be called last, when the block is saved in itself. Costs one read; does nothing outside Studio.
    """
    stored = stored_now(block)
    if stored is None:
        return
    changed = []
    for name, field in block.fields.items():
        if field.scope not in _STORED or name in keep:
            continue
        if not field.is_set_on(stored):
            if field.is_set_on(block):
                field.delete_from(block)
        elif not field.is_set_on(block) or field.read_from(block) != field.read_from(stored):
            field.write_to(block, field.read_from(stored))
            changed.append(name)
    if changed:
        block.force_save_fields(changed)  # also a value that is the default's
    block.definition_locator = stored.definition_locator
