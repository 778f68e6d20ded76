"""Files of skills, official and hostile, and the command that imports them."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError
from hypothesis import given, settings
from hypothesis import strategies as st

from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.issuance import models, skill_files, skills
from tests.issuance.test_commands import run

URI = skill_files.ESCO_SKILLS
# The first line of ESCO's skills_en.csv.
HEADER = (
    "conceptType", "conceptUri", "skillType", "reuseLevel", "preferredLabel", "altLabels", "hiddenLabels", "status",
    "modifiedDate", "scopeNote", "definition", "inScheme", "description",
)


def row(name: str, label: str, **more: str) -> dict[str, str]:
    """A line as ESCO writes it."""
    return {
        "conceptType": "KnowledgeSkillCompetence", "conceptUri": URI + name, "skillType": "skill/competence",
        "reuseLevel": "sector-specific", "preferredLabel": label, "status": "released",
        "inScheme": "http://data.europa.eu/esco/concept-scheme/skills", **more,
    }


ROWS = (
    row("1", "wind energy", skillType="knowledge", reuseLevel="cross-sector", altLabels="wind power\neolian energy"),
    row("2", "inspect wind turbines", description="Look, “listen”,\r\nand write it down."),
    row("3", "use digital tools", skillType="", reuseLevel=""),
)


def table(*rows: dict[str, str], header: tuple[str, ...] = HEADER) -> str:
    """The CSV of them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def written(folder: Path, content: str | bytes, name: str = "skills_en.csv") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def zipped(folder: Path, name: str = "ESCO.zip", **members: str | bytes) -> str:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member.replace("__", "/") + ".csv", content)
    return str(path)


def concepts(path: str, **options: str) -> list:
    """Everything a file says."""
    return [found for file in skill_files.files(Path(path), **options) for _line, found in file.concepts()]


@pytest.fixture
def empty(db):
    models.Skill.objects.all().delete()
    models.SkillImport.objects.all().delete()


class TestReading:
    def test_the_official_columns(self, tmp_path):
        assert concepts(written(tmp_path, table(*ROWS))) == [
            skills.Concept(uri=URI + "1", label="wind energy", kind="knowledge", reuse="cross-sector",
                           alternatives=("wind power", "eolian energy")),
            skills.Concept(uri=URI + "2", label="inspect wind turbines", kind="skill", reuse="sector-specific",
                           description="Look, “listen”,\nand write it down."),
            skills.Concept(uri=URI + "3", label="use digital tools"),
        ]

    def test_columns_are_read_by_name(self, tmp_path):
        shuffled = ("description", "preferredLabel", "conceptUri")
        (found,) = concepts(written(tmp_path, "\ufeff" + table(row("1", "a", description="b"), header=shuffled)))
        assert found == skills.Concept(uri=URI + "1", label="a", description="b")

    def test_groups_are_passed_over_and_doubles_told(self, tmp_path):
        group = row("g", "group", conceptType="SkillGroup")
        again = row("1", "again")
        found = concepts(written(tmp_path, table(group, ROWS[0], again)))
        assert found[0].label == "wind energy" and "twice" in found[1].message and len(found) == 2

    @pytest.mark.parametrize(("name", "language"), [
        ("skills_fr.csv", "fr"), ("skills_pt.csv", "pt"), ("skills_en_v1.2.csv", None), ("skills_nb.csv", "no"),
    ])
    def test_the_language_is_in_the_name(self, tmp_path, name, language):
        path = Path(written(tmp_path, table(*ROWS), name))
        if language is None:
            with pytest.raises(InvalidInput, match="--language"):
                skill_files.files(path)
        else:
            assert skill_files.files(path)[0].language == language
        assert skill_files.files(path, language="de-AT")[0].language == "de"

    def test_the_official_zip(self, tmp_path):
        path = zipped(
            tmp_path, ESCO__skills_fr=table(*ROWS), ESCO__skills_en=table(*ROWS), ESCO__skillGroups_fr="x",
            ESCO__transversalSkillsCollection_fr="x", ESCO__occupations_fr="x",
        )
        assert [file.language for file in skill_files.files(Path(path))] == ["fr", "en"]
        assert len(concepts(path, language="fr")) == 3
        with pytest.raises(InvalidInput, match=r"no file skills_de\.csv"):
            concepts(path, language="de")

    @settings(deadline=None)
    @given(st.binary(max_size=300))
    def test_any_bytes(self, tmp_path_factory, content):
        path = written(tmp_path_factory.mktemp("any"), content)
        try:
            concepts(path)
        except InvalidInput as error:
            assert "skills_en.csv" in error.message

    @settings(deadline=None)
    @given(st.lists(st.lists(st.text(max_size=20), max_size=14), max_size=4))
    def test_any_table(self, tmp_path_factory, rows):
        out = io.StringIO()
        csv.writer(out).writerows([HEADER, *rows])
        path = written(tmp_path_factory.mktemp("any"), out.getvalue().encode("utf-8", "replace"))
        try:
            assert all(isinstance(found, skills.Concept | InvalidInput) for found in concepts(path))
        except InvalidInput as error:
            assert "skills_en.csv" in error.message


