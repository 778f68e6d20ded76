"""What an award is worth: allowed changes and no others, history, bits, places in lists, the public standing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from microcred_xblock.credentials import status_list
from microcred_xblock.domain.credential import Format, credential_urn
from microcred_xblock.domain.errors import InvalidAnswer, Misconfigured, NotAllowed
from microcred_xblock.issuance import api, issuing, models, places, privacy, signals, status

from .upkeep_case import Story

pytestmark = pytest.mark.django_db
SIZE = status_list.MIN_ENTRIES
WHY = {"reason": "integrity", "actor": "user:7"}
ACTIONS = ("revoke", "suspend", "reinstate", "supersede")
ALLOWED = {
    "valid": {"revoke", "suspend", "supersede"}, "suspended": {"revoke", "reinstate", "supersede"},
    "revoked": set(), "superseded": set(),
}


@pytest.fixture
def story(issuer):
    told = Story(regrade="keep")
    told.record(0)
    return told


def put(award, state):
    models.Award.objects.filter(pk=award.pk).update(status=state)
    award.refresh_from_db()


class TestChanges:
    @pytest.mark.parametrize("state", list(ALLOWED))
    @pytest.mark.parametrize("action", ACTIONS)
    def test_only_what_makes_sense(self, story, state, action):
        award = story.award
        put(award, state)
        if action in ALLOWED[state]:
            getattr(status, action)(award, now=story.at(1), **WHY)
            assert models.StatusChange.objects.get().action == action
        else:
            with pytest.raises(NotAllowed) as refused:
                getattr(status, action)(award, now=story.at(1), **WHY)
            assert refused.value.code == "status-change"
            assert refused.value.params == {"state": state, "action": action}
            assert not models.StatusChange.objects.exists()
            assert models.Award.objects.get(pk=award.pk).status == state

    def test_the_history_has_everything(self, story):
        change = status.revoke(story.award, note="n" * 600, regain="never", now=story.at(3), **WHY)
        assert (change.action, change.reason, change.actor, change.at) == (
            "revoke", "integrity", "user:7", story.at(3)
        )
        assert change.note == "n" * 500
        award = story.award
        assert (award.status, award.status_at, award.active, award.regain) == ("revoked", story.at(3), None, "never")

    def test_the_caller_s_row_is_brought_up_to_date(self, story):
        award = story.award
        status.suspend(award, now=story.at(1), **WHY)
        assert (award.status, award.status_at, award.active) == ("suspended", story.at(1), True)
        status.revoke(award, now=story.at(2), **WHY)
        assert (award.status, award.active, award.regain) == ("revoked", None, "anew")

    def test_an_old_copy_of_the_row_does_not_decide(self, story):
        stale = story.award
        status.revoke(story.award, now=story.at(1), **WHY)
        with pytest.raises(NotAllowed):
            status.suspend(stale, now=story.at(2), **WHY)

    @pytest.mark.parametrize(("over", "code"), [({"reason": "whim"}, "status-reason"), ({"regain": "x"}, "choice")])
    def test_what_staff_may_not_write(self, story, over, code):
        with pytest.raises(InvalidAnswer) as refused:
            status.revoke(story.award, now=story.at(1), **{**WHY, **over})
        assert refused.value.code == code and story.award.status == "valid"

    def test_whoever_listens_is_told_after_the_commit(self, story, commits):
        heard = []

        def hear(pk, **_more):
            heard.append(models.StatusChange.objects.get(pk=pk).action)

        signals.award_status_changed.connect(hear)
        try:
            with commits():
                status.suspend(story.award, now=story.at(1), **WHY)
                assert heard == []
        finally:
            signals.award_status_changed.disconnect(hear)
        assert heard == ["suspend"]

    def test_every_reason_has_words(self):
        assert all(label and label == label.strip() for label in status.REASONS.values())


class TestPlaces:
    def test_a_place_is_given_once(self, story, django_assert_num_queries):
        award = story.award
        entry = status.badge_entry(award)
        with django_assert_num_queries(1):
            assert status.badge_entry(award) == entry
        row = models.StatusEntry.objects.get()
        assert 0 <= row.index < row.list.size == SIZE and row.list.allocated == 1
        assert entry == status_list.entry(places.status_list(row.list_id, "revocation"), row.index, "revocation")
        assert row.credential_id == story_badge(story)
        assert sorted(models.StatusListCredential.objects.values_list("purpose", flat=True)) == [
            "revocation", "suspension"
        ]

    def test_the_badge_that_is_signed_carries_it(self, issued):
        badge = issuing.unsigned(models.Credential.objects.get(format="ob3"))
        entry = models.StatusEntry.objects.get()
        assert badge["credentialStatus"]["statusListIndex"] == str(entry.index)
        assert badge["id"] == entry.credential_id
        european = issuing.unsigned(models.Credential.objects.get(format="elm"))
        assert "credentialStatus" not in european
        assert "refreshService" not in badge and "validUntil" not in badge

    def test_a_badge_that_expires_says_so_and_where_to_get_another(self, issuer, learner):
        story = Story(valid_months=24)
        story.record(0)
        award = story.award
        payload = api.payload(str(award.pk), learner)
        until = award.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert payload.open_badge["validUntil"] == payload.elm["validUntil"] == until
        assert payload.open_badge["refreshService"] == {
            "id": places.refresh(UUID(story_badge(story)[9:]), award.credentials.get(format="ob3").salt),
            "type": "1EdTechCredentialRefresh",
        }

    def test_each_issuer_has_its_own_lists(self, issuer):
        for number, key in enumerate(("", "other", "")):
            story = Story(f"student_{number}")
            story.record(0)
            models.Award.objects.filter(pk=story.award.pk).update(issuer_key=key)
            status.badge_entry(story.award)
        assert sorted(models.StatusList.objects.values_list("issuer_key", "allocated")) == [("", 2), ("other", 1)]

    def test_a_taken_index_is_not_taken_again(self, issuer, monkeypatch):
        monkeypatch.setattr(status.secrets, "randbelow", _drawn([5, 5, 5, 9]))
        for number in range(2):
            story = Story(f"student_{number}")
            story.record(0)
            status.badge_entry(story.award)
        assert sorted(models.StatusEntry.objects.values_list("index", flat=True)) == [5, 9]
        assert models.StatusList.objects.get().allocated == 2

    def test_a_list_is_closed_when_half_of_it_is_given_away(self, issuer):
        for number in range(3):
            story = Story(f"student_{number}")
            story.record(0)
            if number == 1:
                models.StatusList.objects.update(allocated=SIZE // 2 - 1)
            status.badge_entry(story.award)
        full, fresh = models.StatusList.objects.order_by("created_at")
        assert (full.allocated, fresh.allocated) == (SIZE // 2, 1)
        assert full.entries.count() == 2 and fresh.entries.count() == 1

    def test_giving_a_place_costs_the_same_in_a_full_list(self, issuer, django_assert_max_num_queries):
        first = Story("first")
        first.record(0)
        status.badge_entry(first.award)
        list_ = models.StatusList.objects.get()
        models.StatusList.objects.update(allocated=5_000)
        assert list_.entries.count() == 1
        story = Story("second")
        story.record(0)
        award = story.award
        with django_assert_max_num_queries(9):
            status.badge_entry(award)

    @pytest.mark.parametrize("size", [8, SIZE + 1, "131072", True])
    def test_a_size_that_the_standard_forbids_is_told_to_the_admin(self, story, settings, size):
        settings.MICROCRED_STATUS_LIST_SIZE = size
        with pytest.raises(Misconfigured) as refused:
            status.badge_entry(story.award)
        assert refused.value.code == "status-list-size"

    def test_an_award_changed_before_it_had_a_place_gets_the_right_bits(self, story):
        status.suspend(story.award, now=story.at(1), **WHY)
        status.badge_entry(story.award)
        assert bits() == (False, True)


class TestBits:
    def test_what_each_change_does(self, story):
        award = story.award
        status.badge_entry(award)
        assert bits() == (False, False)
        status.suspend(award, now=story.at(1), **WHY)
        assert (bits(), counts()) == ((False, True), {"revocation": 1, "suspension": 2})
        status.reinstate(award, now=story.at(2), **WHY)
        assert (bits(), counts()) == ((False, False), {"revocation": 1, "suspension": 3})
        status.revoke(award, now=story.at(3), **WHY)
        assert (bits(), counts()) == ((True, False), {"revocation": 2, "suspension": 3})

    @pytest.mark.parametrize("action", ["revoke", "supersede"])
    def test_a_badge_that_carries_suspension_shows_the_end_there(self, issuer, action):
        story = Story(regrade="suspend")
        story.record(0)
        assert status.badge_entry(story.award)["statusPurpose"] == "suspension"
        getattr(status, action)(story.award, now=story.at(1), **WHY)
        assert bits() == (True, True)

    def test_only_one_entry_is_touched(self, story):
        other = Story("another")
        other.record(0)
        for award in (story.award, other.award):
            status.badge_entry(award)
        status.revoke(story.award, now=story.at(1), **WHY)
        assert list(models.StatusEntry.objects.filter(revoked=True).values_list("award_id", flat=True)) == [
            story.award.pk
        ]


class TestStanding:
    @pytest.fixture
    def award(self, issued):
        return models.Award.objects.get(pk=issued)

    def ids(self):
        return dict(models.Credential.objects.values_list("format", "credential_id"))

    def test_valid(self, award):
        found = status.standing(self.ids()["ob3"], now=timezone.now())
        assert (found.state, found.since, found.reason, found.format) == ("valid", None, "", Format.OPEN_BADGE)
        assert found.title == award.pill.title and found.achievement == award.pill.achievement
        assert found.issuer_name == "Example Training Centre"
        assert found.issuer_did == "did:web:localhost%3A8000"

    @pytest.mark.parametrize(("action", "state"), [
        ("suspend", "suspended"), ("revoke", "revoked"), ("supersede", "superseded")
    ])
    def test_of_both_forms_after_a_change(self, award, action, state):
        now = timezone.now()
        getattr(status, action)(award, note="secret words", now=now, **WHY)
        for format_ in ("ob3", "elm"):
            found = status.standing(self.ids()[format_], now=now)
            assert (found.state, found.since, found.reason) == (state, now, "")
            assert "secret words" not in repr(found)

    def test_after_it_was_reinstated(self, award):
        now = timezone.now()
        status.suspend(award, now=now, **WHY)
        status.reinstate(award, reason="error", actor="system", now=now + timedelta(hours=1))
        found = status.standing(self.ids()["elm"], now=now + timedelta(hours=2))
        assert (found.state, found.since, found.reason) == ("valid", now + timedelta(hours=1), "")

    def test_of_what_has_no_place_in_a_list(self, award):
        models.StatusEntry.objects.all().delete()
        status.revoke(award, now=timezone.now(), **WHY)
        assert status.standing(self.ids()["ob3"], now=timezone.now()).state == "revoked"

    def test_expired(self, award):
        until = timezone.now() + timedelta(days=1)
        models.Award.objects.update(expires_at=until)
        assert status.standing(self.ids()["ob3"], now=until - timedelta(seconds=1)).state == "valid"
        found = status.standing(self.ids()["ob3"], now=until)
        assert (found.state, found.since, found.expires_at) == ("expired", until, until)

    def test_expiry_does_not_hide_a_revocation(self, award):
        now = timezone.now()
        models.Award.objects.update(expires_at=now)
        status.revoke(award, now=now, **WHY)
        assert status.standing(self.ids()["ob3"], now=now + timedelta(days=1)).state == "revoked"

    def test_the_same_after_the_learner_has_left(self, award):
        ids = self.ids()
        before = status.standing(ids["elm"], now=timezone.now())
        privacy.retire(award.learner_id, now=timezone.now())
        assert status.standing(ids["elm"], now=timezone.now()) == before

    @pytest.mark.parametrize("state", ["prepared", "queued", "failed", "erased"])
    def test_what_was_never_signed_is_unknown(self, award, state):
        models.Credential.objects.update(state=state, signed_at=None)
        with pytest.raises(NotAllowed) as refused:
            status.standing(self.ids()["ob3"], now=timezone.now())
        assert refused.value.code == "credential-unknown"

    @pytest.mark.parametrize("text", ["", "x", "urn:uuid:", f"urn:uuid:{uuid4()}", "'; DROP TABLE", "\0", "x" * 5_000])
    def test_any_other_id_is_unknown(self, award, text):
        with pytest.raises(NotAllowed):
            status.standing(text, now=timezone.now())

    def test_the_successor_is_named_once_it_is_signed(self, award):
        heir = models.Award.objects.create(
            learner_id="student_1", learner_pill="other", pill=award.pill, results=award.results,
            awarded_at=award.awarded_at, supersedes=award,
        )
        status.supersede(award, reason="renewal", actor="system", now=timezone.now())
        badge = self.ids()["ob3"]
        assert status.standing(badge, now=timezone.now()).successor == ""
        now = timezone.now()
        for format_ in ("ob3", "elm"):
            models.Credential.objects.create(
                award=heir, format=format_, credential_id=f"urn:uuid:{uuid4()}", salt="", issued_at=now,
                valid_from=now, state="issued", signed_at=now,
            )
        assert status.standing(badge, now=now).successor == heir.credentials.get(format="ob3").credential_id

    def test_the_twin_of_a_european_credential_is_its_badge(self, award):
        ids = self.ids()
        assert status.standing(ids["elm"], now=timezone.now()).twin == ids["ob3"]
        assert status.standing(ids["ob3"], now=timezone.now()).twin == ""


def story_badge(story):
    return credential_urn(story.award.pk, Format.OPEN_BADGE)


def _drawn(numbers):
    left = iter(numbers)
    return lambda _size: next(left)


def bits():
    row = models.StatusEntry.objects.get()
    return row.revoked, row.suspended


def counts():
    return dict(models.StatusListCredential.objects.values_list("purpose", "changed"))
