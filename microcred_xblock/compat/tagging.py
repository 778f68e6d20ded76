"""The content tags of a platform that has them: openedx-core's tagging app, formerly of openedx-learning.

Its API checks no permissions: the caller has. A tag is its taxonomy's number and its ``external_id``; names and export
ids can be changed at any time, and in older versions any of them may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .runtime import unversioned

# The app's names, the newest first, each with the module of its API.
_APPS = {"openedx_tagging": "openedx_tagging.api", "openedx_tagging.core.tagging": "openedx_tagging.core.tagging.api"}
_AT_ONCE = 100  # ids in one question


@dataclass(frozen=True, kw_only=True)
class ContentTag:
    """A tag with an identity of its own, and the usage ids that carry it."""

    taxonomy: int
    taxonomy_name: str
    external_id: str
    label: str
    blocks: tuple[str, ...] = ()


def has_tags() -> bool:
    """Whether this platform has content tags."""
    return _api() is not None


def content_tags(usage_ids: Iterable[Any]) -> list[ContentTag]:
    """The tags of these blocks, by taxonomy and then as the taxonomy has them; those without an external id left out.

    Of disabled and deleted taxonomies and of deleted tags there are none.
    """
    api = _api()
    if api is None:
        return []
    names = list(dict.fromkeys(map(unversioned, usage_ids)))
    found: dict[tuple[int, str], ContentTag] = {}
    for name in _tagged(api, names):
        for row in api.get_object_tags(name):
            tag, taxonomy = row.tag, row.taxonomy
            external_id = (tag and tag.external_id) or ""
            if not external_id or taxonomy is None:
                continue
            key = (taxonomy.id, external_id.casefold())  # the platform compares them so
            known = found.get(key)
            found[key] = ContentTag(
                taxonomy=taxonomy.id, taxonomy_name=taxonomy.name or "", external_id=external_id, label=tag.value,
                blocks=(*(known.blocks if known else ()), name),
            )
    return list(found.values())


def _tagged(api: Any, names: list[str]) -> list[str]:
    """Those that have tags at all: one question instead of one for each block."""
    counts: dict[str, int] = {}
    for start in range(0, len(names), _AT_ONCE):
        counts |= api.get_object_tag_counts(",".join(names[start:start + _AT_ONCE]))
    return [name for name in names if counts.get(name)]


def _api() -> Any:
    from django.apps import apps

    return next((import_module(module) for app, module in _APPS.items() if apps.is_installed(app)), None)
