"""The bounded store of templates that makes signing many credentials of one achievement fast."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import rdfc
from .template import Path, Template

# Where credentials of one achievement differ; ``*`` is any member of a list. Anything else that
# differs only makes another template.
LEARNER_FIELDS = (
    "id",
    "validFrom",
    "validUntil",
    "awardedDate",
    "created",  # of the proof options
    "credentialSubject.id",
    "credentialSubject.identifier.*.identityHash",
    "credentialSubject.identifier.*.salt",
    "credentialSubject.result.*.value",
    "credentialSubject.result.*.status",
    "evidence.*.id",
    "evidence.*.narrative",
    "credentialStatus.id",
    "credentialStatus.statusListIndex",
    "refreshService.id",
)
MAX_TEMPLATES = 64
_VARIANTS = 8  # shapes of one achievement kept at a time


@dataclass(frozen=True, kw_only=True)
class CacheInfo:
    """What the cache did: documents answered by a template, canonicalised in full, templates held."""

    fast: int
    full: int
    templates: int


class TemplateCache:
    """Canonical forms, byte for byte those of ``rdfc.canonical``, at a fraction of its cost.

    Give one cache to many calls of ``data_integrity.secure``. The first credential of a shape is
    canonicalised in full and makes a template; the next ones fill it (see ``template``). Holds at
    most ``max_templates`` templates, the least recently used go first. May be shared by threads.
    """

    def __init__(self, *, fields: Sequence[str] = LEARNER_FIELDS, max_templates: int = MAX_TEMPLATES) -> None:
        self._patterns = tuple(tuple(field.split(".")) for field in fields)
        self._max_templates = max_templates
        self._places: OrderedDict[Hashable, list[Template]] = OrderedDict()
        self._lock = threading.Lock()
        self._fast = 0
        self._full = 0

    def info(self) -> CacheInfo:
        """Counters since the cache was made."""
        with self._lock:
            return CacheInfo(fast=self._fast, full=self._full, templates=self._count())

    def canonical(self, document: Mapping[str, Any], loader: rdfc.Loader) -> bytes:
        """``rdfc.canonical(document, loader)``, errors included."""
        place = (loader, *_place(document))
        for template in self._candidates(place):
            values = template.matches(document)
            if values is not None:
                text = template.fill(values) if template.usable else None
                if text is None:
                    break
                self._fast += 1
                return text
        else:
            return self._learn(place, document, loader)
        self._full += 1
        return rdfc.canonical(document, loader)

    def _candidates(self, place: Hashable) -> list[Template]:
        with self._lock:
            templates = self._places.get(place)
            if templates is None:
                return []
            self._places.move_to_end(place)
            return list(templates)

    def _learn(self, place: Hashable, document: Mapping[str, Any], loader: rdfc.Loader) -> bytes:
        canonical = rdfc.canonical(document, loader)
        paths = tuple(path for pattern in self._patterns for path in _resolved(document, pattern))
        template = Template(document, paths, loader, canonical=canonical)
        with self._lock:
            self._full += 1
            if not template.settled:
                return canonical
            kept = self._places.setdefault(place, [])
            kept.insert(0, template)
            del kept[_VARIANTS:]
            self._places.move_to_end(place)
            while self._count() > self._max_templates and len(self._places) > 1:
                self._places.popitem(last=False)
        return canonical

    def _count(self) -> int:
        return sum(map(len, self._places.values()))


def _place(document: Mapping[str, Any]) -> tuple[str | None, ...]:
    """A cheap name for where to look for templates; the templates themselves decide whether they fit."""
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    names = (
        achievement.get("id") if isinstance(achievement, dict) else None,
        document.get("verificationMethod"),
    )
    return tuple(name if isinstance(name, str) else None for name in names)


def _resolved(node: Any, pattern: tuple[str, ...], path: Path = ()) -> Iterator[Path]:
    """The paths of text leaves in ``node`` that ``pattern`` stands for."""
    if not pattern:
        if isinstance(node, str):
            yield path
    elif pattern[0] == "*":
        for index, member in enumerate(node if isinstance(node, list) else []):
            yield from _resolved(member, pattern[1:], (*path, index))
    elif isinstance(node, dict) and pattern[0] in node:
        yield from _resolved(node[pattern[0]], pattern[1:], (*path, pattern[0]))
