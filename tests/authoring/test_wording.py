"""Advice on wording, and the script that gives it while the author types."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcred_xblock.authoring import wording
from microcred_xblock.translation import Translator

from .page import page

SCRIPT = Path(wording.__file__).parents[1] / "static" / "js" / "studio_wording.js"
EXAMPLES = [
    ("Understand how a turbine works", "en", [("vague", "understand")]),
    ("KNOW the parts", "en", [("vague", "know")]),
    ("Knowledge of parts", "en", []),
    ("Know-how of repair", "en", []),
    ("Be aware of the dangers", "en-GB", [("vague", "be aware of")]),
    ("The learner will be able to understand wind", "en", [("vague", "understand")]),
    ("You can locate a fault", "en", []),
    ("Locate a fault in the drive train from monitoring data", "en", []),
    ("Locate and repair a fault", "en", [("joined", "repair")]),
    ("Locate, and then repair a fault", "en", []),
    ("Locate a fault and confirm it by a measurement", "en", [("joined", "confirm")]),
    ("Read data and report lines", "en", []),
    ("Calibrate the sensor and test equipment", "en", []),
    ("Understand and explain wind", "en", [("vague", "understand"), ("joined", "explain")]),
    ("Comprendre le vent", "fr", [("vague", "comprendre")]),
    ("Être sensibilisé à la sécurité", "fr", [("vague", "être sensibilisé à")]),
    ("L’apprenant est capable de connaître le vent", "fr_CA", [("vague", "connaître")]),
    ("Savoir réparer une machine", "fr", []),
    ("S’initier à la mesure", "fr", [("vague", "s'initier à")]),
    ("Repérer une panne et la réparer", "fr", [("joined", "réparer")]),
    ("Repérer une panne et ses causes", "fr", []),
    ("أن يَفهَم المتعلم الريح", "ar", [("vague", "يفهم")]),
    ("يحدّد العطل ويصلح الآلة", "ar", [("joined", "يصلح")]),
    ("تحديد العطل وأسبابه", "ar", []),
    ("الإلمام بقواعد السلامة", "ar", [("vague", "الالمام")]),
    ("Verstehen, wie der Wind weht", "de", []),
    ("Understand", "", []),
    ("", "en", []),
    ("x" * 141, "en", [("long", "")]),
    (" " + "x" * 140 + " ", "en", []),
    ("x" * 200, "de", []),
    ("Locate a fault in [equipment] from [readings]", "en", [("blank", "[equipment]")]),
    ("يحدّد العطل في [المعدّة]", "ar", [("blank", "[المعدّة]")]),
    ("Locate a fault in [] or ]this[", "en", []),
    ("Predict what list[0] and row[i][j] hold", "en", []),
    ("Weigh [mg] in [équipement]", "en", [("blank", "[équipement]")]),
]


@pytest.mark.parametrize(("title", "language", "expected"), EXAMPLES)
def test_advice(title, language, expected):
    assert wording.advice(title, language) == expected


@pytest.mark.parametrize("language", wording.WORDING)
def test_the_words_are_as_they_are_compared(language):
    words = wording.WORDING[language]
    for name in ("leads", "vague", "verbs", "joins", "objects"):
        listed = getattr(words, name)
        assert [wording.plain(word) for word in listed] == list(listed)
        assert len(set(listed)) == len(listed), name
    assert not set(words.verbs) & set(words.vague)
    for examples in words.examples.values():
        assert set(examples) <= set(words.verbs), "what is offered draws no advice itself"


@pytest.mark.parametrize("language", wording.WORDING)
def test_every_recommended_verb_is_free_of_advice_and_every_vague_one_is_not(language):
    words = wording.WORDING[language]
    assert not any(wording.advice(f"{verb} x", language) for verb in words.verbs)
    assert all(wording.advice(f"{verb} x", language)[0][0] == "vague" for verb in words.vague)


PIECES = [
    word for words in wording.WORDING.values()
    for word in (*words.verbs[:6], *words.vague[:6], *words.leads[:3], *words.joins, *words.objects[:3])
] + ["fault", "panne", "عطل", ",", "’", "-", "É", "  ", "وَ", "x" * 70, "و", "[", "]"]


@pytest.mark.node
def test_the_script_gives_the_same_advice():
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    titles = [(title, language) for title, language, _expected in EXAMPLES]

    @settings(max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join), st.sampled_from(["en", "fr", "ar-EG", "de"]))
    def collect(title, language):
        titles.append((title, language))

    collect()
    program = (
        "globalThis.window = {}; require(process.argv[1]);"
        "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "const advice = window.MicrocredStudioParts.wording.advice;"
        "console.log(JSON.stringify(given.titles.map(([title, language]) => advice(title, language, given.data))));"
    )
    data = wording.script(page({}), Translator("en"))
    answer = subprocess.run(
        ["node", "-e", program, str(SCRIPT)], input=json.dumps({"data": data, "titles": titles}), text=True,
        capture_output=True, check=True,
    )
    for (title, language), found in zip(titles, json.loads(answer.stdout), strict=True):
        assert [tuple(item) for item in found] == wording.advice(title, language), (title, language)


def test_the_copy_pattern_knows_what_studio_writes():
    pattern = re.compile(wording.script(page({}), Translator("en"))["copy"], re.IGNORECASE)
    assert pattern.search("Duplicate of 'Find the fault'") and pattern.search("duplicate of x")
    assert not pattern.search("No duplicate of it")
