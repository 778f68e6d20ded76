"""Issuers of organisations, sites and courses: who awards where, and where each one's DID document is."""

import io
import json
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from microcred_xblock import compat
from microcred_xblock.domain.errors import InvalidAnswer, Misconfigured
from microcred_xblock.issuance import api, awarding_bodies, issuers, issuing, models, outbox, places
from microcred_xblock.issuance import checks as system_checks
from microcred_xblock.issuance.admin_issuers import AssignmentForm
from microcred_xblock.proofs import jades
from tests.factories import make_pill, make_scores

from .signing import badge, check, resolve

pytestmark = pytest.mark.django_db
COURSE = "course-v1:Acme+Turbines+2026"


def facts(name, number, **more):
    return {
        "name": name, "url": f"https://{number}.example/", "legal_name": name, "legal_identifier": f"NTRFR-{number}",
        "country": "FR", **more,
    }


@pytest.fixture
def several(configured, tmp_path):
    """Three issuers: the default one, one by path, one with a host name of its own."""
    configured.ALLOWED_HOSTS = ["*"]
    configured.MICROCRED_KEYS_DIR = str(tmp_path)
    configured.MICROCRED_ISSUERS = {
        "acme": facts("Acme Academy", "1", folder="issuers/acme"),
        "own": facts("Own Site School", "2", base_url="https://own.example"),
        "plain": facts("Plain College", "3"),
    }
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())
    return configured


class TestWhoAwardsWhere:
    @pytest.fixture
    def site(self):
        with patch.object(compat, "site_of", return_value="Learn.Example") as asked:
            yield asked

    def test_course_before_organisation_before_site_before_default(self, several, site):
        assert issuers.key_for(COURSE) == ""
        for scope, value, key in (
            ("site", "learn.example", "plain"), ("organisation", "Acme", "acme"), ("course", COURSE, "own"),
        ):
            issuers.assign(scope, value, key)
            assert issuers.key_for(COURSE) == key
        assert issuers.key_for("course-v1:Acme+Other+1") == "acme"
        assert issuers.key_for("course-v1:Other+Other+1") == "plain"
        for scope, value, rest in (
            ("course", COURSE, "acme"), ("organisation", "Acme", "plain"), ("site", "LEARN.example", "")
        ):
            assert issuers.unassign(scope, value)
            assert issuers.key_for(COURSE) == rest
        assert not issuers.unassign("site", "learn.example")

    def test_a_course_may_go_back_to_the_default_issuer(self, several):
        issuers.assign("organisation", "Acme", "acme")
        issuers.assign("course", COURSE, "")
        assert issuers.key_for(COURSE) == ""

    @pytest.mark.parametrize("rows", [0, 1, 30])
    def test_in_one_query(self, rows, several, site, django_assert_num_queries):
        for number in range(rows):
            issuers.assign("site", f"{number}.example", "acme")
            issuers.assign("course", f"course-v1:Acme+{number}+x", "acme")
        with django_assert_num_queries(1):
            issuers.key_for(COURSE)

    def test_the_site_is_not_asked_for_where_nothing_is_assigned_to_one(self, several, site):
        issuers.assign("organisation", "Acme", "acme")
        issuers.key_for(COURSE)
        assert not site.called

    def test_case_matters_for_organisations_and_not_for_hosts(self, several, site):
        issuers.assign("organisation", "ACME", "acme")
        issuers.assign("site", "LEARN.EXAMPLE", "plain")
        assert issuers.key_for(COURSE) == "plain"

    def test_assigning_again_replaces(self, several):
        issuers.assign("course", COURSE, "acme")
        issuers.assign("course", COURSE, "own")
        assert [(row.scope, row.value, row.issuer_key) for row in issuers.assignments()] == [("course", COURSE, "own")]

    @pytest.mark.parametrize(
        ("scope", "value", "key", "kind", "code"),
        [
            ("course", COURSE, "nobody", Misconfigured, "issuer-unknown"),
            ("faculty", "x", "acme", InvalidAnswer, "assignment-scope"),
            ("course", "no course", "acme", InvalidAnswer, "assignment-value"),
            ("course", "Acme", "acme", InvalidAnswer, "assignment-value"),
            ("organisation", " ", "acme", InvalidAnswer, "assignment-value"),
            ("organisation", "x" * 256, "acme", InvalidAnswer, "assignment-value"),
        ],
    )
    def test_what_cannot_be_assigned(self, scope, value, key, kind, code, several):
        with pytest.raises(kind) as caught:
            issuers.assign(scope, value, key)
        assert caught.value.code == code
        assert not issuers.assignments()

    @given(course=st.text(max_size=60) | st.from_regex(r"course-v1:[A-Za-z]{0,3}\+x\+y", fullmatch=True))
    @hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_any_id_of_a_course_has_an_issuer(self, course, db):
        assert issuers.key_for(course) == ""

    def test_an_issuer_that_left_the_settings_is_not_replaced_by_another(self, several, learner, commits):
        issuers.assign("course", COURSE, "acme")
        award = self.award(learner)
        several.MICROCRED_ISSUERS = {}
        assert issuers.key_for(COURSE) == "acme"
        with pytest.raises(Misconfigured) as caught:
            api.payload(award, learner)
        assert (caught.value.code, caught.value.params["issuer"]) == ("issuer-unknown", "acme")

    @staticmethod
    def award(learner, course=COURSE):
        return api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id=course
        ).award_id

    def test_what_is_issued_in_a_course_is_its_issuer_s_own(self, several, learner, commits):
        issuers.assign("organisation", "Acme", "acme")
        award = self.award(learner)
        issuers.assign("organisation", "Acme", "own")  # awards keep the issuer they were made by
        with commits():
            api.consent(award, learner, digest=api.payload(award, learner).digest)
        rows = {row.format: row for row in models.Credential.objects.all()}
        assert {row.state for row in rows.values()} == {"issued"}
        acme = "did:web:localhost%3A8000:issuers:acme"
        signed = json.loads(bytes(rows["ob3"].content))
        assert signed["issuer"]["id"] == acme and signed["issuer"]["name"] == "Acme Academy"
        keys = issuers.did_document(acme)
        assert signed["proof"][0]["verificationMethod"] in keys["assertionMethod"]
        document, identity = jades.verify(bytes(rows["elm"].content), now=timezone.now())
        assert identity.legal_identifier == "NTRFR-1" and document["issuer"]["id"]
        assert models.Consent.objects.get().recipient == acme
        used = models.KeyUse.objects.select_related("key__issuer")
        assert {use.key.issuer.key for use in used} == {"acme"}
        assert {(use.purpose, use.subject, use.digest) for use in used} == {
            (row.format, row.credential_id, row.digest) for row in rows.values()
        }

    def test_the_public_page_names_who_awarded(self, several, learner, client):
        issuers.assign("organisation", "Acme", "acme")
        self.award(learner)
        uuid = models.FrozenPill.objects.get().achievement
        page = client.get(places.achievement(uuid).removeprefix("http://localhost:8000")).content.decode()
        assert "Acme Academy" in page and "Example Training Centre" not in page


