"""The doctor finds what is wrong, says what to do, and is itself never the patient."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from types import SimpleNamespace

import pytest
from celery import Celery
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.utils import timezone

from microcred_xblock.domain.errors import Misconfigured
from microcred_xblock.issuance import (
    api,
    doctor,
    doctor_checks,
    doctor_remedies,
    issuers,
    models,
    places,
    signers,
    status,
    status_publishing,
    vault,
)
from microcred_xblock.issuance.doctor import Level
from microcred_xblock.message_texts import ADMIN
from tests.factories import make_pill, make_scores

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def look(check, now=None):
    """The findings of one check, made here."""
    return doctor.examine({"it": check}, now=now or timezone.now(), apart=False)


def levels(findings):
    return [found.level for found in findings]


@contextmanager
def web(answer):
    """A web server on loopback; ``answer(path)`` gives status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class TestExamination:
    def test_keeps_the_order_of_the_checks(self):
        checks = {name: lambda _now: iter([doctor.ok("fine")]) for name in ("b", "a", "c")}
        assert [found.check for found in doctor.examine(checks, now=NOW)] == ["b", "a", "c"]

    def test_one_that_crashes_is_a_finding_and_the_others_are_made(self):
        def broken(_now):
            yield doctor.ok("so far so good")
            raise RuntimeError("camille@learner.example")

        found = doctor.examine({"broken": broken, "fine": lambda _now: iter([doctor.ok("yes")])}, now=NOW)
        assert [(item.check, item.level) for item in found] == [
            ("broken", Level.OK), ("broken", Level.ERROR), ("fine", Level.OK),
        ]
        assert "RuntimeError" in found[1].said and "camille" not in json.dumps([item.encoded() for item in found])
        assert found[1].remedy

    def test_one_that_hangs_is_a_finding_within_the_limit(self):
        release = threading.Event()

        def hanging(_now):
            release.wait(20)
            yield doctor.ok("too late")

        began = time.monotonic()
        found = doctor.examine(
            {"hanging": hanging, "fine": lambda _now: iter([doctor.ok("yes")])}, now=NOW, seconds=0.3
        )
        release.set()
        assert time.monotonic() - began < 10
        assert [(item.check, item.level) for item in found] == [("hanging", Level.ERROR), ("fine", Level.OK)]
        assert "0.3 seconds" in found[0].said

    def test_a_misconfiguration_says_itself_what_to_do(self, configured):
        configured.MICROCRED_TOKEN_KEY = ""
        (found,) = look(doctor_checks.token_key)
        assert (found.level, found.facts["code"]) == (Level.ERROR, "setting-missing")
        assert "MICROCRED_TOKEN_KEY" in found.said

    def test_the_worst_finding_decides(self):
        assert doctor.worst(()) is Level.OK
        assert doctor.worst((doctor.ok("a"), doctor.warning("b", "c"))) is Level.WARNING
        assert doctor.worst((doctor.error("a", "b"), doctor.warning("b", "c"))) is Level.ERROR


