"""Retirement leaves nothing of a person, and verification intact; the export leaves nothing out; logs name nobody."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.domain.credential import BoundForm
from microcred_xblock.domain.errors import NotAllowed, WalletUnreachable
from microcred_xblock.issuance import (
    api,
    binding,
    bulk,
    collecting,
    connecting,
    delivering,
    models,
    outbox,
    privacy,
    receivers,
    renewing,
    retired,
    staff,
    status,
    verifying,
)
from microcred_xblock.issuance.data import Learner
from microcred_xblock.wallets import oauth
from tests.factories import make_pill, make_scores

COURSE = "course-v1:x+y+z"
DID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
MODELS = tuple(apps.get_app_config("microcred").get_models())
PERSONAL = [model for model in MODELS if "retirement: local_api" in model.__doc__]
ME = Learner(id="4711042", full_name="Camille Zyxwvut", email="camille.zyx@learner.example")
OTHER = Learner(id="4711043", full_name="Dominique Autre", email="dominique@learner.example")


@pytest.fixture
def learner():
    """Somebody whose id, name and address occur nowhere by chance."""
    return ME


@pytest.fixture
def life(issued, learner, connect, commits):
    """A learner with everything that can be held about one, who has also worked as staff; and another learner."""
    connect(issued)
    with commits():
        api.send(issued, learner.id, "testwallet")
    now, award = timezone.now(), models.Award.objects.get(pk=issued)
    binding.issue(issued, BoundForm.LDP_VC, DID, now=now)
    collecting.make(award, collecting.Channel.VC_API, now=now)
    other = api.record_scores(make_pill(), make_scores(at=now), learner_id=OTHER.id, course_id=COURSE).award_id
    for pk, note, actor in (
        (issued, f"{learner.full_name} asked", f"user:{OTHER.id}"), (other, "a case of its own", f"user:{learner.id}"),
    ):
        models.StatusChange.objects.create(
            award_id=pk, action="suspend", reason="other", note=note, actor=actor, at=now
        )
    models.Regrade.objects.create(
        award=award, policy="revoke", results=award.results, mastered=False, opened_at=now, due_at=now
    )
    models.Notice.objects.create(award=award, kind="score-change", key="k", params={"date": "2026"}, created_at=now)
    models.AssessmentRequest.objects.create(
        learner_pill=models.pair_key(learner.id, "p"), learner_id=learner.id, pill_id="p", token="t", due_at=now
    )
    if not models.StatusEntry.objects.filter(award=award).exists():
        models.StatusEntry.objects.create(
            list=models.StatusList.objects.create(size=131_072), index=94_567, purpose="revocation", award=award,
            credential_id=models.Credential.objects.get(award=award, format="ob3").credential_id,
        )
    api.connect(learner.id, "testwallet", award_id=issued, return_url="/x")
    for filters, actor in (
        ({"learner": learner.id}, "user:1"), ({"learner": OTHER.id}, "user:1"),
        ({"course": COURSE}, f"user:{learner.id}"),
    ):
        models.BulkJob.objects.create(action="retry", filters=filters, actor=actor, created_at=now)
    return SimpleNamespace(award=issued, other=other, now=now)


def everything():
    """Every value of every column of every table, as text."""
    for model in MODELS:
        for row in model.objects.all():
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                if isinstance(value, bytes | memoryview):
                    value = bytes(value).decode("utf-8", "replace")
                yield f"{model.__name__}.{field.attname}", value if isinstance(value, str) else json.dumps(
                    value, default=str, ensure_ascii=False
                )


def traces(learner, *more):
    """Where anything of a person is found."""
    wanted = {
        learner.id, learner.full_name, learner.email, learner.full_name.split()[1], learner.email.split("@")[0],
        models.pair_key(learner.id, make_pill().id), models.pair_key(learner.id, "testwallet"), *more,
    }
    return sorted({place for place, text in everything() for word in wanted if word.casefold() in text.casefold()})


class TestNothingIsLeft:
    def test_of_a_whole_life(self, life, learner):
        badge = models.Credential.objects.get(award=life.award, format="ob3")
        (identity,) = json.loads(bytes(badge.content))["credentialSubject"]["identifier"]
        secrets = (badge.salt, identity["identityHash"], DID, binding.binding_of(DID))
        found = {place.partition(".")[0] for place in traces(learner, *secrets)}
        assert found == {
            "Award", "Credential", "WalletConnection", "AuthorizationAttempt", "AssessmentRequest", "StatusChange",
            "BulkJob", "BoundCredential",
        }
        privacy.retire(learner.id, now=life.now)
        assert traces(learner, *secrets) == []

    def test_every_model_that_promises_it_is_part_of_that_life(self, life):
        assert [model.__name__ for model in PERSONAL if not model.objects.exists()] == []
        assert len(PERSONAL) >= 9

    def test_what_stays_and_what_does_not(self, life, learner):
        pill = models.Award.objects.get(pk=life.award).pill_id
        ids = list(models.Credential.objects.filter(award=life.award).values_list("credential_id", "digest"))
        entry = models.StatusEntry.objects.get(award=life.award)
        assert privacy.retire(learner.id, now=life.now) == 1
        award = models.Award.objects.get(pk=life.award)
        assert (award.pill_id, award.course_id, award.status, award.results) == (pill, COURSE, "valid", [])
        assert award.retired_at == life.now and award.learner_id.startswith("retired-")
        rows = list(award.credentials.all())
        assert [(row.credential_id, row.digest) for row in rows] == ids
        assert {(row.state, bytes(row.content), row.document, row.salt) for row in rows} == {("erased", b"", "", "")}
        same = models.StatusEntry.objects.get(award=life.award)
        assert (same.list_id, same.index, same.revoked, same.suspended) == (
            entry.list_id, entry.index, entry.revoked, entry.suspended
        )
        lines = list(award.consents.values_list("purpose", "active", "withdrawn_at"))
        assert {line[0] for line in lines} == {"issue", "share"}
        assert {line[1:] for line in lines} == {(None, life.now)}
        assert all(award.consents.values_list("payload_digest", flat=True))
        assert [change.action for change in award.changes.all()] == ["suspend", "retire"]
        assert not award.notices.exists()
        assert award.regrades.get().open is None and award.regrades.get().results == []
        for model in (models.AuthorizationAttempt, models.AssessmentRequest):
            assert not model.objects.exists()
        connection = models.WalletConnection.objects.get()
        assert (connection.tokens, connection.scopes, connection.active) == ("", [], None)
        assert set(models.Delivery.objects.values_list("state", "location")) == {("delivered", "")}

    def test_two_rows_of_one_person_do_not_belong_together(self, life, learner):
        api.record_scores(
            make_pill(id="block-v1:x+y+z+type@learning_pill+block@two"), make_scores(at=life.now),
            learner_id=learner.id, course_id=COURSE,
        )
        assert privacy.retire(learner.id, now=life.now) == 2
        nobodies = [*models.Award.objects.filter(retired_at__isnull=False).values_list("learner_id", flat=True),
                    *models.WalletConnection.objects.values_list("learner_id", flat=True)]
        assert len(set(nobodies)) == len(nobodies) == 3

    def test_others_keep_everything(self, life, learner):
        before = models.Award.objects.get(pk=life.other)
        privacy.retire(learner.id, now=life.now)
        after = models.Award.objects.get(pk=life.other)
        assert (after.learner_id, after.results, after.retired_at) == (OTHER.id, before.results, None)
        assert models.StatusChange.objects.get(award=life.other).note == "a case of its own"

    def test_who_worked_here_is_named_no_longer_and_nothing_goes_on_in_their_name(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        assert models.StatusChange.objects.get(award=life.other).actor == "user:retired"
        job = models.BulkJob.objects.get(filters={"course": COURSE})
        assert (job.actor, job.state) == ("user:retired", "cancelled")

    def test_a_job_that_looked_for_this_person_finds_nobody_instead_of_everybody(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        jobs = list(models.BulkJob.objects.filter(filters__has_key="learner").order_by("created_at"))
        assert len(jobs) == 2
        states = {job.filters["learner"]: job.state for job in jobs}
        assert states.pop(OTHER.id) == "waiting"
        ((sought, state),) = states.items()
        assert state == "cancelled" and sought.startswith("retired-")

    def test_jobs_that_looked_by_former_name_or_address(self, life, learner, monkeypatch):
        monkeypatch.setattr(compat, "former_names", lambda _id: frozenset({"Camille_Z", learner.email}))
        for name in ("camille_z", learner.email.upper()):
            models.BulkJob.objects.create(
                action="retry", filters={"learner": name}, actor="user:1", created_at=life.now, state="done"
            )
        privacy.retire(learner.id, now=life.now)
        done = models.BulkJob.objects.filter(state="done")
        assert [job.filters["learner"].startswith("retired-") for job in done] == [True, True]


class TestTooLate:
    """What arrives after, or in the very moment of, a retirement brings nobody back."""

    def test_a_score(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        found = api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE
        )
        assert found.mastered and found.award_id is None and found.refusal.code == "account-retired"
        assert traces(learner) == []

    def test_others_go_on(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        pill = make_pill(id="another")
        assert api.record_scores(
            pill, make_scores(at=timezone.now()), learner_id=OTHER.id, course_id=COURSE
        ).award_id

    def test_nobody_is_looked_up_where_no_award_would_be_made(self, issued, learner):
        with CaptureQueriesContext(connection) as seen:
            api.record_scores(make_pill(), {}, learner_id=learner.id, course_id=COURSE)
        assert not [query for query in seen if "retiredlearner" in query["sql"]]

    def test_a_retirement_between_the_look_and_the_commit(self, issuer, learner, commits, monkeypatch):
        monkeypatch.setattr("microcred_xblock.issuance.retired.refusal", lambda learner_id: None)
        with commits():
            made = api.record_scores(
                make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=COURSE
            ).award_id
            models.RetiredLearner.objects.create(
                key=models.pair_key("retired", learner.id), retired_at=timezone.now()
            )
        row = models.Award.objects.get(pk=made)
        assert row.retired_at is not None and row.results == [] and traces(learner) == []

    def test_an_award_that_is_replaced_meanwhile(self, issued, learner, monkeypatch):
        empty, renewed = privacy._empty_own, []

        def slow(pk, learner_id, now):
            if not renewed:
                renewed.append(renewing.renew(
                    models.Award.objects.get(pk=pk), actor="system", now=now, reason="reissue"
                ))
            return empty(pk, learner_id, now)

        monkeypatch.setattr(privacy, "_empty_own", slow)
        assert privacy.retire(learner.id, now=timezone.now()) == 2
        assert traces(learner) == []

    def test_a_wallets_answer(self, issued, learner, connect, host, monkeypatch):
        exchange = oauth.exchange

        def slow(*args, **kwargs):
            found = exchange(*args, **kwargs)
            privacy.retire(learner.id, now=timezone.now())
            return found

        monkeypatch.setattr(oauth, "exchange", slow)
        assert "microcred_error=attempt-unknown" in connect(issued)
        assert not models.WalletConnection.objects.exists() and traces(learner) == []
        assert host.revoked == list(host.refreshes), "the wallet was told to forget the tokens"

    def test_a_wallets_answer_to_an_attempt_that_was_begun_too_late(self, issued, learner, connect, host, monkeypatch):
        exchange = oauth.exchange

        def slow(*args, **kwargs):
            found = exchange(*args, **kwargs)
            models.RetiredLearner.objects.create(
                key=models.pair_key("retired", learner.id), retired_at=timezone.now()
            )
            return found

        monkeypatch.setattr(oauth, "exchange", slow)
        assert "microcred_error=account-retired" in connect(issued)
        assert not models.WalletConnection.objects.exists() and len(host.revoked) == 1

    def test_a_wallet_that_stores_it_meanwhile(self, issued, learner, connect, commits, monkeypatch):
        push = delivering._push

        def slow(*args):
            receipt = push(*args)
            if receipt.location:
                privacy.retire(learner.id, now=timezone.now())
            return receipt

        connect(issued)
        monkeypatch.setattr(delivering, "_push", slow)
        with commits():
            api.send(issued, learner.id, "testwallet")
        assert models.RetiredLearner.objects.exists(), "the wallet has said where it lies"
        assert set(models.Delivery.objects.values_list("location", flat=True)) == {""}
        assert "delivered" in set(models.Delivery.objects.values_list("state", flat=True))

    def test_connecting_in_a_request_that_is_not_committed_yet(self, learner, commits, connected):
        """The retirement cannot see the attempt, nor the attempt's request the retirement."""
        models.AuthorizationAttempt.objects.all().delete()
        with commits():
            api.connect(learner.id, "testwallet", return_url="/x")
            assert models.AuthorizationAttempt.objects.exists()
            retired.mark(learner.id, timezone.now())
        assert not models.AuthorizationAttempt.objects.exists()

    def test_connecting_in_the_same_moment(self, issued, learner, monkeypatch):
        """The retirement looks for attempts just before this one is stored."""
        create = models.AuthorizationAttempt.objects.create

        def late(**columns):
            privacy.retire(learner.id, now=timezone.now())
            return create(**{**columns, "award_id": None})

        monkeypatch.setattr(models.AuthorizationAttempt.objects, "create", late)
        with pytest.raises(NotAllowed) as caught:
            api.connect(learner.id, "testwallet", return_url="/x")
        assert caught.value.code == "account-retired" and not models.AuthorizationAttempt.objects.exists()

    def test_two_retirements_at_once_end(self, issued, learner, monkeypatch):
        """In the platform's transaction an old snapshot goes on showing what the other has emptied."""
        pk, looks = models.Award.objects.get().pk, []

        def old(rows, _learner_id):
            looks.append(rows)
            assert len(looks) < 9, "for ever"
            return [pk] if rows is models.Award else []

        privacy.retire(learner.id, now=timezone.now())
        monkeypatch.setattr(privacy, "_own", old)
        assert privacy.retire(learner.id, now=timezone.now()) == 0

    def test_connecting(self, issued, learner):
        privacy.retire(learner.id, now=timezone.now())
        with pytest.raises(NotAllowed) as caught:
            api.connect(learner.id, "testwallet", return_url="/x")
        assert caught.value.code == "account-retired" and not models.AuthorizationAttempt.objects.exists()

    def test_what_staff_noted_of_a_search(self, issued, learner):
        scope = staff.Scope(courses=None, actor="user:9")
        jobs = [
            bulk.start(
                scope, "renew", staff.Filters(learner=sought), now=timezone.now(),
                params={"reason": "reissue", "note": "Camille Exemple asked"},
            )
            for sought in (learner.id, OTHER.id)
        ]
        privacy.retire(learner.id, now=timezone.now())
        notes = [models.BulkJob.objects.get(pk=job.pk).params for job in jobs]
        assert [(note["reason"], note["note"]) for note in notes] == [
            ("reissue", ""), ("reissue", "Camille Exemple asked")
        ]