class TestDocuments:
    def test_each_at_its_own_address(self, several):
        expected = {
            "": "did:web:localhost%3A8000", "acme": "did:web:localhost%3A8000:issuers:acme",
            "own": "did:web:own.example", "plain": "did:web:localhost%3A8000:plain",
        }
        assert issuers.configured() == ["", "acme", "own", "plain"]
        seen = set()
        for key, identifier in expected.items():
            assert issuers.did(key) == identifier
            document = resolve(identifier)
            assert document["id"] == identifier
            signer = issuers.signer(key)
            assert set(document["assertionMethod"]) == {signer.badge_method, signer.badge_jwt_method}
            assert {method["controller"] for method in document["verificationMethod"]} == {identifier}
            seen |= set(document["assertionMethod"])
        assert len(seen) == 8, "no two issuers share a key"

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("own.example", "/issuers/acme/did.json"), ("own.example", "/plain/did.json"),
            ("localhost:8000", "/own/did.json"), ("localhost:8000", "/issuers/did.json"),
            ("own.example", "/x/did.json"), ("own.example:8443", "/issuers/acme/x/did.json"),
        ],
    )
    def test_on_a_host_of_its_own_no_other_is_served(self, name, path, several, client):
        assert client.get(path, headers={"host": name}).status_code == 404

    def test_a_proxy_may_call_this_site_by_another_name(self, several, client):
        for host in ("lms", "10.0.0.7:8000", "internal.example"):
            found = client.get("/issuers/acme/did.json", headers={"host": host}).json()
            assert found["id"] == issuers.did("acme")
            assert client.get("/.well-known/did.json", headers={"host": host}).json()["id"] == issuers.did()

    def test_documents_of_an_issuer_that_left_stay(self, several):
        several.MICROCRED_ISSUERS = {}
        for identifier in ("did:web:localhost%3A8000:issuers:acme", "did:web:own.example"):
            assert resolve(identifier)["id"] == identifier

    def test_a_host_that_is_set_up_but_not_made_yet_serves_nothing(self, several, client):
        several.MICROCRED_ISSUERS = {"late": facts("Late", "9", base_url="https://late.example")}
        assert client.get("/.well-known/did.json", headers={"host": "late.example"}).status_code == 404

    def test_a_host_with_a_path(self, several, tmp_path):
        several.MICROCRED_ISSUERS["deep"] = facts("Deep", "8", base_url="https://own2.example:8443/schools/a")
        call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        assert resolve("did:web:own2.example%3A8443:schools:a")["id"] == issuers.did("deep")

    def test_a_badge_of_each_verifies_with_the_document_at_its_address(self, several):
        for key in issuers.configured():
            signed = badge(key)
            assert signed["issuer"]["id"] == issuers.did(key)
            check(signed)


