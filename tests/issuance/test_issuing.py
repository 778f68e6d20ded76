"""Payload, consent, signing, withdrawal."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from microcred_xblock.credentials import elm, open_badges, pinned
from microcred_xblock.domain.credential import Format, Holder
from microcred_xblock.domain.errors import InvalidInput, Misconfigured, NotAllowed
from microcred_xblock.issuance import api, holding, issuers, issuing, models, outbox, privacy, renewing, tasks
from microcred_xblock.issuance.data import Learner
from microcred_xblock.proofs import data_integrity, did, jades
from tests.factories import make_pill

State = models.Credential.State
pytestmark = pytest.mark.django_db


def credential(format_):
    return models.Credential.objects.get(format=format_.value)


def panel(learner):
    return api.panel(learner.id, make_pill().id)


def test_without_an_award_there_is_no_panel(learner):
    assert panel(learner) is None


def test_nothing_is_signed_before_consent(award_id, learner, commits):
    with commits():
        api.payload(award_id, learner)
    shown = panel(learner)
    assert (shown.state, shown.consent, shown.parity, shown.deliveries) == ("earned", "none", (), ())
    assert {row.state for row in models.Credential.objects.all()} == {State.PREPARED}
    for kind in api.DOWNLOAD_KINDS:
        with pytest.raises(NotAllowed) as caught:
            api.download(award_id, learner.id, kind)
        assert caught.value.code == "consent-missing"


def test_the_payload_is_what_gets_signed(award_id, learner, commits):
    payload = api.payload(award_id, learner)
    assert "proof" not in payload.open_badge
    with commits():
        api.consent(award_id, learner, digest=payload.digest)
    badge = json.loads(bytes(credential(Format.OPEN_BADGE).content))
    assert {name: value for name, value in badge.items() if name != "proof"} == payload.open_badge
    assert issuing.unsigned(credential(Format.ELM)) == payload.elm
    assert {row.fact for row in payload.parity} == {row.fact for row in panel(learner).parity}
    claims = bytes(credential(Format.OPEN_BADGE_JWT).content).split(b".")[1]
    assert b"=" not in claims


def test_the_payload_names_the_learner_as_each_format_may(award_id, learner):
    payload = api.payload(award_id, learner)
    text = json.dumps(payload.open_badge)
    assert learner.email not in text and learner.full_name not in text
    identity = payload.open_badge["credentialSubject"]["identifier"][0]
    holder = Holder(full_name=learner.full_name, email=learner.email)
    assert identity["identityHash"] == holder.identity_hash(identity["salt"])
    assert payload.elm["credentialSubject"]["fullName"] == {"en": learner.full_name}
    assert learner.full_name not in repr(payload) and learner.email not in repr(learner)


def test_the_payload_is_the_same_however_often_it_is_read(award_id, learner):
    assert api.payload(award_id, learner) == api.payload(award_id, learner)


def test_two_learners_never_share_a_salt_or_an_id(award_id, learner, commits):
    from tests.factories import make_scores

    other = Learner(id="student_2", full_name="Noor Haddad", email=learner.email)
    second = api.record_scores(make_pill(), make_scores(at=timezone.now()), learner_id=other.id, course_id="c")
    one, two = api.payload(award_id, learner), api.payload(second.award_id, other)
    for read in (
        lambda p: p.open_badge["id"], lambda p: p.elm["id"],
        lambda p: p.open_badge["credentialSubject"]["identifier"][0]["identityHash"],
    ):
        assert read(one) != read(two)
    assert one.open_badge["credentialSubject"]["achievement"] == two.open_badge["credentialSubject"]["achievement"]


def test_consent_to_something_else_is_refused(award_id, learner):
    api.payload(award_id, learner)
    for digest in ("", "0" * 64, "é"):
        with pytest.raises(NotAllowed) as caught:
            api.consent(award_id, learner, digest=digest)
        assert caught.value.code == "payload-changed"
    assert not models.Consent.objects.exists()


def test_consent_before_anything_was_shown_is_refused(award_id, learner):
    with pytest.raises(NotAllowed) as caught:
        api.consent(award_id, learner, digest="0" * 64)
    assert caught.value.code == "payload-changed"


@pytest.mark.parametrize("change", [{"full_name": "Camille Autre"}, {"email": "other@learner.example"}])
def test_consent_after_the_account_changed_is_refused(change, award_id, learner):
    digest = api.payload(award_id, learner).digest
    changed = Learner(**{**vars(learner), **change})
    with pytest.raises(NotAllowed):
        api.consent(award_id, changed, digest=digest)


def test_consent_is_a_line_in_the_ledger(issued, learner):
    row = models.Consent.objects.get()
    assert (row.purpose, row.recipient, row.withdrawn_at) == ("issue", "did:web:localhost%3A8000", None)
    assert row.formats == ["ob3", "ob3-jwt", "elm"]
    assert row.payload_digest == api.payload(issued, learner).digest


def test_a_double_click_on_agree_issues_once(award_id, learner, commits):
    digest = api.payload(award_id, learner).digest
    with commits():
        api.consent(award_id, learner, digest=digest)
        api.consent(award_id, learner, digest=digest)
    bytes_before = [bytes(row.content) for row in models.Credential.objects.all()]
    with commits():
        shown = api.consent(award_id, learner, digest=digest)
    assert shown.state == "issued"
    assert models.Consent.objects.count() == 1
    assert [bytes(row.content) for row in models.Credential.objects.all()] == bytes_before


def test_what_is_issued_verifies(issued):
    now = timezone.now()
    badge = json.loads(bytes(credential(Format.OPEN_BADGE).content))
    data_integrity.verify(badge, public_key_for=did.ed25519_key_of, loader=pinned.document_loader, now=now)
    open_badges.validate(badge)
    document, identity = jades.verify(bytes(credential(Format.ELM).content), now=now)
    elm.validate(document)
    assert identity.legal_identifier == "NTRFR-123456789"
    published = issuers.did_document("did:web:localhost%3A8000")
    assert badge["proof"][0]["verificationMethod"] in published["assertionMethod"]
    header = bytes(credential(Format.OPEN_BADGE_JWT).content).split(b".")[0]
    import base64

    kid = json.loads(base64.urlsafe_b64decode(header + b"=="))["kid"]
    assert kid in published["assertionMethod"]


def test_both_forms_of_the_badge_share_an_id_and_elm_names_it(issued):
    badge, token, european = (credential(format_) for format_ in issuing.FORMATS)
    assert badge.credential_id == token.credential_id != european.credential_id
    assert issuing.unsigned(european)["identifier"][0]["notation"] == badge.credential_id
    achievement = issuing.unsigned(badge)["credentialSubject"]["achievement"]["id"]
    assert achievement.startswith("http://localhost:8000/microcred/achievements/")


def test_signing_again_changes_nothing(issued):
    row = credential(Format.OPEN_BADGE)
    before = (bytes(row.content), row.signed_at, row.attempts)
    for _ in range(2):
        tasks.issue_credential(row.pk)
    row.refresh_from_db()
    assert (bytes(row.content), row.signed_at, row.attempts) == before
    assert row.document == ""


def test_the_slower_of_two_workers_does_not_overwrite(award_id, learner, monkeypatch):
    """The first takes so long that its lease runs out; the second has signed and stored when the first is ready."""
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    row = credential(Format.OPEN_BADGE)
    sign = issuing._sign

    def meanwhile(row_, now, *more):
        monkeypatch.setattr(issuing, "_sign", sign)
        issuing.issue(row_.pk, now=now)
        assert models.Credential.objects.get(pk=row_.pk).state == State.QUEUED, "the lease holds"
        models.Credential.objects.filter(pk=row_.pk).update(leased_until=now - timedelta(seconds=1))
        issuing.issue(row_.pk, now=now)
        return sign(row_, now + timedelta(seconds=5), *more)

    monkeypatch.setattr(issuing, "_sign", meanwhile)
    now = timezone.now()
    issuing.issue(row.pk, now=now)
    row.refresh_from_db()
    assert row.signed_at == now
    assert now.strftime("%H:%M:%SZ").encode() in bytes(row.content)


def test_the_database_itself_refuses_a_second_credential(issued):
    row = credential(Format.ELM)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Credential.objects.create(
            award_id=row.award_id, format="elm", credential_id="x", salt="", issued_at=row.issued_at,
            valid_from=row.valid_from,
        )


def test_a_lost_task_is_found_by_the_sweep(award_id, learner, commits):
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)  # its commit never comes
    assert panel(learner).state == "issuing"
    with commits():
        assert outbox.sweep(timezone.now()) == 1, "one for all three"
    assert panel(learner).state == "issued"
    with commits():
        assert outbox.sweep(timezone.now()) == 0


def test_an_installation_at_fault_is_tried_again(award_id, learner, commits, configured):
    digest = api.payload(award_id, learner).digest
    api.consent(award_id, learner, digest=digest)
    configured.MICROCRED_KEYS_PASSPHRASE = "another"
    with commits():
        outbox.sweep(timezone.now())
    shown = panel(learner)
    assert shown.state == "issuing"
    assert {item.code for item in shown.credentials} == {"key-unreadable"}
    row = credential(Format.ELM)
    assert row.next_attempt_at > timezone.now() and row.attempts == 1
    configured.MICROCRED_KEYS_PASSPHRASE = "only for tests"
    with commits():
        outbox.sweep(row.next_attempt_at + timedelta(minutes=1))
    assert panel(learner).state == "issued"
    assert {item.code for item in panel(learner).credentials} == {""}


def test_a_document_at_fault_fails_and_can_be_agreed_to_again(award_id, learner, commits, monkeypatch):
    digest = api.payload(award_id, learner).digest
    good = open_badges.validate_proof

    def bad(*_documents):
        raise InvalidInput("No.", code="open-badge-schema", place="$.name")

    monkeypatch.setattr(open_badges, "validate_proof", bad)
    with commits():
        api.consent(award_id, learner, digest=digest)
    shown = panel(learner)
    assert shown.state == "failed"
    assert [item.code for item in shown.credentials] == ["open-badge-schema", "", ""]
    assert shown.credentials[0].params == {"place": "$.name"}
    with pytest.raises(NotAllowed) as caught:
        api.download(award_id, learner.id, "ob3.json")
    assert caught.value.code == "not-issued"
    monkeypatch.setattr(open_badges, "validate_proof", good)
    european = bytes(credential(Format.ELM).content)
    with commits():
        again = api.payload(award_id, learner)
        shown = api.consent(award_id, learner, digest=again.digest)
    assert panel(learner).state == "issued"
    assert bytes(credential(Format.ELM).content) == european


def test_a_bug_leaves_the_row_due(award_id, learner, commits, monkeypatch, caplog):
    digest = api.payload(award_id, learner).digest
    monkeypatch.setattr(issuing, "_sign", lambda *_: 1 / 0)
    with commits():
        api.consent(award_id, learner, digest=digest)
    assert {item.code for item in panel(learner).credentials} == {"internal"}
    assert learner.email not in caplog.text and learner.full_name not in caplog.text


def test_withdrawn_before_it_was_signed(award_id, learner):
    """The task is on its way when the learner takes consent back."""
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    shown = api.withdraw(award_id, learner.id)
    assert (shown.state, shown.consent) == ("withdrawn", "withdrawn")
    for row in models.Credential.objects.all():
        tasks.issue_credential(row.pk)
        row.refresh_from_db()
        assert (row.state, row.document, bytes(row.content)) == (State.PREPARED, "", b"")


def test_withdrawn_while_it_was_being_signed(award_id, learner, monkeypatch):
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    sign = issuing._sign

    def meanwhile(row, now, *more):
        api.withdraw(award_id, learner.id)
        return sign(row, now, *more)

    monkeypatch.setattr(issuing, "_sign", meanwhile)
    row = credential(Format.OPEN_BADGE)
    tasks.issue_credential(row.pk)
    row.refresh_from_db()
    assert (row.state, bytes(row.content)) == (State.PREPARED, b"")


def test_agreed_to_anew_while_the_former_was_being_signed(award_id, learner, commits, monkeypatch):
    """A slow worker must not store what the learner no longer agrees to."""
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    renamed = Learner(id=learner.id, full_name="Camille Autre", email=learner.email)
    sign = issuing._sign

    def meanwhile(row, now, *more):
        monkeypatch.setattr(issuing, "_sign", sign)
        signed = sign(row, now, *more)
        api.withdraw(award_id, learner.id)
        api.consent(award_id, renamed, digest=api.payload(award_id, renamed).digest)
        return signed

    monkeypatch.setattr(issuing, "_sign", meanwhile)
    tasks.issue_credential(credential(Format.ELM).pk)
    assert credential(Format.ELM).state == State.QUEUED
    with commits():
        tasks.sweep()
    for row in models.Credential.objects.all():
        tasks.issue_credential(row.pk)
    assert b"Camille Autre" in bytes(credential(Format.ELM).content)
    active = models.Consent.objects.get(active=True)
    assert active.payload_digest == api.payload(award_id, learner).digest


def test_withdrawn_after_it_was_signed(issued, learner, commits):
    before = bytes(credential(Format.OPEN_BADGE).content)
    api.withdraw(issued, learner.id)
    with pytest.raises(NotAllowed) as caught:
        api.download(issued, learner.id, "ob3.json")
    assert caught.value.code == "consent-missing"
    assert panel(learner).parity == ()
    row = models.Consent.objects.get()
    assert row.active is None and row.withdrawn_at is not None
    with commits():
        payload = api.payload(issued, learner)
        shown = api.consent(issued, learner, digest=payload.digest)
    assert (shown.state, shown.consent) == ("issued", "given")
    assert bytes(credential(Format.OPEN_BADGE).content) == before
    assert models.Consent.objects.count() == 2


def test_what_was_issued_is_shown_even_if_the_account_changed_since(issued, learner):
    changed = Learner(id=learner.id, full_name="Camille Autre", email="other@learner.example")
    assert api.payload(issued, changed) == api.payload(issued, learner)


def test_another_s_award_is_nobody_s(issued, learner):
    stranger = Learner(id="student_2", full_name="N", email="n@learner.example")
    for call in (
        lambda: api.payload(issued, stranger), lambda: api.consent(issued, stranger, digest="x"),
        lambda: api.withdraw(issued, stranger.id), lambda: api.download(issued, stranger.id, "ob3.json"),
        lambda: api.send(issued, stranger.id, "testwallet"), lambda: api.retry(issued, stranger.id, "testwallet"),
        lambda: api.connect(stranger.id, "testwallet", award_id=issued, return_url="/"),
        lambda: api.payload("not a uuid", learner), lambda: api.payload(None, learner),
        lambda: api.payload("00000000-0000-0000-0000-000000000000", learner),
    ):
        with pytest.raises(NotAllowed) as caught:
            call()
        assert caught.value.code == "award-unknown"


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ({"full_name": ""}, "holder-name"), ({"email": ""}, "holder-empty"), ({"email": "nonsense"}, "email"),
        ({"full_name": "x\x0b"}, "text-control-character"), ({"full_name": "x" * 501}, "text-too-long"),
    ],
)
def test_an_account_that_lacks_something_is_told_what(person, code, award_id, learner):
    with pytest.raises(InvalidInput) as caught:
        api.payload(award_id, Learner(**{**vars(learner), **person}))
    assert caught.value.code == code


def test_without_keys_nothing_is_shown_that_could_not_be_signed(award_id, learner, settings, tmp_path):
    settings.MICROCRED_KEYS_DIR = str(tmp_path)
    with pytest.raises(Misconfigured) as caught:
        api.payload(award_id, learner)
    assert caught.value.code == "key-missing"


def test_an_unpublished_key_signs_nothing(award_id, learner, commits):
    digest = api.payload(award_id, learner).digest
    models.SigningKey.objects.filter(purpose="badge").update(retired_at=timezone.now())
    with commits():
        api.consent(award_id, learner, digest=digest)
    assert {item.code for item in panel(learner).credentials} == {"key-unpublished"}


class TestAsItIsNow:
    """A page's request has read the row before it took the lock."""

    @pytest.fixture
    def stale(self, award_id):
        return models.Award.objects.select_related("pill").get(pk=award_id)

    def test_what_was_put_right_meanwhile_is_not_signed_as_it_was(self, stale, learner):
        now = timezone.now()
        digest = issuing.payload(stale, learner, now=now).digest
        models.Award.objects.update(expires_at=now + timedelta(days=9))
        with pytest.raises(NotAllowed) as caught:
            issuing.consent(stale, learner, digest=digest, now=now)
        assert caught.value.code == "payload-changed" and not models.Consent.objects.exists()
        issuing.consent(stale, learner, digest=issuing.payload(stale, learner, now=now).digest, now=now)

    def test_nor_is_the_pill_as_it_was(self, stale, learner):
        models.Award.objects.update(pill=holding.freeze(make_pill(title="The right title")))
        document = issuing.payload(stale, learner, now=timezone.now()).open_badge
        assert document["credentialSubject"]["achievement"]["name"] == "The right title"

    @pytest.mark.parametrize("looked", [False, True])
    def test_nothing_is_composed_for_an_account_that_was_retired_meanwhile(self, stale, learner, looked):
        now = timezone.now()
        digest = issuing.payload(stale, learner, now=now).digest if looked else ""
        privacy.retire(learner.id, now=now)
        for work in (
            lambda: issuing.payload(stale, learner, now=now),
            lambda: issuing.consent(stale, learner, digest=digest, now=now),
        ):
            with pytest.raises(NotAllowed) as caught:
                work()
            assert caught.value.code == "account-retired"
        assert not models.Consent.objects.exists() and not models.Credential.objects.exclude(state="erased").exists()


