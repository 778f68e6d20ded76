"""Every error code has a text in every promised language, and every text says what to do."""

from __future__ import annotations

import ast
from pathlib import Path

import polib
import pytest

from microcred_xblock import message_texts, messages
from microcred_xblock.domain import errors
from microcred_xblock.domain.errors import InvalidInput, InvalidPill, MicrocredError, Misconfigured, WalletUnreachable
from microcred_xblock.translation import Translator, bundled
from tools import messages as catalogues

PACKAGE = Path(messages.__file__).parent
ERROR_NAMES = {name for name, item in vars(errors).items() if isinstance(item, type)}
ENGLISH = Translator("en")


def _codes_raised() -> set[str]:
    """Every constant code given to an error class anywhere in the package but the demo."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        if "workbench" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERROR_NAMES:
                found |= {
                    constant.value
                    for keyword in node.keywords if keyword.arg == "code"
                    for constant in ast.walk(keyword.value)
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
                }
    return found - {"viewer-", "inherited-"}


def test_every_code_has_its_own_text():
    codes = _codes_raised()
    assert len(codes) > 100
    assert sorted(codes - set(message_texts.MESSAGES)) == []


def test_every_branch_of_the_tree_has_a_text():
    kinds = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, MicrocredError)]
    for kind in kinds:
        text = messages.explain(kind("English for the log", code="no-such-code"), ENGLISH)
        assert text.startswith(message_texts.BRANCHES[kind.default_code].replace("{field}", "–"))


@pytest.mark.parametrize("code", sorted(message_texts.MESSAGES))
def test_a_text_survives_missing_parameters(code):
    text = messages.text(code, ENGLISH)
    assert text and "{" not in text


def test_parameters_and_field_names_are_put_in():
    error = InvalidPill("x", code="text-too-long", field="outcome a.outcome title", length=10_000, limit=500)
    assert messages.explain(error, ENGLISH) == (
        "Title of the outcome has 10000 characters; at most 500 are allowed. Shorten it."
    )
    assert messages.place("outcome a.outcome title", ENGLISH) == "Outcome “a”"


def test_a_parameter_with_braces_is_only_text():
    error = InvalidPill("x", code="duplicate-outcome", field="outcomes", outcome="{field}{0}")
    assert "“{field}{0}”" in messages.explain(error, ENGLISH)


def test_what_only_an_admin_can_mend_tells_the_learner_whom_to_tell():
    text = messages.explain(Misconfigured("x", code="certificate-expired", until="2026-01-01"), ENGLISH)
    assert text.startswith("This site is not ready") and text.endswith("expired on 2026-01-01: install a new one.")


def test_an_unreachable_wallet_offers_the_next_channel():
    for kind in (WalletUnreachable("x"), WalletUnreachable("x", code="wallet-timeout")):
        assert "download" in messages.explain(kind, ENGLISH)
        assert "téléchargez" in messages.explain(kind, Translator("fr"))
        assert "نزّل" in messages.explain(kind, Translator("ar"))
        assert "Réessayez dans quelques minutes" in messages.explain(kind, Translator("fr"))
    assert "Un nouvel essai suivra" in messages.text("wallet-timeout", Translator("fr"), retried=True)
    assert "تُعاد المحاولة" in messages.text("wallet-timeout", Translator("ar"), retried=True)


@pytest.mark.parametrize("code", [*sorted(message_texts.UNREACHABLE), "no-such-code"])
def test_only_a_delivery_promises_to_be_tried_again(code):
    answer = messages.explain(WalletUnreachable("x", code=code), ENGLISH)
    assert answer.endswith("Try again in a few minutes, or download the credential.")
    assert "by itself" not in answer
    if code in message_texts.UNREACHABLE:
        assert messages.text(code, ENGLISH).endswith("Try again in a few minutes, or download the credential.")
        waiting = messages.text(code, ENGLISH, retried=True)
        assert waiting.endswith("It is tried again by itself; you can also download the credential.")
        assert "in a few minutes" not in waiting


@pytest.mark.parametrize("code", sorted(set(message_texts.MESSAGES) - {"internal"}))
def test_no_other_text_promises_to_be_tried_again(code):
    assert "tried again" not in messages.text(code, ENGLISH)


def test_an_unknown_stored_code_is_still_explained():
    assert messages.text("from-a-newer-version", Translator("fr")) != ""


def test_the_catalogues_are_complete_and_current():
    assert catalogues.problems() == []


def test_french_is_french():
    french = Translator("fr-CA")
    assert messages.explain(InvalidInput("x", code="not-earned"), french).startswith("Vous n’avez pas encore obtenu")


@pytest.mark.parametrize(("written", "compiled"), [
    ("Jusqu’au : {date}", "Jusqu’au\u00a0: {date}"),
    ("« Ajouter » ou « Scanner ».", "«\u00a0Ajouter\u00a0» ou «\u00a0Scanner\u00a0»."),
    ("Gardez-le ; sinon ?", "Gardez-le\u00a0; sinon\u00a0?"), ("https://x.example/ ?a=1", "https://x.example/ ?a=1"),
    ("Déjà\u00a0: oui", "Déjà\u00a0: oui"), (" : ", " : "),
])
def test_no_line_of_french_begins_with_its_punctuation(written, compiled):
    assert catalogues.unbroken(written) == compiled


def test_the_compiled_french_catalogues_are_set_so():
    for catalogue in catalogues.CATALOGUES:
        for path in (catalogue.po_path("fr"),) if "fr" in catalogue.languages else ():
            book = polib.mofile(str(path.with_suffix(".mo")))
            texts = [text for entry in book for text in (entry.msgstr, *entry.msgstr_plural.values())]
            assert texts and [text for text in texts if text != catalogues.unbroken(text)] == []


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_compiled_catalogue_is_found(language):
    assert bundled(language).gettext("Your credential") != "Your credential"


@pytest.mark.parametrize("language", ["", "xx", "../../etc", "en", "fr\x00"])
def test_an_unknown_language_is_english(language):
    assert Translator(language).gettext("Your credential") == "Your credential"
