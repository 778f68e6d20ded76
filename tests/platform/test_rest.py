"""The REST API inside the LMS: its accounts, its tokens, its cache, and its own DRF left as it was."""

from .guard import require

require("lms")

import json  # noqa: E402
from datetime import UTC, datetime, timedelta  # noqa: E402

from common.djangoapps.student.roles import CourseStaffRole  # noqa: E402
from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from openedx.core.djangoapps.oauth_dispatch.jwt import create_jwt_for_user  # noqa: E402
from openedx.core.djangoapps.oauth_dispatch.tests.factories import (  # noqa: E402
    AccessTokenFactory,
    ApplicationAccessFactory,
    ApplicationFactory,
)
from rest_framework.settings import api_settings  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from microcred_xblock.issuance.rest_api.v1 import base  # noqa: E402

from .case import PASSWORD, PillCase  # noqa: E402
from .issuer import IssuerMixin  # noqa: E402

ROOT = "/microcred/api/v1/"
IN_MEMORY = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": f"rest {name}"}
    for name in ("default", "general", "mongo_metadata_inheritance", "loc_cache", "course_structure_cache")
}


class RestCase(PillCase):
    """An award that ann has earned; clients that bring nothing but what is given to them."""

    def setUp(self):
        super().setUp()
        self.answer("p1")
        self.answer("p2")
        self.award = self.awards().get()
        self.client.logout()

    def ask_as(self, authorization, path, data=None):
        """What the API says to a script with this ``Authorization``."""
        client = Client(enforce_csrf_checks=True)
        headers = {"Authorization": authorization} if authorization else {}
        if data is None:
            return client.get(ROOT + path, headers=headers)
        with self.work():
            return client.post(ROOT + path, json.dumps(data), content_type="application/json", headers=headers)

    def jwt(self, user, **more):
        return f"JWT {create_jwt_for_user(user, **more)}"

    def bearer(self, user, **more):
        return f"Bearer {AccessTokenFactory(user=user, application=ApplicationFactory(user=user), **more).token}"

    def staff(self, course=None):
        user = UserFactory(password=PASSWORD)
        CourseStaffRole(course or self.course.id).add_users(user)
        return user

    def refused(self, answer, status, code):
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
        assert set(answer.json()) == {"code", "message", "field"}


class TestWho(RestCase):
    def test_nobody(self):
        for path in ("me/awards/", "me/export/", f"me/awards/{self.award.pk}/", "awards/", "queue/"):
            self.refused(self.ask_as("", path), 401, "api-sign-in")

    def test_a_learner_by_every_kind_of_token(self):
        for name, authorization in (("jwt", self.jwt(self.learner)), ("oauth", self.bearer(self.learner))):
            answer = self.ask_as(authorization, "me/awards/")
            assert answer.status_code == 200, (name, answer.content)
            assert [row["id"] for row in answer.json()["results"]] == [str(self.award.pk)], name
            assert "private" in answer["Cache-Control"] and "no-store" in answer["Cache-Control"]
            self.refused(self.ask_as(authorization, "awards/"), 403, "staff-only")
            self.refused(self.ask_as(authorization, f"awards/{self.award.pk}/revoke/", {"reason": "error"}), 403,
                         "staff-only")

    def test_a_learner_by_session(self):
        self.client.login(username="ann", password=PASSWORD)
        answer = self.client.get(f"{ROOT}me/awards/{self.award.pk}/")
        assert answer.status_code == 200 and answer.json()["id"] == str(self.award.pk)
        export = self.client.get(f"{ROOT}me/export/")
        assert export.status_code == 200 and str(self.award.pk) in export.content.decode()

    def test_nothing_of_anybody_else_s(self):
        bob = self.enrol("bob")
        for authorization in (self.jwt(bob), self.bearer(bob)):
            assert self.ask_as(authorization, "me/awards/").json()["results"] == []
            self.refused(self.ask_as(authorization, f"me/awards/{self.award.pk}/"), 404, "award-unknown")

    def test_course_staff_by_every_kind_of_token(self):
        for kind in (self.jwt, self.bearer):
            staff, stranger = self.staff(), self.staff(self.course.id.replace(course="Elsewhere"))
            found = self.ask_as(kind(staff), "awards/").json()["results"]
            assert [(row["id"], row["learner"]) for row in found] == [(str(self.award.pk), str(self.learner.pk))]
            assert self.ask_as(kind(stranger), "awards/").json()["results"] == []
            address = f"awards/{self.award.pk}/"
            self.refused(self.ask_as(kind(stranger), address), 404, "award-unknown")
            self.refused(self.ask_as(kind(stranger), f"{address}revoke/", {"reason": "error"}), 404, "award-unknown")
            self.refused(self.ask_as(kind(staff), "queue/"), 403, "staff-only")
        assert self.ask_as(self.jwt(UserFactory(is_staff=True)), "queue/").status_code == 200

    def test_staff_act_and_the_history_names_them(self):
        staff = self.staff()
        seen = self.ask_as(self.jwt(staff), f"awards/{self.award.pk}/").json()["version"]
        data = {"reason": "integrity", "note": "Seen.", "seen": seen}
        first = self.ask_as(self.bearer(staff), f"awards/{self.award.pk}/suspend/", data)
        assert (first.status_code, first.json()) == (200, {"changed": 1})
        self.refused(self.ask_as(self.jwt(staff), f"awards/{self.award.pk}/suspend/", data), 409, "award-changed")
        change = self.award.changes.get()
        assert (change.action, change.actor) == ("suspend", f"user:{staff.pk}")
        assert self.ask_as(self.jwt(self.learner), f"me/awards/{self.award.pk}/").json()["status"] == "suspended"


