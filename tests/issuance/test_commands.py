"""``microcred``: what an administrator does from a shell."""

from __future__ import annotations

import csv
import io
import json
import stat
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from microcred_xblock import compat
from microcred_xblock.issuance import api, issuing, models, outbox, privacy, staff, subcommands
from tests.factories import make_pill, make_scores

pytestmark = pytest.mark.django_db
NAMES = [
    "doctor", "export", "init", "keys", "readmit", "recognition", "reinstate", "reissue", "retry", "revoke", "skills",
    "suspend", "verify",
]


def run(*arguments):
    """Exit code, what was said, what was complained about."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("microcred", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def answer(monkeypatch):
    """A function that says what the administrator will answer; nobody is there otherwise."""

    def nobody(_question):
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    return lambda text: monkeypatch.setattr("builtins.input", lambda _question: text)


@pytest.fixture
def another(issuer, learner):
    """A second award of the learner."""
    return api.record_scores(
        make_pill(id="another"), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+o+z"
    ).award_id


def fail(row):
    """Make it a credential that could not be signed."""
    document = json.dumps(issuing.unsigned(row))
    models.Credential.objects.filter(pk=row.pk).update(
        state="failed", document=document, content=b"", digest="", error_code="internal", error_class="internal"
    )


def status_of(award_id):
    return models.Award.objects.get(pk=award_id).status


class TestDispatcher:
    def test_every_subcommand(self):
        found = subcommands.found()
        assert list(found) == NAMES
        for module in found.values():
            assert module.__doc__ and callable(module.add_arguments) and callable(module.handle)

    def test_help_names_them_all(self):
        said = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "django", "microcred", "--help"], capture_output=True, text=True,
            env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": ".", "PATH": ""}, check=True,
        ).stdout
        for name in NAMES:
            assert name in said

    def test_an_unknown_one(self):
        with pytest.raises(CommandError):
            call_command("microcred", "destroy")

    def test_an_error_says_what_to_do(self, configured):
        configured.MICROCRED_PUBLIC_BASE_URL = ""
        with pytest.raises(CommandError) as caught:
            call_command("microcred", "init")
        assert "MICROCRED_PUBLIC_BASE_URL" in str(caught.value)


class TestStanding:
    def test_revoke_and_say_why(self, issued):
        code, said, _ = run("revoke", issued, "--reason", "error", "--note", "wrong course", "--yes")
        assert code == 0 and f"{issued}: revoked" in said
        row = models.Award.objects.get(pk=issued)
        assert (row.status, row.active, row.regain) == ("revoked", None, "anew")
        change = models.StatusChange.objects.get()
        assert (change.actor, change.reason, change.note) == ("command", "error", "wrong course")

    def test_by_the_id_of_a_credential(self, issued):
        for format_ in ("ob3", "elm"):
            row = models.Credential.objects.get(format=format_)
            assert issued in run("revoke", row.credential_id, "--reason", "error", "--dry-run")[1]
            name = row.credential_id.removeprefix("urn:uuid:").upper()
            assert issued in run("revoke", name, "--reason", "error", "--dry-run")[1]

    def test_the_way_back_can_be_closed(self, issued):
        run("revoke", issued, "--reason", "integrity", "--regain", "never", "--yes")
        assert models.Award.objects.get(pk=issued).regain == "never"

    def test_suspend_and_reinstate(self, issued):
        run("suspend", issued, "--reason", "integrity", "--yes")
        assert status_of(issued) == "suspended"
        run("reinstate", issued, "--reason", "mistake", "--yes")
        assert status_of(issued) == "valid"

    @pytest.mark.parametrize("option", ["--dry-run", "--yes"])
    def test_suspend_says_where_it_does_not_show(self, issued, option):
        assert "goes on calling it valid" in run("suspend", issued, "--reason", "error", option)[1]

    def test_suspend_says_nothing_where_the_badge_itself_tells(self, issued):
        models.StatusEntry.objects.update(purpose="suspension")
        assert "calling it valid" not in run("suspend", issued, "--reason", "error", "--dry-run")[1]

    @pytest.mark.parametrize(("action", "reason"), [
        ("suspend", "renewal"), ("revoke", "expired-registration"), ("revoke", "mistake"), ("reinstate", "error"),
    ])
    def test_a_reason_that_is_none_for_it(self, issued, action, reason):
        with pytest.raises(CommandError):
            run(action, issued, "--reason", reason, "--dry-run")

    def test_a_dry_run_does_nothing(self, issued):
        code, said, _ = run("revoke", issued, "--reason", "error", "--dry-run", "--yes")
        assert code == 0 and issued in said and "dry run" in said
        assert status_of(issued) == "valid" and not models.StatusChange.objects.exists()

    def test_only_after_a_yes(self, issued, answer):
        with pytest.raises(CommandError, match="--yes"):
            run("revoke", issued, "--reason", "error")
        answer("no")
        assert "Nothing was done" in run("revoke", issued, "--reason", "error")[1]
        assert status_of(issued) == "valid"
        answer("yes")
        run("revoke", issued, "--reason", "error")
        assert status_of(issued) == "revoked"

    def test_one_that_does_not_allow_it_does_not_stop_the_others(self, issued, another):
        run("suspend", issued, "--reason", "error", "--yes")
        code, said, complained = run("suspend", issued, another, "--reason", "error", "--yes")
        assert code == 1 and issued in complained and f"{another}: suspended" in said
        assert status_of(another) == "suspended"

    def test_nothing_is_done_if_one_does_not_exist(self, issued):
        for target in ("5e6f2f0a-8a0b-4a53-9a3b-0f6d4c1b7e01", "x"):
            with pytest.raises(CommandError, match="Nothing was done"):
                run("revoke", issued, target, "--reason", "error", "--yes")
        assert status_of(issued) == "valid"

    @pytest.mark.parametrize("arguments", [(), ("--reason", "because")])
    def test_never_without_a_reason(self, issued, arguments):
        with pytest.raises(CommandError):
            run("revoke", issued, "--yes", *arguments)
        assert status_of(issued) == "valid"

    def test_nobody_is_named(self, issued, learner):
        said = "".join(run("suspend", issued, "--reason", "error", "--yes")[1:])
        assert learner.full_name not in said and learner.email not in said and learner.id not in said


class TestReissue:
    def test_a_new_award_waits_for_the_learner(self, issued, learner, commits):
        code, _said, _ = run("reissue", issued, "--note", "married", "--yes")
        assert code == 0
        fresh = models.Award.objects.get(supersedes_id=issued)
        former = models.Award.objects.get(pk=issued)
        assert fresh.active and not former.active and former.status == "valid"
        assert fresh.results == former.results and fresh.awarded_at == former.awarded_at
        assert not fresh.consents.exists()
        with commits():
            api.consent(str(fresh.pk), learner, digest=api.payload(str(fresh.pk), learner).digest)
        assert status_of(issued) == "superseded"

    def test_everything_a_key_has_signed(self, issued, another, learner):
        key = models.SigningKey.objects.get(purpose="badge", retired_at__isnull=True)
        assert models.KeyUse.objects.filter(key=key).exists()
        code, said, _ = run("reissue", "--key", key.fingerprint, "--dry-run")
        assert code == 0 and issued in said and another not in said
        run("reissue", "--key", key.fingerprint, "--yes")
        assert models.Award.objects.filter(supersedes_id=issued, active=True).count() == 1
        assert "nothing to issue anew" in run("reissue", "--key", key.fingerprint, "--yes")[1]

    def test_an_unknown_key(self, issued):
        with pytest.raises(CommandError, match="microcred keys"):
            run("reissue", "--key", "0" * 64, "--yes")

    def test_one_or_the_other(self, issued):
        for arguments in ((), (issued, "--key", "0" * 64)):
            with pytest.raises(CommandError):
                run("reissue", "--yes", *arguments)


class TestRetry:
    @pytest.fixture
    def failed(self, issued):
        fail(models.Credential.objects.get(format="elm"))
        return issued

    def test_one(self, failed):
        assert run("retry", failed, "--yes")[0] == 0
        assert models.Credential.objects.get(format="elm").state != "failed"

    def test_all_that_is_dead(self, failed, another):
        code, said, _ = run("retry", "--all-failed", "--dry-run")
        assert code == 0 and failed in said and another not in said
        assert models.Credential.objects.get(format="elm").state == "failed"
        run("retry", "--all-failed", "--yes")
        assert models.Credential.objects.get(format="elm").state != "failed"

    def test_of_one_wallet(self, issued, connect, commits):
        connect(issued)
        with commits():
            api.send(issued, "student_1", "testwallet")
        models.Delivery.objects.update(state="dead", next_attempt_at=None, attempts=8)
        assert "nothing to try again" in run("retry", "--all-failed", "--wallet", "another", "--yes")[1]
        run("retry", "--all-failed", "--wallet", "testwallet", "--yes")
        assert not models.Delivery.objects.filter(state="dead").exists()

    @pytest.mark.parametrize("state", ["refused", "dead"])
    def test_doctor_console_and_command_count_the_same(self, failed, connect, commits, state):
        """Awards that need a person, however many forms of them failed; one that is revoked needs nobody."""
        connect(failed)
        with commits():
            api.send(failed, "student_1", "testwallet")
        models.Delivery.objects.update(state=state, next_attempt_at=None)
        now = timezone.now()

        def counted():
            listed = staff.page(staff.Scope(courses=None), staff.Filters(state="failed"), now=now)
            said = run("retry", "--all-failed", "--dry-run")[1]
            return outbox.queue_facts(now).dead, listed.count, said.count(failed)

        assert counted() == (1, 1, 1)
        models.Credential.objects.filter(state="failed").update(state="issued")
        assert counted() == (1, 1, 1)
        run("revoke", failed, "--reason", "error", "--yes")
        assert counted() == (0, 0, 0)

    def test_notices(self, issued):
        models.Notice.objects.create(
            award_id=issued, kind="revoked", key="k", created_at=timezone.now(), state="dead", attempts=9
        )
        assert "nothing to try again" in run("retry", "--all-failed", "--yes")[1]
        run("retry", "--untold", "--yes")
        assert models.Notice.objects.get().state != "dead"

    def test_one_or_the_other(self, issued):
        for arguments in ((), (issued, "--all-failed"), ("--all-failed", "--untold")):
            with pytest.raises(CommandError):
                run("retry", "--yes", *arguments)


class TestVerify:
    @pytest.mark.parametrize("kind", ["ob3.json", "ob3.jwt", "ob3.png", "ob3.svg", "elm.jsonld"])
    def test_what_we_issued(self, issued, learner, tmp_path, kind):
        path = tmp_path / kind
        path.write_bytes(api.download(issued, learner.id, kind).content)
        code, said, _ = run("verify", str(path))
        assert code == 0, said

    def test_what_was_altered(self, issued, tmp_path):
        path = tmp_path / "badge.json"
        content = bytes(models.Credential.objects.get(format="ob3").content)
        path.write_bytes(content.replace(b"wind turbine", b"coal turbine"))
        assert run("verify", str(path))[0] == 1

    @pytest.mark.parametrize("content", [b"", b"x", b"{}", b"\xff\xfe" * 50])
    def test_what_is_no_credential(self, tmp_path, content):
        path = tmp_path / "file"
        path.write_bytes(content)
        code, said, _ = run("verify", str(path))
        assert code == 1 and said

    def test_what_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            run("verify", str(tmp_path / "none"))


class TestExport:
    def test_a_learner(self, issued, learner):
        data = json.loads(run("export", "--learner", learner.id)[1])
        assert issued in json.dumps(data)

    @pytest.mark.parametrize("name", ["nobody", "0", "-1", "a\x00"])
    def test_of_nobody_there_is_nothing(self, issued, tmp_path, name):
        path = tmp_path / "out.json"
        with pytest.raises(CommandError, match=r"Nothing is held.*number of the account"):
            run("export", "--learner", name, "--out", str(path))
        assert not path.exists()

    def test_a_user_name_is_looked_up(self, issued, learner, monkeypatch):
        monkeypatch.setattr(compat, "accounts_called", {"camille": [learner.id], "both": ["7", "8"]}.get)
        path = io.StringIO()
        call_command("microcred", "export", "--learner", "camille", stdout=path)
        assert json.loads(path.getvalue())["learner"] == learner.id
        with pytest.raises(CommandError, match="Several accounts"):
            run("export", "--learner", "both")

    def test_the_list(self, issued, another, learner):
        rows = list(csv.reader(io.StringIO(run("export", "--awards")[1])))
        assert rows[0][0] == "award" and {row[0] for row in rows[1:]} == {issued, another}
        rows = list(csv.reader(io.StringIO(run("export", "--awards", "--course", "course-v1:x+o+z")[1])))
        assert [row[0] for row in rows[1:]] == [another]

    def test_a_file_of_ones_own(self, issued, learner, tmp_path):
        path = tmp_path / "learner.json"
        assert run("export", "--learner", learner.id, "--out", str(path))[1] == ""
        assert json.loads(path.read_text(encoding="utf-8"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(CommandError, match="exists"):
            run("export", "--learner", learner.id, "--out", str(path))

    def test_unusable_filters(self, issued):
        with pytest.raises(CommandError):
            run("export", "--awards", "--state", "happy")

    def test_one_or_the_other(self):
        for arguments in ((), ("--awards", "--learner", "1")):
            with pytest.raises(CommandError):
                run("export", *arguments)


class TestReadmit:
    def earn(self, learner):
        return api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
        )

    def test_what_arrives_is_stored_again_and_nothing_comes_back(self, issued, learner):
        privacy.retire(learner.id, now=timezone.now())
        assert self.earn(learner).award_id is None
        code, said, _ = run("readmit", learner.id, "--yes")
        assert code == 0 and "stays erased" in said and "not complete" not in said
        assert not privacy.known(learner.id) and models.Award.objects.get().retired_at
        assert self.earn(learner).award_id and not models.RetiredLearner.objects.exists()

    def test_only_after_a_yes(self, issued, learner, answer):
        privacy.retire(learner.id, now=timezone.now())
        with pytest.raises(CommandError, match="--yes"):
            run("readmit", learner.id)
        answer("no")
        assert "Nothing was done" in run("readmit", learner.id)[1]
        assert "dry run" in run("readmit", learner.id, "--dry-run")[1]
        assert models.RetiredLearner.objects.exists()

    def test_a_retirement_that_was_not_finished_is_told(self, issued, learner):
        models.RetiredLearner.objects.create(key=models.pair_key("retired", learner.id), retired_at=timezone.now())
        assert "its retirement is not complete" in run("readmit", learner.id, "--dry-run")[1]

    def test_nobody_else(self, issued, learner):
        privacy.retire(learner.id, now=timezone.now())
        with pytest.raises(CommandError, match="No account"):
            run("readmit", learner.id.upper(), "--yes")
        assert models.RetiredLearner.objects.exists()
