"""A package of the 1EdTech standard CASE 1.0 (``CFPackage``, JSON), with what CASE 1.1 shares with it.

Identity is an item's ``uri``. Read are the document, its items and the associations ``isChildOf``; an item with a web
address brings that address along as the outcome's skill, in the framework called as the document.

Written are stable UUIDs from the pill's key and the outcome's id, as URNs: the package is published nowhere, so there
is no address to give. Skills are associations ``isRelatedTo`` in a grouping called as their framework. Not carried:
threshold and reuse level, for which CASE has no place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from ...domain.errors import InvalidInput
from ...domain.outcomes import checked_iri
from ...domain.text import LINE_MAX
from ..values import items, mapping, shown
from .model import ESCO, MAX_ITEMS, Framework, Item, Notes, as_id, clean, placed, skill, usable, worded
from .vocabulary import KINDS

_KINDS = {"skill": "Skill", "knowledge": "Knowledge"}


def read(text: str, notes: Notes) -> Framework:
    """The items as a tree; InvalidInput (``framework-json``, ``-case``, ``-many``, ``-no-items``) with the place."""
    package = _package(text)
    document = package.get("CFDocument")
    if not isinstance(document, Mapping):
        raise InvalidInput("The JSON holds no object CFDocument.", code="framework-case", where="CFDocument")
    entries, associations = _objects(package, "CFItems"), _objects(package, "CFAssociations")
    if len(entries) > MAX_ITEMS:
        raise InvalidInput(f"At most {MAX_ITEMS} items are read.", code="framework-many", limit=MAX_ITEMS)
    title = " ".join(clean(document.get("title"), notes).split())
    links = _Links(entries, associations)
    found = []
    for place, entry in enumerate(entries):
        if links.key(entry) not in ("", str(place)):
            notes.add("repeated", clean(entry.get("fullStatement"), notes)[:40])
            continue
        item = _item(entry, str(place), title or _line(document, "creator", notes) or "CASE", links, notes)
        found += [item] if item else []
    if not found:
        raise InvalidInput("The framework has no items.", code="framework-no-items")
    found.sort(key=lambda item: links.order.get(item.key, len(entries) + int(item.key)))
    return Framework(format="case", title=title, items=placed(found, notes), notes=notes.all())


def _package(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"Not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise InvalidInput(message, code="framework-json", line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError) as error:  # nested too deeply, or a number of thousands of digits
        raise InvalidInput(f"The JSON cannot be read: {type(error).__name__}.", code="framework-json-deep") from None
    if not isinstance(data, Mapping):
        raise InvalidInput("The JSON is no object.", code="framework-case", where="CFPackage")
    return data


def _objects(package: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list of the package, which may be absent."""
    listed = package.get(name)
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise InvalidInput(f"{name} is no list.", code="framework-case", where=name)
    for place, entry in enumerate(listed):
        if not isinstance(entry, Mapping):
            raise InvalidInput(f"{name}[{place}] is no object.", code="framework-case", where=f"{name}[{place}]")
    return listed


