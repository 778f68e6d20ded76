"""The platform's badge events and our own: sent once, after the commit, and with nothing personal but in the first."""

from __future__ import annotations

import logging
from datetime import UTC
from uuid import UUID

import attr
import pytest
from django.utils import timezone
from openedx_events.learning.signals import BADGE_AWARDED, BADGE_REVOKED
from openedx_events.tooling import OpenEdxPublicSignal

from microcred_xblock import compat
from microcred_xblock.issuance import api, events, models, signals
from tests.factories import make_pill, make_scores

COURSE = "course-v1:x+y+z"
OURS = (
    events.PILL_AWARD_MADE, events.PILL_AWARD_STATUS_CHANGED, events.PILL_CREDENTIAL_ISSUED,
    events.PILL_CREDENTIAL_DELIVERED,
)
ACCOUNT = compat.Account(
    id=7, username="camille", full_name="Camille Exemple", email="camille@learner.example", active=True
)


@pytest.fixture
def account(monkeypatch):
    """The learner has an account on the platform."""
    monkeypatch.setattr(compat, "account", lambda learner_id: ACCOUNT if learner_id == "student_1" else None)


@pytest.fixture
def heard():
    """Every event with its data, in the order of sending."""
    found = []

    def note(signal, sender=None, from_event_bus=False, **data):
        found.append((signal, data))

    for signal in (*OURS, BADGE_AWARDED, BADGE_REVOKED):
        signal.connect(note, weak=False)
    yield found
    for signal in (*OURS, BADGE_AWARDED, BADGE_REVOKED):
        signal.disconnect(note)


def only(heard, signal):
    """What ``signal`` was sent with, each time."""
    return [data for other, data in heard if other is signal]


def change(award_id, action, status):
    """A line in the history, told of as the status service does."""
    row = models.Award.objects.get(pk=award_id)
    models.Award.objects.filter(pk=award_id).update(status=status)
    line = models.StatusChange.objects.create(
        award=row, action=action, reason="regrade", note="Camille cheated", actor="user:9", at=timezone.now()
    )
    signals.send(signals.award_status_changed, line.pk)


class TestOurs:
    def test_an_award(self, heard, issuer, learner, commits):
        with commits():
            award_id = api.record_scores(
                make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE
            ).award_id
        (data,) = only(heard, events.PILL_AWARD_MADE)
        row = models.Award.objects.select_related("pill").get(pk=award_id)
        assert data["award"] == events.PillAwardData(
            award_id=award_id, learner_id="student_1", course_id=COURSE, pill_id=row.pill.pill_id,
            pill_version=row.pill.version,
            achievement=f"http://localhost:8000/microcred/achievements/{row.pill.achievement}", title=row.pill.title,
            awarded_at=row.awarded_at,
        )
        assert data["metadata"].time == row.awarded_at and data["metadata"].time.tzinfo == UTC

    def test_each_form_that_is_signed(self, heard, issued):
        found = {data["credential"].format: data["credential"] for data in only(heard, events.PILL_CREDENTIAL_ISSUED)}
        rows = {row.format: row for row in models.Credential.objects.all()}
        assert set(found) == set(rows) == {"ob3", "ob3-jwt", "elm"}
        for name, row in rows.items():
            assert (found[name].credential_id, found[name].digest) == (row.credential_id, row.digest)

    def test_a_delivery(self, heard, issued, learner, connect, commits):
        connect(issued)
        with commits():
            api.send(issued, learner.id, "testwallet")
        found = only(heard, events.PILL_CREDENTIAL_DELIVERED)
        assert {data["delivery"].wallet for data in found} == {"testwallet"}
        assert {data["delivery"].credential.award.award_id for data in found} == {issued}

    def test_a_change(self, heard, issued, commits):
        with commits():
            change(issued, "suspend", "suspended")
        (data,) = only(heard, events.PILL_AWARD_STATUS_CHANGED)
        told = data["change"]
        assert (told.award.award_id, told.action, told.reason, told.status) == (
            issued, "suspend", "regrade", "suspended"
        )

    def test_nothing_personal_but_the_user_id(self, heard, issued, learner, connect, commits, account):
        connect(issued)
        with commits():
            api.send(issued, learner.id, "testwallet")
            change(issued, "revoke", "revoked")
        text = " ".join(repr(data) for signal, data in heard if signal in OURS)
        assert len(only(heard, events.PILL_AWARD_STATUS_CHANGED)) == 1
        for personal in (learner.full_name, learner.email, "Camille", "camille", "user:9"):
            assert personal not in text

    @pytest.mark.parametrize("signal", OURS)
    def test_each_is_registered_and_fits_the_event_bus(self, signal):
        assert OpenEdxPublicSignal.get_signal_by_type(signal.event_type) is signal
        assert signal.event_type.startswith("eu.micret.learning.pill.") and signal.event_type.endswith(".v1")
        schema = pytest.importorskip("openedx_events.event_bus.avro.schema", reason="the event bus's Avro is missing")
        assert schema.schema_from_signal(signal)

    @pytest.mark.parametrize("data", [item for signal in OURS for item in signal.init_data.values()])
    def test_data_are_frozen_and_typed(self, data):
        assert all(field.type is not None for field in attr.fields(data))
        with pytest.raises(attr.exceptions.FrozenInstanceError):
            data.__setattr__(data.__new__(data), "award", None)


