"""The page to print: its text, its languages, and what it does not draw."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image

from microcred_xblock.credentials import certificate_pdf

_PICTURE = io.BytesIO()
Image.new("RGB", (20, 20), (10, 90, 60)).save(_PICTURE, "PNG")
URL = "https://learn.example/microcred/verify/8f14e45f-ceea-467f-a8d9-0d6b2a3a0001"
FRENCH = certificate_pdf.Certificate(
    language="fr", right_to_left=False, kicker="Microcertification", title="Diagnostic de pannes", awarded_to="à",
    name="Zoé Łukasiewicz", outcomes_label="Acquis", outcomes=("Localiser la cause", "Redémarrer sans danger"),
    more="et {n} de plus", facts=(("Niveau", "CEC 5"), ("Charge", "7,5 h")), awarded_by="Délivrée par",
    issuer="Centre de formation exemple", badge=_PICTURE.getvalue(), url=URL, url_note="Ce qu’elle vaut :",
    footer="Pour l’impression.", issued_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
)
ARABIC = replace(
    FRENCH, language="ar", right_to_left=True, title="تشخيص أعطال التوربينة SCADA", name="ليلى بن علي",
    outcomes=("تحديد سبب التوقف خلال 15 دقيقة",), issuer="مركز التكوين",
)


def read(pdf: bytes) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian: apt install poppler-utils)")
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_equal_arguments_give_equal_bytes_and_one_page():
    pdf = certificate_pdf.draw(FRENCH)
    assert pdf == certificate_pdf.draw(FRENCH)
    assert pdf.startswith(b"%PDF-") and pdf.count(b"/Type /Page\n") == 1
    assert b"/Lang (fr)" in pdf and f"/URI ({URL})".encode() in pdf


def test_everything_said_can_be_searched():
    text = read(certificate_pdf.draw(FRENCH))
    for said in ("Diagnostic de pannes", "Zoé Łukasiewicz", "Localiser la cause", "CEC 5", "7,5 h", URL,
                 "Centre de formation exemple", "Pour l’impression."):
        assert said in text, said


def test_arabic_is_shaped_and_still_found_as_it_was_written():
    text = read(certificate_pdf.draw(ARABIC))
    for word in ("تشخيص", "التوربينة", "SCADA", "ليلى", "مركز"):
        assert word in text, word
    assert not any("\ufe70" <= character <= "\ufefc" for character in text), "presentation forms instead of letters"


def test_outcomes_that_do_not_fit_are_counted():
    many = replace(FRENCH, outcomes=tuple(f"Acquis numéro {n}, " + "assez long " * 9 for n in range(30)))
    pdf = certificate_pdf.draw(many)
    text = read(pdf)
    shown = text.count("Acquis numéro")
    assert 0 < shown < 30 and f"et {30 - shown} de plus" in text
    assert pdf.count(b"/Type /Page\n") == 1 and "Pour l’impression." in text


def test_what_no_font_has_is_not_drawn_wrongly():
    assert certificate_pdf.draw(replace(FRENCH, name="山田太郎")) is None
    assert certificate_pdf.draw(replace(FRENCH, outcomes=("दोष",))) is None


def test_marks_of_direction_are_left_out():
    assert "elpmaxE" in read(certificate_pdf.draw(replace(FRENCH, name="\u202eelpmaxE\u202c")))