class TestTokensThatDoNotCount(RestCase):
    def test_expired_unknown_and_broken(self):
        old = datetime.now(UTC) - timedelta(hours=1)
        past = {"exp": int(old.timestamp()), "iat": int(old.timestamp()) - 60}
        for authorization in (
            self.bearer(self.learner, expires=old), self.jwt(self.learner, additional_claims=past), "Bearer nonsense",
            "JWT nonsense", "JWT a.b.c", self.jwt(self.learner)[:-3] + "AAA",
        ):
            answer = self.ask_as(authorization, "me/awards/")
            self.refused(answer, 401, "api-sign-in")
            assert "ann" not in answer.content.decode()

    def test_a_disabled_account(self):
        tokens = self.jwt(self.learner), self.bearer(self.learner)
        self.client.login(username="ann", password=PASSWORD)
        self.learner.is_active = False
        self.learner.save()
        for authorization in tokens:
            self.refused(self.ask_as(authorization, "me/awards/"), 401, "api-sign-in")
        assert self.client.get(f"{ROOT}me/awards/").status_code == 401

    def test_staff_whose_account_was_disabled(self):
        staff = self.staff()
        tokens = self.jwt(staff), self.bearer(staff)
        staff.is_active = False
        staff.save()
        for authorization in tokens:
            self.refused(self.ask_as(authorization, "awards/"), 401, "api-sign-in")

    def test_an_application_with_scopes_of_its_own(self):
        application = ApplicationFactory(user=self.learner)
        ApplicationAccessFactory(application=application, scopes=["grades:read"])
        restricted = self.jwt(self.learner, additional_claims={"is_restricted": True, "filters": []})
        answer = self.ask_as(restricted, "me/awards/")
        self.refused(answer, 403, "not-allowed")


class TestSession(RestCase):
    def test_changes_need_the_platform_s_csrf_token(self):
        staff = self.staff()
        browser = Client(enforce_csrf_checks=True)
        assert browser.login(username=staff.username, password=PASSWORD)
        address = f"{ROOT}awards/{self.award.pk}/suspend/"
        data = json.dumps({"reason": "integrity"})
        assert browser.post(address, data, content_type="application/json").status_code == 403
        assert not self.award.changes.exists()
        token = browser.get("/csrf/api/v1/token").json()["csrfToken"]
        with self.work():
            done = browser.post(address, data, content_type="application/json", headers={"X-CSRFToken": token})
        assert done.status_code == 200 and self.award.changes.count() == 1


