"""While a new award waits for consent, the learner goes on having the former one, and knows of both."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from microcred_xblock.domain.errors import NotAllowed
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import api, ledger, models, outbox, places, refreshing, renewing, status
from tests.factories import make_pill, make_scores
from tests.issuance.rest_case import Person, award, issue
from tests.wallets.host import Reply

pytestmark = pytest.mark.django_db


def renew(award_id, reason="reissue"):
    return renewing.renew(
        models.Award.objects.get(pk=award_id), actor="user:1", now=timezone.now(), reason=reason
    )


@pytest.fixture
def new(connected):
    """The id of an award that waits to replace the connected learner's."""
    return str(renew(connected).pk)


@pytest.fixture
def shown(learner):
    """What the page shows."""
    return lambda: api.panel(learner.id, make_pill().id)


@pytest.fixture
def agree(learner, commits):
    """Agree to an award and have it signed."""

    def press(award_id):
        with commits():
            return api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)

    return press


class TestBeforeConsent:
    def test_the_page_shows_the_former_and_offers_the_new(self, connected, new, shown):
        panel = shown()
        assert (panel.award_id, panel.state, panel.consent, panel.standing.state) == (
            connected, "issued", "given", "valid"
        )
        assert panel.parity and panel.wallets[0].connected
        assert (panel.replacement.award_id, panel.replacement.why, panel.replacement.until) == (new, "reissue", None)
        assert [notice.kind for notice in panel.notices] == ["renewal-offered"]

    def test_everything_acts_on_the_former(self, connected, new, learner, commits, host, shown):
        assert api.download(connected, learner.id, "ob3.json").content
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert {row.state for row in shown().deliveries} == {"delivered"} and len(host.stored) == 2
        panel = api.withdraw(connected, learner.id)
        assert (panel.award_id, panel.state, panel.replacement.award_id) == (connected, "withdrawn", new)
        assert not models.Consent.objects.filter(active=True).exists()

    def test_a_notice_of_the_new_one_can_be_put_away(self, connected, new, learner, shown):
        api.dismiss_notice(connected, learner.id, shown().notices[0].id)
        assert shown().notices == () and shown().replacement.award_id == new

    def test_until_the_former_ends(self, connected, new, shown):
        ends = timezone.now() + timedelta(days=9)
        models.Award.objects.filter(pk=connected).update(expires_at=ends)
        assert shown().replacement.until == shown().expires_at == ends
        models.Award.objects.filter(pk=connected).update(expires_at=timezone.now())
        assert shown().replacement.until is None and shown().standing.state == "expired"

    def test_until_it_is_suspended_after_a_regrade(self, connected, new, shown):
        day = timezone.now() + timedelta(days=9)
        models.Notice.objects.update(params={"reason": "regrade", "date": day.isoformat()})
        assert (shown().replacement.why, shown().replacement.until) == ("regrade", day)

    def test_after_a_regrade_that_was_dismissed_no_day_is_named(self, connected, new, shown):
        """Least of all the one on which the former expires: nothing is suspended then."""
        models.Award.objects.filter(pk=connected).update(expires_at=timezone.now() + timedelta(days=9))
        models.Notice.objects.update(params={"reason": "regrade"})
        assert (shown().replacement.why, shown().replacement.until) == ("regrade", None)

    def test_a_suspended_one_is_shown_as_that(self, connected, new, shown):
        models.Award.objects.filter(pk=connected).update(status="suspended")
        assert (shown().award_id, shown().standing.state, shown().replacement.award_id) == (
            connected, "suspended", new
        )

    def test_what_is_suspended_itself_is_not_offered(self, connected, new, shown):
        status.suspend(
            models.Award.objects.get(pk=connected), reason="integrity", actor="user:1", now=timezone.now()
        )
        assert models.Award.objects.get(pk=new).status == "suspended", "one matter"
        assert (shown().award_id, shown().standing.state, shown().replacement) == (connected, "suspended", None)

    def test_nobody_elses(self, connected, new):
        for award_id in (connected, new):
            with pytest.raises(NotAllowed) as caught:
                api.download(award_id, "somebody", "ob3.json")
            assert caught.value.code == "award-unknown"

    def test_without_a_predecessor_it_costs_no_query_more(self, issued, shown, django_assert_max_num_queries):
        with django_assert_max_num_queries(9):
            shown()