class TestClocks:
    """Five minutes off, in either direction, between servers and learners."""

    AWARDED = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)

    @pytest.fixture
    def award_row(self, award_id):
        row = models.Award.objects.select_related("pill").get(pk=award_id)
        models.Award.objects.filter(pk=row.pk).update(awarded_at=self.AWARDED)
        row.refresh_from_db()
        return row

    @pytest.mark.parametrize(
        ("offset", "expected"),
        [
            (timedelta(minutes=-5), timedelta(minutes=-5)),  # this server is behind the one that made the award
            (timedelta(0), timedelta(0)),
            (timedelta(minutes=3), timedelta(0)),
            (timedelta(hours=1), timedelta(minutes=55)),  # leaves room for verifiers that are behind us
        ],
    )
    def test_validity_never_begins_in_the_future(self, offset, expected, award_row, learner):
        now = self.AWARDED + offset
        payload = issuing.payload(award_row, learner, now=now)
        valid_from = datetime.fromisoformat(payload.open_badge["validFrom"])
        assert valid_from <= now
        assert valid_from == (self.AWARDED + expected).replace(microsecond=0)
        assert payload.elm["validFrom"] == payload.elm["issued"] == payload.open_badge["validFrom"]

    def test_signed_by_a_server_whose_clock_is_behind(self, award_row, learner):
        """The payload was fixed five minutes in this server's future; what it signs still verifies."""
        now = self.AWARDED
        models.SigningKey.objects.update(created_at=now)
        issuing.consent(
            award_row, learner, digest=issuing.payload(award_row, learner, now=now).digest, now=now
        )
        row = credential(Format.OPEN_BADGE)
        behind = now - timedelta(minutes=5)
        issuing.issue(row.pk, now=behind)
        row.refresh_from_db()
        data_integrity.verify(
            json.loads(bytes(row.content)), public_key_for=did.ed25519_key_of, loader=pinned.document_loader,
            now=behind,
        )
        signed = json.loads(bytes(row.content))
        assert signed["proof"][0]["created"] >= signed["validFrom"], "nothing is signed before it is valid"

    def test_times_nobody_agreed_to_within_the_hour_are_set_anew(self, award_row, learner):
        now = self.AWARDED
        first = issuing.payload(award_row, learner, now=now)
        assert issuing.payload(award_row, learner, now=now + timedelta(minutes=59)).digest == first.digest
        later = issuing.payload(award_row, learner, now=now + timedelta(days=3))
        assert later.open_badge["validFrom"] == "2026-11-26T11:55:00Z"
        assert later.open_badge["id"] == first.open_badge["id"]
        with pytest.raises(NotAllowed):
            issuing.consent(award_row, learner, digest=first.digest, now=now + timedelta(days=3))


