"""Outcomes to a file and back, for each format as far as it can carry them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcred_xblock.authoring.frameworks import File, read, write
from microcred_xblock.authoring.values import shown
from microcred_xblock.domain.errors import InvalidAnswer, InvalidInput
from microcred_xblock.domain.outcomes import REUSE_LEVELS
from microcred_xblock.domain.text import forbidden_character
from microcred_xblock.translation import Translator

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
LANGUAGES = st.sampled_from(["en", "fr", "ar", "de"])


def texts(least: int, most: int) -> st.SearchStrategy[str]:
    """What a domain accepts, likely with what tables, formulas and HTML are made of; no white space around it."""
    special = st.sampled_from([*"=+-@'\"\t\n,;<>&|%…•", "<p>", "&amp;", "<br>", "'=", "\n\n", "é", "ش", "😀", "＝"])
    letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\u0085")
    joined = st.lists(special | letters, min_size=least, max_size=most).map("".join)
    return joined.map(str.strip).filter(lambda text: len(text) >= least and forbidden_character(text) is None)


SKILLS = st.lists(st.builds(
    lambda uri, label, framework: {"uri": uri, "label": label, **({"framework": framework} if framework else {})},
    st.sampled_from(["http://data.europa.eu/esco/skill/1", "https://example.org/s?a=1,2;3", "https://x.org/é"]),
    texts(1, 20).map(lambda text: " ".join(text.split())).filter(bool),
    st.sampled_from(["", "O*NET", "ROME ; 4.0"]),
), max_size=3)
THRESHOLDS = st.integers(0, 10_000).map(lambda number: format(number / 10_000, ".4f").rstrip("0").rstrip(".") or "0")
OUTCOMES = st.lists(st.fixed_dictionaries({
    "id": st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True), "title": texts(1, 120).filter(bool),
}, optional={
    "description": texts(1, 60), "kind": st.sampled_from(["knowledge", "skill"]),
    "reuse": st.sampled_from(REUSE_LEVELS), "threshold": THRESHOLDS, "skills": SKILLS,
}), min_size=1, max_size=5, unique_by=lambda outcome: outcome["id"])


def exported(format: str, outcomes: list[Any], language: str = "en", title: str = "A pill") -> File:
    return write(
        format, outcomes, title=title, key="block-v1:o+c+r+type@learning_pill+block@p", language=language,
        creator="O", now=NOW, translator=Translator(language),
    )


def back(format: str, outcomes: list[Any], language: str = "en") -> list[dict[str, Any]]:
    file = exported(format, outcomes, language)
    found = read(file.text.encode(), language)
    assert (found.format, found.notes) == (format, [])
    return [dict(item.values) for item in found.items]


def of(outcome: dict[str, Any], *names: str) -> dict[str, Any]:
    """The outcome's values as the form shows them."""
    values = {name: shown(outcome, name) for name in names if name != "skills"}
    return {
        **{name: value for name, value in values.items() if value},
        **({"skills": outcome["skills"]} if "skills" in names and outcome.get("skills") else {}),
    }


@given(OUTCOMES, LANGUAGES)
def test_a_table_carries_everything(outcomes, language):
    names = ("id", "title", "description", "kind", "reuse", "threshold", "skills")
    assert back("csv", outcomes, language) == [of(outcome, *names) for outcome in outcomes]


@given(OUTCOMES, LANGUAGES)
def test_case_carries_all_but_threshold_and_reuse(outcomes, language):
    names = ("id", "title", "description", "kind", "skills")
    assert back("case", outcomes, language) == [of(outcome, *names) for outcome in outcomes]


def tidied(text: str) -> str:
    lines = [re.sub(r"[ \t]+", " ", line).strip(" \t") for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "•")).strip()