class TestFromConsentOn:
    def test_the_page_shows_the_new_one(self, connected, new, agree, learner, shown):
        panel = agree(new)
        assert (panel.award_id, panel.replacement) == (new, None)
        panel = shown()
        assert (panel.award_id, panel.state, panel.replacement) == (new, "issued", None)
        with pytest.raises(NotAllowed) as caught:
            api.download(connected, learner.id, "ob3.json")
        assert caught.value.code == "award-unknown"

    def test_before_it_is_signed_too(self, connected, new, learner, shown):
        api.consent(new, learner, digest=api.payload(new, learner).digest)
        assert (shown().award_id, shown().state) == (new, "issuing")

    def test_what_was_still_to_be_sent_of_the_former_is_not(self, connected, new, learner, commits, host):
        host.misbehave("/credentials", lambda *_: Reply(500), 50)
        host.misbehave("/elm", lambda *_: Reply(500), 50)
        with commits():
            api.send(connected, learner.id, "testwallet")
        assert set(models.Delivery.objects.values_list("state", flat=True)) == {"waiting-retry"}
        host.behave()
        api.consent(new, learner, digest=api.payload(new, learner).digest)
        assert set(models.Delivery.objects.values_list("state", flat=True)) == {"stopped"}
        with commits():
            outbox.retry_award(models.Award.objects.get(pk=connected), now=timezone.now())
        assert not host.stored

    @pytest.mark.parametrize("signed", [False, True])
    @pytest.mark.parametrize("which", ["former", "new"])
    def test_withdrawing_covers_both(self, connected, new, learner, agree, signed, which):
        if signed:
            agree(new)
        else:
            api.consent(new, learner, digest=api.payload(new, learner).digest)
        if which == "former" and signed:
            return  # it counts no longer: nothing but its line in the ledger can be taken back
        api.withdraw(connected if which == "former" else new, learner.id)
        assert not models.Consent.objects.filter(active=True).exists()
        assert not models.Credential.objects.filter(state="queued").exists()

    def test_taking_back_the_line_of_what_was_superseded_leaves_the_new_one(self, connected, new, agree, learner):
        agree(new)
        line = models.Consent.objects.get(award_id=connected, purpose="issue")
        ledger.withdraw(learner.id, line.pk, now=timezone.now())
        assert models.Consent.objects.get(active=True).award_id == UUID(new)

    def test_taking_it_back_before_it_is_signed_shows_the_former_again(self, connected, new, learner, shown):
        api.consent(new, learner, digest=api.payload(new, learner).digest)
        panel = api.withdraw(new, learner.id)
        assert (panel.award_id, panel.state, panel.replacement.award_id) == (connected, "withdrawn", new)


class TestOthersAsk:
    def test_a_badge_that_was_superseded_is_not_given_as_the_newest(self, issuer, learner, agree):
        standing = api.record_scores(
            make_pill(upkeep=Upkeep(valid_months=12)), make_scores(at=timezone.now()), learner_id=learner.id,
            course_id="course-v1:x+y+z",
        )
        agree(standing.award_id)
        badge = models.Credential.objects.get(format="ob3")
        asked = UUID(badge.credential_id.removeprefix("urn:uuid:"))
        token = places.refresh_token(asked, badge.salt)
        new = str(renew(standing.award_id, "renewal").pk)
        assert refreshing.newest_badge(asked, token).award_id == badge.award_id
        agree(new)
        assert str(refreshing.newest_badge(asked, token).award_id) == new
        models.Consent.objects.filter(award_id=new).update(active=None)
        assert models.Consent.objects.filter(award_id=badge.award_id, active=True).exists()
        with pytest.raises(NotAllowed) as caught:
            refreshing.newest_badge(asked, token)
        assert caught.value.code == "credential-unknown"

    def test_the_api_tells_which_counts(self, issuer, commits):
        ann = Person("ann")
        former = issue(ann, award(ann), commits)

        def counts():
            rows = {row["id"]: row for row in ann.get("me/awards/").data["results"]}
            assert all(ann.get(f"me/awards/{key}/").data["active"] == row["active"] for key, row in rows.items())
            return {key: row["active"] for key, row in rows.items()}

        assert counts() == {former: True}
        new = str(renew(former).pk)
        assert counts() == {former: True, new: False}
        issue(ann, new, commits)
        assert counts() == {former: False, new: True}

    def test_and_after_a_revocation_none(self, issuer, commits):
        ann = Person("ann")
        former = issue(ann, award(ann), commits)
        status.revoke(models.Award.objects.get(pk=former), reason="error", actor="user:1", now=timezone.now())
        assert [row["active"] for row in ann.get("me/awards/").data["results"]] == [False]
