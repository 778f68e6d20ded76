"""The app's own catalogue: collected without gettext's tools, translated completely, and really looked up."""

from __future__ import annotations

from types import SimpleNamespace

import polib
import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override

from microcred_xblock import compat
from microcred_xblock.issuance import models, status
from microcred_xblock.issuance.console import words
from tools import messages as catalogues

from .population import STATES, populate

DJANGO = next(catalogue for catalogue in catalogues.CATALOGUES if catalogue.domain == "django")
TEXTS = DJANGO.source_texts()


@pytest.fixture(autouse=True)
def english_again():
    """A request leaves its language behind in the thread."""
    with override("en"):
        yield


def entry(msgid, text, plural=""):
    found = polib.POEntry(msgid=msgid, msgid_plural=plural)
    if plural:
        found.msgstr_plural = dict(enumerate(text))
    else:
        found.msgstr = text
    return found


def faults(msgid, text, plural=""):
    return list(catalogues._faults(entry(msgid, text, plural), msgid + plural, complete=True))


def test_every_kind_of_text_is_collected():
    assert ("The wallet was not connected", "") in TEXTS  # {% translate %}
    assert ("version %(version)s", "") in TEXTS  # {% blocktranslate %}
    assert ("%(n)s award", "%(n)s awards") in TEXTS  # its plural
    assert ("%(score)s %% (%(threshold)s %% needed)", "") in TEXTS  # a percent sign beside parameters
    assert ("Account {number}", "") in TEXTS  # gettext
    assert ("{done} of {total} award", "{done} of {total} awards") in TEXTS  # ngettext
    assert {(text, "") for text in status.REASONS.values()} <= set(TEXTS)  # N_
    assert {(str(label), "") for label in words.COLUMNS.values()} <= set(TEXTS)  # gettext_lazy


def test_a_template_is_read_as_django_reads_it(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        """{% load i18n %}<a title='f("x")'>{{ a|default:_("none") }}</a>{% trans 'It is "so"' %}{# gettext("no") #}
        {% blocktranslate trimmed count n=rows|length %}
          {{ n }} row
        {% plural %}
          {{ n }} rows
        {% endblocktranslate %}""",
        encoding="utf-8",
    )
    assert set(catalogues._template_texts(page)) == {
        ("none", ""), ('It is "so"', ""), ("%(n)s row", "%(n)s rows")
    }


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_catalogue_is_complete_and_compiled(language):
    assert list(catalogues._problems(DJANGO, language, set(TEXTS))) == []


@pytest.mark.parametrize(
    ("msgid", "text", "plural", "found"),
    [
        ("%(n)s of %(m)s", "%(m)s : %(n)s", "", []),
        ("%(n)s of %(m)s", "%(n)s", "", ["lost parameters"]),
        ("%(n)s", "%(N)s", "", ["unknown parameters"]),
        ("{n}", "{0}{m}", "", ["unknown parameters"]),
        ("%(n)s %%", "%(n)s %", "", ["a single percent sign"]),
        ("%(n)s %%", "%(n)s %%", "", []),
        ("{n} %", "{n} %", "", []),
        ("%(n)s row", ["une ligne", "%(n)s lignes"], "%(n)s rows", []),
        ("%(n)s row", ["une ligne", ""], "%(n)s rows", ["not translated"]),
        ("x", "", "", ["not translated"]),
    ],
)
def test_what_is_wrong_with_a_translation_is_found(msgid, text, plural, found):
    assert faults(msgid, text, plural) == found


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_django_finds_every_text(language):
    """In its own words, or in those of the platform or of Django: who comes first in the settings wins."""
    source = polib.pofile(str(DJANGO.po_path(language)))
    with override(language):
        for text in source:
            if text.msgid_plural:
                told = {ngettext(text.msgid, text.msgid_plural, n) for n in (0, 1, 2, 3, 11, 100)}
                assert told == set(text.msgstr_plural.values())
            else:
                assert gettext(text.msgid) != text.msgid or text.msgstr == text.msgid


@pytest.mark.parametrize(
    ("language", "direction", "heading", "filtered"),
    [
        ("fr", "ltr", "Attributions et livraisons", "attributions</h2>"),
        ("ar", "rtl", "الشهادات الممنوحة وتسليمها", "شهادة ممنوحة</h2>"),
    ],
)
def test_the_console_speaks_the_reader_s_language(configured, db, client, language, direction, heading, filtered):
    made = populate(2 * len(STATES), now=timezone.now())
    client.force_login(User.objects.create(username="boss", is_staff=True))
    client.cookies["django_language"] = language
    page = client.get("/microcred/console/").content.decode()
    assert f'lang="{language}" dir="{direction}"' in page
    assert f"<h1>{heading}</h1>" in page
    assert filtered in page
    for english in (">Filters<", ">Learner<", ">Issued<", "Download CSV", "awards</h2>"):
        assert english not in page
    story = client.get(f"/microcred/console/awards/{made.awards[0].pk}/").content.decode()
    assert f'lang="{language}" dir="{direction}"' in story
    for english in ("What the learner agreed to", "Why it was awarded", " needed)"):
        assert english not in story


@pytest.mark.parametrize(
    ("language", "direction", "suspended", "why"),
    [
        ("fr", "ltr", "L’attestation est suspendue", "Pour le moment, elle ne compte pas."),
        ("ar", "rtl", "الشهادة مُعلَّقة", "لا تُحتسب في الوقت الراهن."),
    ],
)
def test_a_verifier_reads_the_own_language(issued, client, language, direction, suspended, why):
    award = models.Award.objects.get(pk=issued)
    status.suspend(award, reason="integrity", actor="user:7", now=timezone.now())
    urn = models.Credential.objects.filter(award=award).values_list("credential_id", flat=True)[0]
    address = f"/microcred/verify/{urn.removeprefix('urn:uuid:')}"
    page = client.get(address, headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert suspended in page and why in page
    assert "The credential" not in page and "Suspended" not in page


@pytest.mark.parametrize(
    ("language", "title", "sentence", "todo"),
    [
        ("fr", "Votre attestation est révoquée", "L’équipe du cours l’a révoquée.", "Elle ne peut plus être obtenue."),
        ("ar", "أُلغيت شهادتك", "ألغاها فريق المقرر.", "لا يمكن الحصول عليها مجددًا."),
    ],
)
def test_a_learner_is_told_in_the_own_language(
    issued, settings, monkeypatch, django_capture_on_commit_callbacks, language, title, sentence, todo
):
    settings.MICROCRED_NOTICE_EMAIL = True
    account = SimpleNamespace(
        id=1, username="c", full_name="C", email="camille@learner.example", language=language, active=True
    )
    monkeypatch.setattr(compat, "account", lambda learner_id: account)
    with django_capture_on_commit_callbacks(execute=True):
        status.revoke(
            models.Award.objects.get(pk=issued), reason="other", actor="user:7", now=timezone.now(), regain="never"
        )
    (message,) = mail.outbox
    assert message.subject.startswith(title)
    for body in (message.body, message.alternatives[0][0]):
        assert title in body and sentence in body and todo in body
        assert "The course team" not in body and "Open the pill" not in body