class TestAgain:
    def test_twice_changes_nothing(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        before = sorted(everything())
        assert privacy.retire(learner.id, now=life.now + timedelta(days=1)) == 0
        assert sorted(everything()) == before

    def test_unknown_and_empty_ids(self, life):
        before = sorted(everything())
        for _ in range(2):
            assert privacy.retire("999", now=life.now) == privacy.retire("", now=life.now) == 0
        models.RetiredLearner.objects.get().delete()
        assert sorted(everything()) == before

    def test_a_wallet_that_answers_while_it_happens(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        models.Delivery.objects.update(location="https://wallet.example/camille/1")
        privacy.retire(learner.id, now=life.now + timedelta(minutes=5))
        assert set(models.Delivery.objects.values_list("location", flat=True)) == {""}

    def test_ids_are_compared_letter_for_letter(self, issuer):
        now = timezone.now()
        for name in ("ann", "Ann"):
            api.record_scores(make_pill(), make_scores(at=now), learner_id=name, course_id=COURSE)
        assert privacy.retire("ann", now=now) == 1
        assert [award["course"] for award in privacy.export("Ann")["awards"]] == [COURSE]

    @pytest.mark.parametrize("step", ["close_for_good", "lock_award", "_empty", "_forget_staff", "_forget_searches"])
    def test_after_a_crash_the_next_call_does_the_rest(self, life, learner, monkeypatch, step):
        owner = {"close_for_good": connecting, "lock_award": outbox}.get(step, privacy)
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(owner, step, lambda *_args, **_kwargs: 1 / 0)
            privacy.retire(learner.id, now=life.now)
        privacy.retire(learner.id, now=life.now)
        assert traces(learner) == []
        assert models.StatusChange.objects.filter(award=life.award, action="retire").count() == 1

    def test_more_rows_than_one_batch(self, life, learner, monkeypatch):
        monkeypatch.setattr(privacy, "BATCH", 2)
        for number in range(5):
            models.AssessmentRequest.objects.create(
                learner_pill=uuid4().hex, learner_id=learner.id, pill_id=str(number), token="t", due_at=life.now
            )
            models.StatusChange.objects.create(
                award_id=life.other, action="keep", reason="other", actor=f"user:{learner.id}", at=life.now
            )
        privacy.retire(learner.id, now=life.now)
        assert traces(learner) == []


class TestWallets:
    def test_the_wallet_is_told_after_the_commit(self, life, learner, host, commits):
        with commits():
            privacy.retire(learner.id, now=life.now)
            assert not models.WalletConnection.objects.filter(tokens__gt="").exists()
            assert host.revoked == []
        assert len(host.revoked) == 1

    def test_a_wallet_that_does_not_answer_changes_nothing(self, life, learner, host, commits, monkeypatch):
        def unreachable(*_args, **_kwargs):
            raise WalletUnreachable("no", code="wallet-timeout")

        monkeypatch.setattr("microcred_xblock.wallets.oauth.revoke", unreachable)
        with commits():
            privacy.retire(learner.id, now=life.now)
        assert traces(learner) == []

    def test_tokens_nobody_can_read_any_more_are_wiped_too(self, life, learner, configured, commits):
        configured.MICROCRED_TOKEN_KEY = "lost"
        with commits():
            privacy.retire(learner.id, now=life.now)
        assert traces(learner) == []
        assert models.WalletConnection.objects.get().tokens == ""


class TestAfterwards:
    def test_nothing_is_signed_sent_or_given_out(self, life, learner, commits):
        with commits():
            privacy.retire(learner.id, now=life.now)
            later = life.now + timedelta(days=30)
            outbox.sweep(later)
        assert set(models.Credential.objects.filter(award=life.award).values_list("state", flat=True)) == {"erased"}
        assert api.panel(learner.id, make_pill().id) is None
        assert traces(learner) == []

    def test_verification_goes_on(self, life, learner, client):
        rows = list(models.Credential.objects.filter(award=life.award))
        entry = models.StatusEntry.objects.get(award=life.award)
        signed = {row.format: bytes(row.content) for row in rows}
        privacy.retire(learner.id, now=life.now)
        for row in rows:
            page = client.get(f"/microcred/verify/{row.credential_id.removeprefix('urn:uuid:')}")
            assert page.status_code == 200 and make_pill().title in page.content.decode()
            assert status.standing(row.credential_id, now=life.now).state == "valid"
        assert client.get(f"/microcred/status/{entry.list_id}/{entry.purpose}").status_code == 200
        for name, content in signed.items():
            found = verifying.verify(content, now=timezone.now())
            assert (found.verdict, found.standing.state) == ("genuine", "valid"), name

    def test_a_revocation_still_reaches_whoever_verifies(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        award = models.Award.objects.get(pk=life.award)
        status.revoke(award, reason="integrity", actor="command", now=life.now)
        for row in award.credentials.all():
            assert status.standing(row.credential_id, now=life.now).state == "revoked"
        assert models.StatusEntry.objects.get(award=life.award).revoked

    def test_staff_still_see_the_award_but_nobody_in_it(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        scope = staff.Scope(courses=None)
        lines = {line.id: line for line in staff.page(scope, staff.Filters()).lines}
        assert lines[life.award].state == "erased" and not lines[life.award].learner_name
        assert learner.id not in repr(staff.story(scope, life.award, timezone.now()))

    def test_the_learner_could_earn_it_again_under_another_account(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        again = api.record_scores(make_pill(), make_scores(at=life.now), learner_id="99", course_id=COURSE)
        assert again.award_id not in (None, life.award)


class TestTheReceiver:
    def test_it_takes_what_the_platform_sends(self, life, learner):
        signal = Signal()
        signal.connect(receivers.account_retired)
        for _ in range(2):
            signal.send(sender=type(self), user=SimpleNamespace(pk=int(learner.id)))
        assert traces(learner) == []

    def test_a_failure_keeps_the_retirement_open_and_names_nobody(self, life, learner, monkeypatch, caplog):
        def fail(*_args, **_kwargs):
            raise ValueError("lost")

        monkeypatch.setattr(privacy, "retire", fail)
        with caplog.at_level(logging.DEBUG), pytest.raises(RuntimeError) as caught:
            receivers.account_retired(None, user=SimpleNamespace(pk=learner.id, email=learner.email))
        assert str(caught.value) == "microcred: personal data not erased (ValueError)"
        assert caught.value.__suppress_context__
        assert learner.email not in caplog.text and learner.id not in caplog.text

    @pytest.mark.parametrize("told", [{}, {"user": None}, {"user": object()}])
    def test_half_of_it_is_nothing(self, db, told):
        receivers.account_retired(None, **told)


class TestExport:
    def test_it_is_json_and_complete(self, life, learner):
        found = json.loads(json.dumps(privacy.export(learner.id)))
        (award,) = found["awards"]
        assert (award["id"], award["title"], award["course"]) == (life.award, make_pill().title, COURSE)
        assert [result["outcome_id"] for result in award["results"]] == [o.id for o in make_pill().outcomes]
        rows = {row.format: row for row in models.Credential.objects.filter(award=life.award)}
        for credential in award["credentials"]:
            row = rows.pop(credential["format"])
            assert credential["file"]["content"].encode() == bytes(row.content), "a file is what was signed"
            assert credential["sha256"] == row.digest and credential["salt"] == row.salt
        assert rows == {}
        assert {line["purpose"]: line["recipient"] for line in award["consents"]}.keys() == {"issue", "share"}
        assert all(line["payload_sha256"] and line["given_at"] and line["in_force"] for line in award["consents"])
        assert {d["wallet"] for c in award["credentials"] for d in c["deliveries"]} == {"testwallet"}
        assert award["score_changes"] and award["notices"] and award["status_list"]["index"] >= 0
        assert found["wallets"][0]["holds_access_tokens"] and found["connections_under_way"]
        assert found["assessments_waiting"][0]["pill"] == "p"
        assert found["work_as_staff"]["changes"][0]["award"] == life.other

    def test_no_token_and_nobody_else_is_in_it(self, life, learner):
        text = json.dumps(privacy.export(learner.id))
        assert models.WalletConnection.objects.get().tokens not in text
        for foreign in (OTHER.id, OTHER.full_name, OTHER.email):
            assert foreign not in text
        assert '"by": "staff"' in text

    def test_every_part_is_explained(self, life, learner):
        found = privacy.export(learner.id)
        for part in found["explanations"]:
            place = found
            for name in part.split("."):
                place = (place[0] if isinstance(place, list) else place)[name]
        assert set(found) - {"form", "explanations"} <= set(found["explanations"])
        assert all(found["explanations"].values())

    def test_a_document_that_waits_to_be_signed(self, award_id, learner):
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        credentials = privacy.export(learner.id)["awards"][0]["credentials"]
        assert all(learner.full_name in c["waiting_document"] for c in credentials if c["format"] == "elm")

    def test_who_holds_nothing(self, db):
        found = privacy.export("nobody")
        assert found["awards"] == found["wallets"] == found["work_as_staff"]["changes"] == []

    def test_nothing_is_left_after_retirement(self, life, learner):
        privacy.retire(learner.id, now=life.now)
        found = privacy.export(learner.id)
        assert found["awards"] == found["wallets"] == found["assessments_waiting"] == []
        assert found["work_as_staff"] == {"changes": [], "bulk_jobs": []}

    def test_a_constant_number_of_queries(self, life, learner, django_assert_max_num_queries):
        for number in range(4):
            api.record_scores(
                make_pill(id=f"block-v1:x+y+z+type@learning_pill+block@{number}"), make_scores(at=life.now),
                learner_id=learner.id, course_id=COURSE,
            )
        with django_assert_max_num_queries(16):
            assert len(privacy.export(learner.id)["awards"]) == 5
