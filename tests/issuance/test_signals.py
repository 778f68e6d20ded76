"""Signals are sent after the commit, once, with a key and nothing else; what a receiver does is its own affair."""

from __future__ import annotations

import logging

import pytest
from django.db import transaction
from django.utils import timezone

from microcred_xblock.issuance import api, models, signals
from tests.factories import make_pill, make_scores


@pytest.fixture
def heard():
    """What each signal was sent with, by name."""
    found: dict[str, list[dict]] = {}
    connected = []
    for name in ("award_made", "award_status_changed", "credential_issued", "credential_delivered"):
        def note(sender=None, signal=None, name=name, **data):
            found.setdefault(name, []).append(data)

        getattr(signals, name).connect(note, weak=False)
        connected.append((getattr(signals, name), note))
    yield found
    for signal, note in connected:
        signal.disconnect(note)


@pytest.mark.django_db
class TestSending:
    def test_after_the_commit_and_with_the_key_only(self, heard, commits):
        with commits():
            signals.send(signals.award_made, 7)
            assert heard == {}
        assert heard == {"award_made": [{"pk": 7}]}

    def test_not_where_it_was_undone(self, heard, commits):
        with commits(), pytest.raises(ZeroDivisionError), transaction.atomic():
            signals.send(signals.award_made, 7)
            1 / 0  # noqa: B018
        assert heard == {}

    def test_a_failing_receiver_hinders_nobody(self, heard, commits, caplog):
        def fail(**_data):
            raise RuntimeError("boom")

        signals.award_made.connect(fail, weak=False)
        try:
            with caplog.at_level(logging.ERROR), commits():
                signals.send(signals.award_made, 1)
                signals.send(signals.award_status_changed, 2)
        finally:
            signals.award_made.disconnect(fail)
        assert heard == {"award_made": [{"pk": 1}], "award_status_changed": [{"pk": 2}]}
        assert "boom" in caplog.text


class TestFromTheServices:
    def test_each_step_tells_once_however_often_it_is_repeated(self, heard, issuer, learner, commits, connect):
        scores = make_scores(at=timezone.now())
        with commits():
            for _ in range(2):
                award_id = api.record_scores(
                    make_pill(), scores, learner_id=learner.id, course_id="course-v1:x+y+z"
                ).award_id
        assert [str(data["pk"]) for data in heard["award_made"]] == [award_id]
        for _ in range(2):
            with commits():
                api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        issued = models.Credential.objects.filter(award=award_id).values_list("pk", flat=True)
        assert sorted(data["pk"] for data in heard["credential_issued"]) == sorted(issued)
        connect(award_id)
        for _ in range(2):
            with commits():
                api.send(award_id, learner.id, "testwallet")
        arrived = models.Delivery.objects.filter(state="delivered").values_list("pk", flat=True)
        assert arrived and sorted(data["pk"] for data in heard["credential_delivered"]) == sorted(arrived)
