"""The archive by e-mail: only where the admin allows it, only to the account's own address, not too often."""

from __future__ import annotations

import io
import zipfile
from smtplib import SMTPServerDisconnected
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from microcred_xblock import compat, notice_texts
from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.issuance import api, mailing, models, notices
from microcred_xblock.translation import Translator

pytestmark = pytest.mark.django_db
State = models.Notice.State


@pytest.fixture
def account(configured, monkeypatch):
    """A site that allows it, and the learner's account."""
    cache.clear()
    configured.MICROCRED_MAIL_FILES = True
    found = SimpleNamespace(id=1, email="camille@learner.example", language="fr", active=True)
    monkeypatch.setattr(compat, "platform", lambda: compat.LMS)
    monkeypatch.setattr(compat, "account", lambda learner_id: found if learner_id == "student_1" else None)
    return found


@pytest.fixture
def ask(issued, learner, commits):
    def press():
        with commits():
            return api.mail_files(issued, learner.id)

    return press


def refusal(ask):
    with pytest.raises(NotAllowed) as caught:
        ask()
    return caught.value.code


def test_it_is_sent_once_to_the_account_in_its_language(account, ask, issued, learner):
    ask()
    (message,) = mail.outbox
    assert message.to == ["camille@learner.example"] and message.cc == message.bcc == []
    assert message.subject.startswith("Votre attestation est jointe")
    ((name, content, media_type),) = message.attachments
    assert name == "fault-diagnosis-on-a-wind-turbine-archive.zip" and media_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        assert "Conservez cette archive" in read.read("README.txt").decode()
    notice = models.Notice.objects.get()
    assert (notice.kind, notice.state) == ("files-sent", State.SENT)
    notices.send(notice.pk, now=timezone.now())
    assert len(mail.outbox) == 1


def test_the_panel_tells_how_far_it_is(account, issued, learner):
    panel = api.mail_files(issued, learner.id)
    assert panel.mails_files and [notice.kind for notice in panel.notices] == ["files-queued"]
    again = api.mail_files(issued, learner.id)
    assert again.notices == panel.notices and models.Notice.objects.count() == 1, "two clicks are one message"


def test_off_unless_the_admin_says_so(account, ask, configured, issued, learner):
    configured.MICROCRED_MAIL_FILES = False
    assert refusal(ask) == "mail-off" and not mailing.allowed()
    configured.MICROCRED_MAIL_FILES = "False"  # a text is no yes
    assert refusal(ask) == "mail-off"
    assert mail.outbox == [] and not models.Notice.objects.exists()


@pytest.mark.parametrize("changes", [{"email": ""}, {"active": False}])
def test_not_without_a_usable_address(account, ask, changes):
    vars(account).update(changes)
    assert refusal(ask) == "mail-address"


def test_not_too_often(account, ask, configured):
    configured.MICROCRED_API_RATES = {"mail": "2/d"}
    ask()
    ask()
    assert refusal(ask) == "mail-rate"
    assert len(mail.outbox) == 2
    assert models.Notice.objects.filter(dismissed_at=None).count() == 1, "the newest alone is shown"


def test_not_of_another_nor_without_consent(account, issued, ask, learner):
    with pytest.raises(NotAllowed):
        api.mail_files(issued, "student_2")
    api.withdraw(issued, learner.id)
    assert refusal(ask) == "consent-missing"


def test_what_may_not_be_given_out_any_more_stays_here(account, issued, learner):
    api.mail_files(issued, learner.id)
    api.withdraw(issued, learner.id)
    notice = models.Notice.objects.get()
    notices.send(notice.pk, now=timezone.now())
    notice.refresh_from_db()
    assert (notice.kind, notice.state, mail.outbox) == ("files-unsent", State.SHOWN, [])


def test_a_mail_server_that_is_away_is_tried_again_and_given_up_aloud(account, issued, learner, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise SMTPServerDisconnected("away")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    api.mail_files(issued, learner.id)
    notice = models.Notice.objects.get()
    notices.send(notice.pk, now=notice.next_attempt_at)
    notice.refresh_from_db()
    assert (notice.kind, notice.state, notice.error_code) == ("files-queued", State.QUEUED, "mail-unreachable")
    monkeypatch.setattr("microcred_xblock.issuance.outbox.next_attempt", lambda _attempts, _now: None)
    notices.send(notice.pk, now=notice.next_attempt_at)
    notice.refresh_from_db()
    assert (notice.kind, notice.state) == ("files-unsent", State.DEAD)
    words = notice_texts.words(notice.kind, notice.params, Translator("en"))
    assert words.bad and words.todo == "Download the archive on this page."
