"""The page of a European Digital Credential: printed on a sheet, it is what resvg draws as a whole."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from benchmarks import elm_page as benchmark
from microcred_xblock.credentials import badge_image, elm_page
from microcred_xblock.domain.pill import Mastery, MasteryRule
from tests.factories import (
    AWARDED_AT,
    EARNED,
    make_award,
    make_holder,
    make_issuer,
    make_outcome,
    make_pill,
    make_recognition,
    make_results,
    make_scores,
)

ARABIC = make_pill(
    title="تشخيص أعطال توربينات الرياح", language="ar",
    outcomes=(make_outcome("a", "تفسير بيانات التشغيل", ("b",)), make_outcome("c", "تحديد سبب التوقف", ("b",))),
)
MANY = make_pill(
    outcomes=tuple(make_outcome(f"o{n}", f"{n} is stated at some length " * (1 + n % 4), ("b",)) for n in range(20))
)
SOME = make_pill(mastery=MasteryRule(kind=Mastery.N_OF_M, n=1))
FIRST = {block: EARNED[block] for block in ("read-scada", "vibration-quiz")}


def award(pill, earned=None):
    return make_award(pill=pill, results=make_results(pill, make_scores(earned)))


CASES = {
    "plain": (award(make_pill()), make_issuer(), make_holder()),
    "french": (
        award(make_pill(language="fr", title="Diagnostic des défauts d’une éolienne")),
        make_issuer(legal_name="Centre de formation à l’énergie d’Évry"), make_holder(full_name="Zoë d’Åäçéèêëîïôùûü"),
    ),
    "kerning": (award(make_pill()), make_issuer(), make_holder(full_name="AVATo Ta Va Yo P. LT’ fi ffl WAWA")),
    "arabic": (award(ARABIC, {"b": "4.321"}), make_issuer(legal_name="مركز"), make_holder(full_name="سارة المثال")),
    "hebrew": (award(make_pill()), make_issuer(), make_holder(full_name="שרה לדוגמה")),
    "mixed": (award(make_pill()), make_issuer(), make_holder(full_name="Sara سارة שרה Иванова 123")),
    "long": (award(make_pill(title="Wind turbines at sea " * 10)), make_issuer(), make_holder(full_name="Max " * 50)),
    "many": (award(MANY, {"b": "4.9999"}), make_issuer(), make_holder()),
    "some": (award(SOME, FIRST), make_issuer(), make_holder()),
    "no-bloc": (award(make_pill(recognition=make_recognition(bloc=None))), make_issuer(), make_holder()),
    "image": (award(make_pill(image=badge_image.default_image("x", 3, "en"))), make_issuer(), make_holder()),
}


def rgb(png):
    return Image.open(io.BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_printed_page_is_the_page_drawn_at_once(case):
    whole = rgb(badge_image.render(elm_page.at_once(*case), width=elm_page.WIDTH))
    printed = rgb(elm_page.draw(*case))
    assert printed.size == whole.size == (elm_page.WIDTH, elm_page.HEIGHT)
    # Right of the panel and its badge the page has few colours; a line one pixel off differs by over 100.
    right = (350, 0, elm_page.WIDTH, elm_page.HEIGHT)
    difference = ImageChops.difference(printed.crop(right), whole.crop(right))
    assert max(most for _, most in difference.getextrema()) <= 24
    assert max(ImageStat.Stat(ImageChops.difference(printed, whole)).rms) < 1.5


def test_the_picture_is_closer_to_the_drawing_than_reducing_it_to_256_colours():
    case = CASES["plain"]
    drawing = badge_image.render(elm_page.at_once(*case), width=elm_page.WIDTH)

    def distance(png):
        picture = Image.open(io.BytesIO(png)).convert("RGBA").convert("RGB")
        return sum(ImageStat.Stat(ImageChops.difference(picture, rgb(drawing))).rms)

    assert distance(elm_page.draw(*case)) < distance(badge_image.reduced(drawing))
    assert rgb(elm_page.draw(*case)).getpixel((900, 600)) == (255, 255, 255)


def test_results_and_date_are_of_this_award():
    pill, issuer, holder = make_pill(), make_issuer(), make_holder()
    other = make_award(pill=pill, results=make_results(pill, make_scores(dict.fromkeys(EARNED, "5"))))
    later = make_award(pill=pill, awarded_at=AWARDED_AT + timedelta(days=1))
    first = rgb(elm_page.draw(make_award(pill=pill), issuer, holder))
    for changed, box in ((other, (1100, 300, 1260, 420)), (later, (1050, 780, 1260, 830))):
        difference = ImageChops.difference(first, rgb(elm_page.draw(changed, issuer, holder))).getbbox()
        assert difference is not None
        assert difference[0] >= box[0] and difference[1] >= box[1]
        assert difference[2] <= box[2] and difference[3] <= box[3]


def test_outcomes_that_were_not_achieved_are_not_on_the_page():
    issuer, holder = make_issuer(), make_holder()
    all_three = elm_page.draw(award(SOME), issuer, holder)
    one = elm_page.draw(award(SOME, FIRST), issuer, holder)
    # The two sheets have slightly different palettes.
    changed = ImageChops.difference(rgb(all_three), rgb(one)).convert("L").point(lambda value: value > 60).getbbox()
    assert changed is not None and 340 < changed[1] < 370 and changed[3] < 420, "the first outcome stays"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f"])
def test_marks_that_turn_text_around_are_not_printed(mark):
    case = make_award(), make_issuer()
    plain = elm_page.draw(*case, make_holder(full_name="Camille Exemple"))
    assert elm_page.draw(*case, make_holder(full_name=f"Camille {mark}Exemple")) == plain


def test_no_name_stays_behind():
    case = make_award(), make_issuer()
    elm_page.forget()
    before = elm_page.draw(*case, make_holder(full_name="Camille Exemple"))
    elm_page.draw(*case, make_holder(full_name="Dominique Longuenom de la Tour"))
    assert elm_page.draw(*case, make_holder(full_name="Camille Exemple")) == before
    kept = [function.cache_info().currsize for function in (elm_page._sheet, elm_page._stamp)]
    elm_page.draw(*case, make_holder(full_name="Andrea Dritter"))
    assert [function.cache_info().currsize for function in (elm_page._sheet, elm_page._stamp)] == kept


def test_other_processes_draw_the_same_bytes():
    elm_page.draw(*CASES["many"])  # what this process keeps must not matter
    here = [hashlib.sha256(elm_page.draw(*CASES[name])).hexdigest() for name in ("plain", "arabic")]
    code = (
        "import hashlib; from tests.credentials.test_elm_page import CASES, elm_page;"
        "print([hashlib.sha256(elm_page.draw(*CASES[name])).hexdigest() for name in ('plain', 'arabic')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.stdout.strip() == str(here)


NAMES = st.text(
    st.one_of(
        st.characters(min_codepoint=0x20, max_codepoint=0x52F, exclude_categories=["C"]),
        st.characters(min_codepoint=0x5D0, max_codepoint=0x64A, exclude_categories=["C"]),
        st.characters(min_codepoint=0x2010, max_codepoint=0x2027, exclude_categories=["C", "Z"]),
        st.sampled_from("AVTWYaofjgq’-"),
    ), min_size=1, max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(name=NAMES)
def test_no_name_is_cut_at_the_sides(name):
    place = elm_page._Place(x=266, y=130, size=19, anchor="start")
    content = elm_page._wrapped(name, size=19, width=540, most=1)[0]
    line = elm_page._line(content, place)
    top, bottom = place.rows
    drawing = elm_page._svg((elm_page._written(content, place),), box=(0, top, elm_page.WIDTH, bottom - top))
    whole = Image.open(io.BytesIO(badge_image.render(drawing, width=elm_page.WIDTH))).getchannel("A")
    left, _, right, _ = whole.getbbox() or (line.x, 0, line.x, 0)
    assert line.x <= left and right <= line.x + line.mask.width


def test_the_benchmark_draws_the_same_pages_both_ways():
    pages = [benchmark.learner(number) for number in range(2)]
    assert benchmark.printed(*pages[0]) != benchmark.printed(*pages[1])
    assert benchmark.sheet(*pages[0]) == benchmark.printed(*pages[0])
    assert all(benchmark.difference(benchmark.at_once(*page), benchmark.printed(*page)) < 64 for page in pages)
    assert "times faster" in benchmark.report(learners=1, repetitions=1)


def test_a_page_fits_into_a_credential():
    assert all(len(base64.b64encode(elm_page.draw(*case))) < 120_000 for case in CASES.values())
