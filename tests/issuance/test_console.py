"""The console as a browser meets it: who may come in, what stands there, and what a click does."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.issuance import api, models, outbox, staff
from microcred_xblock.issuance.console import words
from microcred_xblock.issuance.holding import award_of
from tests.factories import make_scores

from .population import COURSES, STATES, populate
from .upkeep_case import assessing_otherwise

HOME = "/microcred/console/"


@pytest.fixture
def population(configured, db):
    return populate(3 * len(STATES), now=timezone.now())


@pytest.fixture
def boss(client, db):
    """Platform staff."""
    user = User.objects.create(username="boss", is_staff=True)
    client.force_login(user)
    return user


@pytest.fixture
def teacher(client, db, monkeypatch):
    """Staff of the first course."""
    user = User.objects.create(username="teacher")
    courses = {user.pk: frozenset(COURSES[:1])}
    monkeypatch.setattr(compat, "staff_courses", lambda who: courses.get(getattr(who, "pk", None), frozenset()))
    client.force_login(user)
    return user


def in_state(population, state):
    return next(row for row in population.awards if population.meant[row.pk] == state)


def text_of(response):
    return response.content.decode()


def every_address(award_id):
    return [
        HOME, f"{HOME}awards.csv", f"{HOME}awards/{award_id}/", f"{HOME}awards/{award_id}/revoke/",
        f"{HOME}bulk/retry/",
    ]


def test_counting_ends_and_says_so(population, client, boss, monkeypatch):
    monkeypatch.setattr(outbox, "COUNTED", 1)
    page = text_of(client.get(HOME))
    assert re.search(r"<dt>Waiting</dt><dd>[0-9]+\+", page) and re.search(r">1\+</a>", page)


@pytest.mark.parametrize(("language", "told"), [
    ("en", "More than 1,000 awards"), ("fr", "Plus de 1\u202f000 attributions"), ("ar", "أكثر من 1000 من"),
])
def test_a_list_that_nobody_counts_says_how_many_at_least(population, client, boss, monkeypatch, language, told):
    monkeypatch.setattr(staff.Page, "countless", True)
    heading = re.search(r'<h2 id="found">(.*?)</h2>', text_of(client.get(HOME, HTTP_ACCEPT_LANGUAGE=language))).group(1)
    assert told.replace("\u202f", " ") in heading.replace("\u202f", " ").replace("\xa0", " ")


class TestWhoMayComeIn:
    def test_who_is_signed_out_is_sent_to_sign_in_and_back(self, population, client):
        for address in every_address(population.awards[0].pk):
            answer = client.get(address)
            assert answer.status_code == 302 and f"next={address}" in answer["Location"], address
            assert client.post(address).status_code in (302, 405)
        job = models.BulkJob.objects.create(action="retry", actor="user:1", created_at=timezone.now())
        answer = client.get(f"{HOME}jobs/{job.pk}/progress.json")
        assert (answer.status_code, answer.json()) == (401, {"code": "sign-in"})

    def test_a_learner_is_told_who_may(self, population, client):
        client.force_login(User.objects.create(username="learner"))
        job = models.BulkJob.objects.create(action="retry", actor="user:1", created_at=timezone.now())
        changes = models.StatusChange.objects.count()
        for address in (*every_address(population.awards[0].pk), f"{HOME}jobs/{job.pk}/"):
            answer = client.get(address)
            assert answer.status_code == 403 and "This page is for staff" in text_of(answer), address
            assert population.awards[0].pill.title not in text_of(answer)
        for address in (f"{HOME}awards/{population.awards[0].pk}/revoke/", f"{HOME}bulk/retry/"):
            assert client.post(address, {"reason": "error"}).status_code == 403
        assert client.post(f"{HOME}jobs/{job.pk}/cancel/").status_code == 403
        assert client.get(f"{HOME}jobs/{job.pk}/progress.json").json() == {"code": "staff-only"}
        assert models.StatusChange.objects.count() == changes
        job.refresh_from_db()
        assert job.state == "waiting" and models.BulkJob.objects.count() == 1

    def test_course_staff_see_their_course_alone(self, population, client, teacher):
        own = next(row for row in population.awards if row.course_id == COURSES[0])
        other = next(row for row in population.awards if row.course_id == COURSES[1])
        page = text_of(client.get(HOME))
        assert str(own.pk) in page and str(other.pk) not in page and COURSES[1] not in page
        assert "Waiting</dt>" not in page, "the queues are those of the whole site"
        assert client.get(f"{HOME}awards/{own.pk}/").status_code == 200
        for address in (f"{HOME}awards/{other.pk}/", f"{HOME}awards/{other.pk}/revoke/"):
            assert client.get(address).status_code == 404
        assert client.post(f"{HOME}awards/{other.pk}/revoke/", {"reason": "error"}).status_code == 404
        assert models.Award.objects.get(pk=other.pk).status == other.status
        assert COURSES[1] not in b"".join(client.get(f"{HOME}awards.csv")).decode()
        assert COURSES[1] not in text_of(client.get(f"{HOME}?course={COURSES[1]}")).replace(f'value="{COURSES[1]}"', "")

    def test_a_job_is_its_owners_and_platform_staffs(self, population, client, teacher):
        mine = models.BulkJob.objects.create(action="retry", actor=f"user:{teacher.pk}", created_at=timezone.now())
        other = models.BulkJob.objects.create(action="retry", actor="user:0", created_at=timezone.now())
        assert client.get(f"{HOME}jobs/{mine.pk}/").status_code == 200
        for address in (f"{HOME}jobs/{other.pk}/", f"{HOME}jobs/{other.pk}/progress.json"):
            assert client.get(address).status_code == 404
        assert client.post(f"{HOME}jobs/{other.pk}/cancel/").status_code == 404
        other.refresh_from_db()
        assert other.state == "waiting"

    def test_only_ones_own_jobs_that_are_under_way_are_on_the_list(self, population, client, boss):
        """Each says what it does with which awards, who started it and when."""
        now = timezone.now()
        for actor, state, pill in ((boss.pk, "running", "mine"), (boss.pk, "done", "over"), (0, "running", "theirs")):
            models.BulkJob.objects.create(
                action="retry", actor=f"user:{actor}", state=state, filters={"pill": pill}, created_at=now
            )
        text = text_of(client.get(HOME))
        assert "Pill: mine" in text and "started by you" in text and f"{timezone.localtime(now):%H:%M %Z}" in text
        assert "Pill: over" not in text and "Pill: theirs" not in text

    def test_forms_need_the_token(self, population, boss):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(boss)
        row = in_state(population, "delivered")
        job = models.BulkJob.objects.create(action="retry", actor="user:1", created_at=timezone.now())
        for address in (f"{HOME}awards/{row.pk}/revoke/", f"{HOME}bulk/retry/", f"{HOME}jobs/{job.pk}/cancel/"):
            assert strict.post(address, {"reason": "error"}).status_code == 403
        row.refresh_from_db()
        assert row.status == "valid"

    def test_looking_changes_nothing(self, population, client, boss):
        row = in_state(population, "delivered")
        job = models.BulkJob.objects.create(action="retry", actor="user:1", created_at=timezone.now())
        addresses = [
            *every_address(row.pk), *(f"{HOME}awards/{row.pk}/{action}/" for action in staff.ACTIONS),
            f"{HOME}bulk/renew/", f"{HOME}jobs/{job.pk}/", f"{HOME}jobs/{job.pk}/progress.json",
        ]
        with CaptureQueriesContext(connection) as context:
            for address in addresses:
                answer = client.get(address, {"reason": "error", "seen": "x"})
                assert answer.status_code == 200, address
                b"".join(answer)
        written = [query["sql"] for query in context if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
        assert [sql for sql in written if "microcred_" in sql] == []
        assert client.get(f"{HOME}jobs/{job.pk}/cancel/").status_code == 405

    def test_nothing_is_kept_framed_or_run(self, population, client, boss):
        for address in every_address(population.awards[0].pk):
            answer = client.get(address)
            assert "no-store" in answer["Cache-Control"] and answer["X-Frame-Options"] == "DENY"
            assert "default-src 'none'" in answer["Content-Security-Policy"]
            if answer["Content-Type"].startswith("text/html"):
                assert not re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|<style", text_of(answer)), address


    def test_a_site_that_has_not_collected_the_files_has_a_page(self, population, client, boss, settings, tmp_path):
        settings.STATIC_ROOT = str(tmp_path)
        settings.STORAGES = {**settings.STORAGES, "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
        }}
        assert '"/static/microcred/console.css"' in text_of(client.get(HOME))


class TestTheList:
    def test_every_state_has_its_words(self):
        assert set(words.STATES) == set(staff.STATES)
        assert set(words.SENDING) == set(models.Delivery.State.values)
        assert set(words.SIGNING) == set(models.Credential.State.values)
        assert set(words.CHANGES) == set(models.StatusChange.Action.values)
        assert set(words.CASES) == set(models.Regrade.Outcome.values)
        assert set(words.NOTICES) == set(models.Notice.State.values)
        assert set(words.JOBS) == set(models.BulkJob.State.values)
        assert set(words.REGAIN) == set(models.Award.Regain.values)
        assert set(words.PURPOSES) == set(models.Consent.Purpose.values)
        assert set(words.ACTIONS) == set(words.TITLES) == set(words.DONE) == set(staff.ACTIONS)
        assert set(words.COLUMNS) == set(staff.CSV_COLUMNS)

    def test_one_row_for_each_award(self, population, client, boss):
        page = text_of(client.get(HOME))
        assert page.count('class="c-pill"') == len(population.awards)
        assert f"{len(population.awards)} awards" in page
        assert "The wallet does not allow this site to add credentials" in page
        for label in ("Failed", "Waiting", "No consent", "Suspended", "Data erased"):
            assert f">{label}</span>" in page

    def test_filters_stay_in_the_form_and_on_the_next_page(self, population, client, boss, monkeypatch):
        monkeypatch.setattr(staff, "PAGE", 3)
        page = text_of(client.get(HOME, {"state": "delivered", "pill": 'a" onfocus="x'}))
        assert '<option value="delivered" selected>' in page and 'value="a&quot; onfocus=&quot;x"' in page
        page = text_of(client.get(HOME, {"state": "delivered", "wallet": "testwallet"}))
        older = re.search(r'rel="next" href="([^"]+)"', page).group(1).replace("&amp;", "&")
        assert "state=delivered" in older and "wallet=testwallet" in older
        second = text_of(client.get(HOME + older))
        assert second.count(">Delivered</span>") == 3 and 'rel="prev"' in second

    @pytest.mark.parametrize(("query", "told"), [
        ({"state": "x"}, "State must be one of"), ({"since": "x"}, "must be a date"),
        ({"pill": "x" * 600}, "600 characters"), ({"cursor": "x"}, "Reload the page"),
    ])
    def test_a_filter_that_cannot_be_used_is_named(self, population, client, boss, query, told):
        answer = client.get(HOME, query)
        assert answer.status_code == 400 and told in text_of(answer) and 'role="alert"' in text_of(answer)
        assert client.get(f"{HOME}awards.csv", {"state": "x"}).status_code == 400
        assert client.get(f"{HOME}bulk/retry/", {"since": "x"}).status_code == 400

    def test_empty_lists_say_why(self, configured, client, boss):
        assert "Nobody has earned an award yet" in text_of(client.get(HOME))
        assert "No award fits these filters" in text_of(client.get(HOME, {"pill": "x"}))

    def test_queries_do_not_grow(self, population, client, boss):
        before = self._queries(client)
        populate(300, now=timezone.now(), first=1_000)
        assert self._queries(client) == before < 30

    @staticmethod
    def _queries(client):
        with CaptureQueriesContext(connection) as context:
            client.get(HOME)
        return len(context)

    def test_text_of_others_is_text(self, population, client, boss):
        models.FrozenPill.objects.update(title="<script>alert(1)</script>")
        models.Award.objects.update(learner_id="<b>x</b>", course_id='"><i>')
        row = in_state(population, "revoked")
        models.StatusChange.objects.update(note="<u>note</u>", actor="<s>who</s>")
        for address in (HOME, f"{HOME}awards/{row.pk}/"):
            page = text_of(client.get(address))
            assert not re.search("<script>alert|<b>x|<i>|<u>note|<s>who", page)

    def test_a_file_for_spreadsheets(self, population, client, boss):
        answer = client.get(f"{HOME}awards.csv", {"state": "failed"})
        assert answer.streaming and answer["Content-Type"] == "text/csv; charset=utf-8"
        assert re.fullmatch(r'attachment; filename="awards-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
        content = b"".join(answer)
        assert content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0][0] == "Award" and len(rows) == 1 + 6
        assert {row[7] for row in rows[1:]} == {"failed"} and {row[6] for row in rows[1:]} == {"default"}
        assert [name for name in rows[0] if "(UTC)" in name] == ["Awarded at (UTC)", "Since (UTC)", "Valid until (UTC)"]

    def test_failures_are_told_to_staff_and_not_to_the_learner(self):
        for code in words.CAUSES:
            said = words.cause(code)
            assert said and not {"you", "your", "download", "choose"} & set(re.findall(r"[a-z]+", said.lower())), code


class TestAnAward:
    def test_the_story_is_told_in_words(self, population, client, boss):
        row = in_state(population, "failed-delivery")
        page = text_of(client.get(f"{HOME}awards/{row.pk}/"))
        for words_ in (
            row.pill.title, row.learner_id, row.course_id, "Open Badge 3.0 as JWT", "European Digital Credential",
            "Issue and sign", "90 % (70 % needed)", "Test wallet", "refused",
            "The wallet does not allow this site to add credentials", "Trying again helps only after the cause is gone",
            "Verification page",
        ):
            assert words_ in page, words_
        for secret in ("personal document", "personal bytes", "sealed"):
            assert secret not in page

    def test_a_backpack_of_open_badges_2_is_sent_that(self, population, client, boss, settings):
        row = in_state(population, "delivered")
        address, sent = f"{HOME}awards/{row.pk}/", '<p class="quiet">Open Badge 2.0'
        assert sent not in client.get(address).content.decode()
        settings.MICROCRED_WALLETS = [{**wallet, "type": "badge-connect-2.1"} for wallet in settings.MICROCRED_WALLETS]
        page = client.get(address).content.decode()
        assert sent in page and "<h3>Open Badge 3.0 <" in page

    def test_an_admins_error_is_told_to_the_admin(self, population, client, boss):
        page = text_of(client.get(f"{HOME}awards/{in_state(population, 'failed-signing').pk}/"))
        assert "certificate expired on 2026-10-01: install a new one" in page
        assert "administrator has to mend this" in page and "please tell the site" not in page

    def test_every_state_has_a_page(self, population, client, boss):
        for state in set(STATES):
            assert client.get(f"{HOME}awards/{in_state(population, state).pk}/").status_code == 200

    def test_the_way_back_keeps_the_filters_and_nothing_else(self, population, client, boss):
        row = population.awards[0]
        page = text_of(client.get(f"{HOME}awards/{row.pk}/", {"from": "state=failed&evil=1&next=//x"}))
        assert f'href="{HOME}?state=failed"' in page and "evil" not in page.split("<main")[1].split("</p>")[0]


    def test_why_it_cannot_be_reissued_while_a_change_of_scores_waits(self, issued, client, boss):
        row = models.Award.objects.get()
        address = f"{HOME}awards/{row.pk}/"
        assert "cannot be issued anew" not in text_of(client.get(address))
        case = models.Regrade.objects.create(
            award=row, policy="revoke", results=row.results, mastered=False, opened_at=timezone.now(),
            due_at=timezone.now(),
        )
        for page in (client.get(address), client.get(f"{address}renew/")):
            assert "cannot be issued anew now. Wait until the days of grace are over" in text_of(page)
        models.Award.objects.update(status="suspended")
        assert "cannot be issued anew" not in text_of(client.get(address)), "it could not be in any case"
        models.Award.objects.update(status="valid")
        models.Regrade.objects.filter(pk=case.pk).update(open=None, outcome="kept", closed_at=timezone.now())
        assert "cannot be issued anew" not in text_of(client.get(address))


    def test_a_case_that_the_pill_itself_ended_says_so(self, issued, client, boss):
        row = models.Award.objects.get()
        told = "Set aside: the pill is assessed otherwise now"
        for policy in ("revoke", "keep"):
            row.regrades.all().delete()
            models.Regrade.objects.create(
                award=row, policy=policy, results=row.results, mastered=False, opened_at=timezone.now(),
                due_at=timezone.now(), open=None, outcome="kept", closed_at=timezone.now(),
            )
            assert (told in text_of(client.get(f"{HOME}awards/{row.pk}/"))) == (policy == "revoke")

    def test_an_award_that_scores_are_not_compared_with_any_more_says_so(self, issued, client, boss):
        row = models.Award.objects.get()
        told, pill = "scores that change are not compared with this award", award_of(row).pill
        for other, differs in ((replace(pill, title="Another"), False), (assessing_otherwise(pill), True)):
            api.record_scores(other, make_scores(at=timezone.now()), learner_id="later", course_id=row.course_id)
            assert (told in text_of(client.get(f"{HOME}awards/{row.pk}/"))) == differs
            models.Award.objects.filter(learner_id="later").delete()


class TestActing:
    @pytest.fixture
    def address(self, issued, client, boss):
        row = models.Award.objects.get()
        return lambda action="": f"{HOME}awards/{row.pk}/" + (f"{action}/" if action else "")

    def form(self, client, address):
        page = text_of(client.get(address))
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)), page

    def test_suspend_reinstate_revoke(self, address, client, boss):
        for action, told, after in (
            ("suspend", "The award is suspended.", "suspended"), ("reinstate", "The award is valid again.", "valid"),
            ("revoke", "The award is revoked.", "revoked"),
        ):
            hidden, page = self.form(client, address(action))
            assert "Verifiers" in page and "Wallets" in page and "The learner" in page
            answer = client.post(address(action), {**hidden, "reason": "error", "note": "  Wrong group. "}, follow=True)
            assert told in text_of(answer) and models.Award.objects.get().status == after
        changes = models.StatusChange.objects.values_list("action", "reason", "note", "actor")
        assert list(changes) == [
            (action, "error", "Wrong group.", f"user:{boss.pk}") for action in ("suspend", "reinstate", "revoke")
        ]
        assert "for good" in page and "Wrong group." in text_of(client.get(address()))

    def test_twice_is_once(self, address, client):
        hidden, _page = self.form(client, address("suspend"))
        sent = {**hidden, "reason": "error"}
        assert client.post(address("suspend"), sent).status_code == 302
        again = client.post(address("suspend"), sent)
        assert again.status_code == 409 and "has changed since you opened the page" in text_of(again)
        assert models.StatusChange.objects.filter(action="suspend").count() == 1

    def test_a_second_tab_does_not_act_on_what_it_does_not_show(self, address, client):
        old, _page = self.form(client, address("revoke"))
        hidden, _page = self.form(client, address("suspend"))
        client.post(address("suspend"), {**hidden, "reason": "error"})
        answer = client.post(address("revoke"), {**old, "reason": "error", "note": "keep me"})
        assert answer.status_code == 409 and models.Award.objects.get().status == "suspended"
        assert "keep me" in text_of(answer), "what was typed is still there"

    @pytest.mark.parametrize(("sent", "status"), [
        ({}, 400), ({"reason": "because"}, 400), ({"reason": "error", "note": "x" * 501}, 400),
        ({"reason": "error", "regain": "x"}, 400), ({"reason": "error", "seen": ""}, 409),
    ])
    def test_what_cannot_be_used_changes_nothing(self, address, client, sent, status):
        hidden, _page = self.form(client, address("revoke"))
        answer = client.post(address("revoke"), {**hidden, **sent})
        assert answer.status_code == status and 'role="alert"' in text_of(answer)
        assert models.Award.objects.get().status == "valid" and not models.StatusChange.objects.exists()

    def test_how_it_can_be_earned_again(self, address, client):
        hidden, _page = self.form(client, address("revoke"))
        client.post(address("revoke"), {**hidden, "reason": "integrity", "regain": "never"})
        assert models.Award.objects.get().regain == "never"
        assert "Never" in text_of(client.get(address()))

    def test_where_a_suspension_does_not_show(self, address, client):
        """The badge's one entry tells of its revocation: that is said before and after."""
        assert models.StatusEntry.objects.get().purpose == "revocation"
        assert "The badge itself names only its revocation" in self.form(client, address("suspend"))[1]
        hidden, _page = self.form(client, address("suspend"))
        client.post(address("suspend"), {**hidden, "reason": "error"})
        assert "does not see that it is suspended" in text_of(client.get(address()))
        models.StatusEntry.objects.update(purpose="suspension")
        assert "does not see that it is suspended" not in text_of(client.get(address()))

    def test_reissue_asks_the_learner(self, address, client, boss):
        hidden, page = self.form(client, address("renew"))
        assert "agreed to the new credential" in page
        assert client.post(address("renew"), {**hidden, "reason": "reissue"}).status_code == 302
        new = models.Award.objects.exclude(supersedes=None).get()
        assert not models.Consent.objects.filter(award=new).exists()
        page = text_of(client.get(address()))
        assert str(new.pk) in page and "Reissue…" not in page

    def test_what_is_impossible_is_said(self, address, client):
        page = text_of(client.get(address("reinstate")))
        assert "cannot be done with the award as it stands now" in page and "<form method" not in page
        assert client.post(address("reinstate"), {"reason": "error"}).status_code == 409
        assert client.get(address("explode")).status_code == 404

    def test_retry(self, address, client):
        models.Credential.objects.filter(format="elm").update(
            state="failed", error_code="certificate-expired", document="{}"
        )
        hidden, _page = self.form(client, address("retry"))
        answer = client.post(address("retry"), hidden, follow=True)
        assert "It is being tried again" in text_of(answer)
        assert models.Credential.objects.get(format="elm").state == "queued"

    def test_who_lost_the_role_meanwhile_does_nothing(self, issued, client, teacher, monkeypatch):
        row = models.Award.objects.get()
        models.Award.objects.update(course_id=COURSES[0])
        hidden, _page = self.form(client, f"{HOME}awards/{row.pk}/revoke/")
        monkeypatch.setattr(compat, "staff_courses", lambda _who: frozenset(COURSES[1:2]))
        assert client.post(f"{HOME}awards/{row.pk}/revoke/", {**hidden, "reason": "error"}).status_code == 404
        assert models.Award.objects.get().status == "valid"


