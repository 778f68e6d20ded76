"""The catalogue of skills: search as one types, and storing what a file says. Permissions are the caller's affair."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Length

from . import models, skill_words
from .data import MOST_FOUND, FoundSkill

FALLBACK = "en"
QUERY_MAX = 200
_MOST_TOKENS = 8
_COMPOUND = 2  # with so many words typed, what is inside of words is looked at, too
_FEW = 800  # so many candidates are named in the next question rather than held against all its answers
_ALIASES = {"nb": "no", "nn": "no"}  # one Norwegian in ESCO
_BATCH = 500
_LANGUAGE = re.compile("[a-z]{2,3}")


@dataclass(frozen=True, kw_only=True)
class Concept:
    """A concept as a file has it, in one language. ``kind`` and ``reuse`` are empty where the file does not say."""

    uri: str
    label: str
    kind: str = ""
    reuse: str = ""
    alternatives: tuple[str, ...] = ()
    description: str = ""
    obsolete: bool = False


@dataclass
class Changes:
    """How many concepts a file brings, changes, leaves, gives up and takes back."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    obsolete: int = 0
    back: int = 0


@dataclass(frozen=True)
class Tables:
    """The models; a migration has those of its time."""

    skill: Any = models.Skill
    text: Any = models.SkillText
    word: Any = models.SkillWord


def language_of(tag: str) -> str:
    """A language tag as the catalogue has languages: ``pt-BR`` is ``pt``."""
    primary = tag.strip().lower().replace("_", "-").partition("-")[0]
    return _ALIASES.get(primary, primary)


def installed() -> bool:
    """Whether there is anything to search in."""
    return models.SkillText.objects.exists()


def search(query: str, language: str) -> tuple[FoundSkill, ...]:
    """At most twenty concepts, best first: every word of ``query`` begins a word of the label or of an alternative.

    Labels come before alternatives, whole words before beginnings, short labels before long ones; then come labels
    that hold the words somewhere inside, then what English words find. What ``language`` has no label for is shown in
    English. Fewer than two letters find nothing. ``query`` may be any text; a ``language`` that is none is English.
    """
    tokens = list(dict.fromkeys(skill_words.words(query[:QUERY_MAX])))[:_MOST_TOKENS]
    if sum(map(len, tokens)) < 2:
        return ()
    own, found = language_of(language), {}  # a dict for its order
    if not _LANGUAGE.fullmatch(own):
        own = FALLBACK
    for way, each in ((_by_words, own), (_by_parts, own), *([(_by_words, FALLBACK)] if own != FALLBACK else [])):
        if len(found) < MOST_FOUND:
            found |= dict.fromkeys(way(tokens, each, 2 * MOST_FOUND))
    return tuple(_shown(list(islice(found, MOST_FOUND)), own, tokens))


def _by_words(tokens: list[str], language: str, limit: int) -> list[int]:
    """The best concepts with words that begin with the tokens."""
    scores: dict[int, tuple[int, int]] = {}
    for number, token in enumerate(sorted(tokens, key=len, reverse=True)):
        within = scores if number and len(scores) <= _FEW else None
        matches = _matches(token, language, within)
        scores = matches if not number else {
            concept: (score + scores[concept][0], length)
            for concept, (score, length) in matches.items() if concept in scores
        }
        if not scores:
            break
    return heapq.nsmallest(limit, scores, key=lambda concept: (*scores[concept], concept))


def _matches(token: str, language: str, within: Collection[int] | None) -> dict[int, tuple[int, int]]:
    """The concepts with a word that begins with ``token``: how good the best of them is, and how long the label."""
    rows = models.SkillWord.objects.filter(_beginning(token), language=language)
    if within is not None:
        rows = rows.filter(skill__in=within)
    score = F("rank") * 2 + Case(When(word=token, then=Value(0)), default=Value(1), output_field=IntegerField())
    return {
        concept: (best, length)
        for concept, best, length in rows.values_list("skill").annotate(best=Min(score), least=Min("length"))
    }


def _beginning(token: str) -> Q:
    """Words that begin with ``token``, as each database can answer it from an index."""
    if connection.vendor == "sqlite":  # LIKE reads the whole index there
        return Q(word__gte=token, word__lt=token + "\U0010ffff")
    # Django's ``startswith`` is binary in MySQL, which the index is not; in PostgreSQL it is the other way round.
    return Q(word__istartswith=token) if connection.vendor == "mysql" else Q(word__startswith=token)


