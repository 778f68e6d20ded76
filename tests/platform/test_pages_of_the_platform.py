"""The platform's own certificate page and dashboard, with our steps in their filters."""

from .guard import require

require("lms")

from unittest.mock import patch  # noqa: E402

from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from lms.djangoapps.certificates.data import CertificateStatuses  # noqa: E402
from lms.djangoapps.certificates.models import CertificateTemplate, GeneratedCertificate  # noqa: E402
from lms.djangoapps.certificates.tests.factories import (  # noqa: E402
    CertificateHtmlViewConfigurationFactory,
    GeneratedCertificateFactory,
)
from lms.djangoapps.certificates.utils import get_certificate_url  # noqa: E402

from microcred_xblock.issuance import models, status  # noqa: E402

from .case import PASSWORD, PillCase  # noqa: E402
from .issuer import IssuerMixin  # noqa: E402

THEME = """<html><body>${accomplishment_copy_course_name}: ${microcred_pills_html if microcred_pills_html else "none"}
</body></html>"""
FEATURES = {**settings.FEATURES, "CERTIFICATES_HTML_VIEW": True, "CUSTOM_CERTIFICATE_TEMPLATES_ENABLED": True}


@override_settings(FEATURES=FEATURES, MICROCRED_SHOW_ON_CERTIFICATE=True)
class TestCertificate(IssuerMixin, PillCase):
    def course_fields(self):
        return {
            "cert_html_view_enabled": True, "certificates_display_behavior": "early_no_info",
            "certificates": {"certificates": [{
                "id": 0, "name": "Certificate", "description": "", "course_title": "Course", "signatories": [],
                "version": 1, "is_active": True,
            }]},
        }

    def setUp(self):
        super().setUp()
        CertificateHtmlViewConfigurationFactory.create()
        GeneratedCertificateFactory.create(
            user=self.learner, course_id=self.course.id, verify_uuid="a" * 32, grade="0.95",
            status=CertificateStatuses.downloadable, mode="honor", name="Ann Example",
        )
        self.address = get_certificate_url(user_id=self.learner.pk, course_id=str(self.course.id), uuid="a" * 32)

    def theme(self):
        """A site whose template shows the pills, as docs/hooks.md says."""
        CertificateTemplate.objects.create(name="with pills", template=THEME, mode="honor", is_active=True)

    def page(self):
        """The certificate as anybody sees it; the platform withdraws it while a grade is on its way up."""
        GeneratedCertificate.objects.update(status=CertificateStatuses.downloadable, mode="honor")
        answer = self.client_class().get(self.address)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_the_platform_s_own_template_is_as_ever(self):
        before = self.page()
        self.earn_and_consent()
        assert "Find the fault" not in before and "Find the fault" not in self.page()
        assert self.learner.profile.name in before

    def test_a_theme_shows_what_the_learner_has_agreed_to_and_is_valid(self):
        self.theme()
        award = self.earn()
        assert "none" in self.page(), "earned, but not agreed to: anybody can open this page"
        digest = self.ask("payload").json()["digest"]
        assert self.ask("consent", digest=digest).status_code == 200
        shown = self.page()
        assert ">Find the fault</a></li>" in shown and "/microcred/achievements/" in shown
        with override_settings(MICROCRED_SHOW_ON_CERTIFICATE=False):
            assert "Find the fault" not in self.page()
        with self.work():
            status.revoke(award, reason="error", actor="command", now=timezone.now())
        assert "none" in self.page()

    def test_a_failure_of_ours_leaves_the_page(self):
        self.earn_and_consent()
        with patch("microcred_xblock.issuance.pipeline._earned", side_effect=RuntimeError("boom")):
            assert self.learner.profile.name in self.page()


class TestDashboard(PillCase):
    def test_the_page_opens_and_a_theme_is_given_the_learner_s_own(self):
        self.answer("p1")
        self.answer("p2")
        assert self.awards().exists()
        stranger = UserFactory(password=PASSWORD)
        for user, titles in ((self.learner, ["Find the fault"]), (stranger, [])):
            self.sign_in(user)
            seen = {}

            def render(_template, context, *args, seen=seen, **more):
                from common.djangoapps.edxmako.shortcuts import render_to_response

                seen.update(context)
                return render_to_response(_template, context, *args, **more)

            with patch("common.djangoapps.student.views.dashboard.render_to_response", side_effect=render):
                answer = self.client.get(reverse("dashboard"))
            assert answer.status_code == 200
            assert [pill.title for pill in seen["microcred_pills"]] == titles
        assert models.Award.objects.count() == 1
