"""Numbers in the author's form: the page reads them as a save does, and says of the others why they do not count."""

from __future__ import annotations

import math

import pytest

from microcred_xblock.authoring.values import typed_number
from microcred_xblock.translation import Translator

from .conftest import Visitor
from .test_studio_outcomes import NOBODY, fill

TYPED = (
    "7", " 7 ", "7.5", "7,5", "0,13", "7.", ".5", ",5", "+7", "-7", "1,500", "1.500", "1,500.5", "1.500,5", "1 500",
    "1\u00a0500", "1e3", "1E3", "1_000", "0x10", "NaN", "Infinity", "½", "²", "7 %", "7%", "three", "", ".", "+",
    "1..5", "٧", "٧٫٥", "٧,٥", "١٬٥٠٠", "१५", "1٥", "𝟙𝟚", "𝟏𝟡", "7" * 12, "7" * 13,
)


@pytest.fixture(params=["en", "fr", "ar"])
def language(request):
    return request.param


@pytest.fixture
def page(chromium, language):
    visitor = Visitor(chromium, NOBODY, language=language)
    fill(visitor.page, {"outcomes": []}, (), Translator(language))
    yield visitor.page
    visitor.close()


def test_the_page_reads_a_number_as_a_save_does(page, language):
    read = page.evaluate("typed => typed.map((text) => String(editor.number(text)))", list(TYPED))
    saved = [typed_number(text, Translator(language)) for text in TYPED]
    pairs = zip(TYPED, map(float, read), saved, strict=True)
    apart = [pair for pair in pairs if not (math.isnan(pair[1]) if pair[2] is None else pair[1] == float(pair[2]))]
    assert apart == []


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_the_meter_counts_no_number_that_a_save_refuses(page):
    page.locator("[role='tab'][data-target='recognition']").click()
    hours = page.locator("[data-control='recognition.workload_hours']")
    note = page.locator("[data-note='recognition.workload_hours']")
    for typed, told in {
        "1,500": "Write the number with digits", "1e3": "Write the number with digits", "0": "must lie above 0",
        "10001": "be at most 10000", "7.125": "at most two decimals",
    }.items():
        hours.fill(typed)
        page.locator("[data-meter='workload'][data-state='missing']").wait_for()
        assert told in note.inner_text(), typed
    for typed in ("7", "٧٫٥", "7,5"):
        hours.fill(typed)
        page.locator("[data-meter='workload'][data-state='complete']").wait_for()
        assert note.is_hidden()


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_what_a_save_refused_is_said_once(page):
    page.locator("[role='tab'][data-target='recognition']").click()
    hours = page.locator("[data-control='recognition.workload_hours']")
    note = page.locator("[data-note='recognition.workload_hours']")
    hours.fill("three")
    assert note.is_visible()
    page.evaluate("editor.show([{control: 'recognition.workload_hours', place: 'Hours', text: 'No.'}], 'refused')")
    page.locator("[data-problem]", has_text="No.").wait_for()
    assert note.is_hidden()
    hours.fill("four")
    assert note.is_visible() and page.locator("[data-problem]").count() == 0
