"""What themes of certificate and dashboard find of a learner's pills."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from openedx_filters.learning.filters import CertificateRenderStarted, DashboardRenderStarted

from microcred_xblock.issuance import api, models, pipeline, renewing
from microcred_xblock.issuance.settings import common

COURSE = "course-v1:x+y+z"
OTHERS = "openedx_filters.PipelineStep"


class User:
    """An account."""

    def __init__(self, pk):
        self.pk = pk


class Settings:
    """The LMS's."""

    ROOT_URLCONF = "lms.urls"


@pytest.fixture
def lms(settings):
    """Our steps are registered as they are in the LMS."""
    settings.ROOT_URLCONF = "lms.urls"
    settings.MICROCRED_SHOW_ON_CERTIFICATE = True
    settings.OPEN_EDX_FILTERS_CONFIG = {}
    common.add_pipeline_steps(settings)
    return settings


def certificate(**more):
    """What the page of a certificate gets."""
    context = {"accomplishment_user_id": "student_1", "course_id": COURSE, "platform_name": "X", **more}
    return CertificateRenderStarted.run_filter(context=context, custom_template=None)


def dashboard(user="student_1"):
    """What the dashboard gets."""
    return DashboardRenderStarted.run_filter(context={"user": User(user), "x": 1}, template_name="dashboard.html")


class TestCertificate:
    def test_a_pill_with_a_credential_is_shown(self, lms, issued):
        context, template = certificate()
        (pill,) = context["microcred_pills"]
        assert (pill.title, pill.course_id) == ("Fault diagnosis on a wind turbine", COURSE)
        assert pill.url.startswith("http://localhost:8000/microcred/achievements/")
        assert f'<a href="{pill.url}">Fault diagnosis on a wind turbine</a>' in context["microcred_pills_html"]
        assert context["platform_name"] == "X" and template is None

    def test_without_consent_nobody_sees_it(self, lms, award_id, learner):
        assert certificate()[0]["microcred_pills"] == []
        assert certificate()[0]["microcred_pills_html"] == ""

    def test_after_withdrawal_nobody_sees_it(self, lms, issued, learner):
        api.withdraw(issued, learner.id)
        assert certificate()[0]["microcred_pills"] == []

    @pytest.mark.parametrize("more", [
        {"course_id": "course-v1:x+y+other"}, {"accomplishment_user_id": "student_2"}, {"course_id": None},
        {"accomplishment_user_id": None},
    ])
    def test_only_this_learner_s_of_this_course(self, lms, issued, more):
        assert certificate(**more)[0]["microcred_pills"] == []

    @pytest.mark.parametrize("columns", [
        {"status": "revoked", "active": None}, {"status": "suspended"},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ])
    def test_only_what_is_valid(self, lms, issued, columns):
        models.Award.objects.update(**columns)
        assert certificate()[0]["microcred_pills"] == []

    def test_the_former_badge_stays_until_the_newer_one_is_signed(self, lms, issued, learner, commits):
        former = models.Award.objects.get(pk=issued)
        new = renewing.renew(former, actor="user:1", reason="reissue", now=timezone.now())
        assert [pill.awarded_at for pill in certificate()[0]["microcred_pills"]] == [former.awarded_at]
        with commits():
            api.consent(str(new.pk), learner, digest=api.payload(str(new.pk), learner).digest)
        former.refresh_from_db()
        assert former.status == "superseded" and len(certificate()[0]["microcred_pills"]) == 1

    def test_a_title_is_escaped(self, lms, issued):
        models.FrozenPill.objects.update(title='<script>alert("x")</script>')
        html = certificate()[0]["microcred_pills_html"]
        assert "<script>" not in html and "&lt;script&gt;" in html
        assert hasattr(html, "__html__"), "themes that escape do not escape it again"

    def test_one_query(self, lms, issued, django_assert_num_queries):
        with django_assert_num_queries(1):
            certificate()