class TestKeys:
    def test_well(self, issuer):
        assert levels(look(doctor_checks.keys)) == [Level.OK]
        assert levels(look(doctor_checks.certificates)) == [Level.OK]

    def test_unpublished(self, issuer):
        models.SigningKey.objects.filter(purpose="badge").update(retired_at=NOW)
        (found,) = look(doctor_checks.keys)
        assert (found.level, found.facts["code"]) == (Level.ERROR, "key-unpublished")

    def test_missing(self, configured, tmp_path):
        configured.MICROCRED_KEYS_DIR = str(tmp_path)
        assert levels(look(doctor_checks.keys)) == [Level.ERROR]
        assert levels(look(doctor_checks.certificates)) == [Level.ERROR]

    def test_each_cause_has_its_own_remedy(self, issuer, configured, tmp_path, keys_dir):
        """None of them is "run init" where init would change nothing."""

        def remedy(**changed):
            former = {name: getattr(configured, name) for name in changed}
            for name, value in changed.items():
                setattr(configured, name, value)
            signers.forget()
            try:
                found = look(doctor_checks.keys)[0]
            finally:
                for name, value in former.items():
                    setattr(configured, name, value)
                signers.forget()
            return found.level, f"{found.said} {found.remedy}"

        copy = tmp_path / "keys"
        shutil.copytree(keys_dir, copy)
        (copy / "seal.p12").unlink()
        for changed, told in (
            ({"MICROCRED_ISSUER": {}}, "Set MICROCRED_ISSUER"),
            ({"MICROCRED_KEYS_PASSPHRASE": "another"}, "passphrase that the key was encrypted under"),
            ({"MICROCRED_KEYS_DIR": str(copy)}, "--self-signed"),
            ({"MICROCRED_PUBLIC_BASE_URL": "https://elsewhere.example"}, "Keep the former address"),
        ):
            level, said = remedy(**changed)
            assert level is Level.ERROR and told in said, changed

    def test_an_open_key_is_encrypted_and_replaced(self):
        problem = Misconfigured("x", code="key-unencrypted", file="badge.pem")
        assert "openssl pkcs8" in doctor_remedies.remedy(problem) and "rotate" in doctor_remedies.remedy(problem)

    @pytest.mark.parametrize("code", sorted(ADMIN))
    def test_no_remedy_goes_in_circles(self, code):
        said = doctor_remedies.remedy(Misconfigured("x", code=code))
        assert said and "Do what is said" not in said

    @pytest.mark.parametrize(("days", "level"), [(31, Level.OK), (29, Level.WARNING), (-1, Level.ERROR)])
    def test_the_end_of_the_certificate_is_told_in_time(self, issuer, days, level):
        until = issuers.load_signer().seal.identity.not_after
        (found,) = look(doctor_checks.certificates, now=until - timedelta(days=days))
        assert found.level is level and f"{until:%Y-%m-%d}" in found.said

    def test_modes_of_key_files(self, issuer, keys_dir):
        path = keys_dir / "badge.pem"
        path.chmod(0o644)
        try:
            found = look(doctor_checks.system_checks)
        finally:
            path.chmod(0o600)
        assert [item.facts["id"] for item in found if item.level is Level.WARNING] == ["microcred.W003"]
        assert any("badge.pem" in item.said and "chmod" in item.remedy for item in found)

    def test_a_changed_token_key(self, issuer, configured, award_id, connect):
        connect(award_id)
        assert levels(look(doctor_checks.token_key)) == [Level.OK]
        configured.MICROCRED_TOKEN_KEY = Fernet.generate_key().decode()
        (found,) = look(doctor_checks.token_key)
        assert (found.level, found.facts["code"]) == (Level.ERROR, "token-key")


class TestDidDocument:
    @pytest.fixture
    def site(self, configured):
        """A web server under the site's public address; what it answers can be changed."""
        said = SimpleNamespace(status=200, body=b"")
        with web(lambda path: (said.status, said.body) if path == "/.well-known/did.json" else (404, b"")) as url:
            configured.MICROCRED_PUBLIC_BASE_URL = url
            call_command("microcred_init", "--self-signed", stdout=StringIO())
            said.body = json.dumps(issuers.did_document(issuers.did())).encode()
            yield said

    def test_equal(self, site):
        found = look(doctor_checks.did_document)
        assert levels(found) == [Level.OK, Level.OK], found

    def test_another_document(self, site):
        site.body = site.body.replace(b"z6Mk", b"z6Mm")
        assert look(doctor_checks.did_document)[0].level is Level.ERROR

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
    def test_no_document(self, site, body):
        site.body = body
        assert look(doctor_checks.did_document)[0].level is Level.ERROR

    def test_another_status(self, site):
        site.status = 503
        found = look(doctor_checks.did_document)[0]
        assert (found.level, found.facts["status"]) == (Level.ERROR, 503)

    def test_not_reachable(self, issuer, configured):
        configured.MICROCRED_PUBLIC_BASE_URL = "http://localhost:9"
        (found,) = look(doctor_checks.did_document)
        assert (found.level, found.facts["code"]) == (Level.ERROR, "unreachable")


