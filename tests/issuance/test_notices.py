"""What learners are told: once, in their language, on the page and, where the admin wants it, by e-mail."""

from __future__ import annotations

import threading
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from types import SimpleNamespace

import pytest
from django.core import mail

from microcred_xblock import compat, notice_texts
from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.issuance import api, models, notices, outbox, status
from microcred_xblock.translation import Translator
from tests.issuance.upkeep_case import COURSE, WEAK, Story

State = models.Notice.State


@pytest.fixture
def story(db):
    story = Story(regrade="suspend")
    story.record(0)
    return story


@pytest.fixture
def mailed(settings, monkeypatch):
    """A site that sends e-mail to an account that is known."""
    settings.MICROCRED_NOTICE_EMAIL = True
    settings.MICROCRED_PUBLIC_BASE_URL = "https://learn.example"
    settings.DEFAULT_FROM_EMAIL = "registrar@learn.example"
    account = SimpleNamespace(
        id=1, username="camille", full_name="Camille Exemple", email="camille@learner.example", language="en",
        active=True,
    )
    monkeypatch.setattr(compat, "account", lambda learner_id: account if learner_id == "student_1" else None)
    return account


def notice():
    return models.Notice.objects.order_by("-pk")[0]


class TestTelling:
    def test_the_same_key_twice_is_one_notice(self, story):
        first, again = (notices.tell(story.award, "expired", key="k", params={}, now=story.at(day)) for day in (1, 2))
        assert first == again and models.Notice.objects.count() == 1
        other = notices.tell(story.award, "expired", key="l", params={}, now=story.at(3))
        assert other != first

    def test_on_the_page_only_unless_the_admin_wants_more(self, story, commits):
        with commits():
            notices.tell(story.award, "expired", key="k", params={}, now=story.at(1))
        assert (notice().state, mail.outbox) == (State.SHOWN, [])

    def test_nobody_is_told_who_has_left(self, story):
        models.Award.objects.update(retired_at=story.at(1))
        assert notices.tell(story.award, "expired", key="k", params={}, now=story.at(2)) is None
        assert not models.Notice.objects.exists()

    @pytest.mark.parametrize(("act", "kind", "params"), [
        ("suspend", "suspended", {"reason": "integrity", "automatic": False, "in_badge": True}),
        ("revoke", "revoked", {"reason": "integrity", "automatic": False, "regain": "anew"}),
        ("supersede", "superseded", {"reason": "integrity", "automatic": False}),
    ])
    def test_what_staff_change_is_told(self, story, act, kind, params):
        more = {"regain": "anew"} if act == "revoke" else {}
        getattr(status, act)(story.award, reason="integrity", actor="user:1", now=story.at(1), **more)
        assert (notice().kind, notice().params, notice().created_at) == (kind, params, story.at(1))

    @pytest.mark.parametrize(("rule", "seen"), [("suspend", "Whoever checks it sees"), ("keep", "verification page")])
    def test_where_a_suspension_is_seen_is_told_truly(self, db, rule, seen):
        """A badge has one entry: where it is for revocation, whoever checks the file does not see a suspension."""
        story = Story(regrade=rule)
        story.record(0)
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        english = Translator("en")
        assert seen in " ".join(notice_texts.words("suspended", notice().params, english).sentences)
        api.dismiss_notice(str(story.award.pk), story.learner, notice().pk)
        panel = api.panel(story.learner, story.pill.id)
        assert panel.standing.in_badge is (rule == "suspend"), "as the page tells it once the notice is put away"

    @pytest.mark.parametrize("reason", ["cleared", "mistake", "error", "other"])
    def test_a_reinstatement_gives_no_reason_against_it(self, story, reason):
        status.suspend(story.award, reason="error", actor="user:1", now=story.at(1))
        status.reinstate(story.award, reason=reason, actor="user:1", now=story.at(2))
        told = models.Notice.objects.get(kind="reinstated")
        words = " ".join(notice_texts.words(told.kind, told.params, Translator("en")).sentences)
        assert "lifted the suspension" in words and "issued by mistake" not in words

    def test_a_change_takes_down_what_it_makes_untrue(self, story):
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        status.reinstate(story.award, reason="error", actor="user:1", now=story.at(2))
        assert story.told() == ["suspended", "reinstated"] and story.shown() == ["reinstated"]

    def test_a_change_told_twice_is_one_notice(self, story):
        change = status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        notices.tell_change(change.pk)
        assert models.Notice.objects.count() == 1