def _by_parts(tokens: list[str], language: str, limit: int) -> list[int]:
    """Concepts whose labels hold the tokens somewhere, as compound words do; short ones first.

    It reads all labels of the language, so only for a word or two, where it is worth that.
    """
    if len(tokens) > _COMPOUND:
        return []
    rows = models.SkillText.objects.filter(language=language, skill__obsolete=False)
    for token in tokens:
        rows = rows.filter(folded__contains=token)
    # Not by ``folded`` itself: each database has another alphabet.
    return list(rows.order_by(Length("folded"), "skill").values_list("skill", flat=True)[:limit])


def _shown(concepts: list[int], language: str, tokens: list[str]) -> Iterator[FoundSkill]:
    """The concepts with the label in ``language`` where there is one."""
    rows = models.SkillText.objects.filter(skill__in=concepts, language__in=(language, FALLBACK))
    texts = {(row.skill_id, row.language): row for row in rows.select_related("skill")}
    for concept in concepts:
        text = texts.get((concept, language)) or texts.get((concept, FALLBACK))
        if text is None:
            continue
        alternatives = () if skill_words.begins(text.label, tokens) else text.alternatives.splitlines()
        yield FoundSkill(
            uri=text.skill.uri, label=text.label, language=text.language, framework=text.skill.framework,
            kind=text.skill.kind, reuse=text.skill.reuse, description=text.description,
            alternative=next((name for name in alternatives if skill_words.begins(name, tokens)), ""),
        )


def store(
    concepts: Iterable[Concept], *, framework: str, language: str, complete: bool, write: bool = True,
    tables: Tables | None = None,
) -> Iterator[Changes]:
    """Take over what a file says, five hundred concepts in a transaction; yields the changes so far after each.

    Idempotent; rows that stay as they are are not written. ``complete``: concepts of the framework that the file does
    not have become obsolete. Without ``write`` nothing is stored, but what would change is counted. What a file leaves
    open (kind, reuse level) stays as it is known.
    """
    tables, changes, seen = tables or Tables(), Changes(), set()
    waiting = iter(concepts)
    while batch := list(islice(waiting, _BATCH)):
        by_key = {models.pair_key(concept.uri): concept for concept in batch}
        seen.update(by_key)
        with transaction.atomic():
            _Batch(tables, framework, language, by_key, changes, write).take()
        yield changes
    if complete:
        for gone in _chunks(missing(framework, seen, tables)):
            changes.obsolete += len(gone)
            if write:
                with transaction.atomic():
                    _give_up(tables, gone)
        yield changes


def missing(framework: str, keys: Collection[str], tables: Tables | None = None) -> list[int]:
    """The current concepts of a framework that are not among ``keys``."""
    rows = (tables or Tables()).skill.objects.filter(framework=framework, obsolete=False).values_list("pk", "key")
    return [pk for pk, key in rows.iterator() if key not in keys]


def standing() -> list[dict[str, Any]]:
    """What the catalogue has of each framework in each language: for administrators."""
    imports = {(row.framework, row.language): row for row in models.SkillImport.objects.all()}
    rows = models.SkillText.objects.values("skill__framework", "language").annotate(
        concepts=Count("pk"), obsolete=Count("pk", filter=Q(skill__obsolete=True)),
    ).order_by("skill__framework", "language")
    return [
        {
            "framework": row["skill__framework"], "language": row["language"], "concepts": row["concepts"],
            "obsolete": row["obsolete"], "source": told.source if told else "", "at": told.at if told else None,
        }
        for row in rows for told in [imports.get((row["skill__framework"], row["language"]))]
    ]


