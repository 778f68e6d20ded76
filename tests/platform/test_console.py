"""The console inside the LMS: who comes in, by which role, through the LMS's own sign-in and middleware."""

from .guard import require

require("lms")

import csv  # noqa: E402
import io  # noqa: E402
import re  # noqa: E402

from common.djangoapps.student.roles import (  # noqa: E402
    CourseBetaTesterRole,
    CourseDataResearcherRole,
    CourseInstructorRole,
    CourseLimitedStaffRole,
    CourseStaffRole,
    OrgInstructorRole,
    OrgStaffRole,
    SupportStaffRole,
)
from common.djangoapps.student.tests.factories import UserFactory  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from microcred_xblock.issuance import models  # noqa: E402

from .case import PASSWORD, PillCase  # noqa: E402

HOME = "/microcred/console/"


class ConsoleCase(PillCase):
    """An award that ann has earned in the LMS; people with roles."""

    def setUp(self):
        super().setUp()
        self.answer("p1")
        self.answer("p2")
        self.award = self.awards().get()
        self.client.logout()
        self.elsewhere = self.course.id.replace(course="Elsewhere")

    def come(self, *roles, checks=False, **fields):
        """The browser of a new account with these roles."""
        user = UserFactory(password=PASSWORD, **fields)
        for role in roles:
            role.add_users(user)
        browser = Client(enforce_csrf_checks=checks)
        assert browser.login(username=user.username, password=PASSWORD)
        browser.user = user
        return browser

    def addresses(self):
        """Everything that can be read in the console."""
        story = f"{HOME}awards/{self.award.pk}/"
        return [HOME, f"{HOME}awards.csv", story, f"{story}revoke/", f"{story}suspend/", f"{HOME}bulk/retry/"]


class TestWhoComesIn(ConsoleCase):
    def test_roles_that_reach_the_award(self):
        key = self.course.id
        for name, roles, fields in (
            ("global staff", (), {"is_staff": True}), ("superuser", (), {"is_superuser": True}),
            ("course staff", (CourseStaffRole(key),), {}), ("course instructor", (CourseInstructorRole(key),), {}),
            ("limited staff", (CourseLimitedStaffRole(key),), {}), ("staff of the org", (OrgStaffRole(key.org),), {}),
            ("instructor of the org", (OrgInstructorRole(key.org),), {}),
        ):
            browser = self.come(*roles, **fields)
            assert [browser.get(address).status_code for address in self.addresses()] == [200] * 6, name
            assert "Find the fault" in browser.get(HOME).content.decode(), name
            assert browser.get(f"{HOME}nothing/").status_code == 404, name

    def test_roles_that_do_not_come_in(self):
        key = self.course.id
        for name, roles, fields in (
            ("nobody in particular", (), {}), ("data researcher", (CourseDataResearcherRole(key),), {}),
            ("beta tester", (CourseBetaTesterRole(key),), {}), ("support", (SupportStaffRole(),), {}),
        ):
            browser = self.come(*roles, **fields)
            assert [browser.get(address).status_code for address in self.addresses()] == [403] * 6, name
            page = browser.get(HOME).content.decode()
            assert "Find the fault" not in page and self.learner.email not in page, name
        self.client.login(username="ann", password=PASSWORD)
        assert self.client.get(f"{HOME}awards/{self.award.pk}/").status_code == 403, "not even the learner's own"

    def test_staff_of_another_course_see_their_own_only(self):
        browser = self.come(CourseStaffRole(self.elsewhere))
        assert "Find the fault" not in browser.get(HOME).content.decode()
        assert str(self.award.pk) not in b"".join(browser.get(f"{HOME}awards.csv")).decode()
        story = f"{HOME}awards/{self.award.pk}/"
        assert [browser.get(address).status_code for address in (story, f"{story}revoke/")] == [404, 404]
        assert browser.post(f"{story}revoke/", {"reason": "error"}).status_code == 404
        assert "Find the fault" not in browser.get(HOME, {"course": str(self.course.id)}).content.decode()
        self.award.refresh_from_db()
        assert self.award.status == "valid" and not self.award.changes.exists()

    def test_a_role_that_was_taken_away_closes_the_door_at_once(self):
        browser = self.come(CourseStaffRole(self.course.id))
        assert browser.get(HOME).status_code == 200
        CourseStaffRole(self.course.id).remove_users(browser.user)
        assert browser.get(HOME).status_code == 403

    def test_a_disabled_account_does_not_come_in(self):
        browser = self.come(CourseStaffRole(self.course.id))
        browser.user.is_active = False
        browser.user.save()
        assert browser.get(HOME).status_code != 200

    def test_who_is_signed_out_signs_in_at_the_lms_and_comes_back(self):
        for address in (*self.addresses(), f"{HOME}?learner=ann&state=issued"):
            answer = self.client.get(address)
            place, _sep, back = answer["Location"].partition("?next=")
            assert answer.status_code == 302 and place == settings.LOGIN_URL == "/login"
            assert back.startswith("/microcred/console/") and "&" not in back
        page = self.client.get(answer["Location"])
        assert page.status_code == 200
        browser = self.come(is_staff=True)
        again = browser.get(answer["Location"], headers={"Accept": "text/html"})
        assert (again.status_code, again["Location"]) == (302, f"{HOME}?learner=ann&state=issued")

    def test_data_tells_nobody_to_sign_in_by_a_page(self):
        began = self.award.awarded_at
        job = models.BulkJob.objects.create(action="retry", filters={}, actor="user:1", created_at=began)
        address = f"{HOME}jobs/{job.pk}/progress.json"
        assert self.client.get(address).json() == {"code": "sign-in"}
        learner = self.come()
        assert (learner.get(address).status_code, learner.get(address).json()) == (403, {"code": "staff-only"})
        staff = self.come(CourseStaffRole(self.course.id))
        assert staff.get(address).status_code == 404, "a job is its owner's"
        assert self.come(is_staff=True).get(address).json()["percent"] == 100


