"""What Studio cannot tell: that two authors save one block in the same instant."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache

from .runtime import STUDIO, platform, unversioned

_SECONDS = 15  # longer than Studio takes from reading a block to writing it


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