@given(OUTCOMES, LANGUAGES)
def test_moodle_carries_titles_descriptions_and_ids(outcomes, language):
    expected = []
    for outcome in outcomes:
        title = " ".join(outcome["title"].split())
        description = tidied(outcome.get("description", ""))
        if " ".join(description.partition("\n\n")[0].split()).casefold().startswith(title.rstrip(".… ").casefold()):
            return  # said in the module: a description that goes on from the title
        expected.append({"id": outcome["id"], "title": title, **({"description": description} if description else {})})
    assert back("moodle", outcomes, language) == expected


def test_a_long_title_survives_moodles_short_names():
    title = "Locate a fault in the drive train " * 10
    (value,) = back("moodle", [{"id": "a", "title": title.strip(), "description": "First.\n\nSecond."}])
    assert value == {"id": "a", "title": title.strip(), "description": "First.\n\nSecond."}


def test_no_cell_is_a_formula():
    text = exported("csv", [
        {"id": "-1", "title": "=HYPERLINK(\"http://x\")", "description": "@SUM(1)\t", "skills": [
            {"uri": "https://x.org", "label": "+1", "framework": "-2"}]},
        {"id": "b", "title": "'=already", "description": "'not a formula"},
    ]).text
    cells = [cell.strip('"') for cell in re.split(r'[,\r\n]+(?=(?:[^"]*"[^"]*")*[^"]*$)', text)]
    assert not [cell for cell in cells if re.match(r"[=+\-@\t＝]", cell)]
    assert "''=already" in text and ",'not a formula," in text


def test_moodle_never_meets_an_id_twice_nor_one_that_is_a_formula():
    ids = ["a", "a", "", "=1+1", "-b"]
    text = exported("moodle", [{"id": name, "title": f"T{number}"} for number, name in enumerate(ids)]).text
    found = [line.split(",")[1] for line in text.splitlines()[2:]]
    assert found == ["outcome.1", "outcome.2", "outcome.3", "outcome.4", "-b"]


def test_a_spreadsheet_opens_the_table_as_what_it_is():
    outcome = [{"id": "a", "title": "Réparer", "threshold": "0.725"}]
    assert exported("csv", outcome, "fr").text.startswith("\ufeffIdentifiant;Intitulé;")
    assert ";72,5\u00a0%;" in exported("csv", outcome, "fr").text.replace(" %", "\u00a0%")
    assert exported("csv", outcome, "en").text.startswith("\ufeffId,Title,")
    assert exported("csv", outcome, "ar").text.partition(";")[0] == "\ufeffالمعرّف"
    assert exported("csv", outcome, "en").text.endswith("\r\n")


def test_identifiers_are_stable_and_tell_pills_apart():
    outcomes = [{"id": "a", "title": "A"}, {"id": "a", "title": "B"}]
    first, second = (json.loads(exported("case", outcomes, title=title).text) for title in ("One", "Two"))
    assert [item["identifier"] for item in first["CFItems"]] == [item["identifier"] for item in second["CFItems"]]
    assert len({item["identifier"] for item in first["CFItems"]}) == 2, "even where two outcomes share an id"
    assert all(item["uri"] == f"urn:uuid:{item['identifier']}" for item in first["CFItems"])


def test_what_has_no_title_is_not_written():
    file = exported("csv", [{"id": "a", "title": " "}, "damaged", {"id": "b", "title": "B"}])
    assert file.left_out == 2 and file.text.count("\r\n") == 2
    with pytest.raises(InvalidInput, match="no outcome to download"):
        exported("case", [{"title": ""}])
    with pytest.raises(InvalidAnswer, match="No format"):
        exported("xlsx", [{"title": "A"}])


@pytest.mark.parametrize(("title", "name"), [
    ("Trouver la panne : éolienne", "Trouver-la-panne-éolienne"), ("../../etc/passwd", "etc-passwd"),
    ("تحديد العطل", "تحديد-العطل"), ("\r\n\"x\"", "x"), ("!!!", "pill"),
])
def test_files_are_named_after_the_pill(title, name):
    assert exported("csv", [{"title": "A"}], title=title).name == f"{name}-outcomes.csv"
    assert exported("case", [{"title": "A"}], title=title).name == f"{name}-case.json"