class TestThePlatforms:
    def test_a_badge_is_awarded_once_it_is_signed(self, heard, account, issued):
        (data,) = only(heard, BADGE_AWARDED)
        badge, row = data["badge"], models.Credential.objects.get(format="ob3")
        assert UUID(badge.uuid).urn == row.credential_id
        assert badge.template.origin == "microcred" and badge.template.name == "Fault diagnosis on a wind turbine"
        assert badge.template.uuid == str(row.award.pill.achievement)
        assert (badge.user.id, badge.user.is_active, badge.user.pii.username) == (7, True, "camille")
        assert (badge.user.pii.name, badge.user.pii.email) == ("Camille Exemple", "camille@learner.example")

    def test_without_an_account_there_is_nobody_to_tell_of(self, heard, issued, commits):
        with commits():
            change(issued, "revoke", "revoked")
        assert only(heard, BADGE_AWARDED) == only(heard, BADGE_REVOKED) == []

    @pytest.mark.parametrize(("action", "count"), [
        ("revoke", 1), ("supersede", 1), ("suspend", 0), ("reinstate", 0), ("keep", 0),
    ])
    def test_it_is_revoked_where_its_bit_is_set_for_good(self, heard, account, issued, commits, action, count):
        with commits():
            change(issued, action, "revoked")
        found = only(heard, BADGE_REVOKED)
        assert len(found) == count
        if count:
            assert found[0]["badge"] == only(heard, BADGE_AWARDED)[0]["badge"]

    def test_what_was_never_issued_is_not_revoked(self, heard, account, award_id, commits):
        with commits():
            change(award_id, "revoke", "revoked")
        assert only(heard, BADGE_REVOKED) == []


class TestFaults:
    def test_a_receiver_that_fails_hinders_nobody(self, settings, heard, account, award_id, learner, commits, caplog):
        settings.DEBUG = True  # then openedx-events lets errors through

        def fail(**_data):
            raise RuntimeError("boom")

        BADGE_AWARDED.connect(fail, weak=False)
        try:
            with caplog.at_level(logging.ERROR), commits():
                api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        finally:
            BADGE_AWARDED.disconnect(fail)
        assert set(models.Credential.objects.values_list("state", flat=True)) == {"issued"}
        assert len(only(heard, events.PILL_CREDENTIAL_ISSUED)) == 3
        assert learner.email not in caplog.text and learner.full_name not in caplog.text

    def test_a_row_that_is_gone(self, heard, db, commits, caplog):
        for signal in (signals.award_made, signals.award_status_changed, signals.credential_issued,
                       signals.credential_delivered):
            with commits():
                signals.send(signal, "00000000-0000-0000-0000-000000000000" if signal is signals.award_made else 0)
        assert heard == []

    def test_where_nobody_listens_nothing_is_read(self, db, django_assert_num_queries):
        with django_assert_num_queries(0):
            for receive in (events.award_made, events.status_changed, events.credential_issued,
                            events.credential_delivered):
                receive(pk=1)