class TestDashboard:
    def test_all_that_is_earned_is_shown_to_whoever_earned_it(self, lms, award_id):
        context, template = dashboard()
        assert [pill.course_id for pill in context["microcred_pills"]] == [COURSE]
        assert (context["x"], template) == (1, "dashboard.html")
        assert dashboard("student_2")[0]["microcred_pills"] == []

    def test_one_query(self, lms, award_id, django_assert_num_queries):
        with django_assert_num_queries(1):
            dashboard()

    def test_without_a_user(self, lms, db):
        context, _template = DashboardRenderStarted.run_filter(context={}, template_name="dashboard.html")
        assert context["microcred_pills"] == []


class TestSwitches:
    def test_each_page_has_its_own(self, lms, issued, django_assert_num_queries):
        del lms.MICROCRED_SHOW_ON_CERTIFICATE  # the default: anybody who has its address can see a certificate
        with django_assert_num_queries(0):
            assert "microcred_pills" not in certificate()[0]
        assert dashboard()[0]["microcred_pills"]
        lms.MICROCRED_SHOW_ON_CERTIFICATE, lms.MICROCRED_SHOW_ON_DASHBOARD = True, False
        assert certificate()[0]["microcred_pills"]
        assert set(dashboard()[0]) == {"user", "x"}


class TestNothingBreaksAPage:
    @pytest.mark.parametrize("broken", ["_earned", "_as_html"])
    def test_a_fault_leaves_the_page_as_it_was(self, lms, issued, monkeypatch, caplog, broken):
        monkeypatch.setattr(pipeline, broken, lambda *_args: 1 / 0)
        with caplog.at_level(logging.ERROR):
            context, _template = certificate()
        assert context == {"accomplishment_user_id": "student_1", "course_id": COURSE, "platform_name": "X"}
        assert "student_1" not in caplog.text

    def test_a_site_without_an_address_shows_its_pages(self, lms, issued):
        lms.MICROCRED_PUBLIC_BASE_URL = ""
        assert "microcred_pills" not in certificate()[0]


class TestRegistration:
    """Whatever others have configured stays, and stays in front."""

    CERTIFICATE = "org.openedx.learning.certificate.render.started.v1"
    STEP = "microcred_xblock.issuance.pipeline.PillsOnCertificate"

    @pytest.mark.parametrize(("before", "after"), [
        (None, {"pipeline": [STEP], "fail_silently": True}),
        ({}, {"pipeline": [STEP], "fail_silently": True}),
        ("", {"pipeline": [STEP], "fail_silently": True}),
        (OTHERS, {"pipeline": [OTHERS, STEP], "fail_silently": True}),
        ([OTHERS], {"pipeline": [OTHERS, STEP], "fail_silently": True}),
        (
            {"pipeline": [OTHERS], "fail_silently": False, "log_level": "debug"},
            {"pipeline": [OTHERS, STEP], "fail_silently": False, "log_level": "debug"},
        ),
        ({"pipeline": [STEP, OTHERS]}, {"pipeline": [STEP, OTHERS], "fail_silently": True}),
    ])
    def test_every_form_of_configuration(self, before, after):
        settings = Settings()
        given = {"another.filter": "x"} if before is None else {"another.filter": "x", self.CERTIFICATE: before}
        settings.OPEN_EDX_FILTERS_CONFIG = given
        kept = repr(given)
        for _ in range(2):
            common.add_pipeline_steps(settings)
        assert settings.OPEN_EDX_FILTERS_CONFIG[self.CERTIFICATE] == after
        assert settings.OPEN_EDX_FILTERS_CONFIG["another.filter"] == "x"
        assert repr(given) == kept, "nobody's object is changed under them"

    def test_a_platform_without_filters(self):
        settings = Settings()
        common.add_pipeline_steps(settings)
        assert set(settings.OPEN_EDX_FILTERS_CONFIG) == set(common.PIPELINE_STEPS)

    def test_studio_has_no_such_pages(self):
        settings = Settings()
        settings.ROOT_URLCONF = "cms.urls"
        common.add_pipeline_steps(settings)
        assert not hasattr(settings, "OPEN_EDX_FILTERS_CONFIG")

    def test_the_types_are_the_platform_s_and_the_steps_exist(self):
        from django.utils.module_loading import import_string

        types = {CertificateRenderStarted.filter_type, DashboardRenderStarted.filter_type}
        assert set(common.PIPELINE_STEPS) == types
        assert all(import_string(path) for path in common.PIPELINE_STEPS.values())