class TestInit:
    def test_says_for_each_what_to_put_where(self, several):
        said = io.StringIO()
        call_command("microcred_init", stdout=said)
        for words in (
            "https://own.example/.well-known/did.json (let that host's web server pass it on to this site)",
            "http://localhost:8000/issuers/acme/did.json (this site serves it)",
            "Plain College (Plain College, NTRFR-3", "microcred keys assign organisation NAME acme",
        ):
            assert words in said.getvalue()

    def test_one_alone(self, configured, tmp_path):
        configured.MICROCRED_KEYS_DIR = str(tmp_path)
        configured.MICROCRED_ISSUERS = {"acme": facts("Acme", "1"), "other": facts("Other", "2")}
        call_command("microcred_init", "--self-signed", "--issuer", "acme", stdout=io.StringIO())
        assert [path.name for path in tmp_path.iterdir()] == ["acme"]
        assert [row.key for row in models.Issuer.objects.all()] == ["acme"]
        with pytest.raises(CommandError) as caught:
            call_command("microcred_init", "--issuer", "nobody", stdout=io.StringIO())
        assert "nobody" in str(caught.value)

    @pytest.mark.parametrize(
        "issuers_setting",
        [
            {"Acme!": {"name": "x"}}, {"acme\n": {"name": "x"}},
            {"acme": "x"}, {"acme": {}}, ["acme"], {"acme": {"name": 7}},
            {"acme": {"name": "x", "keys": []}}, {"acme": {"name": "x", "keys": {"badge": "file"}}},
            {"a": {"name": "x", "folder": "same"}, "b": {"name": "y", "folder": "same"}},
            {"a": {"name": "x", "base_url": "http://localhost:8000"}},
        ],
    )
    def test_settings_that_cannot_be_used_are_named(self, issuers_setting, configured, tmp_path):
        configured.MICROCRED_KEYS_DIR = str(tmp_path)
        configured.MICROCRED_ISSUERS = issuers_setting
        with pytest.raises(CommandError) as caught:
            call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        assert "unusable" in str(caught.value)
        assert not list(tmp_path.rglob("*.pem"))

    def test_an_address_that_did_web_cannot_say(self, configured):
        configured.MICROCRED_ISSUERS = {"acme": {"name": "x", "base_url": "https://192.0.2.1"}}
        with pytest.raises(CommandError):
            call_command("microcred_init", "--self-signed", stdout=io.StringIO())

    def test_issuers_do_not_share_keys(self, several, tmp_path):
        for name in ("badge.pem", "badge-jwt.pem"):
            (tmp_path / "plain" / name).write_bytes((tmp_path / "acme" / name).read_bytes())
        with pytest.raises(CommandError) as caught:
            call_command("microcred_init", stdout=io.StringIO())
        assert "every issuer needs its own" in str(caught.value)

    def test_checks_cover_every_issuer(self, several, tmp_path):
        assert system_checks.check_settings(None) == []
        (tmp_path / "acme" / "seal.p12").unlink()
        (tmp_path / "plain" / "badge.pem").chmod(0o640)
        found = {(message.id, message.msg) for message in system_checks.check_settings(None)}
        assert found == {
            ("microcred.W001", "No credential can be issued by the issuer acme."),
            ("microcred.W003", "The key file badge.pem can be read by others."),
        }


