"""Files in the form that other programs give them (``tests/vectors/frameworks``), and exports in theirs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from microcred_xblock.authoring.frameworks import Framework, read

from .test_round_trip import LANGUAGES, OUTCOMES, exported

VECTORS = Path(__file__).parents[2] / "vectors" / "frameworks"
SCHEMA = json.loads((VECTORS / "case-package.schema.json").read_text(encoding="utf-8"))
LONG = (
    "Plans the order of the steps of an inspection so that no part of the drive train is met under load, "
    "and says why"
)


def vector(name: str) -> Framework:
    return read((VECTORS / name).read_bytes(), "en")


def tree(found: Framework) -> list[tuple[str, str]]:
    """Each item's code, and the code of the one above."""
    codes = {item.key: item.code for item in found.items}
    return [(item.code, codes.get(item.parent, "")) for item in found.items]


@pytest.mark.parametrize("name", ["moodle.csv", "moodle-fr.csv", "moodle-3.1.csv"])
def test_a_framework_of_moodle(name):
    found = vector(name)
    assert (found.format, found.title) == ("moodle", "Wind turbine maintenance")
    assert tree(found) == [
        ("diagnosis", ""), ("DG-1", "diagnosis"), ("DG-2", "diagnosis"), ("DG 2/a", "DG-2"), ("SA-1", ""),
    ]
    assert [dict(item.values) for item in found.items] == [
        {"id": "diagnosis", "title": "Diagnosis"},
        {
            "id": "DG-1", "title": "Locates a fault in the drive train", "description":
            "From monitoring data:\n\n• vibration & heat\n\n• oil particles\n\nThen confirms it\nby a measurement.",
        },
        {"id": "DG-2", "title": LONG, "description": "Checked on site."},
        {"title": "Reads a wiring diagram"},  # “DG 2/a” cannot be an id
        {"id": "SA-1", "title": "Secures the turbine", "description": "Lock out.\nTag out."},
    ]
    assert found.notes == [("place", 1, "Secures the turbine")]


def test_a_package_of_case():
    found = vector("case.json")
    assert (found.format, found.title, found.notes) == ("case", "Competences of wind turbine technicians", [])
    assert tree(found) == [("D", ""), ("D.1", "D"), ("D.2", "D"), ("S/1", "")]
    locate, explain, lock = (dict(item.values) for item in found.items[1:])
    own = {"framework": found.title}
    assert locate == {
        "id": "D.1", "title": "Locate a fault in the drive train from monitoring data", "kind": "skill",
        "description": "Covers gearbox and main bearing.",
        "skills": [
            {"uri": found.items[1].uri, "label": "Locate a fault in the drive train from monitoring data", **own},
            {"uri": "http://data.europa.eu/esco/skill/7d913551-e17a-40ba-baf7-48d0c3b12e50",
             "label": "predictive maintenance"},
        ],
    }
    assert found.items[1].uri.startswith("https://frameworks.example.org/ims/case/v1p0/CFItems/")
    assert explain["kind"] == "knowledge"
    assert lock["title"] == "Lock out the turbine" and lock["description"].startswith("Carry out the lock-out")
    assert "id" not in lock and lock["skills"][0]["label"] == "Lock out the turbine"


def test_circles_and_strangers_end_on_the_first_level():
    def item(name):
        return {"identifier": name, "uri": name, "fullStatement": name.upper()}

    def child(one, other):
        return {"associationType": "isChildOf", "originNodeURI": {"uri": one}, "destinationNodeURI": {"uri": other}}

    package = {
        "CFDocument": {"title": "T"}, "CFItems": [*map(item, "abcde"), item("a"), {"notes": "no statement"}],
        "CFAssociations": [child("a", "b"), child("b", "a"), child("c", "c"), child("d", "elsewhere"), child("e", "a")],
    }
    found = read(json.dumps(package).encode(), "en")
    titles = {item.key: item.values["title"] for item in found.items}
    assert {titles[item.key]: titles.get(item.parent, "") for item in found.items} == {
        "A": "", "B": "A", "C": "", "D": "", "E": "A",
    }
    assert {code: count for code, count, _where in found.notes} == {"place": 2, "repeated": 1, "untitled": 1}


@given(OUTCOMES, LANGUAGES)
def test_an_exported_package_is_as_case_requires(outcomes, language):
    package = json.loads(exported("case", outcomes, language).text)
    jsonschema.Draft201909Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(package)
    known = {entry["uri"] for entry in (package["CFDocument"], *package["CFItems"])}
    children = [entry for entry in package["CFAssociations"] if entry["associationType"] == "isChildOf"]
    assert len(children) == len(package["CFItems"])
    assert all({entry[node]["uri"] for node in ("originNodeURI", "destinationNodeURI")} <= known for entry in children)
    identities = [entry["identifier"] for name in ("CFItems", "CFAssociations") for entry in package[name]]
    assert len(identities) == len(set(identities))


@given(OUTCOMES, LANGUAGES)
def test_an_exported_table_is_as_moodle_reads_it(outcomes, language):
    """By place: parent, id number, short name of 100 characters at most, and one framework with a scale."""
    header, framework, *rows = csv.reader(io.StringIO(exported("moodle", outcomes, language).text, newline=""))
    assert len(header) == 14 and {len(row) for row in (framework, *rows)} == {14}
    assert framework[12] == "1" and not any(row[12] for row in rows)
    scale = json.loads(framework[6])
    assert len(framework[5].split(",")) == 2 and "scaleid" in scale[0]
    assert [sum(entry.get(name, 0) for entry in scale) for name in ("scaledefault", "proficient")] == [1, 1]
    assert all(row[1] and row[2] and len(row[2]) <= 101 and row[4] == "1" for row in rows)
    assert len({row[1] for row in rows}) == len(rows)
