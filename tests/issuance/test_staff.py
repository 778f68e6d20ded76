"""What staff see: whose awards, in which state, page by page, and the story of one."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from benchmarks import console as benchmark
from microcred_xblock import compat
from microcred_xblock.domain.errors import InvalidAnswer, NotAllowed
from microcred_xblock.issuance import models, outbox, staff, staff_filters
from tests import services

from .population import COURSES, STATES, populate

ROOT = Path(__file__).parents[2]
EVERYTHING = staff.Scope(courses=None, actor="user:1")
WORDS = {"failed-delivery": "failed", "failed-signing": "failed", "retrying": "waiting", "withdrawn": "no-consent"}


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=123456)


@pytest.fixture(autouse=True)
def public_address(settings):
    settings.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8000"


@pytest.fixture
def population(db, now):
    """Three of each state, and one more."""
    return populate(3 * len(STATES) + 1, now=now)


def filters(**given):
    return staff.Filters.from_query(given)


def ids(rows):
    return [str(row.pk) for row in rows]


class TestScope:
    def test_django_staff_see_everything_outside_a_platform(self, db):
        for name in ("is_superuser", "is_staff"):
            user = User.objects.create(username=name, **{name: True})
            assert staff.scope_of(user) == staff.Scope(courses=None, actor=f"user:{user.pk}")

    @pytest.mark.parametrize("options", [{}, {"is_staff": True, "is_active": False},
                                         {"is_superuser": True, "is_active": False}])
    def test_nobody_else_sees_anything(self, db, options):
        assert staff.scope_of(User.objects.create(username="x", **options)) is None
        assert staff.scope_of(AnonymousUser()) is None and staff.scope_of(None) is None

    def test_course_staff_see_their_courses(self, db, monkeypatch, population):
        user = User.objects.create(username="x")
        monkeypatch.setattr(compat, "staff_courses", lambda _user: frozenset(COURSES[:1]))
        scope = staff.scope_of(user)
        assert scope == staff.Scope(courses=frozenset(COURSES[:1]), actor=f"user:{user.pk}")
        seen = set(staff.awards(scope, filters()).values_list("course_id", flat=True))
        assert seen == {COURSES[0]}
        assert {row[3] for row in staff.csv_rows(scope, filters())} == {COURSES[0]}
        own = next(row for row in population.awards if row.course_id == COURSES[0])
        other = next(row for row in population.awards if row.course_id == COURSES[1])
        assert staff.own(scope, own.pk) == own
        with pytest.raises(NotAllowed) as refused:
            staff.own(scope, other.pk)
        assert refused.value.code == "award-unknown"
        with pytest.raises(NotAllowed):
            staff.story(scope, other.pk, timezone.now())

    def test_a_filter_does_not_widen_the_scope(self, population):
        scope = staff.Scope(courses=frozenset(COURSES[:1]))
        assert not staff.awards(scope, filters(course=COURSES[1])).exists()

    @pytest.mark.parametrize("award_id", ["", "x", "1", "urn:uuid:1", "00000000-0000-4000-8000-000000000000"])
    def test_what_does_not_exist_is_unknown(self, db, award_id):
        with pytest.raises(NotAllowed, match="no such award"):
            staff.own(EVERYTHING, award_id)


class TestStates:
    def test_word_and_query_agree(self, population, now):
        """Every award is found under the state it is shown in, and under no other."""
        found = {}
        for state in staff.STATES:
            for line in staff.page(EVERYTHING, filters(state=state), now=now).lines:
                assert line.state == state
                assert found.setdefault(line.id, state) == state
        meant = {str(pk): WORDS.get(state, state) for pk, state in population.meant.items()}
        assert found == meant
        assert set(meant.values()) == set(staff.STATES)

    def test_the_worst_counts(self, population, now):
        row = next(row for row in population.awards if population.meant[row.pk] == "delivered")
        delivery = models.Delivery.objects.filter(credential__award=row).first()
        for sending, state in (("queued", "waiting"), ("dead", "failed"), ("delivered", "delivered")):
            models.Delivery.objects.filter(pk=delivery.pk).update(state=sending)
            assert row.pk in set(staff.awards(EVERYTHING, filters(state=state), now=now).values_list("pk", flat=True))
        models.Delivery.objects.filter(pk=delivery.pk).update(state="dead")
        models.Consent.objects.filter(award=row).update(active=None, withdrawn_at=now)
        assert staff.story(EVERYTHING, row.pk, now).state == "no-consent", "nothing is to be done about a failure then"

    def test_few_and_many_are_found_alike(self, population, now, monkeypatch):
        """Whether the few are named or each is asked makes no difference."""
        questions = [filters(state="failed"), filters(state="waiting"), filters(wallet="testwallet"),
                     filters(wallet="none")]
        named = [set(ids(staff.awards(EVERYTHING, item, now=now))) for item in questions]
        monkeypatch.setattr(staff_filters, "FEW", -1)
        assert [set(ids(staff.awards(EVERYTHING, item, now=now))) for item in questions] == named
        assert all(named[:3]) and not named[3]

    def test_what_expires_in_the_future_is_valid(self, population, now):
        row = next(row for row in population.awards if population.meant[row.pk] == "issued")
        models.Award.objects.filter(pk=row.pk).update(expires_at=now + timedelta(days=1))
        assert staff.story(EVERYTHING, row.pk, now).state == "issued"
        assert staff.story(EVERYTHING, row.pk, now + timedelta(days=1)).state == "expired"
        assert staff.awards(EVERYTHING, filters(state="issued"), now=now).filter(pk=row.pk).exists()
        later = now + timedelta(days=1)
        assert not staff.awards(EVERYTHING, filters(state="issued"), now=later).filter(pk=row.pk).exists()


class TestFilters:
    def test_each_narrows(self, population, now):
        row = population.awards[7]
        day = timezone.localtime(row.awarded_at).date()
        for given_, fits in (
            ({"course": row.course_id}, lambda other: other.course_id == row.course_id),
            ({"pill": row.pill.pill_id}, lambda other: other.pill_id == row.pill_id),
            ({"pill": row.pill.title[3:12].upper()}, lambda other: other.pill.title == row.pill.title),
            ({"learner": row.learner_id}, lambda other: other.learner_id == row.learner_id),
            ({"issuer": "default"}, lambda _other: True),
            ({"issuer": "acme"}, lambda _other: False),
            ({"since": day.isoformat(), "until": day.isoformat()},
             lambda other: timezone.localtime(other.awarded_at).date() == day),
            ({"since": (day + timedelta(days=2)).isoformat()}, lambda _other: False),
        ):
            found = set(ids(staff.awards(EVERYTHING, filters(**given_), now=now)))
            assert found == set(ids(other for other in population.awards if fits(other))), given_

    def test_learners_by_name_where_there_is_a_platform(self, population, monkeypatch):
        monkeypatch.setattr(compat, "accounts_called", lambda name: ["1005"] if name == "ann@example.org" else [])
        assert [line.learner for line in staff.page(EVERYTHING, filters(learner="ann@example.org")).lines] == ["1005"]
        assert not staff.page(EVERYTHING, filters(learner="ann")).lines

    @pytest.mark.parametrize(("given_", "code"), [
        ({"state": "delivred"}, "choice"), ({"since": "yesterday"}, "date"), ({"until": "2026-13-01"}, "date"),
        ({"since": "9999-12-31"}, "date"), ({"since": "20261101"}, "date"), ({"pill": "x" * 501}, "text-too-long"),
    ])
    def test_what_cannot_be_used_is_named(self, given_, code):
        with pytest.raises(InvalidAnswer) as refused:
            filters(**given_)
        assert refused.value.code == code and refused.value.field == next(iter(given_))

    @limits(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(query=st.dictionaries(st.sampled_from([item.name for item in dataclasses.fields(staff.Filters)]),
                                 st.text(max_size=40) | st.dates().map(str)), cursor=st.text(max_size=60))
    def test_nothing_that_is_typed_breaks_it(self, db, query, cursor):
        asked = QueryDict(mutable=True)
        asked.update(query)
        try:
            found = staff.Filters.from_query(asked)
            staff.page(EVERYTHING, found, cursor)
        except InvalidAnswer:
            return
        assert staff.Filters.from_query(found.as_query()) == found
        json.dumps(found.as_query())


class TestPages:
    def everything(self, given_=None):
        lines, cursor, seen = [], "", 0
        while True:
            page = staff.page(EVERYTHING, given_ or filters(), cursor)
            lines += page.lines
            seen += 1
            if not page.older:
                return lines, page, seen
            cursor = page.older

    def test_no_award_is_left_out_or_shown_twice(self, population, monkeypatch):
        monkeypatch.setattr(staff, "PAGE", 7)
        lines, last, pages = self.everything()
        order = models.Award.objects.order_by("-awarded_at", "-pk").values_list("pk", flat=True)
        assert [line.id for line in lines] == [str(pk) for pk in order] and pages == 7
        back = list(last.lines)
        while last.newer:
            last = staff.page(EVERYTHING, filters(), last.newer)
            back = [*last.lines, *back]
        assert [line.id for line in back] == [line.id for line in lines]

    def test_a_page_stays_where_it_is_when_awards_are_added(self, population, now, monkeypatch):
        monkeypatch.setattr(staff, "PAGE", 5)
        cursor = staff.page(EVERYTHING, filters()).older
        second = [line.id for line in staff.page(EVERYTHING, filters(), cursor).lines]
        populate(3, now=now + timedelta(days=1), first=500)
        assert [line.id for line in staff.page(EVERYTHING, filters(), cursor).lines] == second

    def test_an_empty_list(self, db):
        assert staff.page(EVERYTHING, filters()) == staff.Page(lines=(), count=0, older="", newer="")

    def test_it_stops_counting(self, population, monkeypatch):
        monkeypatch.setattr(staff, "MOST", 10)
        page = staff.page(EVERYTHING, filters())
        assert page.count == 11 and page.countless and len(page.lines) == len(population.awards)

    @pytest.mark.parametrize("cursor", ["x", "-", "1", "1.x", "²." + "0" * 32, "9" * 40 + "." + "0" * 32, "--1.2"])
    def test_a_cursor_that_is_none(self, db, cursor):
        with pytest.raises(InvalidAnswer, match="no such page"):
            staff.page(EVERYTHING, filters(), cursor)

    def test_what_staff_see_of_an_award(self, population):
        meant = {state: str(pk) for pk, state in population.meant.items()}
        lines = {line.id: line for line in self.everything()[0]}
        failed = lines[meant["failed-delivery"]]
        assert [(item.wallet, item.state, item.code) for item in failed.sendings] == [
            ("testwallet", "refused", "wallet-forbidden")
        ]
        assert lines[meant["failed-signing"]].credentials[0].error_code == "certificate-expired"
        assert "personal" not in repr(lines.values())


class TestQueries:
    def test_they_do_not_grow(self, population, now, django_assert_num_queries, django_assert_max_num_queries):
        def look():
            page = staff.page(EVERYTHING, filters(state="failed"), now=now)
            staff.story(EVERYTHING, page.lines[0].id, now)
            return page

        with django_assert_max_num_queries(30) as few:
            assert len(look().lines) == 6
        populate(400, now=now, first=1_000)
        with django_assert_num_queries(len(few)):
            assert len(look().lines) == staff.PAGE

    def test_one_page_reads_one_page_on_mariadb(self):
        """Rows read and queries, at 500 and at 4,000 awards: what a full table scan or a sort would multiply by 8."""
        services.require("mysql")
        few, many = benchmark.measured([500, 4_000], rounds=1)
        for name in ("all", "the twentieth page", "one course", "one learner", "an award"):
            a, b = few["pages"][name], many["pages"][name]
            assert b["queries"] == a["queries"] <= 30, name
            # What is counted, what waits in the queues, and who needs a person: each up to its own limit.
            assert b["rows"] < a["rows"] + 2 * staff.MOST + 12 * outbox.COUNTED, (name, a, b)
        for name in ("failed", "delivered", "no consent", "one wallet"):
            assert many["pages"][name]["queries"] == few["pages"][name]["queries"], name


def test_courses_are_told_apart_letter_for_letter_on_mariadb():
    services.require("mysql")
    with services.database("mysql") as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.issuance.scope_letters", url], cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("the database's own") > 1, "or else this test shows nothing"
    assert found == {
        "course-v1:Org+A+1": {"list": ["1"], "count": 1, "file": 1, "one by one": ["1"]},
        "course-v1:org+a+1": {"list": ["2"], "count": 1, "file": 1, "one by one": ["2"]},
    }


class TestReasons:
    @pytest.mark.parametrize("reason", ["renewal", "reissue", "expired-registration", "cleared", ""])
    @pytest.mark.parametrize("action", ["suspend", "revoke"])
    def test_a_person_gives_a_reason_of_their_own(self, population, now, action, reason):
        """``renewal`` would be published, and would say that a newer one exists."""
        row = models.Award.objects.filter(status="valid", retired_at=None).first()
        with pytest.raises(InvalidAnswer) as caught:
            staff.act(EVERYTHING, row.pk, action, reason=reason, now=now)
        assert caught.value.code == "status-reason" and not row.changes.exists()
        row.refresh_from_db()
        assert row.status == "valid"
        assert staff.act(EVERYTHING, row.pk, action, reason="integrity", now=now) == 1

    @pytest.mark.parametrize("reason", ["renewal", "reissue"])
    def test_nor_does_a_renewal_lift_a_suspension(self, population, now, reason):
        row = models.Award.objects.filter(status="valid", retired_at=None).first()
        staff.act(EVERYTHING, row.pk, "suspend", reason="error", now=now)
        with pytest.raises(InvalidAnswer):
            staff.act(EVERYTHING, row.pk, "reinstate", reason=reason, now=now)
        assert staff.act(EVERYTHING, row.pk, "reinstate", reason="error", now=now) == 1


class TestExport:
    def test_every_award_once_in_order(self, population, monkeypatch):
        monkeypatch.setattr(staff, "CHUNK", 10)
        rows = list(staff.csv_rows(EVERYTHING, filters()))
        order = models.Award.objects.order_by("-awarded_at", "-pk").values_list("pk", flat=True)
        assert [row[0] for row in rows] == [str(pk) for pk in order]
        assert all(len(row) == len(staff.CSV_COLUMNS) for row in rows)
        assert {row[7] for row in rows} == set(staff.STATES)

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "=cmd|' /C calc'!A0"])
    def test_a_spreadsheet_calculates_nothing(self, population, text):
        models.FrozenPill.objects.update(title=text)
        row = next(staff.csv_rows(EVERYTHING, filters()))
        assert row[4] == "'" + text

    def test_plain_text_is_left_alone(self):
        from microcred_xblock.issuance.staff import harmless

        assert [harmless(text) for text in ("a=1", "", "2026-01-01", "it's -1")] == [
            "a=1", "", "2026-01-01", "it's -1"
        ]

    def test_no_names_and_no_documents(self, population, monkeypatch):
        monkeypatch.setattr(compat, "names_of", lambda _accounts: pytest.fail("names are not exported"))
        text = repr(list(staff.csv_rows(EVERYTHING, filters())))
        assert "personal" not in text


class TestStory:
    def test_everything_is_told(self, population, now, monkeypatch):
        monkeypatch.setattr(compat, "names_of", lambda accounts: {key: f"Name {key}" for key in accounts})
        row = next(row for row in population.awards if population.meant[row.pk] == "revoked")
        story = staff.story(EVERYTHING, row.pk, now)
        assert (story.learner, story.learner_name, story.state) == (row.learner_id, f"Name {row.learner_id}", "revoked")
        assert next((item.title, item.achieved, item.score, item.threshold) for item in story.outcomes) == (
            "Interpret operating and vibration data of a wind turbine", True, "90", "70"
        )
        assert all(item.assessed_at is not None for item in story.outcomes)
        assert [(item.purpose, item.formats, item.withdrawn_at) for item in story.consents] == [
            ("issue", ("ob3", "ob3-jwt", "elm"), None)
        ]
        assert [item.format for item in story.credentials] == ["ob3", "ob3-jwt", "elm"]
        assert [(item.wallet, item.state) for item in story.deliveries] == 2 * [("testwallet", "delivered")]
        assert [(item.action, item.reason, item.note, item.actor_name) for item in story.changes] == [
            ("revoke", "error", "The wrong group was graded.", "Name 1")
        ]
        assert story.issuer_name == "Example Training Centre"
        assert story.links.achievement.endswith(f"/microcred/achievements/{row.pill.achievement}")
        assert story.actions == ()

    def test_the_key_is_that_of_the_audit(self, population, now):
        row = next(row for row in population.awards if population.meant[row.pk] == "delivered")
        credential = row.credentials.get(format="elm")
        issuer = models.Issuer.objects.get()
        for number, digest in enumerate(("0" * 64, credential.digest)):
            key = models.SigningKey.objects.create(
                issuer=issuer, purpose="seal", algorithm="ES256", method_id=f"did:web:x#{number}",
                fingerprint=str(number), public_jwk={}, reference="x", retired_at=now if number else None,
            )
            models.KeyUse.objects.create(
                key=key, purpose="elm", subject=credential.credential_id, digest=digest, at=now
            )
        told = {item.format: item for item in staff.story(EVERYTHING, row.pk, now).credentials}
        assert (told["elm"].key, told["elm"].key_retired_at) == ("did:web:x#1", now)
        assert told["ob3"].key == ""

    def test_no_document_and_no_secret(self, population, now):
        for row in population.awards:
            text = repr(dataclasses.asdict(staff.story(EVERYTHING, row.pk, now)))
            for secret in ("personal document", "personal bytes", "salt", "sealed"):
                assert secret not in text

    def test_a_site_without_an_address_has_a_story_too(self, population, now, settings):
        settings.MICROCRED_PUBLIC_BASE_URL = ""
        assert staff.story(EVERYTHING, population.awards[0].pk, now).links.achievement == ""

    def test_of_a_learner_who_has_left(self, population, now, monkeypatch):
        monkeypatch.setattr(compat, "names_of", lambda accounts: dict.fromkeys(accounts, "Name"))
        row = next(row for row in population.awards if population.meant[row.pk] == "erased")
        story = staff.story(EVERYTHING, row.pk, now)
        assert (story.learner_name, story.outcomes, story.actions) == ("", (), ())

    @pytest.mark.parametrize("results", [None, "x", [1], [{"outcome_id": "a", "fraction": "x", "assessed_at": 3}], {}])
    def test_a_damaged_row_hides_nothing_else(self, population, now, results):
        row = population.awards[0]
        models.Award.objects.filter(pk=row.pk).update(results=results if results is not None else "null")
        assert len(staff.story(EVERYTHING, row.pk, now).credentials) == 3

    @pytest.mark.parametrize(("state", "actions"), [
        ("delivered", ("retry", "suspend", "renew", "revoke")), ("no-consent", ("retry", "suspend", "revoke")),
        ("suspended", ("reinstate", "revoke")), ("superseded", ()),
    ])
    def test_what_can_be_done(self, population, now, state, actions):
        row = next(row for row in population.awards if population.meant[row.pk] == state)
        assert staff.story(EVERYTHING, row.pk, now).actions == actions
        models.Regrade.objects.create(award=row, policy="revoke", results=[], mastered=False, opened_at=now, due_at=now)
        assert set(staff.story(EVERYTHING, row.pk, now).actions) == {*actions, "dismiss-regrade"} - {"renew"}