class TestAdminPage:
    @pytest.fixture
    def boss(self, client, settings):
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        client.force_login(User.objects.create_superuser("boss"))
        return client

    def post(self, client, **values):
        return client.post("/admin/microcred/issuerassignment/add/", values)

    def test_assigns(self, several, boss):
        assert self.post(boss, scope="organisation", value="Acme", issuer_key="acme").status_code == 302
        assert issuers.key_for(COURSE) == "acme"
        row = models.IssuerAssignment.objects.get()
        address = f"/admin/microcred/issuerassignment/{row.pk}/change/"
        assert boss.post(address, {"scope": "course", "value": COURSE, "issuer_key": ""}).status_code == 302
        assert issuers.key_for(COURSE) == "" and models.IssuerAssignment.objects.count() == 1

    def test_refuses_what_is_not_in_the_settings(self, several, boss):
        page = self.post(boss, scope="organisation", value="Acme", issuer_key="nobody")
        assert page.status_code == 200 and "nobody" in page.content.decode()
        page = self.post(boss, scope="course", value="Acme", issuer_key="acme")
        assert "course-v1:Org+Course+Run" in page.content.decode()
        assert not models.IssuerAssignment.objects.exists()

    def test_one_assignment_for_a_place(self, several, boss):
        issuers.assign("site", "learn.example", "acme")
        page = self.post(boss, scope="site", value="LEARN.example", issuer_key="own")
        assert page.status_code == 200 and "already" in page.content.decode()

    def test_with_unusable_settings_the_page_still_opens(self, several, boss):
        several.MICROCRED_ISSUERS = ["acme"]
        assert boss.get("/admin/microcred/issuerassignment/add/").status_code == 200
        assert not AssignmentForm({"scope": "site", "value": "x", "issuer_key": "acme"}).is_valid()

    def test_nobody_else_gets_in(self, several, client, settings):
        settings.ROOT_URLCONF = "tests.issuance.admin_urls"
        client.force_login(User.objects.create_user("staff", is_staff=True))
        assert client.get("/admin/microcred/issuerassignment/").status_code == 403
        assert self.post(client, scope="organisation", value="Acme", issuer_key="acme").status_code == 403


class TestOrganisations:
    @pytest.mark.parametrize(
        ("course", "org"),
        [
            (COURSE, "Acme"), ("ccx-v1:Acme+Turbines+2026+ccx@1", "Acme"), ("Acme/Turbines/2026", "Acme"),
            ("d", ""), ("", ""), ("course-v1:", ""), ("a scenario", ""),
        ],
    )
    def test_of_a_course(self, course, org):
        assert compat.organisation(course) == org

    def test_no_site_outside_a_platform(self):
        assert compat.site_of("Acme") == ""


def test_audit_or_nothing(issuer, award_id, learner, commits, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(issuers, "record_uses", broken)
    with commits():
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    assert {row.state for row in models.Credential.objects.all()} == {"queued"}
    assert {bytes(row.content) for row in models.Credential.objects.all()} == {b""}
    monkeypatch.undo()
    for row in models.Credential.objects.all():
        issuing.issue(row.pk, now=timezone.now() + outbox.LEASE)
    assert {row.state for row in models.Credential.objects.all()} == {"issued"}
    assert models.KeyUse.objects.count() == 3


def test_a_use_is_recorded_by_row_key_method_or_number(issuer):
    signer, now = issuers.signer(), timezone.now()
    row = models.SigningKey.objects.get(purpose="badge")
    for number, key in enumerate((row, row.pk, signer.badge, signer.badge_method)):
        issuers.record_use(key, purpose="status-list", subject=str(number), digest="0" * 64, at=now)
    issuers.record_use(signer.seal, purpose="elm", subject="x", digest="0" * 64, at=now)
    assert row.uses.count() == 4
    with pytest.raises(Misconfigured) as caught:
        issuers.record_use("did:web:x#y", purpose="x", subject="x", digest="x", at=now)
    assert caught.value.code == "key-unpublished"


def test_default_issuer_needs_no_other(configured):
    assert awarding_bodies.configured() == [""]
    assert issuers.did() == "did:web:localhost%3A8000"