class TestDismissing:
    def test_the_learner_puts_it_away(self, story):
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        api.dismiss_notice(str(story.award.pk), story.learner, notice().pk)
        assert story.shown() == []
        panel = api.panel(story.learner, story.pill.id)
        standing = panel.standing
        assert (standing.state, standing.reason, standing.automatic) == ("suspended", "integrity", False)

    def test_also_of_an_award_that_was_revoked(self, story):
        status.revoke(story.award, reason="integrity", actor="user:1", now=story.at(1), regain="anew")
        api.dismiss_notice(str(story.award.pk), story.learner, notice().pk)
        assert story.shown() == []

    @pytest.mark.parametrize("learner", ["somebody", ""])
    def test_not_another_s(self, story, learner):
        status.suspend(story.award, reason="integrity", actor="user:1", now=story.at(1))
        with pytest.raises(NotAllowed) as refusal:
            api.dismiss_notice(str(story.award.pk), learner, notice().pk)
        assert refusal.value.code == "award-unknown" and story.shown() == ["suspended"]

    def test_not_of_another_award(self, story):
        other = Story("student_2", regrade="suspend")
        other.record(0)
        status.suspend(other.award, reason="integrity", actor="user:1", now=story.at(1))
        with pytest.raises(NotAllowed) as refusal:
            api.dismiss_notice(str(story.award.pk), story.learner, notice().pk)
        assert refusal.value.code == "notice-unknown" and other.shown() == ["suspended"]