class _Batch:
    """Some concepts of a file against what is stored."""

    def __init__(
        self, tables: Tables, framework: str, language: str, concepts: Mapping[str, Concept], changes: Changes,
        write: bool,
    ) -> None:
        self._tables, self._framework, self._language = tables, framework, language
        self._concepts, self._changes, self._write = concepts, changes, write

    def take(self) -> None:
        """Store what is new or changed, and count."""
        skills = {row.key: row for row in self._skills()}
        texts = {row.skill_id: row for row in self._texts(skills.values())}
        fresh = [key for key in self._concepts if key not in skills]
        before = {key: row.obsolete for key, row in skills.items()}
        altered = {key for key, row in skills.items() if self._altered(row, self._concepts[key])}
        turned = {skills[key].pk for key, was in before.items() if skills[key].obsolete != was}
        reworded = {
            key for key, row in skills.items()
            if row.pk not in texts or any(
                getattr(texts[row.pk], name) != value for name, value in _columns(self._concepts[key]).items()
            )
        }
        touched = altered | reworded
        self._changes.new += len(fresh)
        self._changes.changed += len(touched)
        self._changes.unchanged += len(skills) - len(touched)
        if self._write and (fresh or touched):
            self._tables.skill.objects.bulk_update(
                [skills[key] for key in altered], ["framework", "kind", "reuse", "obsolete"]
            )
            self._tables.skill.objects.bulk_create([self._new(key) for key in fresh])
            keys = {*fresh, *touched}
            self._reword({row.key: row for row in self._skills() if row.key in keys}, texts, turned)

    def _skills(self) -> QuerySet:
        return self._tables.skill.objects.filter(key__in=list(self._concepts))

    def _texts(self, skills: Iterable[Any]) -> QuerySet:
        return self._tables.text.objects.filter(skill__in=[row.pk for row in skills], language=self._language)

    def _new(self, key: str) -> Any:
        concept = self._concepts[key]
        return self._tables.skill(
            key=key, uri=concept.uri, framework=self._framework, kind=concept.kind, reuse=concept.reuse,
            obsolete=concept.obsolete,
        )

    def _altered(self, row: Any, concept: Concept) -> bool:
        """Give ``row`` what the file says of it; whether that is anything new."""
        self._changes.back += row.obsolete and not concept.obsolete
        self._changes.obsolete += concept.obsolete and not row.obsolete
        before = (row.framework, row.kind, row.reuse, row.obsolete)
        row.framework, row.obsolete = self._framework, concept.obsolete
        row.kind, row.reuse = concept.kind or row.kind, concept.reuse or row.reuse
        return before != (row.framework, row.kind, row.reuse, row.obsolete)

    def _reword(self, skills: Mapping[str, Any], texts: Mapping[int, Any], turned: Collection[int]) -> None:
        """Write the texts of ``skills``, and their words anew; those of ``turned`` ones in every language."""
        fresh, changed = [], []
        for key, skill in skills.items():
            row = texts.get(skill.pk) or self._tables.text(skill=skill, language=self._language)
            for name, value in _columns(self._concepts[key]).items():
                setattr(row, name, value)
            (fresh if row.pk is None else changed).append(row)
        self._tables.text.objects.bulk_create(fresh)
        self._tables.text.objects.bulk_update(changed, ["label", "alternatives", "description", "folded"])
        rows = self._tables.text.objects.filter(
            Q(language=self._language) | Q(skill__in=turned), skill__in=[row.pk for row in skills.values()]
        )
        self._index(rows, {row.pk for row in skills.values() if not row.obsolete})

    def _index(self, texts: Iterable[Any], current: Collection[int]) -> None:
        """Make the words of ``texts`` anew; those of concepts that are not ``current`` have none."""
        word, by_language = self._tables.word, {}
        for row in texts:
            by_language.setdefault(row.language, []).append(row)
        for language, rows in by_language.items():
            word.objects.filter(language=language, skill__in=[row.skill_id for row in rows]).delete()
            word.objects.bulk_create([
                word(skill_id=row.skill_id, language=language, word=each, rank=rank, length=len(row.label))
                for row in rows if row.skill_id in current
                for each, rank in skill_words.ranked(row.label, row.alternatives.splitlines()).items()
            ], batch_size=2_000)


def _give_up(tables: Tables, concepts: list[int]) -> None:
    tables.skill.objects.filter(pk__in=concepts).update(obsolete=True)
    tables.word.objects.filter(skill__in=concepts).delete()


def _columns(concept: Concept) -> dict[str, str]:
    """A text's columns."""
    return {
        "label": concept.label, "alternatives": "\n".join(concept.alternatives), "description": concept.description,
        "folded": skill_words.fold(concept.label)[:200],
    }


def _chunks(items: list[int]) -> Iterator[list[int]]:
    return (items[start:start + _BATCH] for start in range(0, len(items), _BATCH))
