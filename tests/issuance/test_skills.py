"""The catalogue of skills: what is found, in which order, and what importing again does."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib import import_module

import pytest
from django.apps import apps
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.domain.outcomes import Skill
from microcred_xblock.issuance import models, skill_files, skill_words, skills
from tests import services

URI = "http://data.europa.eu/esco/skill/"


def concept(name: str, label: str, *alternatives: str, **more) -> skills.Concept:
    return skills.Concept(uri=URI + name, label=label, alternatives=alternatives, **more)


def stored(*concepts: skills.Concept, language: str = "en", complete: bool = False, **more) -> skills.Changes:
    """Take them over; what changed."""
    *_all, changes = skills.store(concepts, framework="ESCO", language=language, complete=complete, **more)
    return changes


def names(query: str, language: str = "en") -> list[str]:
    """The labels that are found, in order."""
    return [found.label for found in skills.search(query, language)]


@pytest.fixture
def empty(db):
    """Without the selection that ships."""
    models.Skill.objects.all().delete()
    models.SkillImport.objects.all().delete()


def store_few() -> None:
    """Six concepts in English, some of them in French and German."""
    stored(
        concept("1", "wind energy", "wind power", kind="knowledge"),
        concept("2", "inspect wind turbines", "check wind turbines", kind="skill", reuse="sector-specific"),
        concept("3", "operate winch"), concept("4", "window cleaning"), concept("5", "electricity", "windings"),
        concept("6", "crosswind landing"),
    )
    stored(
        concept("1", "énergie éolienne"), concept("2", "inspecter des éoliennes", "vérifier des éoliennes"),
        concept("3", "manœuvrer un treuil"), language="fr",
    )
    stored(concept("1", "Windenergie"), language="de")


@pytest.fixture
def few(empty):
    store_few()


class TestWords:
    @pytest.mark.parametrize(("text", "folded"), [
        ("Énergie ÉOLIENNE", "energie eolienne"), ("Straße", "strasse"), ("Œuvre, Ångström", "oeuvre, angstrom"),
        ("İstanbul", "istanbul"), ("Ωμέγας", "ωμεγασ"),
        ("أَلْفَبَاء", "الفباء"), ("طاقة الرياح", "طاقه الرياح"), ("Ѝ", "и"),
    ])
    def test_case_and_marks_do_not_count(self, text, folded):
        assert skill_words.fold(text) == folded

    def test_labels_before_alternatives(self):
        assert skill_words.ranked("inspect wind turbines", ["wind checks"]) == {
            "inspect": 0, "wind": 1, "turbines": 1, "checks": 2,
        }

    @settings(deadline=None)
    @given(st.text(max_size=60))
    def test_a_word_is_found_however_it_is_typed(self, text):
        for word in skill_words.words(text):
            assert word and len(word) <= skill_words.WORD_MAX
            assert skill_words.fold(word) == word
            assert word in "".join(skill_words.words(text.upper())) or text.upper().casefold() != text.casefold()
        assert skill_words.begins(text, skill_words.words(text))


@pytest.mark.usefixtures("few")
class TestSearch:
    def test_words_that_begin_so_come_first(self):
        assert names("win") == [
            "wind energy", "window cleaning", "operate winch", "inspect wind turbines", "electricity",
            "crosswind landing",
        ]

    def test_whole_words_come_before_longer_ones(self):
        assert names("wind") == [
            "wind energy", "window cleaning", "inspect wind turbines", "electricity", "crosswind landing",
        ]

    @pytest.mark.parametrize("query", ["turb wi", "  WIND, turbi! ", "wind  turb"])
    def test_all_words_in_any_order(self, query):
        assert names(query) == ["inspect wind turbines"]

    def test_what_it_was_found_by_is_told(self):
        (found,) = skills.search("check wind", "en")
        assert (found.label, found.alternative) == ("inspect wind turbines", "check wind turbines")
        assert skills.search("inspect wind", "en")[0].alternative == ""

    def test_in_the_language_of_the_pill(self):
        (found,) = skills.search("eolienne insp", "fr-CA")
        assert found == skills.FoundSkill(
            uri=URI + "2", label="inspecter des éoliennes", language="fr", framework="ESCO", kind="skill",
            reuse="sector-specific", description="",
        )
        assert names("manoeuvrer", "fr") == ["manœuvrer un treuil"]

    def test_english_finds_what_the_language_lacks_and_shows_what_it_has(self):
        assert names("wind", "fr") == [
            "énergie éolienne", "window cleaning", "inspecter des éoliennes", "electricity",
        ]
        assert [found.language for found in skills.search("wind", "fr")] == ["fr", "en", "fr", "en"]
        assert names("wind turb", "ar") == ["inspect wind turbines"]

    def test_compound_words(self):
        assert names("energie", "de") == ["Windenergie"]

    @pytest.mark.parametrize("query", ["", " ", "w", "?!", "%", "_", "w\x00", "\ud800", "zzz", "wind' OR 1=1 --"])
    def test_nothing(self, query):
        assert names(query) == []

    def test_at_most_twenty(self):
        stored(*(concept(f"t{number}", f"treat water {number}") for number in range(30)))
        assert len(names("treat")) == skills.MOST_FOUND
        assert names("treat wat")[0] == "treat water 0"

    def test_obsolete_ones_are_not_offered(self):
        assert stored(concept("1", "wind energy", obsolete=True)).obsolete == 1
        assert "wind energy" not in names("wind") and not names("ergy")
        assert not names("Windenergie", "de") and not names("energie eol", "fr")
        assert stored(concept("1", "wind energy")).back == 1
        assert names("wind")[0] == "wind energy" and names("energie eol", "fr") == ["énergie éolienne"]

    def test_of_too_many_the_shortest_are_shown(self):
        stored(*(concept(f"t{number}", f"a{number:03}treated") for number in range(450)))
        stored(concept("u", "threat"), concept("v", "retreat"))
        assert names("reat")[:3] == ["threat", "retreat", "a000treated"]

    def test_obsolete_ones_take_no_place_of_others(self):
        stored(*(concept(f"t{number}", f"treat{number}", obsolete=True) for number in range(450)))
        stored(concept("u", "retreatments"))
        assert names("reat") == ["retreatments"]

    @pytest.mark.parametrize("language", ["", "e", "\x00", "\ud800", "en\n", "اللغة", "\ud800-GB", "x" * 5_000, "١٢"])
    def test_a_language_that_is_none_is_english(self, language):
        assert names("energy", language) == names("energy", "en")
        assert names("ndow", language) == names("ndow", "en") == ["window cleaning"]

    @pytest.mark.parametrize("query", ["wind\x00en", "\ud800wind en", "wind \udfff", "win\ud83d"])
    def test_what_no_database_takes_is_no_letter(self, query):
        assert names(query) == names("".join(c if c.isalpha() else " " for c in query)) != []

    @settings(deadline=None)
    @given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=12))
    def test_whatever_is_typed(self, query, language):
        assert len(skills.search(query, language)) <= skills.MOST_FOUND


@pytest.mark.usefixtures("few")
class TestStoring:
    def test_again_changes_nothing(self, django_assert_num_queries):
        again = concept("2", "inspect wind turbines", "check wind turbines", kind="skill", reuse="sector-specific")
        with django_assert_num_queries(4):  # a savepoint, the concepts, their texts
            changes = stored(again)
        assert changes == skills.Changes(unchanged=1)

    def test_a_new_label_is_found_and_the_old_one_is_not(self):
        assert stored(concept("4", "glazing")) == skills.Changes(changed=1)
        assert names("glaz") == ["glazing"] and not names("window")

    def test_what_a_file_leaves_open_stays(self):
        stored(concept("2", "inspecter des turbines"), language="fr")
        row = models.Skill.objects.get(uri=URI + "2")
        assert (row.kind, row.reuse) == ("skill", "sector-specific")

    def test_a_complete_file_gives_up_the_rest(self):
        changes = stored(concept("1", "wind energy", "wind power"), complete=True)
        assert (changes.obsolete, changes.unchanged) == (5, 1)
        assert models.Skill.objects.count() == 6 and names("wind") == ["wind energy"]

    def test_a_trial_counts_and_stores_nothing(self):
        before = sorted(models.SkillText.objects.values_list("label", flat=True))
        trial = (concept("1", "wind power plants"), concept("9", "new"))
        assert stored(*trial, complete=True, write=False) == skills.Changes(new=1, changed=1, obsolete=5)
        assert sorted(models.SkillText.objects.values_list("label", flat=True)) == before
        assert not models.Skill.objects.filter(obsolete=True).exists() and not names("new")

    def test_addresses_that_differ_in_case_alone_are_two(self):
        assert stored(concept("abc", "one"), concept("ABC", "two")).new == 2

    def test_other_frameworks_are_left_alone(self):
        national = skills.Concept(uri="https://example.org/s/1", label="national")
        list(skills.store([national], framework="RNCP", language="fr", complete=True))
        stored(complete=True)
        assert not models.Skill.objects.get(framework="RNCP").obsolete
        assert [(row["framework"], row["language"], row["concepts"]) for row in skills.standing()] == [
            ("ESCO", "de", 1), ("ESCO", "en", 6), ("ESCO", "fr", 3), ("RNCP", "fr", 1),
        ]


class Died(Exception):
    """What ends an import half-way."""


@pytest.mark.usefixtures("few")
class TestHalfAnImport:
    """An import is many transactions; whatever ends it, the catalogue is one to choose from, and the next one ends."""

    EDITION = tuple(
        concept(name, label, *alternatives) for name, label, *alternatives in (
            ("2", "inspect wind farms", "check wind farms"), ("3", "operate winch"), ("8", "windmill history"),
            ("4", "glazing"), ("9", "wind law"), ("1", "wind power", "wind energy"),
        )
    )

    @staticmethod
    def rows() -> list[tuple]:
        """Everything there is, but for the numbers of rows."""
        return sorted([
            *models.Skill.objects.values_list("uri", "kind", "reuse", "obsolete"),
            *models.SkillText.objects.values_list("skill__uri", "language", "label", "alternatives", "folded"),
            *models.SkillWord.objects.values_list("skill__uri", "language", "word", "rank", "length"),
        ], key=repr)

    @staticmethod
    def is_sound() -> None:
        """Each concept is found by what it is called, in each language, and by nothing else."""
        words = {(*row,) for row in models.SkillWord.objects.values_list("skill", "language", "word", "rank", "length")}
        assert words == {
            (text.skill_id, text.language, word, rank, len(text.label))
            for text in models.SkillText.objects.filter(skill__obsolete=False)
            for word, rank in skill_words.ranked(text.label, text.alternatives.splitlines()).items()
        }

    @pytest.mark.parametrize("batches", range(5))
    @pytest.mark.parametrize("within", [False, True])
    def test_it_is_harmless_and_the_next_one_ends_it(self, monkeypatch, batches, within):
        monkeypatch.setattr(skills, "_BATCH", 2)
        known = set(models.Skill.objects.values_list("uri", flat=True))
        with pytest.raises(Died), monkeypatch.context() as patched:
            if within:  # in the middle of a transaction
                self.dies(patched, calls=2 * batches)
            for done, _changes in enumerate(self.importing(), start=1):
                if done > batches and not within:
                    raise Died
            raise Died
        self.is_sound()
        assert models.Skill.objects.filter(uri__in=known).count() == len(known)
        if not within and batches < 3:
            assert not models.Skill.objects.filter(obsolete=True).exists(), "given up before the file was read"
        list(self.importing())
        finished = self.rows()
        self.is_sound()
        models.Skill.objects.all().delete()
        store_few()
        list(self.importing())
        assert self.rows() == finished
        assert list(self.importing())[-1] == skills.Changes(unchanged=6)

    def importing(self):
        return skills.store(self.EDITION, framework="ESCO", language="en", complete=True)

    @staticmethod
    def dies(patched, calls: int) -> None:
        """The words of that many texts are made, and no more."""
        real, left = skill_words.ranked, [calls]

        def ranked(*given):
            left[0] -= 1
            if left[0] < 0:
                raise Died
            return real(*given)

        patched.setattr(skill_words, "ranked", ranked)


class TestShipped:
    def test_it_is_what_the_manifest_says(self):
        manifest, concepts = skill_files.shipped()
        content = (skill_files.FOLDER / skill_files.SHIPPED).read_bytes()
        assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
        assert len(concepts) == manifest["concepts"] == len({found.uri for found in concepts})
        for text in ("© European Union", "2011/833/EU"):
            assert text in manifest["rights"]
        assert set(json.loads(content)[0]) <= {"uri", "kind", "label", "alternatives", "description"}

    def test_every_concept_can_be_chosen(self):
        for found in skill_files.shipped()[1]:
            Skill(uri=found.uri, label=found.label)
            assert found.uri.startswith(skill_files.ESCO_SKILLS) and found.kind in ("skill", "knowledge")
            assert not found.reuse, "not known"

    def test_a_changed_file_is_not_believed(self, tmp_path, monkeypatch):
        for name in ("manifest.json", skill_files.SHIPPED):
            (tmp_path / name).write_bytes((skill_files.FOLDER / name).read_bytes().replace(b"wind", b"wing"))
        monkeypatch.setattr(skill_files, "FOLDER", tmp_path)
        with pytest.raises(skill_files.InvalidInput, match="install the package again"):
            skill_files.shipped()

    def test_it_is_there_from_the_start(self, db):
        assert skills.installed()
        found = skills.search("install photovoltaic", "fr")[0]
        assert found.uri == URI + "18d3f89a-6ac5-4ca6-bf93-0baec4e13bcd"
        assert (found.label, found.language, found.kind) == ("install photovoltaic systems", "en", "skill")
        assert skills.search("predictive", "en")[0].kind == "knowledge"


@pytest.mark.parametrize("kind", services.DATABASES)
def test_the_same_is_found_on_every_database(kind):
    """This file's own expectations of order, accents and case, in a process with the database."""
    services.require(kind)
    with services.database(kind) as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.issuance.skills_there", url], capture_output=True, text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    found = json.loads(done.stdout)
    assert found["win"] == [
        "wind energy", "window cleaning", "operate winch", "inspect wind turbines", "electricity", "crosswind landing",
    ]
    assert found["eolienne insp"] == ["inspecter des éoliennes"] and found["energie"] == ["Windenergie"]
    assert found["turb wi"] == ["inspect wind turbines"] and found["طاقه"] == ["طاقة الرياح"]
    assert found["case"] == 2 and found["again"] == 0
    assert found["after"] == ["wind energy"] and found["queries use the index"]


def test_the_selection_that_ships_is_loaded_once(db):
    """The migration may be taken back, which leaves the rows, and applied again."""
    load = import_module("microcred_xblock.issuance.migrations.0007_shipped_skills").load
    load(apps, None)
    before = models.Skill.objects.count(), models.SkillImport.objects.count()
    load(apps, None)
    assert (models.Skill.objects.count(), models.SkillImport.objects.count()) == before
    assert before[0] > 200