class TestStatusLists:
    @pytest.fixture
    def site(self, configured, learner, commits):
        """A web server that gives out the lists as they were signed last."""
        lists = {}

        def answer(path):
            return (200, lists[path]) if path in lists else (404, b"")

        with web(answer) as url:
            configured.MICROCRED_PUBLIC_BASE_URL = url
            call_command("microcred_init", "--self-signed", stdout=StringIO())
            award = api.record_scores(
                make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="c"
            ).award_id
            with commits():
                api.consent(award, learner, digest=api.payload(award, learner).digest)

            def sign():
                for row in models.StatusListCredential.objects.all():
                    found = status_publishing.signed_list(row.list_id, row.purpose, now=timezone.now())
                    lists[places.status_list(row.list_id, row.purpose).removeprefix(url)] = found.content

            sign()
            yield SimpleNamespace(award=models.Award.objects.get(pk=award), sign=sign, lists=lists)

    def test_none(self):
        assert levels(look(doctor_checks.status_lists)) == [Level.OK]

    def test_well(self, site):
        assert levels(look(doctor_checks.status_lists)) == [Level.OK, Level.OK]

    def test_older_than_the_last_change(self, site):
        status.revoke(site.award, reason="error", actor="command", now=timezone.now())
        found = look(doctor_checks.status_lists)
        assert [(item.level, "revocation" in item.facts["url"]) for item in found] == [
            (Level.ERROR, True), (Level.OK, False),
        ]
        site.sign()
        assert levels(look(doctor_checks.status_lists)) == [Level.OK, Level.OK]

    def test_expired(self, site):
        assert levels(look(doctor_checks.status_lists, now=timezone.now() + timedelta(days=2))) == [Level.ERROR] * 2

    def test_another(self, site):
        site.lists.update(dict.fromkeys(site.lists, b"{}"))
        assert levels(look(doctor_checks.status_lists)) == [Level.ERROR] * 2

    def test_not_there(self, site):
        site.lists.clear()
        assert [item.facts["status"] for item in look(doctor_checks.status_lists)] == [404, 404]


class TestDatabase:
    def test_well(self):
        assert set(levels(look(doctor_checks.database))) == {Level.OK}  # SQLite has no clock of its own
        assert levels(look(doctor_checks.migrations)) == [Level.OK]

    @pytest.mark.parametrize(("seconds", "level"), [(5, Level.OK), (60, Level.WARNING), (600, Level.ERROR)])
    def test_clocks(self, seconds, level):
        for sign in (1, -1):
            found = doctor_checks._clock("the database", NOW + timedelta(seconds=sign * seconds), NOW)
            assert found.level is level

    def test_a_migration_that_is_missing(self, monkeypatch):
        last = SimpleNamespace(name="0009_later")
        monkeypatch.setattr(doctor_checks.MigrationExecutor, "migration_plan", lambda *_args: [(last, False)])
        (found,) = look(doctor_checks.migrations)
        assert found.level is Level.ERROR and "0009_later" in found.said and "migrate" in found.remedy


    def test_what_depends_on_the_tables_waits_for_them(self, monkeypatch):
        """One finding that matters and one that says what was left out, not six checks that broke."""
        last = SimpleNamespace(name="0009_later")
        monkeypatch.setattr(doctor_checks.MigrationExecutor, "migration_plan", lambda *_args: [(last, False)])
        monkeypatch.setattr(doctor, "examine", partial(doctor.examine, apart=False))
        names = ("database", "migrations", "queue", "sweep", "circuits", "mail")
        checks = {name: check for name, check in doctor_checks.all_checks().items() if name in names}
        found = doctor_checks.examine(checks, now=NOW)
        assert [item.check for item in found if item.level is not Level.OK] == ["migrations", "skipped"]
        assert "queue, sweep, circuits" in found[-1].said and "migrations" in found[-1].remedy


