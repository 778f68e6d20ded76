"""The platform retires an account by its own addresses: what we hold goes, and a failure of ours keeps it open."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from common.djangoapps.student.tests.factories import SuperuserFactory  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from openedx.core.djangoapps.lang_pref import LANGUAGE_KEY  # noqa: E402
from openedx.core.djangoapps.oauth_dispatch.jwt import create_jwt_for_user  # noqa: E402
from openedx.core.djangoapps.user_api.models import (  # noqa: E402
    RetirementState,
    UserPreference,
    UserRetirementStatus,
)

from microcred_xblock import compat  # noqa: E402
from microcred_xblock.issuance import models, privacy  # noqa: E402

from .case import PillCase  # noqa: E402


class RetiredCase(PillCase):
    """A learner who has earned the pill; ``ask_for_retirement`` brings the account to where the LMS's turn is."""

    def setUp(self):
        super().setUp()
        for order, (name, required) in enumerate((("PENDING", True), ("RETIRING_LMS", False), ("COMPLETE", True))):
            RetirementState.objects.create(
                state_name=name, state_execution_order=order, is_dead_end_state=name == "COMPLETE", required=required
            )
        self.answer("p1")
        self.answer("p2")
        self.award = self.awards().get()
        self.old = (self.learner.username, self.learner.email)

    def ask_for_retirement(self):
        status = UserRetirementStatus.create_retirement(self.learner)
        status.current_state = status.last_state = RetirementState.objects.get(state_name="RETIRING_LMS")
        status.save()

    def retire(self, address):
        """What the retirement pipeline posts."""
        jwt = create_jwt_for_user(SuperuserFactory())
        return self.client_class().post(
            reverse(address), {"username": self.old[0]}, content_type="application/json",
            HTTP_AUTHORIZATION=f"JWT {jwt}",
        )


class TestRetirement(RetiredCase):
    def test_either_call_erases_and_the_other_does_not_mind(self):
        self.ask_for_retirement()
        for address in ("accounts_retire_misc", "accounts_retire"):
            assert self.retire(address).status_code == 204
            award = models.Award.objects.get(pk=self.award.pk)
            assert award.learner_id.startswith("retired-") and award.results == []
        assert [change.action for change in self.award.changes.all()] == ["retire"]
        self.learner.refresh_from_db()
        assert self.learner.username != self.old[0], "the platform went on"

    def test_a_failure_keeps_the_retirement_open_without_naming_anybody(self):
        self.ask_for_retirement()
        with patch.object(privacy, "retire", side_effect=ValueError(self.old[1])):
            answer = self.retire("accounts_retire")
        assert answer.status_code == 500
        assert self.old[1] not in answer.content.decode() and "ValueError" in answer.content.decode()
        self.learner.refresh_from_db()
        assert self.learner.username == self.old[0]
        assert self.retire("accounts_retire").status_code == 204
        assert not self.awards().exists()

    def test_jobs_that_looked_for_the_former_address(self):
        job = models.BulkJob.objects.create(
            action="retry", filters={"learner": self.old[1]}, actor="user:1", created_at=timezone.now()
        )
        self.ask_for_retirement()
        assert self.retire("accounts_retire").status_code == 204
        job.refresh_from_db()
        assert job.filters["learner"].startswith("retired-") and job.state == "cancelled"


class TestAccounts(RetiredCase):
    def test_what_the_platform_knows(self):
        UserPreference.objects.create(user=self.learner, key=LANGUAGE_KEY, value="fr")
        found = compat.account(str(self.learner.pk))
        assert found == compat.Account(
            id=self.learner.pk, username="ann", full_name=self.learner.profile.name, email="ann@example.org",
            language="fr", active=True,
        )
        assert compat.account("999999999") is None and compat.account("ann") is None

    def test_nobody_once_retirement_has_been_asked_for(self):
        self.ask_for_retirement()
        assert compat.account(str(self.learner.pk)) is None
        assert compat.former_names(str(self.learner.pk)) == set(self.old)
