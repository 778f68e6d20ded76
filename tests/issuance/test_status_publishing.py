"""Signed lists: fresh after every change, kept in between, good while nothing can be signed, and true for others."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from microcred_xblock.credentials import pinned, status_list
from microcred_xblock.domain.errors import Misconfigured, NotAllowed
from microcred_xblock.issuance import issuers, models, status, status_publishing
from microcred_xblock.proofs import data_integrity, did
from tests.verifiers import node

pytestmark = pytest.mark.django_db
WHY = {"reason": "integrity", "actor": "user:7"}


@pytest.fixture
def award(issued):
    return models.Award.objects.get(pk=issued)


@pytest.fixture
def entry(award):
    return models.StatusEntry.objects.get(award=award)


@pytest.fixture
def signatures(monkeypatch):
    """How often something was signed."""
    made = []
    create = data_integrity.create_proof

    def counted(*args, **options):
        made.append(args[0]["id"])
        return create(*args, **options)

    monkeypatch.setattr(data_integrity, "create_proof", counted)
    return made


def get(entry, purpose="revocation", now=None):
    return status_publishing.signed_list(entry.list_id, purpose, now=now or timezone.now())


def bits(found):
    return status_list.decode(json.loads(found.content)["credentialSubject"]["encodedList"])


class TestSigning:
    def test_the_list_is_the_issuer_s(self, entry):
        now = timezone.now()
        found = get(entry, now=now)
        document = json.loads(found.content)
        assert document["issuer"] == issuers.did()
        data_integrity.verify(document, public_key_for=did.ed25519_key_of, loader=pinned.document_loader, now=now)
        assert document["credentialSubject"]["ttl"] == 300_000 and found.max_age == 300
        assert document["id"].endswith(f"/microcred/status/{entry.list_id}/revocation")

    def test_a_change_shows_in_the_next_answer_and_in_one_bit(self, award, entry):
        assert sum(byte.bit_count() for byte in bits(get(entry))) == 0
        status.revoke(award, now=timezone.now(), **WHY)
        set_ = bits(get(entry))
        assert status_list.is_set(set_, entry.index) and sum(byte.bit_count() for byte in set_) == 1
        assert sum(byte.bit_count() for byte in bits(get(entry, "suspension"))) == 0

    def test_what_is_signed_is_kept(self, entry, signatures, django_assert_num_queries):
        first = get(entry)
        with django_assert_num_queries(1):
            assert get(entry).content == first.content
        assert len(signatures) == 1

    def test_an_old_list_is_signed_anew_in_time(self, entry, signatures):
        now = timezone.now()
        get(entry, now=now)
        get(entry, now=now + timedelta(hours=11))
        assert len(signatures) == 1
        again = json.loads(get(entry, now=now + timedelta(hours=13)).content)
        assert len(signatures) == 2
        assert again["validFrom"] == (now + timedelta(hours=13)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_each_signature_is_in_the_audit(self, award, entry):
        for _ in range(2):
            found = get(entry)
        status.revoke(award, now=timezone.now(), **WHY)
        later = get(entry)
        uses = models.KeyUse.objects.filter(purpose="status-list").order_by("pk")
        assert [use.digest for use in uses] == [found.etag, later.etag]
        assert {use.subject for use in uses} == {json.loads(found.content)["id"]}
        assert {use.key.purpose for use in uses} == {"badge"}

    def test_the_admin_says_for_how_long_it_is_kept(self, entry, settings):
        settings.MICROCRED_STATUS_TTL = 60
        found = get(entry)
        assert found.max_age == 60 and json.loads(found.content)["credentialSubject"]["ttl"] == 60_000

    @pytest.mark.parametrize("purpose", ["message", "", "revocation "])
    def test_there_are_two_purposes(self, entry, purpose):
        with pytest.raises(NotAllowed) as refused:
            get(entry, purpose)
        assert refused.value.code == "status-list-unknown"

    def test_an_unknown_list(self, issuer):
        with pytest.raises(NotAllowed):
            status_publishing.signed_list(uuid4(), "revocation", now=timezone.now())


class TestTwoWorkers:
    def test_one_signature_is_kept(self, award, entry, monkeypatch):
        """Another worker signs, and a bit changes, while this one is signing."""
        create, inner = data_integrity.create_proof, []

        def interrupted(document, **options):
            proof = create(document, **options)
            if not inner:
                inner.append(None)
                inner[0] = get(entry)
                status.revoke(award, now=timezone.now(), **WHY)
            return proof

        monkeypatch.setattr(data_integrity, "create_proof", interrupted)
        found = get(entry)
        assert status_list.is_set(bits(found), entry.index)
        assert not status_list.is_set(bits(inner[0]), entry.index)
        row = models.StatusListCredential.objects.get(purpose="revocation")
        assert bytes(row.content) == found.content and row.signed == row.changed == 2
        assert [use.digest for use in models.KeyUse.objects.filter(purpose="status-list").order_by("pk")] == [
            inner[0].etag, found.etag
        ]

    def test_a_bit_that_changes_while_it_is_signed_is_signed_next_time(self, award, entry, monkeypatch):
        create, done = data_integrity.create_proof, []

        def interrupted(document, **options):
            if not done:
                done.append(True)
                status.revoke(award, now=timezone.now(), **WHY)
            return create(document, **options)

        monkeypatch.setattr(data_integrity, "create_proof", interrupted)
        assert not status_list.is_set(bits(get(entry)), entry.index)
        assert status_list.is_set(bits(get(entry)), entry.index)


class TestTrouble:
    @pytest.fixture
    def broken(self, monkeypatch):
        def refuse(_key=""):
            raise Misconfigured("The key file is gone.", code="key-missing")

        return lambda: monkeypatch.setattr(issuers, "signer", refuse)

    def test_the_last_good_list_serves_as_long_as_it_is_valid(self, award, entry, broken):
        now = timezone.now()
        good = get(entry, now=now)
        status.revoke(award, now=now, **WHY)
        broken()
        later = get(entry, now=now + timedelta(hours=23, minutes=58))
        assert later.content == good.content and later.max_age == 120
        with pytest.raises(Misconfigured) as refused:
            get(entry, now=now + timedelta(hours=24, seconds=1))
        assert refused.value.code == "status-unsigned"

    def test_without_any_list_it_says_so(self, entry, broken):
        broken()
        with pytest.raises(Misconfigured):
            get(entry)

    def test_any_other_fault_is_survived_too(self, entry, monkeypatch, caplog):
        now = timezone.now()
        good = get(entry, now=now)
        monkeypatch.setattr(issuers, "signer", lambda _key="": 1 / 0)
        assert get(entry, now=now + timedelta(hours=20)).content == good.content
        assert "could not be signed" in caplog.text

    def test_without_its_audit_line_nothing_is_published(self, entry, monkeypatch):
        def refuse(*_args, **_options):
            raise RuntimeError("the audit is full")

        monkeypatch.setattr(issuers, "record_use", refuse)
        with pytest.raises(Misconfigured):
            get(entry)
        assert not any(bytes(row.content) for row in models.StatusListCredential.objects.all())


@pytest.mark.node
class TestAnotherVerifier:
    """Digital Bazaar's status checker, on a badge and lists that we signed."""

    def verdicts(self, award, entry, changes):
        now = timezone.now()
        badge = json.loads(bytes(award.credentials.get(format="ob3").content))
        subjects = []
        for change in (lambda: None, *changes):
            change()
            documents = (json.loads(get(entry, purpose).content) for purpose in status_list.PURPOSES)
            subjects.append({
                "credential": badge, "lists": {document["id"]: document for document in documents},
                "didDocument": issuers.did_document(issuers.did()), "now": now.isoformat(),
            })
        return subjects, node.verdicts("status", subjects)

    def test_sees_the_revocation(self, award, entry):
        node.require()
        _, verdicts = self.verdicts(award, entry, [lambda: status.revoke(award, now=timezone.now(), **WHY)])
        assert [verdict["verified"] for verdict in verdicts] == [True, True], verdicts
        assert [verdict["status"] for verdict in verdicts] == [
            [{"purpose": "revocation", "status": False}], [{"purpose": "revocation", "status": True}]
        ]

    def test_sees_a_suspension_come_and_go(self, award, entry):
        node.require()
        models.StatusEntry.objects.update(purpose="suspension")
        entry.refresh_from_db()
        row = award.credentials.get(format="ob3")
        badge = json.loads(bytes(row.content))
        badge["credentialStatus"] = status.badge_entry(award)  # as a pill that suspends would have had it
        models.Credential.objects.filter(pk=row.pk).update(content=json.dumps(badge).encode())
        _, verdicts = self.verdicts(award, entry, [
            lambda: status.suspend(award, now=timezone.now(), **WHY),
            lambda: status.reinstate(award, now=timezone.now(), **WHY),
            lambda: status.revoke(award, now=timezone.now(), **WHY),
        ])
        assert [verdict["status"][0]["status"] for verdict in verdicts] == [False, True, False, True]

    def test_refuses_a_list_with_a_bit_turned(self, award, entry):
        node.require()
        subjects, _ = self.verdicts(award, entry, [lambda: status.revoke(award, now=timezone.now(), **WHY)])
        for document in subjects[1]["lists"].values():
            document["credentialSubject"]["encodedList"] = status_list.encode([], entry.list.size)
        (verdict,) = node.verdicts("status", subjects[1:])
        assert verdict["verified"] is False
