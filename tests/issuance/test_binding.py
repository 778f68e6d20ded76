"""The badge for a key that a wallet has proved: once for each holder, and only while the award may be given out."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from microcred_xblock.domain.credential import BoundForm
from microcred_xblock.domain.errors import InvalidDocument, NotAllowed, NotReady
from microcred_xblock.domain.upkeep import Upkeep
from microcred_xblock.issuance import api, binding, issuing, models, privacy, status, verifying
from tests.factories import make_pill, make_scores

pytestmark = pytest.mark.django_db

DID = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
OTHER = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


def collect(award_id, form=BoundForm.LDP_VC, did=DID, **more):
    return binding.issue(award_id, form, did, now=timezone.now(), **more)


def issued_badge(award_id):
    row = models.Credential.objects.get(award_id=award_id, format="ob3")
    return json.loads(bytes(row.content))


@pytest.mark.parametrize(("form", "media_type"), [(BoundForm.LDP_VC, "application/vc+ld+json"),
                                                  (BoundForm.JWT_VC_JSON, "text/plain")])
def test_what_a_wallet_gets_is_genuine_and_names_it(issued, form, media_type):
    row = collect(issued, form)
    assert row.media_type == media_type
    found = verifying.verify(bytes(row.content), now=timezone.now())
    assert (found.verdict, found.same_bytes, found.credential_id) == ("genuine", True, row.credential_id)
    assert found.standing.state == "valid"


def test_it_says_what_the_issued_badge_says_and_nothing_else(issued):
    made, before = json.loads(bytes(collect(issued).content)), issued_badge(issued)
    assert made["id"] != before["id"] and made["credentialSubject"]["id"] == DID
    for document in (made, before):
        document.pop("proof")
        document.pop("id")
        document["credentialSubject"].pop("id")
    assert made == before, "the same status entry, too"


def test_one_that_expires_does_not_lead_to_a_badge_that_is_bound_to_nobody(issuer, learner, commits):
    standing = api.record_scores(
        make_pill(upkeep=Upkeep(valid_months=24)), make_scores(at=timezone.now()), learner_id=learner.id, course_id="c"
    )
    with commits():
        api.consent(standing.award_id, learner, digest=api.payload(standing.award_id, learner).digest)
    before = issued_badge(standing.award_id)
    made = json.loads(bytes(collect(standing.award_id).content))
    assert "refreshService" in before and "refreshService" not in made
    assert made["validUntil"] == before["validUntil"]


def test_the_same_wallet_gets_the_same_bytes_and_another_one_another_badge(issued):
    first, again, other = collect(issued), collect(issued), collect(issued, did=OTHER)
    assert first.pk == again.pk and bytes(first.content) == bytes(again.content)
    assert other.credential_id != first.credential_id
    assert collect(issued, BoundForm.JWT_VC_JSON).credential_id == first.credential_id, "one badge in two forms"


def test_wallets_with_ever_new_keys_do_not_go_on_for_ever(issued, monkeypatch):
    monkeypatch.setattr(binding, "MOST_A_DAY", 2)
    first = collect(issued)
    collect(issued, did=OTHER)
    with pytest.raises(NotAllowed) as error:
        collect(issued, BoundForm.SD_JWT_VC)
    assert error.value.code == "bound-rate"
    assert collect(issued).pk == first.pk, "what was made is given again"
    models.BoundCredential.objects.filter(pk=first.pk).update(issued_at=timezone.now() - timedelta(days=1))
    assert collect(issued, BoundForm.SD_JWT_VC)


def test_every_signature_is_in_the_audit(issued):
    row = collect(issued)
    collect(issued)
    use = models.KeyUse.objects.get(subject=row.credential_id)
    assert (use.digest, use.purpose) == (row.digest, "ob3")


def test_revoking_the_award_is_seen_on_what_the_wallet_holds(issued):
    row = collect(issued)
    award = models.Award.objects.get(pk=issued)
    status.revoke(award, reason="error", actor="test", now=timezone.now())
    assert verifying.verify(bytes(row.content), now=timezone.now()).standing.state == "revoked"
    with pytest.raises(NotAllowed) as refused:
        collect(issued)
    assert refused.value.code == "award-ended"


def test_what_was_changed_is_not_genuine(issued):
    document = json.loads(bytes(collect(issued).content))
    document["name"] = "Something better"
    assert verifying.verify(json.dumps(document).encode(), now=timezone.now()).verdict == "changed"


class TestNothingIsGiven:
    def test_before_it_is_issued(self, award_id, learner):
        with pytest.raises(NotAllowed) as refused:
            collect(award_id)
        assert refused.value.code == "consent-missing"
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)  # and nobody signs
        with pytest.raises(NotReady):
            collect(award_id)

    def test_after_consent_was_withdrawn(self, issued, learner):
        api.withdraw(issued, learner.id)
        with pytest.raises(NotAllowed):
            collect(issued)

    @pytest.mark.parametrize("moment", ["before", "while signing"])
    def test_of_a_suspended_award(self, issued, moment, monkeypatch):
        def suspend():
            award = models.Award.objects.get(pk=issued)
            status.suspend(award, reason="integrity", actor="test", now=timezone.now())

        if moment == "before":
            suspend()
        else:
            sign = binding.signing.sign
            monkeypatch.setattr(binding.signing, "sign", lambda *a, **k: (suspend(), sign(*a, **k))[1])
        with pytest.raises(NotAllowed) as refused:
            collect(issued)
        assert refused.value.code == "award-suspended" and not models.BoundCredential.objects.exists()

    def test_after_its_last_day(self, issued):
        models.Award.objects.filter(pk=issued).update(expires_at=timezone.now())
        with pytest.raises(NotAllowed) as refused:
            collect(issued)
        assert refused.value.code == "award-expired"

    @pytest.mark.parametrize("did", ["", "https://me.example", "did:key:é", "did:key:" + "z" * 3_000])
    def test_to_what_is_no_did(self, issued, did):
        with pytest.raises(InvalidDocument):
            collect(issued, did=did)


def test_two_at_once_give_one(issued, monkeypatch):
    sign = binding.signing.sign

    def meanwhile(*args, **kwargs):
        monkeypatch.setattr(binding.signing, "sign", sign)
        collect(issued)
        return sign(*args, **kwargs)

    monkeypatch.setattr(binding.signing, "sign", meanwhile)
    row = collect(issued)
    assert models.BoundCredential.objects.get().pk == row.pk
    assert models.KeyUse.objects.filter(subject=row.credential_id).count() == 1


def test_a_retired_account_leaves_what_verifies_and_nothing_else(issued, learner):
    row = collect(issued)
    collect(issued, did=OTHER)
    content = bytes(row.content)
    privacy.retire(learner.id, now=timezone.now())
    for left in models.BoundCredential.objects.all():
        assert left.content == b"" and left.binding not in (binding.binding_of(DID), binding.binding_of(OTHER))
    assert verifying.verify(content, now=timezone.now()).verdict == "genuine"


def test_the_learner_is_given_what_wallets_collected(issued, learner):
    row = collect(issued)
    held = privacy.export(learner.id)["awards"][0]["collected_credentials"]
    assert [item["id"] for item in held] == [row.credential_id] and DID in held[0]["file"]["content"]


def test_an_issued_badge_is_found_by_its_own_id_only(issued):
    assert issuing.may_process(issued)
    with pytest.raises(NotAllowed):
        status.standing("urn:uuid:00000000-0000-0000-0000-000000000000", now=timezone.now())