class TestSending:
    def told(self, story, commits, kind="score-change", params=None):
        shown = {"reason": "regrade", "policy": "suspend", "mastered": False, "date": story.at(15).isoformat()}
        with commits():
            notices.tell(story.award, kind, key="k", params=shown if params is None else params, now=story.at(0))

    def test_one_message_in_words_and_html(self, story, mailed, commits):
        self.told(story, commits)
        (message,) = mail.outbox
        assert message.to == ["camille@learner.example"] and message.from_email == "registrar@learn.example"
        assert message.subject == "Your scores have changed: Fault diagnosis on a wind turbine"
        link = f"https://learn.example/courses/{COURSE}/jump_to/{story.pill.id}"
        html, kind = message.alternatives[0]
        assert kind == "text/html" and f'<a href="{link}"' in html and '<html lang="en" dir="ltr">' in html
        for text in (message.body, html):
            for part in ("no longer reach", "On the day below it is suspended", "Dec. 10, 2025", "Work through", link):
                assert part in text, part
        assert "Camille" not in message.body
        assert (notice().state, notice().attempts, notice().error_code) == (State.SENT, 1, "")
        assert notice().sent_at is not None

    def test_in_the_learner_s_language(self, story, mailed, commits, monkeypatch):
        mailed.language = "ar"
        self.told(story, commits)
        assert '<html lang="ar" dir="rtl">' in mail.outbox[0].alternatives[0][0]

    def test_titles_cannot_become_markup_or_headers(self, story, mailed, commits):
        models.FrozenPill.objects.update(title="<b>x</b>\r\nBcc: all@example.org")
        self.told(story, commits)
        (message,) = mail.outbox
        assert "\n" not in message.subject and "&lt;b&gt;x" in message.alternatives[0][0]
        assert "<b>x</b>" in message.body and message.bcc == []

    @pytest.mark.parametrize("account", [None, {"active": False}, {"email": ""}])
    def test_without_a_usable_account_it_is_shown_only(self, story, mailed, commits, monkeypatch, account):
        if account is None:
            monkeypatch.setattr(compat, "account", lambda _learner: None)
        for name, value in (account or {}).items():
            setattr(mailed, name, value)
        self.told(story, commits)
        assert (notice().state, mail.outbox) == (State.SHOWN, [])

    def test_what_is_no_longer_true_is_not_sent(self, story, mailed):
        told = notices.tell(story.award, "score-change", key="k", params={}, now=story.at(0))
        notices.replace(story.award, "score-change", now=story.at(0))
        notices.send(told.pk, now=story.at(1))
        assert (notice().state, mail.outbox) == (State.SHOWN, [])

    def test_twice_is_once(self, story, mailed):
        told = notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))
        for _ in range(3):
            notices.send(told.pk, now=story.at(1))
        assert len(mail.outbox) == 1

    def test_two_workers_send_one_message(self, story, mailed, monkeypatch):
        """The second worker comes while the first is talking to the mail server."""
        told = notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))
        send, seen = notices._send, []

        def slow(row):
            seen.append(threading.get_ident())
            if len(seen) == 1:
                notices.send(told.pk, now=story.at(1))
            return send(row)

        monkeypatch.setattr(notices, "_send", slow)
        notices.send(told.pk, now=story.at(1))
        assert len(mail.outbox) == len(seen) == 1

    def test_a_killed_worker_is_followed_by_another(self, story, mailed, monkeypatch):
        told = notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))
        monkeypatch.setattr(notices, "_send", lambda _row: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            notices.send(told.pk, now=story.at(1))
        monkeypatch.undo()
        monkeypatch.setattr(compat, "account", lambda _learner: mailed)
        notices.send(told.pk, now=story.at(1))
        assert mail.outbox == [], "it may still be alive"
        notices.send(told.pk, now=story.at(1) + notices.LEASE)
        assert len(mail.outbox) == 1

    def test_a_mail_server_that_is_away_is_asked_again_and_given_up_in_the_end(
        self, story, mailed, monkeypatch, caplog
    ):
        told = notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))

        def away(_row):
            raise SMTPServerDisconnected("camille@learner.example")

        monkeypatch.setattr(notices, "_send", away)
        now, waits = story.at(1), []
        for _ in range(len(outbox.LADDER)):
            notices.send(told.pk, now=now)
            assert (notice().state, notice().error_code, notice().error_class) == (
                State.QUEUED, "mail-unreachable", "unreachable",
            )
            waits.append(notice().next_attempt_at - now)
            notices.send(told.pk, now=now)  # not yet
            now = notice().next_attempt_at
        assert waits[0] < timedelta(minutes=1) < waits[-1]
        notices.send(told.pk, now=now)
        assert (notice().state, notice().attempts) == (State.DEAD, len(outbox.LADDER) + 1)
        assert "camille" not in caplog.text
        assert story.shown() == ["expired"], "the page tells it all the same"

    def test_a_site_without_an_address_says_so(self, story, mailed, settings):
        settings.MICROCRED_PUBLIC_BASE_URL = settings.LMS_ROOT_URL = ""
        told = notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))
        notices.send(told.pk, now=story.at(1))
        assert (notice().state, notice().error_code, notice().error_class) == (
            State.QUEUED, "setting-missing", "misconfigured",
        )

    def test_the_sweep_finds_what_was_lost(self, story, mailed, commits):
        notices.tell(story.award, "expired", key="k", params={}, now=story.at(0))
        assert notices.send_due(story.at(0) - timedelta(seconds=1)) == 0
        with commits():
            assert notices.send_due(story.at(0)) == 1
        assert len(mail.outbox) == 1 and notices.send_due(story.at(0)) == 0