class TestDjangosAdmin:
    PAGES = (
        "award", "delivery", "statuschange", "statuslist", "regrade", "notice", "keyuse", "walletcircuit", "bulkjob",
        "statuslistcredential",
    )

    @pytest.fixture(autouse=True)
    def admin_of(self, settings, population, client):
        settings.ROOT_URLCONF = "tests.issuance.admin_console_urls"
        client.force_login(User.objects.create_superuser("root"))

    def rows(self, population):
        now, row = timezone.now(), in_state(population, "delivered")
        key = models.SigningKey.objects.create(
            issuer=models.Issuer.objects.get(), purpose="seal", algorithm="ES256", method_id="did:web:x#1",
            fingerprint="1", public_jwk={}, reference="x",
        )
        found = [models.BulkJob.objects.create(action="retry", actor="user:1", created_at=now), row]
        found.append(models.KeyUse.objects.create(key=key, purpose="elm", subject="urn:x", digest="0", at=now))
        listed = models.StatusList.objects.create(size=8)
        found += [listed, models.StatusListCredential.objects.create(list=listed, purpose="x", content=b"long bytes")]
        found.append(models.Notice.objects.create(award=row, kind="expired", key="k", created_at=now))
        found.append(models.Regrade.objects.create(
            award=row, policy="keep", results=[], mastered=True, opened_at=now, due_at=now
        ))
        found.append(models.StatusChange.objects.first())
        found.append(models.WalletCircuit.objects.create(place="p", name="host:443"))
        return found

    def test_every_row_can_be_looked_at(self, population, client):
        for row in self.rows(population):
            address = f"/admin/microcred/{row._meta.model_name}/{row.pk}/change/"
            page = client.get(address)
            assert page.status_code == 200 and "long bytes" not in text_of(page), address
            if row._meta.model_name in ("award", "bulkjob"):
                assert f"{HOME}{'awards' if row._meta.model_name == 'award' else 'jobs'}/{row.pk}/" in text_of(page)

    def test_the_rows_without_the_console(self, population, client, settings):
        """In Studio there is no console to point to."""
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        for row in self.rows(population)[:2]:
            assert client.get(f"/admin/microcred/{row._meta.model_name}/{row.pk}/change/").status_code == 200

    @pytest.mark.parametrize("page", PAGES)
    def test_queries_do_not_grow(self, population, client, page):
        self.rows(population)
        counts = []
        for first in (2_000, 3_000):
            with CaptureQueriesContext(connection) as context:
                assert client.get(f"/admin/microcred/{page}/").status_code == 200
            counts.append(len(context))
            populate(60, now=timezone.now(), first=first)
        assert counts[0] == counts[1] < 20