class _Links:
    """What the associations say of the items, each known by its number in the package.

    ``parents`` and ``order`` by item; ``skills``: ``(uri, title, framework)`` of what an item is related to outside.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]], associations: Iterable[Mapping[str, Any]]) -> None:
        self._places: dict[str, str] = {}
        for place, entry in enumerate(entries):
            for name in _names(entry):
                self._places.setdefault(name, str(place))
        self.parents: dict[str, str] = {}
        self.order: dict[str, int] = {}
        self.skills: dict[str, list[tuple[str, str, str]]] = {}
        for association in associations:
            self._read(association)

    def key(self, entry: Any) -> str:
        """The number of the item that ``entry`` is called as, or refers to; empty if it is none of the package."""
        return next((self._places[name] for name in _names(entry) if name in self._places), "")

    def _read(self, association: Mapping[str, Any]) -> None:
        origin, target = association.get("originNodeURI"), association.get("destinationNodeURI")
        child, parent = self.key(origin), self.key(target)
        kind, number = association.get("associationType"), association.get("sequenceNumber")
        if not child:
            return
        if kind == "isChildOf":
            self.parents.setdefault(child, parent)
            if isinstance(number, int) and not isinstance(number, bool):
                self.order.setdefault(child, number)
        elif kind == "isRelatedTo" and not parent and isinstance(target, Mapping):
            uri = str(target.get("uri"))
            grouping = mapping(association.get("CFAssociationGroupingURI")).get("title")
            framework = grouping if isinstance(grouping, str) else "ESCO" if uri.startswith(ESCO) else ""
            if framework:  # what a relation without one means cannot be said in a credential
                self.skills.setdefault(child, []).append((uri, str(target.get("title")), framework))


def _names(entry: Any) -> list[str]:
    """What an item or a reference to one is known by."""
    if isinstance(entry, str):
        return [entry] if entry else []
    found = [mapping(entry).get(name) for name in ("uri", "identifier")]
    return [name for name in found if isinstance(name, str) and name]


def _line(entry: Mapping[str, Any], name: str, notes: Notes) -> str:
    return " ".join(clean(entry.get(name), notes).split())


def _item(entry: Mapping[str, Any], key: str, framework: str, links: _Links, notes: Notes) -> Item | None:
    title, short = clean(entry.get("fullStatement"), notes), _line(entry, "abbreviatedStatement", notes)
    description = clean(entry.get("notes"), notes)
    if short and (not title or len(title) > LINE_MAX):
        title, description = short, "\n\n".join(filter(None, (title, description)))
    if not title:
        notes.add("untitled", f"CFItems[{key}]")
        return None
    code, uri = _line(entry, "humanCodingScheme", notes), _line(entry, "uri", notes)
    kind = KINDS.code(_line(entry, "CFItemType", notes))
    skills = [skill(uri, title, framework, notes)] if usable(checked_iri, uri) else []
    skills += [skill(*related, notes) for related in links.skills.get(key, ())]
    values = {
        **as_id(code), **worded(title, description, notes), **({"kind": kind} if kind else {}),
        **({"skills": [one for one in skills if one]} if any(skills) else {}),
    }
    return Item(key=key, parent=links.parents.get(key, ""), code=code, uri=uri, values=values)


def write(title: str, key: str, outcomes: Sequence[Any], *, language: str, creator: str, now: datetime) -> str:
    """A package of the pill ``key`` with an item for each outcome."""
    written = _Package(title, uuid5(NAMESPACE_URL, key), language, now)
    document = {
        **written.identified(written.document), "creator": creator or title, "title": title, "language": language,
        **written.changed,
    }
    entries = [written.item(outcome, number) for number, outcome in enumerate(map(mapping, outcomes), start=1)]
    groupings = list(written.groupings.values())
    package = {
        "CFDocument": document, "CFItems": entries, "CFAssociations": written.associations,
        **({"CFDefinitions": {"CFAssociationGroupings": groupings}} if groupings else {}),
    }
    return json.dumps(package, ensure_ascii=False, indent=2) + "\n"


class _Package:
    """What grows while a package is written."""

    def __init__(self, title: str, document: UUID, language: str, now: datetime) -> None:
        self.title, self.document, self._language = title, document, language
        self.changed = {"lastChangeDateTime": now.isoformat(timespec="seconds").replace("+00:00", "Z")}
        self.associations: list[dict[str, Any]] = []
        self.groupings: dict[str, dict[str, Any]] = {}
        self._given: set[UUID] = set()

    @staticmethod
    def identified(identity: UUID) -> dict[str, str]:
        return {"identifier": str(identity), "uri": identity.urn}

    def item(self, outcome: Mapping[str, Any], number: int) -> dict[str, Any]:
        """The outcome as an item, with its associations."""
        name = shown(outcome, "id")
        identity = uuid5(self.document, name or f"#{number}")
        if identity in self._given:  # two outcomes with one id, which is not mended yet
            identity = uuid5(self.document, f"{name}#{number}")
        self._given.add(identity)
        title = shown(outcome, "title")
        node = {"title": title, **self.identified(identity)}
        self._associate("isChildOf", node, {"title": self.title, **self.identified(self.document)}, number=number)
        for entry in map(mapping, items(outcome.get("skills"))):
            self._relate(node, entry)
        description, kind = shown(outcome, "description"), shown(outcome, "kind")
        return {
            **self.identified(identity), "fullStatement": title,
            **({"CFItemType": _KINDS[kind]} if kind in _KINDS else {}),
            **({"humanCodingScheme": name} if name else {}), **({"notes": description} if description else {}),
            "language": self._language, **self.changed,
        }

    def _relate(self, node: Mapping[str, str], entry: Mapping[str, Any]) -> None:
        uri, framework = shown(entry, "uri"), shown(entry, "framework") or "ESCO"
        if framework not in self.groupings:
            self.groupings[framework] = {
                **self.identified(uuid5(self.document, f"framework {framework}")), "title": framework, **self.changed,
            }
        grouping = {name: self.groupings[framework][name] for name in ("title", "identifier", "uri")}
        target = {"title": shown(entry, "label"), "identifier": str(uuid5(NAMESPACE_URL, uri)), "uri": uri}
        self._associate("isRelatedTo", node, target, CFAssociationGroupingURI=grouping)

    def _associate(
        self, kind: str, origin: Mapping[str, str], target: Mapping[str, str], *, number: int | None = None,
        **more: Any,
    ) -> None:
        identity = uuid5(self.document, f"{kind} {origin['identifier']} {target['uri']} {len(self.associations)}")
        self.associations.append({
            **self.identified(identity), "associationType": kind,
            **({"sequenceNumber": number} if number is not None else {}),
            "originNodeURI": dict(origin), "destinationNodeURI": dict(target), **more, **self.changed,
        })
