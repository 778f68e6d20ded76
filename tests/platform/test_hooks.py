"""Our steps in the platform's filters, its badge events, and its tracking log."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from django.conf import settings  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402
from openedx_events.learning.signals import BADGE_AWARDED  # noqa: E402
from openedx_filters.learning.filters import CertificateRenderStarted, DashboardRenderStarted  # noqa: E402

from microcred_xblock.issuance import models, signals  # noqa: E402
from microcred_xblock.issuance.settings import common  # noqa: E402

from .case import PillCase  # noqa: E402


class HookCase(PillCase):
    """A learner who has earned the pill and holds its badge; nothing needs a key."""

    def earn(self):
        self.answer("p1")
        self.answer("p2")
        award = self.awards().get()
        now = timezone.now()
        models.Consent.objects.create(
            award=award, purpose="issue", recipient="did:web:x", formats=["ob3"], payload_digest="0" * 64, given_at=now
        )
        return models.Credential.objects.create(
            award=award, format="ob3", credential_id=f"urn:uuid:{award.pk}", salt="s", issued_at=now, valid_from=now,
            state="issued", content=b"{}", signed_at=now,
        )


class TestPages(HookCase):
    def test_the_steps_stand_in_the_settings(self):
        for filter_type, step in common.PIPELINE_STEPS.items():
            assert step in settings.OPEN_EDX_FILTERS_CONFIG[filter_type]["pipeline"]

    @override_settings(MICROCRED_SHOW_ON_CERTIFICATE=True)
    def test_a_certificate_and_the_dashboard_name_the_pill(self):
        self.earn()
        context = {"accomplishment_user_id": self.learner.pk, "course_id": str(self.course.id)}
        context, _template = CertificateRenderStarted.run_filter(context=context, custom_template=None)
        assert [pill.title for pill in context["microcred_pills"]] == ["Find the fault"]
        context, _template = DashboardRenderStarted.run_filter(context={"user": self.learner}, template_name="x")
        assert [pill.course_id for pill in context["microcred_pills"]] == [str(self.course.id)]


class TestEvents(HookCase):
    def test_the_platform_s_badge_event_names_the_account(self):
        row, heard = self.earn(), []

        def note(badge=None, **_more):
            heard.append(badge)

        BADGE_AWARDED.connect(note)
        try:
            with self.work():
                signals.send(signals.credential_issued, row.pk)
        finally:
            BADGE_AWARDED.disconnect(note)
        (badge,) = heard
        assert (badge.uuid, badge.template.origin) == (str(row.award_id), "microcred")
        assert (badge.user.id, badge.user.pii.username, badge.user.pii.email) == (
            self.learner.pk, "ann", "ann@example.org"
        )


class TestTracking(HookCase):
    def test_a_mastered_pill_is_in_the_log_under_the_learner(self):
        found = []

        def emit(tracker, name=None, data=None):
            found.append((name, data, tracker.resolve_context()))

        with patch("eventtracking.tracker.Tracker.emit", autospec=True, side_effect=emit):
            row = self.earn()
            with self.work():
                signals.send(signals.credential_issued, row.pk)
        ours = {name: (data, context) for name, data, context in found if name.startswith("edx.microcred.")}
        assert set(ours) == {"edx.microcred.pill.mastered", "edx.microcred.credential.earned"}
        data, context = ours["edx.microcred.pill.mastered"]
        assert data["user_id"] == str(self.learner.pk) and data["score"] == 1.0
        assert (context["user_id"], context["course_id"], context["org_id"]) == (
            self.learner.pk, str(self.course.id), self.course.id.org
        )
        assert not context["username"] and not context["ip"]