class TestQueue:
    def test_empty(self):
        assert levels(look(doctor_checks.queue)) == [Level.OK]
        assert levels(look(doctor_checks.sweep)) == [Level.OK]
        assert levels(look(doctor_checks.circuits)) == [Level.OK]

    def test_counting_ends_and_says_so(self, award_id, learner, monkeypatch):
        monkeypatch.setattr(doctor_checks.outbox, "COUNTED", 2)
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        (found,) = look(doctor_checks.queue)
        assert found.said.startswith("more than 2 wait") and found.facts["capped"] == ["sign"]

    def test_what_waits_long(self, award_id, learner):
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)  # nothing is handed over
        now = timezone.now()
        assert models.Credential.objects.filter(state="queued").count() == 3
        assert look(doctor_checks.queue, now=now)[0].level is Level.OK
        assert look(doctor_checks.queue, now=now + timedelta(hours=1))[0].level is Level.WARNING
        assert look(doctor_checks.queue, now=now + timedelta(hours=13))[0].level is Level.ERROR
        (swept,) = look(doctor_checks.sweep, now=now + timedelta(minutes=11))
        assert (swept.level, swept.facts["left"]) == (Level.WARNING, 3)

    def test_dead_letters(self, issued, connect, commits):
        connect(issued)
        with commits():
            api.send(issued, "student_1", "testwallet")
        models.Delivery.objects.update(state="dead", next_attempt_at=None)
        found = look(doctor_checks.queue)
        assert [item.facts.get("dead") for item in found if item.level is Level.WARNING] == [1], "awards, not rows"

    def test_a_host_that_is_left_alone(self):
        models.WalletCircuit.objects.create(
            place="x", name="wallet.example:443", failures=7, open_until=timezone.now() + timedelta(minutes=5),
            error_code="wallet-timeout",
        )
        (found,) = look(doctor_checks.circuits)
        assert (found.level, found.facts["host"]) == (Level.WARNING, "wallet.example:443")


class TestServices:
    def test_wallets(self, configured, host):
        assert levels(look(doctor_checks.wallets)) == [Level.OK]
        configured.MICROCRED_WALLETS = [
            {"id": "gone", "name": "Gone", "type": "open-badges-api", "base_url": "http://localhost:9"},
            *configured.MICROCRED_WALLETS,
        ]
        gone, fine = look(doctor_checks.wallets)
        assert (gone.level, gone.facts["wallet"], fine.level) == (Level.WARNING, "gone", Level.OK)

    def test_a_wallet_that_our_own_setting_shuts_out(self, configured):
        configured.MICROCRED_WALLETS = [
            {"id": "open", "name": "Open", "type": "open-badges-api", "base_url": "http://wallet.example"},
        ]
        (found,) = look(doctor_checks.wallets)
        assert found.level is Level.ERROR and "base_url" in found.said and "https" in found.remedy

    def test_celery_that_nobody_configured(self):
        (found,) = look(lambda _now: doctor_checks._broker(Celery("nothing", set_as_current=False)))
        assert found.level is Level.WARNING and "No Celery app" in found.said

    def test_a_broker(self):
        app = Celery("some", broker="memory://")
        assert levels(look(lambda _now: doctor_checks._broker(app))) == [Level.OK]

    def test_no_broker(self):
        app = Celery("some", broker="redis://:secret@127.0.0.1:1/0")
        (found,) = look(lambda _now: doctor_checks._broker(app))
        assert found.level is Level.ERROR and "secret" not in json.dumps(found.encoded())

    @pytest.mark.parametrize("wanted", ["MICROCRED_NOTICE_EMAIL", "MICROCRED_MAIL_FILES"])
    def test_mail(self, settings, wanted):
        settings.MICROCRED_NOTICE_EMAIL = settings.MICROCRED_MAIL_FILES = False
        assert levels(look(doctor_checks.mail)) == [Level.OK]
        setattr(settings, wanted, True)
        settings.DEFAULT_FROM_EMAIL = "registrar@learn.example"
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        assert levels(look(doctor_checks.mail)) == [Level.WARNING]
        settings.EMAIL_BACKEND = "ses.EmailBackend"
        assert levels(look(doctor_checks.mail)) == [Level.OK]
        settings.DEFAULT_FROM_EMAIL = ""
        assert levels(look(doctor_checks.mail)) == [Level.ERROR]
        settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"
        (found,) = look(doctor_checks.mail)
        assert found.level is Level.WARNING and "DEFAULT_FROM_EMAIL" in found.remedy

    def test_a_mail_server_is_looked_for(self, settings):
        settings.MICROCRED_NOTICE_EMAIL, settings.DEFAULT_FROM_EMAIL = True, "registrar@learn.example"
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
        with socket.create_server(("127.0.0.1", 0)) as server:
            settings.EMAIL_PORT = server.getsockname()[1]
            assert levels(look(doctor_checks.mail)) == [Level.OK]
        (found,) = look(doctor_checks.mail)
        assert found.level is Level.ERROR and "EMAIL_HOST" in found.remedy