class TestWords:
    PARAMS = ({}, {"reason": "regrade", "automatic": True, "policy": "revoke"}, {"reason": "from-a-newer-version"})

    @pytest.mark.parametrize("kind", [*notice_texts.TITLES, "from-a-newer-version"])
    @pytest.mark.parametrize("params", PARAMS)
    def test_every_kind_has_words_whatever_is_stored(self, kind, params):
        words = notice_texts.words(kind, params, Translator("en"))
        assert words.title and all(words.sentences) and "{" not in "".join((words.title, *words.sentences, words.todo))

    def test_what_threatens_says_what_when_and_what_to_do(self):
        for policy, what in (("suspend", "suspended"), ("revoke", "revoked"), ("supersede", "revoked")):
            words = notice_texts.words("score-change", {"reason": "regrade", "policy": policy}, Translator("en"))
            assert what in " ".join(words.sentences) and "the day below" in " ".join(words.sentences)
            assert "tell the course team" in words.todo and words.bad

    def test_a_revocation_says_how_to_earn_it_again(self):
        todos = {
            regain: notice_texts.words("revoked", {"regain": regain}, Translator("en")).todo
            for regain in models.Award.Regain.values
        }
        assert len(set(todos.values())) == 3 and "cannot be earned again" in todos["never"]

    def test_staff_s_reason_is_told(self):
        words = notice_texts.words("revoked", {"reason": "integrity"}, Translator("en"))
        assert notice_texts.REASONS["integrity"] in words.sentences


STAFF_REASONS = ("integrity", "error", "learner-request", "expired-registration", "other")


@pytest.mark.parametrize("reason", STAFF_REASONS)
@pytest.mark.parametrize("act", [status.suspend, status.revoke])
def test_the_reason_is_told_on_the_page_and_by_mail_and_the_note_is_not(story, mailed, commits, act, reason):
    with commits():
        act(story.award, reason=reason, note="copied from a friend", actor="user:1", now=story.at(1))
    told = notice_texts.REASONS[reason]
    panel = api.panel(story.learner, story.pill.id)
    page = notice_texts.words(panel.notices[0].kind, panel.notices[0].params, Translator("en"))
    assert told in page.sentences and "copied" not in repr(panel.notices)
    (message,) = mail.outbox
    for text in (message.body, message.alternatives[0][0]):
        assert told in " ".join(text.split()) and "copied" not in text


def test_every_reason_that_staff_can_give_has_words_for_the_learner():
    causes = notice_texts.CAUSES
    told = (set(causes[kind]) for kind in ("revoked", "suspended", "reinstated"))
    known = set(notice_texts.REASONS).union(*told, ("renewal", "reissue"))
    assert set(status.REASONS) <= known
    fair = notice_texts.REASONS["integrity"]
    assert "is not sure" in fair and "your side" in fair, "nothing is said to be proved"


def test_what_was_handed_over_is_not_handed_over_again_every_minute(story, mailed):
    with_mail = notices.tell(story.award, "expired", key="k", params={}, now=story.at(1))
    minute = timedelta(minutes=1)
    assert [notices.send_due(story.at(1) + number * minute) for number in range(6)] == [1, 0, 0, 0, 0, 0]
    assert notices.send_due(story.at(1) + outbox.HANDED_OVER + minute) == 1
    notices.send(with_mail.pk, now=story.at(1))
    with_mail.refresh_from_db()
    assert (with_mail.state, with_mail.leased_until) == (State.SENT, None), "a mark does not hold a worker off"


def test_a_regrade_tells_twice_by_mail_too(db, mailed, commits):
    story = Story(regrade="suspend")
    with commits():
        story.record(0)
        story.record(1, WEAK)
    with commits():
        story.sweep(15)
    assert [message.subject.partition(":")[0] for message in mail.outbox] == [
        "Your scores have changed", "Your credential is suspended",
    ]