def test_the_last_form_takes_the_place_of_the_former_award(issued, learner, commits):
    """The former stays what it is until nothing of the new one is missing."""
    former = models.Award.objects.get(pk=issued)
    renewed = renewing.renew(former, actor="command", now=timezone.now(), reason="reissue")
    api.consent(str(renewed.pk), learner, digest=api.payload(str(renewed.pk), learner).digest)
    rows = list(renewed.credentials.all())
    for row in rows[:2]:
        issuing.issue(row.pk, now=timezone.now())
        former.refresh_from_db()
        assert former.status == "valid"
    issuing.issue(rows[2].pk, now=timezone.now())
    former.refresh_from_db()
    assert (former.status, former.active) == ("superseded", None)
    assert former.changes.last().reason == "reissue"


def test_what_is_signed_along_is_found_without_reading_all_awards(award_id, learner, django_assert_max_num_queries):
    """Joined to the awards and sorted, it took each task as long as there are awards."""
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    with django_assert_max_num_queries(24) as captured:
        tasks.issue_award(award_id)
    found = [query["sql"] for query in captured if "LIMIT 240" in query["sql"]]
    assert len(found) == 1 and "JOIN" not in found[0]


def test_signing_costs_a_constant_number_of_queries(award_id, learner, django_assert_max_num_queries):
    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    with django_assert_max_num_queries(24):
        tasks.issue_award(award_id)
    assert panel(learner).state == "issued"


def test_an_unaudited_signature_is_not_given_out(award_id, learner, monkeypatch):
    def lost(*_args, **_more):
        raise Misconfigured("No such key.", code="key-unpublished")

    api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    monkeypatch.setattr(issuers, "record_uses", lost)
    tasks.issue_award(award_id)
    for row in models.Credential.objects.all():
        assert (row.state, row.error_code, bytes(row.content), row.lease) == ("queued", "key-unpublished", b"", "")
