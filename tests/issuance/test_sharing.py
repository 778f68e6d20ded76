"""Nothing goes to a wallet without the learner's consent to exactly that, and nothing is forgotten that may go."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock.domain.credential import Format
from microcred_xblock.domain.errors import WalletUnreachable
from microcred_xblock.issuance import (
    api,
    delivering,
    issuing,
    ledger,
    models,
    outbox,
    registering,
    sharing,
    signals,
    status,
)
from tests.wallets.host import Reply

pytestmark = pytest.mark.django_db


def states():
    return set(models.Delivery.objects.values_list("state", flat=True))


def shared():
    return models.Consent.objects.filter(purpose="share", active=True)


def take_back(learner):
    ledger.withdraw(learner.id, shared().get().pk, now=timezone.now())


def later(commits, **ahead):
    """A sweep when everything that waits is due."""
    models.Delivery.objects.filter(state="waiting-retry", next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now()
    )
    models.WalletConnection.objects.update(leased_until=None, lease="")
    with commits():
        outbox.sweep(timezone.now() + timedelta(**ahead))


@pytest.fixture
def unsent(connected, learner, commits, host):
    """Both credentials were sent once, and the wallet was out of order; now it works."""
    host.misbehave("/credentials", lambda *_: Reply(500), 50)
    host.misbehave("/elm", lambda *_: Reply(500), 50)
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert states() == {"waiting-retry"}
    host.behave()
    return models.Award.objects.get(pk=connected)


@pytest.mark.parametrize("state", ["dead", "refused", "waiting-retry"])
def test_staff_cannot_send_what_the_learner_took_back(unsent, learner, commits, host, state):
    models.Delivery.objects.update(state=state)
    take_back(learner)
    assert states() == {"stopped"}
    with commits():
        outbox.retry_award(unsent, now=timezone.now())
    assert states() == {"stopped"} and not host.stored


@pytest.mark.parametrize("state", ["dead", "refused", "waiting-retry"])
def test_staff_ask_the_ledger_not_the_row(unsent, commits, host, state):
    """A row that nobody stopped, as earlier releases left it."""
    models.Delivery.objects.update(state=state)
    shared().update(active=None, withdrawn_at=timezone.now())
    with commits():
        assert outbox.retry_award(unsent, now=timezone.now()) == 0
    assert states() == {state} and not host.stored


def test_a_worker_asks_the_ledger_not_the_row(unsent, commits, host):
    shared().update(active=None, withdrawn_at=timezone.now())
    later(commits)
    assert states() == {"stopped"} and not host.stored


def test_consent_to_another_wallet_is_none_to_this(unsent, commits, host):
    shared().update(recipient="https://elsewhere.example")
    later(commits)
    assert states() == {"stopped"} and not host.stored


def test_taken_back_while_it_is_being_sent(connected, learner, commits, host, monkeypatch):
    def push(*_args):
        if shared():
            take_back(learner)
        raise WalletUnreachable("No answer.", code="wallet-timeout")

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_push", push)
        with commits():
            api.send(connected, learner.id, "testwallet")
    assert states() == {"stopped"}
    later(commits)
    assert states() == {"stopped"} and not host.stored


def test_trying_again_is_consent_again(unsent, learner, commits, host):
    take_back(learner)
    with commits():
        api.retry(str(unsent.pk), learner.id, "testwallet")
    assert states() == {"delivered"}
    line = shared().get()
    assert (line.recipient, line.formats) == (host.url, ["ob3", "elm"])
    assert line.payload_digest == models.Consent.objects.get(purpose="issue").payload_digest


@pytest.mark.parametrize("work", [
    lambda award: sharing.stop(Q(credential__award=award)), lambda award: outbox.retry_award(award, now=timezone.now()),
    lambda _award: delivering._rest(models.WalletConnection.objects.get().pk, timezone.now()),
])
def test_what_has_arrived_meanwhile_is_not_written_over(unsent, work):
    """MySQL looks first and writes then, PostgreSQL looks at what was: the statement itself must name the states."""
    models.Delivery.objects.update(state="waiting-retry", next_attempt_at=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        work(unsent)
    (wrote,) = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "microcred_delivery"')]
    assert '"state" IN' in wrote.partition("WHERE")[2] and "SELECT" not in wrote


def test_with_nothing_to_try_again_nothing_is_agreed_to(connected, learner):
    api.retry(connected, learner.id, "testwallet")
    assert not shared()


def test_a_very_long_address_is_the_same_wallet(unsent, learner, commits, settings, monkeypatch):
    """The ledger keeps 255 characters of it."""
    (entry,) = settings.MICROCRED_WALLETS
    settings.MICROCRED_WALLETS = [{**entry, "base_url": entry["base_url"] + "/" + "a" * 300}]
    api.retry(str(unsent.pk), learner.id, "testwallet")
    assert states() == {"queued"} and len(shared().latest("pk").recipient) == 255
    ledger.withdraw(learner.id, shared().latest("pk").pk, now=timezone.now())
    assert states() == {"stopped"}


def test_a_wallet_that_the_settings_do_not_name_for_a_while(unsent, commits, settings, host):
    there, settings.MICROCRED_WALLETS = settings.MICROCRED_WALLETS, []
    later(commits)
    assert states() == {"waiting-retry"}
    settings.MICROCRED_WALLETS = there
    later(commits)
    assert states() == {"delivered"}


@pytest.mark.parametrize(("formats", "digest"), [(["ob3"], None), (["ob3", "elm"], "0" * 64)])
def test_a_line_never_says_less_than_what_is_sent(connected, learner, host, formats, digest):
    agreed = models.Consent.objects.get(purpose="issue").payload_digest
    before = models.Consent.objects.create(
        award_id=connected, purpose="share", recipient=host.url, formats=formats, payload_digest=digest or agreed,
        given_at=timezone.now(),
    )
    api.send(connected, learner.id, "testwallet")
    line = shared().get()
    assert (line.formats, line.payload_digest) == (["ob3", "elm"], agreed)
    before.refresh_from_db()
    assert before.active is None and before.withdrawn_at and before.formats == formats, "the ledger forgets nothing"


def test_trying_one_form_again_leaves_the_line(unsent, learner):
    models.Delivery.objects.filter(credential__format="elm").update(state="delivered")
    before = shared().get()
    api.retry(str(unsent.pk), learner.id, "testwallet")
    assert (shared().get().pk, shared().get().formats) == (before.pk, ["ob3", "elm"])


class TestRevocation:
    def test_in_the_middle_of_a_pass(self, connected, learner, commits, monkeypatch):
        """The worker has read both deliveries and the award before it was revoked."""
        real, pushed = delivering._push, []

        def push(delivery, link):
            pushed.append(delivery.pk)
            receipt = real(delivery, link)
            status.revoke(models.Award.objects.get(), reason="error", actor="user:1", now=timezone.now())
            return receipt

        monkeypatch.setattr(delivering, "_push", push)
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert len(pushed) == 1 and states() == {"delivered", "stopped"}

    def test_what_was_held_back_is_held_no_longer(self, unsent, commits):
        status.suspend(unsent, reason="integrity", actor="user:1", now=timezone.now())
        later(commits)
        status.revoke(unsent, reason="integrity", actor="user:1", now=timezone.now())
        assert states() == {"stopped"}
        assert outbox.queue_facts(timezone.now()).depth["held"] == 0

    @pytest.mark.parametrize("state", ["queued", "failed"])
    def test_nor_is_a_document_that_is_never_signed(self, award_id, learner, state):
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        models.Credential.objects.update(state=state)
        status.revoke(models.Award.objects.get(), reason="error", actor="user:1", now=timezone.now())
        assert set(models.Credential.objects.values_list("state", "document", "next_attempt_at")) == {
            ("prepared", "", None)
        }


class TestSuspension:
    def test_reinstated_after_the_worker_has_looked(self, connected, learner, commits, host, monkeypatch):
        """The worker holds an award that was suspended when it looked."""
        award = models.Award.objects.get(pk=connected)
        status.suspend(award, reason="integrity", actor="user:1", now=timezone.now())
        real = delivering._may_go

        def look(delivery):
            if models.Award.objects.get().status == "suspended":
                status.reinstate(award, reason="integrity", actor="user:1", now=timezone.now())
            assert issuing.refused(delivery.credential.award) is not None or delivery.credential.format == "elm"
            return real(delivery)

        monkeypatch.setattr(delivering, "_may_go", look)
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert states() == {"delivered"}

    @pytest.fixture
    def held(self, unsent, commits):
        """Held back for a suspension."""
        status.suspend(unsent, reason="integrity", actor="user:1", now=timezone.now())
        later(commits)
        assert set(models.Delivery.objects.values_list("state", "error_code", "next_attempt_at")) == {
            ("waiting-retry", "award-suspended", None)
        }
        return unsent

    def test_it_is_told_apart_from_what_is_late(self, held):
        facts = outbox.queue_facts(timezone.now() + timedelta(days=1))
        assert (facts.depth["held"], facts.depth["deliver"], facts.oldest_due) == (2, 0, None)

    def test_it_stays_so(self, held, commits, host):
        later(commits, days=3)
        assert states() == {"waiting-retry"} and not host.stored

    def test_what_a_crash_has_left_is_found_by_the_sweep(self, held, commits, host):
        models.Award.objects.update(status="valid")
        later(commits)
        later(commits)
        assert states() == {"delivered"}

    def test_so_are_credentials(self, issued, commits):
        models.Credential.objects.filter(format="elm").update(
            state="queued", error_code="award-suspended", next_attempt_at=None
        )
        now = timezone.now()
        outbox.sweep(now)
        row = models.Credential.objects.get(format="elm")
        assert (row.next_attempt_at, row.error_code) == (now, "")


def test_a_new_line_says_all_that_the_former_said(connected):
    """One form was agreed to, then another: it is one recipient, and the learner sees what it may have."""
    award, wallet = models.Award.objects.get(), registering.provider("testwallet")
    sharing.record(award, wallet, [Format.ELM], "d", timezone.now())
    sharing.record(award, wallet, [Format.OPEN_BADGE], "d", timezone.now())
    assert [line.formats for line in shared()] == [["elm", "ob3"]]
    sharing.record(award, wallet, [Format.ELM], "d", timezone.now())
    assert shared().count() == 1 and models.Consent.objects.filter(purpose="share").count() == 2


def test_a_deadlock_after_the_wallets_yes_is_no_lost_yes(connected, learner, commits, host, monkeypatch):
    real, calls = signals.send, []

    def undone_once(signal, pk):
        calls.append(signal)
        if calls == [signals.credential_delivered]:
            raise OperationalError(1213, "Deadlock found when trying to get lock")
        real(signal, pk)

    monkeypatch.setattr(signals, "send", undone_once)
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert states() == {"delivered"} and set(models.Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert calls.count(signals.credential_delivered) == 3