class TestHostile:
    @pytest.mark.parametrize(("content", "said"), [
        ("", "lacks the column conceptUri and preferredLabel"),
        ("a;b;c\n1;2;3\n", "lacks the column"),
        (table(*ROWS, header=HEADER[:4]), "lacks the column preferredLabel"),
        (table(*ROWS).encode("utf-16"), "not UTF-8"),
        (table(row("1", "énergie")).encode("latin-1"), "not UTF-8"),
        (table(), "no concept"),
        ("x" * 300_000, "line 1 is too long"),
        (table(*ROWS) + '"never closed\n' + "word\n" * 60_000, "field larger than field limit"),
        (table(*ROWS) + 'a"b"c,"d"e\n', "line 7"),
    ])
    def test_what_is_no_table_of_skills(self, tmp_path, content, said):
        with pytest.raises(InvalidInput, match=said):
            concepts(written(tmp_path, content))

    @pytest.mark.parametrize(("bad", "said"), [
        ({"conceptUri": "javascript:alert(1)"}, "does not begin with http://data.europa.eu/esco/skill/"),
        ({"conceptUri": URI + "a b"}, "web address"),
        ({"skillType": "talent"}, "neither knowledge nor skill/competence"),
        ({"reuseLevel": "everywhere"}, "none of transversal"),
        ({"preferredLabel": " "}, "empty"),
        ({"preferredLabel": "x" * 501}, "501 characters"),
        ({"preferredLabel": "a\x07b"}, r"U\+0007"),
        ({"altLabels": "\n".join(map(str, range(400)))}, "more than 300 labels"),
        ({"description": "x" * 5_001}, "5001 characters"),
    ])
    def test_lines_that_cannot_be_used(self, tmp_path, bad, said):
        _good, found = concepts(written(tmp_path, table(ROWS[0], {**ROWS[1], **bad})))
        assert isinstance(found, InvalidInput)
        with pytest.raises(InvalidInput, match=said):
            raise found

    def test_a_short_line(self, tmp_path):
        *_rest, found = concepts(written(tmp_path, table(*ROWS) + "KnowledgeSkillCompetence,x\n"))
        assert "another number of columns" in found.message

    def test_a_zip_that_unpacks_without_end(self, tmp_path, monkeypatch):
        monkeypatch.setattr(skill_files, "MOST_BYTES", 50_000)
        with pytest.raises(InvalidInput, match="larger than"):
            concepts(zipped(tmp_path, skills_en=table(*ROWS) + "\n" * 1_000_000))

    def test_a_zip_that_lies_about_its_size(self, tmp_path, monkeypatch):
        path = zipped(tmp_path, skills_en=table(*ROWS) + "\n" * 1_000_000)
        content = bytearray(Path(path).read_bytes())
        entry = content.index(b"PK\x01\x02")
        content[entry + 24:entry + 28] = struct.pack("<I", 100)
        Path(path).write_bytes(content)
        monkeypatch.setattr(skill_files, "MOST_BYTES", 50_000)
        with pytest.raises(InvalidInput):
            concepts(path)

    def test_a_csv_without_end(self, tmp_path, monkeypatch):
        monkeypatch.setattr(skill_files, "MOST_BYTES", 50_000)
        with pytest.raises(InvalidInput, match="larger than"):
            concepts(written(tmp_path, table(*ROWS) + "\n" * 60_000))

    def test_too_many_concepts(self, tmp_path, monkeypatch):
        monkeypatch.setattr(skill_files, "MOST_CONCEPTS", 2)
        with pytest.raises(InvalidInput, match="more than 2 concepts"):
            concepts(written(tmp_path, table(*ROWS)))

    @pytest.mark.parametrize("damage", [
        lambda data: data[:-30], lambda data: b"PK\x03\x04 no zip", lambda data: data[:90],
    ])
    def test_a_damaged_zip(self, tmp_path, damage):
        path = Path(zipped(tmp_path, skills_en=table(*ROWS)))
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(InvalidInput, match=r"ESCO\.zip"):
            concepts(str(path))

    def test_a_zip_with_a_wrong_checksum(self, tmp_path):
        path = Path(zipped(tmp_path, skills_en=table(*ROWS)))
        content = bytearray(path.read_bytes())
        for mark, place in ((b"PK\x01\x02", 16), (b"PK\x03\x04", 14)):
            start = content.index(mark) + place
            content[start:start + 4] = b"\x00\x00\x00\x01"
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match="damaged"):
            concepts(str(path))

    def test_no_file(self, tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read: No such file"):
            concepts(str(tmp_path / "skills_en.csv"))


@pytest.mark.usefixtures("empty")
class TestCommand:
    def test_import_status_and_list(self, tmp_path):
        code, said, _err = run("skills", "import", written(tmp_path, table(*ROWS)))
        assert code == 0 and "3 skills: 3 new, 0 changed, 0 as they were" in said
        code, said, _err = run("skills", "status")
        assert code == 0 and "ESCO         en         3 skills; skills_en.csv" in said
        code, said, _err = run("skills", "list", "wind")
        assert code == 0 and "wind energy (ESCO, en, knowledge, cross-sector)" in said and URI + "1" in said
        assert run("skills", "list", "nothing")[0] == 1

    def test_without_any(self):
        code, said, _err = run("skills", "status")
        assert code == 1 and "There are no skills" in said

    def test_twice_is_once(self, tmp_path):
        path = written(tmp_path, table(*ROWS))
        run("skills", "import", path)
        assert "0 new, 0 changed, 3 as they were; 0 became obsolete" in run("skills", "import", path)[1]

    def test_a_trial(self, tmp_path):
        said = run("skills", "import", written(tmp_path, table(*ROWS)), "--dry-run")[1]
        assert "3 new" in said and "Nothing was stored" in said
        assert not models.Skill.objects.exists() and not models.SkillImport.objects.exists()

    def test_nothing_of_a_file_with_a_wrong_line(self, tmp_path):
        path = written(tmp_path, table(*ROWS, row("4", "")))
        with pytest.raises(CommandError, match=r"1 line cannot be used(.|\n)*line 7: preferredLabel is empty"):
            run("skills", "import", path)
        assert not models.Skill.objects.exists()
        _code, said, err = run("skills", "import", path, "--skip-wrong")
        assert "3 new" in said and "1 line is left out" in err

    def test_a_line_that_is_left_out_gives_nothing_up(self, tmp_path):
        many = [row(str(number), f"skill {number}") for number in range(20)]
        run("skills", "import", written(tmp_path, table(*many)))
        broken = written(tmp_path, table(*many[:19], row("19", "")))
        assert "0 became obsolete" in run("skills", "import", broken, "--skip-wrong")[1]

    def test_what_the_next_edition_lacks(self, tmp_path):
        many = [row(str(number), f"skill {number}") for number in range(20)]
        run("skills", "import", written(tmp_path, table(*many)))
        next_edition = written(tmp_path, table(*many[:19]))
        assert "1 became obsolete" in run("skills", "import", next_edition)[1]
        assert "1 are back" in run("skills", "import", written(tmp_path, table(*many)))[1]
        part = written(tmp_path, table(*many[:5]))
        with pytest.raises(CommandError, match=r"lacks 15 of the 20 skills(.|\n)*--partial(.|\n)*--complete"):
            run("skills", "import", part)
        assert "0 became obsolete" in run("skills", "import", part, "--partial")[1]
        assert "15 became obsolete" in run("skills", "import", part, "--complete")[1]

    def test_another_framework(self, tmp_path):
        national = row("", "souder", conceptUri="https://example.org/c/1")
        path = written(tmp_path, table(national), "ours.csv")
        with pytest.raises(CommandError, match="language"):
            run("skills", "import", path)
        said = run("skills", "import", path, "--language", "fr", "--framework", "RNCP")[1]
        assert "(RNCP, fr): 1 skills: 1 new" in said
        assert models.Skill.objects.get().framework == "RNCP"

    def test_the_selection_that_ships_makes_way(self, tmp_path):
        assert "new, 0 changed" in run("skills", "import")[1]
        assert "0 new, 0 changed" in run("skills", "import")[1]
        concept = models.Skill.objects.earliest("pk")
        official = row("", "official label", conceptUri=concept.uri)
        run("skills", "import", written(tmp_path, table(official)), "--partial")
        assert concept.texts.get().label == "official label"
        with pytest.raises(CommandError, match="says more"):
            run("skills", "import")