class TestCommand:
    @pytest.fixture(autouse=True)
    def here(self, monkeypatch):
        """The database of a test is open in this thread only."""
        monkeypatch.setattr(doctor, "examine", partial(doctor.examine, apart=False))

    def run(self, *arguments, **options):
        out = StringIO()
        try:
            call_command("microcred", "doctor", *arguments, stdout=out, **options)
        except SystemExit as end:
            return end.code, out.getvalue()
        return 0, out.getvalue()

    def test_settings_that_are_broken_are_reported_and_not_died_of(self, configured):
        """As from a shell, where Django itself looks at the settings before any command."""
        configured.MICROCRED_WALLETS = [{"id": "half"}]
        code, said = self.run("--json", "--check", "settings", skip_checks=False)
        found = {item["facts"]["id"]: item for item in json.loads(said)["findings"]}
        assert code == 2 and "MICROCRED_WALLETS" in found["microcred.E001"]["remedy"]
        with pytest.raises(SystemCheckError):
            call_command("microcred", "retry", "--all-failed", "--yes", skip_checks=False)

    def test_a_table(self, issuer):
        code, said = self.run("--check", "keys", "--check", "certificates")
        assert code == 0 and said.count("\n") == 2 and said.startswith("ok")

    def test_json_and_exit_code(self, issuer):
        models.SigningKey.objects.filter(purpose="badge").update(retired_at=NOW)
        code, said = self.run("--json", "--check", "keys", "--check", "queue")
        report = json.loads(said)
        assert (code, report["level"]) == (2, "error")
        assert {found["check"] for found in report["findings"]} == {"keys", "queue"}
        assert all(set(found) == {"check", "level", "said", "remedy", "facts"} for found in report["findings"])

    def test_a_warning_is_1(self, configured):
        configured.MICROCRED_WALLETS = [
            {"id": "gone", "name": "Gone", "type": "open-badges-api", "base_url": "http://localhost:9"}
        ]
        code, said = self.run("--check", "wallets")
        assert code == 1 and "WARNING" in said and "→" in said

    def test_a_check_that_there_is_not_is_no_clean_bill_of_health(self, db):
        with pytest.raises(CommandError) as caught:
            call_command("microcred", "doctor", "--check", "keys", "--check", "brokr", "--json")
        assert "brokr" in str(caught.value) and "broker" in str(caught.value)

    def test_every_check_runs_on_a_bare_installation(self, db):
        code, said = self.run("--json")
        report = json.loads(said)
        assert code == 2
        assert {found["check"] for found in report["findings"]} == set(doctor_checks.all_checks())
        assert all(found["remedy"] for found in report["findings"] if found["level"] != "ok")

    def test_nothing_personal_is_said(self, issued, learner):
        models.AssessmentRequest.objects.create(
            token="t", due_at=NOW - timedelta(days=1), learner_pill="x", learner_id=learner.id, pill_id="p"
        )
        said = self.run("--json")[1] + self.run()[1]
        for secret in (learner.full_name, learner.email, learner.id, "only for tests"):
            assert secret not in said


@pytest.mark.django_db(transaction=True)
def test_checks_run_beside_each_other_with_connections_of_their_own():
    checks = {name: doctor_checks.all_checks()[name] for name in ("database", "queue", "sweep", "circuits")}
    found = doctor.examine(checks, now=timezone.now())
    assert [item.check for item in found] == (["database"] * (len(found) - 3) + ["queue", "sweep", "circuits"])
    assert set(levels(found)) == {Level.OK}, found


def test_an_award_that_waits_for_regrading_too_long_is_seen(issuer, learner):
    standing = api.record_scores(make_pill(), make_scores(at=NOW), learner_id=learner.id, course_id="c")
    models.Regrade.objects.create(
        award_id=standing.award_id, policy="revoke", results=[], mastered=False, opened_at=NOW,
        due_at=timezone.now() - timedelta(hours=1),
    )
    assert levels(look(doctor_checks.sweep)) == [Level.WARNING]
    assert vault.seal({})
