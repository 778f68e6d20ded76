"""Credentials for nobody: what an author sees before anybody has earned them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from openedx_filters.filters import PipelineStep

from microcred_xblock.credentials import elm, open_badges, pinned
from microcred_xblock.domain.errors import InvalidDocument, MicrocredError
from microcred_xblock.domain.upkeep import RegradePolicy, Upkeep
from microcred_xblock.issuance import api, models, rehearsal, trial
from microcred_xblock.issuance.filters import CredentialComposed
from microcred_xblock.proofs import data_integrity, jades, multibase
from tests.factories import make_pill, make_recognition

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
COURSE = "course-v1:MiCRET+WT101+2026"
pytestmark = pytest.mark.django_db


def rehearse(pill=None, **over):
    return rehearsal.rehearse(pill or make_pill(), course_id=COURSE, now=NOW, **over)


class Spoils(PipelineStep):
    """Changes what a step may not change."""

    def run_filter(self, document, format, award):
        return {"document": {**document, "id": "urn:uuid:other"}}


class Adds(PipelineStep):
    """Adds terms of use."""

    def run_filter(self, document, format, award):
        terms = {"termsOfUse": [{"type": "https://example.org/Terms"}]} if format == "ob3" else {}
        return {"document": {**document, **terms}}


class AddsNonsense(PipelineStep):
    """Adds what no standard knows."""

    def run_filter(self, document, format, award):
        term = {"keywords": [{"id": "http://data.europa.eu/esco/concept-scheme/skills"}]} if format == "elm" else {}
        return {"document": {**document, "nonsense": "x", **term}}


class Refuses(PipelineStep):
    """Wants to know the learner."""

    def run_filter(self, document, format, award):
        raise CredentialComposed.PreventCredential("Not for her.")


class Breaks(PipelineStep):
    """Has a bug."""

    def run_filter(self, document, format, award):
        raise ZeroDivisionError


@pytest.fixture
def steps(settings):
    """Put a step into the pipeline of composed credentials."""

    def put(step):
        settings.OPEN_EDX_FILTERS_CONFIG = {
            "eu.micret.learning.pill.credential.composed.v1": {
                "fail_silently": False, "pipeline": [f"{step.__module__}.{step.__qualname__}"],
            },
        }

    return put


class TestDocuments:
    def test_both_are_what_the_issuer_would_issue(self, issuer):
        done = rehearse()
        assert done.findings == () and done.missing_issuer is None
        open_badges.validate(done.open_badge)
        elm.validate(done.elm)
        assert done.open_badge["issuer"]["name"] == "Example Training Centre"
        assert done.open_badge["issuer"]["id"] == "did:web:localhost%3A8000" == done.elm["issuer"]["id"]
        assert done.elm["credentialSubject"]["fullName"] == {"en": "Amina Example"}
        assert {result["status"] for result in done.open_badge["credentialSubject"]["result"]} == {"Completed"}
        assert json.loads(json.loads(done.sealed)["payload"]) == done.elm
        assert done.checks[:3] == ("open-badge", "open-badge-schema", "open-badge-json-ld")
        assert {"elm", "elm-profile", "elm-json-ld"} <= set(done.checks)

    def test_nothing_is_written_and_no_key_is_read(self, issuer, monkeypatch, django_assert_max_num_queries):
        for name in ("signers.key", "signers.seal", "status.badge_entry"):
            monkeypatch.setattr(f"microcred_xblock.issuance.{name}", lambda *_args: pytest.fail("read"))
        rows = (models.Award, models.FrozenPill, models.Credential, models.StatusEntry, models.StatusList)
        before = [kind.objects.count() for kind in rows]
        with django_assert_max_num_queries(2) as queries:
            rehearse()
        assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)
        assert [kind.objects.count() for kind in rows] == before

    def test_neither_passes_for_a_credential(self, issuer):
        done = rehearse()
        (proof,) = done.open_badge["proof"]
        assert "test-only-not-a-credential" in proof["verificationMethod"]
        with pytest.raises(InvalidDocument, match="not the issuer's own"):
            data_integrity.verify(
                done.open_badge, public_key_for=lambda _method: b"", loader=pinned.document_loader, now=NOW
            )
        with pytest.raises(MicrocredError) as refused:
            jades.verify(done.sealed, now=NOW)
        assert refused.value.code == "certificate-issuer"

    def test_the_same_pill_says_the_same_of_itself_as_an_award(self, issued, learner):
        """Rehearsed and issued differ in the learner, the results, the times and the ids; in nothing else."""
        real = api.payload(issued, learner)
        done = rehearse()

        def said(document):
            subject = document["credentialSubject"]
            return {
                **{name: document[name] for name in ("@context", "type", "name", "issuer", "credentialSchema")},
                "achievement": subject["achievement"],
            }

        assert said(done.open_badge) == said(real.open_badge)
        assert set(done.open_badge) - {"proof"} == set(real.open_badge)
        assert done.open_badge["credentialStatus"].keys() == real.open_badge["credentialStatus"].keys()
        assert done.elm.keys() == real.elm.keys() and done.elm["issuer"] == real.elm["issuer"]

    @pytest.mark.parametrize(("language", "name"), [
        ("ar", "أمينة مثال"), ("fr", "Amina Exemple"), ("fr-CA", "Amina Exemple"), ("el", "Amina Example"),
    ])
    def test_the_learner_is_made_up_in_the_language_of_the_pill(self, issuer, language, name):
        assert list(rehearse(make_pill(language=language)).elm["credentialSubject"]["fullName"].values()) == [name]

    def test_a_pill_that_expires_and_may_be_suspended(self, issuer):
        badge = rehearse(make_pill(upkeep=Upkeep(regrade=RegradePolicy.SUSPEND, valid_months=12))).open_badge
        assert badge["validUntil"] == "2027-11-25T09:00:00Z" and "refreshService" in badge
        assert badge["credentialStatus"]["statusPurpose"] == "suspension"
        assert badge["credentialStatus"]["id"].startswith("http://localhost:8000/microcred/status/00000000-")


class TestIssuer:
    @pytest.mark.parametrize("address", ["", "http://localhost:8000"])
    def test_without_one_a_placeholder_stands_for_it(self, settings, address):
        settings.MICROCRED_ISSUER, settings.MICROCRED_PUBLIC_BASE_URL = {}, address
        done = rehearse()
        assert done.missing_issuer.code == "key-unpublished" and done.issuer == trial.PLACEHOLDER
        assert done.findings == () and done.open_badge["issuer"]["name"] == "Your organisation"

    def test_studio_needs_none_of_the_settings_of_the_lms(self, issuer, settings):
        settings.MICROCRED_ISSUER, settings.MICROCRED_KEYS_DIR = {}, ""
        done = rehearse()
        assert done.missing_issuer is None and done.issuer.name == "Example Training Centre"

    def test_the_course_s_own_is_named(self, issuer):
        row = models.Issuer.objects.get()
        row.pk, row.did, row.key, row.name = None, "did:web:localhost%3A8000:wind", "wind", "Wind school"
        row.save()
        models.IssuerAssignment.objects.create(
            scope="course", value=COURSE, unique_key=models.pair_key("course", COURSE), issuer_key="wind"
        )
        assert rehearse().issuer.name == "Wind school"


class TestFindings:
    def test_what_cannot_be_made_is_told_and_the_other_shown(self, issuer):
        done = rehearse(make_pill(language="tlh"))
        (found,) = done.findings
        assert (found.check, found.error.code, found.blocks) == ("elm", "language-unknown", True)
        assert done.elm is None and done.sealed == b"" and done.open_badge is not None and done.parity == ()

    def test_whatever_blocks_here_blocks_there_and_nothing_else(self, issuer):
        for pill in (make_pill(), make_pill(language="tlh"), make_pill(recognition=make_recognition(isced_f="0999"))):
            blocking = [found.error.code for found in rehearse(pill).findings if found.blocks]
            assert blocking == [found.error.code for found in trial.faults(pill, now=NOW)]

    def test_an_issuer_that_cannot_be_named_is_not_the_pill_s_fault(self, issuer, monkeypatch):
        monkeypatch.setattr(
            rehearsal, "_issuer", lambda _course: (replace(trial.PLACEHOLDER, country="XXX"), None)
        )
        assert {found.error.code for found in rehearse().findings} == {"country-unknown"}
        assert trial.faults(make_pill(), now=NOW) == ()

    def test_every_fault_of_the_schema_is_found(self, issuer, monkeypatch):
        compose = open_badges.compose

        def spoilt(*args, **kwargs):
            made = compose(*args, **kwargs)
            return replace(made, document={**made.document, "awardedDate": 3, "undefined": "x"})

        monkeypatch.setattr(open_badges, "compose", spoilt)
        codes = {found.error.code: found.check for found in rehearse().findings}
        assert codes == {"open-badge-schema": "open-badge-schema", "document-undefined-term": "open-badge-json-ld"}


    def test_a_check_that_breaks_is_told_and_the_rest_is_shown(self, issuer, monkeypatch, caplog):
        def broken(*_args):
            raise ZeroDivisionError("of a library")

        monkeypatch.setattr(rehearsal.elm_shacl, "validate", broken)
        monkeypatch.setattr(rehearsal, "_shacl_installed", lambda: True)
        done = rehearse()
        (found,) = done.findings
        assert (found.check, found.error.code, found.blocks) == ("elm-shacl", "internal", False)
        assert "ZeroDivisionError" in found.error.message and "of a library" not in found.error.message
        assert done.open_badge and done.elm and done.parity and "of a library" in caplog.text
        monkeypatch.setattr(open_badges, "compose", broken)
        done = rehearse()
        assert done.open_badge is None and done.elm is not None and done.findings[0].blocks


class TestSteps:
    def test_what_the_site_adds_is_shown(self, issuer, steps):
        steps(Adds)
        done = rehearse()
        assert done.open_badge["termsOfUse"] and done.findings == () and "site" in done.checks

    @pytest.mark.parametrize(("step", "code"), [
        (Spoils, "filter-fixed"), (Breaks, "internal"), (Refuses, "credential-prevented"),
    ])
    def test_what_the_site_spoils_is_told_and_does_not_block(self, issuer, steps, step, code):
        steps(step)
        done = rehearse()
        assert [(found.error.code, found.blocks) for found in done.findings] == [(code, False)] * 2
        assert done.open_badge is not None and done.elm is not None
        assert not any(found.blocks for found in done.findings) and trial.faults(make_pill(), now=NOW) == ()

    def test_what_the_site_adds_passes_the_same_checks_and_is_the_site_s_fault(self, issuer, steps):
        steps(AddsNonsense)
        done = rehearse()
        assert {(found.check, found.blocks) for found in done.findings} == {("site", False)}
        assert len(done.findings) == 2 and "nonsense" not in done.open_badge and "nonsense" not in done.elm

    @pytest.mark.parametrize("step", [Adds, AddsNonsense, Refuses])
    def test_a_pill_at_fault_is_at_fault_whatever_the_site_does(self, issuer, steps, step):
        steps(step)
        pill = make_pill(language="tlh")
        blocking = [(found.check, found.error.code) for found in rehearse(pill).findings if found.blocks]
        assert blocking == [(found.check, found.error.code) for found in trial.faults(pill, now=NOW)] != []

    def test_a_badge_that_the_site_changed_has_a_proof_of_what_is_shown(self, issuer, steps):
        steps(Adds)
        badge = rehearse().open_badge
        (proof,) = badge["proof"]
        key = multibase.decode(proof["verificationMethod"].rpartition("#")[2])[2:]
        bare = {name: value for name, value in badge.items() if name != "proof"}
        assert badge["termsOfUse"]
        data_integrity._check_proof(bare, proof, key, pinned.document_loader)