@override_settings(CACHES=IN_MEMORY, MICROCRED_API_RATES={"anonymous": "3/hour", "learner": "2/hour"})
class TestRates(RestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        super().setUp()

    def test_by_account_whatever_the_token_and_by_address(self):
        bob = self.enrol("bob")
        tokens = self.jwt(self.learner), self.bearer(self.learner), self.jwt(self.learner)
        first, second, third = (self.ask_as(token, "me/awards/") for token in tokens)
        assert (first.status_code, second.status_code) == (200, 200)
        self.refused(third, 429, "api-rate")
        assert 0 < int(third["Retry-After"]) <= 3600
        assert self.ask_as(self.jwt(bob), "me/awards/").status_code == 200
        path = f"credentials/{self.award.pk}/status/"
        assert [self.ask_as("", path).status_code for _n in range(4)] == [404, 404, 404, 429]

    def test_the_platform_s_own_cache_of_nothing_stops_nobody(self):
        with override_settings(CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}):
            token = self.jwt(self.learner)
            assert {self.ask_as(token, "me/awards/").status_code for _n in range(4)} == {200}


class TestThePlatformsOwn(RestCase):
    def test_its_settings_are_not_ours(self):
        from django.conf import settings

        assert "microcred" not in json.dumps(settings.REST_FRAMEWORK, default=str)
        assert "microcred" not in json.dumps(getattr(settings, "SPECTACULAR_SETTINGS", {}), default=str)
        assert APIView.renderer_classes == api_settings.DEFAULT_RENDERER_CLASSES
        assert base.View.renderer_classes != APIView.renderer_classes

    def test_its_own_api_answers_as_ever(self):
        answer = self.ask_as("", "me/awards/")
        theirs = self.client.get("/api/user/v1/me")
        assert theirs.status_code == 401 and "code" not in theirs.json()
        assert answer.json()["code"] == "api-sign-in"

    def test_its_description_still_generates(self):
        self.client.login(username=self.staff().username, password=PASSWORD)
        answer = self.client.get("/swagger.json")
        assert answer.status_code == 200, answer.content[:300]
        paths = answer.json()["paths"]
        assert len(paths) > 100

    def test_ours_is_served(self):
        answer = self.ask_as("", "openapi.json")
        described = answer.json()
        assert answer.status_code == 200 and described["openapi"].startswith("3.0")
        assert f"{ROOT}me/awards/" in described["paths"]
        from django.urls import Resolver404, resolve

        for path in described["paths"]:
            concrete = path.replace("{award_id}", str(self.award.pk)).replace("{uuid}", str(self.award.pk))
            concrete = concrete.replace("{job_id}", str(self.award.pk)).replace("{action}", "revoke")
            for name in ("consent_id", "notice_id"):
                concrete = concrete.replace(f"{{{name}}}", "1")
            try:
                found = resolve(concrete.replace("{kind}", "badge"))
            except Resolver404:
                found = None
            assert found and found.func.view_class is not base.Nothing, path

    def test_an_address_that_does_not_exist_says_so_in_json(self):
        self.refused(self.ask_as("", "nothing/here/"), 404, "api-unknown")


class TestLearnersOwn(IssuerMixin, PillCase):
    def test_credentials_consent_and_withdrawal_by_token(self):
        award = self.earn_and_consent()
        token = {"Authorization": f"JWT {create_jwt_for_user(self.learner)}"}
        script = Client(enforce_csrf_checks=True)
        listed = script.get(f"{ROOT}me/awards/{award.pk}/credentials/", headers=token).json()
        assert listed
        badge = award.credentials.get(format="ob3")
        uuid = badge.credential_id.removeprefix("urn:uuid:")
        assert script.get(f"{ROOT}credentials/{uuid}/status/").json()["state"] == "valid"
        assert script.get(f"{ROOT}credentials/{uuid}/").status_code == 404, "not published"
        with self.work():
            published = script.put(
                f"{ROOT}me/awards/{award.pk}/publish/", json.dumps({"digest": badge.digest}), headers=token,
                content_type="application/json",
            )
        assert published.status_code == 200, published.content
        assert script.get(f"{ROOT}credentials/{uuid}/").content == bytes(badge.content)
        verified = script.post(f"{ROOT}verify/", bytes(badge.content), content_type="application/octet-stream").json()
        assert verified["verified"] and verified["standing"]["state"] == "valid"
        consents = script.get(f"{ROOT}me/consents/", headers=token).json()
        for consent in consents:
            with self.work():
                address = f"{ROOT}me/consents/{consent['id']}/withdraw/"
                assert script.post(address, headers=token).status_code == 200
        assert script.get(f"{ROOT}credentials/{uuid}/").status_code == 404