class TestPages(ConsoleCase):
    def test_headers_in_the_midst_of_the_platform_s_middleware(self):
        browser = self.come(is_staff=True)
        for address in (HOME, f"{HOME}awards/{self.award.pk}/", f"{HOME}awards/{self.award.pk}/revoke/"):
            answer = browser.get(address)
            policy = answer["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert "script-src 'self'" in policy and "unsafe" not in policy
            assert answer["X-Frame-Options"] == "DENY" and "no-store" in answer["Cache-Control"]
            page = answer.content.decode()
            forbidden = r"<script(?![^>]*\ssrc=)[^>]*>|\son\w+=|\sstyle=|<style"
            assert not re.search(forbidden, page), "the policy forbids it"

    def test_the_page_s_own_files_can_be_found_by_the_platform(self):
        from django.contrib.staticfiles import finders

        page = self.come(is_staff=True).get(HOME).content.decode()
        files = re.findall(rf'(?:src|href)="{re.escape(settings.STATIC_URL)}([^"?]+)', page)
        assert any(name.endswith(".css") for name in files) and any(name.endswith(".js") for name in files)
        for name in files:
            assert finders.find(name), name

    def test_a_learner_is_found_by_name_address_and_number(self):
        bob = self.enrol("bob")
        self.client.login(username="bob", password=PASSWORD)
        self.answer("p1")
        self.answer("p2")
        browser = self.come(CourseStaffRole(self.course.id))
        for given in ("ann", "ann@example.org", str(self.learner.pk)):
            page = browser.get(HOME, {"learner": given}).content.decode()
            assert "(ann)" in page and "(bob)" not in page, given
            text = b"".join(browser.get(f"{HOME}awards.csv", {"learner": given})).decode()
            rows = list(csv.reader(io.StringIO(text)))
            assert [row[0] for row in rows[1:]] == [str(self.award.pk)], given
        for given in ("an", "@example.org", str(bob.pk + 1000), "%"):
            assert "Find the fault" not in browser.get(HOME, {"learner": given}).content.decode(), given

    def test_the_file_names_numbers_not_people(self):
        browser = self.come(CourseStaffRole(self.course.id))
        answer = browser.get(f"{HOME}awards.csv")
        head, row = csv.reader(io.StringIO(b"".join(answer).decode()))
        assert answer["Content-Type"] == "text/csv; charset=utf-8" and "attachment" in answer["Content-Disposition"]
        assert len(head) == len(row) and row[2:4] == [str(self.learner.pk), str(self.course.id)]
        personal = {self.learner.username, self.learner.email, self.learner.profile.name}
        assert not any(text in cell for text in personal for cell in row)

    def test_in_the_language_the_platform_chose(self):
        browser = self.come(is_staff=True)
        page = browser.get(HOME, headers={"Accept-Language": "fr"}).content.decode()
        assert re.search(r'<html[^>]* lang="(en|fr)"', page)


class TestActions(ConsoleCase):
    def act(self, browser, action, **data):
        """Open the form and send it as a browser does."""
        address = f"{HOME}awards/{self.award.pk}/{action}/"
        page = browser.get(address).content.decode()
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        with self.work():
            return browser.post(address, {**hidden, **data})

    def test_by_course_staff_with_the_platform_s_token(self):
        browser = self.come(CourseLimitedStaffRole(self.course.id), checks=True)
        bare = browser.post(f"{HOME}awards/{self.award.pk}/suspend/", {"reason": "integrity"})
        assert bare.status_code == 403
        self.award.refresh_from_db()
        assert self.award.status == "valid"
        for action, status, reason in (
            ("suspend", "suspended", "integrity"), ("reinstate", "valid", "integrity"), ("revoke", "revoked", "error"),
        ):
            answer = self.act(browser, action, reason=reason, note="Seen.", regain="never")
            assert answer.status_code == 302 and answer["Location"].startswith(f"{HOME}awards/{self.award.pk}/")
            self.award.refresh_from_db()
            assert self.award.status == status
            change = self.award.changes.order_by("-pk").first()
            assert (change.action, change.actor, change.note) == (action, f"user:{browser.user.pk}", "Seen.")
            page = browser.get(answer["Location"]).content.decode()
            assert browser.user.username in page
        self.client.login(username="ann", password=PASSWORD)
        told = self.ask("progress").json()
        assert "revoked" in str(told["html"])
        assert self.awards().count() == 1, "never again"

    def test_a_bulk_job_reaches_no_other_course(self):
        other = models.Award.objects.get(pk=self.award.pk)
        other.pk, other.learner_pill, other.course_id = None, "x", str(self.elsewhere)
        other.save(force_insert=True)
        browser = self.come(CourseStaffRole(self.course.id))
        page = browser.get(f"{HOME}bulk/retry/").content.decode()
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        with self.work():
            answer = browser.post(f"{HOME}bulk/retry/", hidden)
        assert answer.status_code == 302
        job = models.BulkJob.objects.get()
        assert (job.state, job.total, job.done, job.actor) == ("done", 1, 1, f"user:{browser.user.pk}")
        assert browser.get(answer["Location"]).status_code == 200


class TestTheDoors(ConsoleCase):
    def test_the_rows_in_django_s_admin(self):
        for fields, status in (({"is_superuser": True, "is_staff": True}, 200), ({}, 302)):
            browser = self.come(**fields)
            for name in ("award", "delivery", "statuschange", "issuerassignment", "keyuse", "bulkjob"):
                assert browser.get(reverse(f"admin:microcred_{name}_changelist")).status_code == status, name
