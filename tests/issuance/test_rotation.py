"""New keys for old: what was signed goes on verifying, at every moment, and after a crash at any of them."""

import io
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from microcred_xblock.domain.errors import Misconfigured
from microcred_xblock.issuance import api, issuers, issuing, models, rotation
from microcred_xblock.issuance.subcommands import keys as command
from microcred_xblock.proofs import jades
from microcred_xblock.proofs.keys import load_pkcs12
from tests.verifiers import node

from .signing import badge, check, method_of, resolve, token

pytestmark = pytest.mark.django_db
BADGE, JWT, SEAL = models.SigningKey.Purpose.values
FILES = {BADGE: "badge.pem", JWT: "badge-jwt.pem", SEAL: "seal.p12"}


@pytest.fixture
def folder(configured, tmp_path):
    """Keys of this test's own."""
    configured.MICROCRED_KEYS_DIR = str(tmp_path)
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())
    return tmp_path


def rotate(purpose=BADGE, **options):
    return rotation.rotate("", purpose, now=timezone.now(), **options)


def active(purpose=BADGE):
    rows = models.SigningKey.objects.filter(purpose=purpose, retired_at=None)
    return list(rows.values_list("fingerprint", flat=True))


def run(*arguments):
    """A step of ``microcred keys``."""
    from argparse import ArgumentParser

    from django.core.management.base import BaseCommand

    parser, out = ArgumentParser(), io.StringIO()
    command.add_arguments(parser)
    command.handle(BaseCommand(stdout=out), vars(parser.parse_args(arguments)))
    return out.getvalue()


class TestRotate:
    @pytest.mark.parametrize("purpose", [BADGE, JWT])
    def test_old_and_new_are_published_and_only_the_new_one_signs(self, purpose, folder):
        former = models.SigningKey.objects.get(purpose=purpose)
        done = rotate(purpose)
        assert [row.pk for row in done.former] == [former.pk]
        assert done.current.algorithm == former.algorithm
        signer = issuers.signer()
        new = {BADGE: signer.badge_method, JWT: signer.badge_jwt_method}[purpose]
        assert new == done.current.method_id != former.method_id
        assert {new, former.method_id} <= set(resolve(issuers.did())["assertionMethod"])
        former.refresh_from_db()
        assert former.retired_at is not None and former.withdrawn_at is None

    def test_what_was_signed_goes_on_verifying(self, folder):
        before = badge()
        for _ in range(3):
            rotate()
        after = badge()
        assert method_of(before) != method_of(after)
        check(before)
        check(after)

    @pytest.mark.node
    def test_also_for_code_that_is_not_ours(self, folder):
        badges, tokens = [badge()], [token()]
        rotate(BADGE)
        rotate(JWT)
        badges.append(badge())
        tokens.append(token())
        document, now = resolve(issuers.did()), timezone.now().isoformat()
        verdicts = node.verdicts("data-integrity", [
            {"credential": signed, "didDocument": document, "now": now} for signed in badges
        ]) + node.verdicts("jwt", [{"token": signed, "didDocument": document, "now": now} for signed in tokens])
        assert [verdict["verified"] for verdict in verdicts] == [True] * 4

    def test_the_former_file_is_kept_under_its_own_name_or_removed(self, folder):
        first = (folder / "badge.pem").read_bytes()
        done = rotate()
        assert done.kept.read_bytes() == first != (folder / "badge.pem").read_bytes()
        assert stat.S_IMODE(done.kept.stat().st_mode) == stat.S_IMODE(done.file.stat().st_mode) == 0o600
        files = set(folder.iterdir())
        rotate(keep_file=False)
        assert set(folder.iterdir()) == files

    def test_a_seal_made_here(self, folder, configured):
        former = issuers.signer().seal
        rotate(SEAL)
        seal = issuers.signer().seal
        assert seal.leaf.public_key() != former.leaf.public_key()
        assert seal.identity.legal_identifier == former.identity.legal_identifier
        load_pkcs12((folder / "seal.p12").read_bytes(), configured.MICROCRED_KEYS_PASSPHRASE)

    def test_a_certificate_from_an_authority_is_replaced_by_hand(self, folder, configured):
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

        from tests.proofs.test_csc import ES256, issued_chain

        leaf, *others = issued_chain(ES256.private, now=timezone.now())
        (folder / "seal.p12").write_bytes(pkcs12.serialize_key_and_certificates(
            b"x", ES256.private, leaf, others, BestAvailableEncryption(configured.MICROCRED_KEYS_PASSPHRASE.encode())
        ))
        before = (folder / "seal.p12").read_bytes()
        call_command("microcred_init", stdout=io.StringIO())
        with pytest.raises(Misconfigured) as caught:
            rotate(SEAL)
        assert caught.value.code == "rotate-source"
        assert (folder / "seal.p12").read_bytes() == before and active(SEAL)

    def test_a_key_that_is_no_file(self, folder, configured):
        configured.MICROCRED_ISSUER = {
            **configured.MICROCRED_ISSUER, "keys": {"badge": {"type": "environment", "variable": "MICROCRED_X"}}
        }
        with pytest.raises(Misconfigured) as caught:
            rotate()
        assert caught.value.code == "rotate-source"

    def test_nothing_before_the_keys_are_published(self, configured, tmp_path, db):
        configured.MICROCRED_KEYS_DIR = str(tmp_path)
        with pytest.raises(Misconfigured) as caught:
            rotate()
        assert caught.value.code == "key-unpublished" and not list(tmp_path.iterdir())


class Crash(Exception):
    pass


class TestCutOff:
    """The process dies at one of the steps; the run is repeated."""

    STEPS = ("write", "_publish", "_set_aside", "replace", "_retire")

    @pytest.mark.parametrize("purpose", [BADGE, JWT, SEAL])
    @pytest.mark.parametrize("moment", ["before", "after"])
    @pytest.mark.parametrize("step", STEPS)
    def test_at_any_step(self, step, moment, purpose, folder, monkeypatch):
        before = badge()
        (first,) = active(purpose)
        owner = os if step == "replace" else rotation
        real = getattr(owner, step)

        def dying(*args, **kwargs):
            if moment == "after":
                real(*args, **kwargs)
            raise Crash

        with monkeypatch.context() as patch:
            patch.setattr(owner, step, dying)
            with pytest.raises(Crash):
                rotate(purpose)
        check(before)
        during = badge()  # whatever the state, signing goes on and verifies
        check(during)
        done = rotate(purpose)
        complete = (step, moment) == ("_retire", "after")  # and so the second run makes another key
        assert models.SigningKey.objects.filter(purpose=purpose).count() == (3 if complete else 2)
        assert active(purpose) == [done.current.fingerprint] != [first]
        for signed in (before, during, badge()):
            check(signed)
        assert not list(folder.glob("*.next.*")) and not list(folder.glob(".*"))

    def test_init_between_does_no_harm(self, folder, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(Crash()))
            with pytest.raises(Crash):
                rotate()
        call_command("microcred_init", stdout=io.StringIO())
        check(badge())
        done = rotate()
        assert active() == [done.current.fingerprint]
        check(badge())

    def test_a_file_is_never_overwritten(self, folder):
        path = folder / "x"
        rotation.write(path, b"first")
        with pytest.raises(FileExistsError):
            rotation.write(path, b"second")
        assert path.read_bytes() == b"first" and sorted(folder.glob(".*")) == []


def test_another_process_takes_the_new_key_up_without_a_restart(folder, configured):
    """A process that has read the key before signs with the new one as soon as the file is in its place."""
    script = (
        "import sys, django; from django.conf import settings; from types import SimpleNamespace as N\n"
        "settings.configure(MICROCRED_KEYS_DIR=sys.argv[1], MICROCRED_KEYS_PASSPHRASE=sys.argv[2],"
        " MICROCRED_ISSUER={'name': 'x'}, MICROCRED_PUBLIC_BASE_URL='http://localhost:8000',"
        " INSTALLED_APPS=['microcred_xblock.issuance.apps.IssuanceConfig']); django.setup()\n"
        "from microcred_xblock.issuance import signers, awarding_bodies\n"
        "for line in sys.stdin: print(signers.key(awarding_bodies.body(), 'badge').public_multikey(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, str(folder), configured.MICROCRED_KEYS_PASSPHRASE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:
        def ask():
            other.stdin.write("\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        assert ask() == issuers.signer().badge.public_multikey()
        rotate()
        assert ask() == issuers.signer().badge.public_multikey()
        other.stdin.close()


class TestWithdraw:
    @pytest.fixture
    def stolen(self, folder, learner, commits):
        """The badge key signed one award, then others got it."""
        from tests.factories import make_pill, make_scores

        award = api.record_scores(
            make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
        ).award_id
        with commits():
            api.consent(award, learner, digest=api.payload(award, learner).digest)
        return models.SigningKey.objects.get(purpose=BADGE)

    def test_a_key_that_signs_is_not_withdrawn(self, stolen):
        with pytest.raises(Misconfigured) as caught:
            rotation.withdraw(stolen, now=timezone.now())
        assert caught.value.code == "key-in-use"
        assert stolen.method_id in resolve(issuers.did())["assertionMethod"]

    def test_what_it_signed_no_longer_verifies_and_is_counted(self, stolen):
        signed = json.loads(bytes(models.Credential.objects.get(format="ob3").content))
        check(signed)
        said = run("rotate", BADGE, "--compromised", "--remove-file")
        assert "1 credentials of 1 awards need a reissue" in said
        assert stolen.method_id not in resolve(issuers.did())["assertionMethod"]
        with pytest.raises(KeyError):
            check(signed)
        check(badge())

    def test_other_keys_are_not_touched(self, stolen):
        run("rotate", BADGE, "--compromised")
        sealed = models.Credential.objects.get(format="elm")
        jades.verify(bytes(sealed.content), now=timezone.now())
        jwt = models.SigningKey.objects.get(purpose=JWT)
        assert jwt.method_id in resolve(issuers.did())["assertionMethod"]

    def test_what_was_signed_before_there_was_an_audit_is_counted_too(self, stolen):
        models.KeyUse.objects.all().delete()
        rotate()
        stolen.refresh_from_db()
        assert [row.format for row in rotation.affected(stolen)] == ["ob3"]

    def test_a_withdrawn_key_is_not_taken_back(self, stolen, folder):
        former = (folder / "badge.pem").read_bytes()
        run("rotate", BADGE, "--compromised")
        (folder / "badge.pem").write_bytes(former)
        with pytest.raises(CommandError) as caught:
            call_command("microcred_init", stdout=io.StringIO())
        assert "withdrawn" in str(caught.value)
        with pytest.raises(Misconfigured):
            issuers.signer()

    def test_what_was_being_signed_meanwhile_is_signed_again(self, stolen, learner, commits, monkeypatch):
        """A worker has signed with the stolen key; before it can write that down, the key is withdrawn."""
        real = issuing._sign

        def slow(row, now, *more):
            signed = real(row, now, *more)
            if row.format == "ob3" and not models.SigningKey.objects.exclude(withdrawn_at=None).exists():
                run("rotate", BADGE, "--compromised")
            return signed

        monkeypatch.setattr(issuing, "_sign", slow)
        from tests.factories import make_pill, make_scores

        award = api.record_scores(
            make_pill(id="another-pill"), make_scores(at=timezone.now()), learner_id=learner.id,
            course_id="course-v1:x+y+z",
        ).award_id
        with commits():
            api.consent(award, learner, digest=api.payload(award, learner).digest)
        row = models.Credential.objects.get(award_id=award, format="ob3")
        assert (row.state, row.error_code) == ("queued", "key-withdrawn")
        later = timezone.now() + timedelta(hours=1)
        issuing.issue_award(award, now=later)
        row.refresh_from_db()
        assert row.state == "issued"
        check(json.loads(bytes(row.content)), now=later)

    def test_status_lists_are_signed_anew(self, stolen):
        sheet = models.StatusList.objects.create(size=131072)
        document = models.StatusListCredential.objects.create(list=sheet, purpose="revocation", changed=4, signed=4)
        run("rotate", BADGE, "--compromised")
        document.refresh_from_db()
        assert document.changed > document.signed

    def test_in_two_steps_and_only_when_meant(self, stolen):
        run("rotate", BADGE)
        assert "1 credentials" in run("withdraw", str(stolen.pk))
        assert stolen.method_id in resolve(issuers.did())["assertionMethod"]
        run("withdraw", str(stolen.pk), "--yes")
        assert stolen.method_id not in resolve(issuers.did())["assertionMethod"]
        with pytest.raises(CommandError):
            run("withdraw", "999999")

    def test_the_learner_s_document_is_still_readable(self, stolen):
        run("rotate", BADGE, "--compromised")
        assert issuing.unsigned(models.Credential.objects.get(format="ob3"))["type"]


class TestCommand:
    def test_lists_what_there_is_and_no_secret(self, folder, configured):
        rotate()
        found = json.loads(run("list", "--json"))
        assert [(item["purpose"], item["state"]) for item in found] == [
            (BADGE, "retired"), (BADGE, "signs"), (JWT, "signs"), (SEAL, "signs")
        ]
        text = run("list")
        assert all(item["method"] in text for item in found)
        assert "PRIVATE" not in text and configured.MICROCRED_KEYS_PASSPHRASE not in text

    def test_assigns(self, folder, configured):
        configured.MICROCRED_ISSUERS = {"acme": {"name": "Acme"}}
        assert "organisation Acme: acme" in run("assign", "organisation", "Acme", "acme")
        assert issuers.key_for("course-v1:Acme+x+y") == "acme"
        assert "organisation Acme: acme" in run("assignments")
        run("unassign", "organisation", "Acme")
        assert issuers.key_for("course-v1:Acme+x+y") == ""
        with pytest.raises(CommandError):
            run("unassign", "organisation", "Acme")
        with pytest.raises(CommandError) as caught:
            run("assign", "organisation", "Acme", "nobody")
        assert "nobody" in str(caught.value)

    def test_a_folder_that_cannot_be_written_to(self, folder, monkeypatch):
        def full(*_args):
            raise OSError(28, "No space left on device", "badge.next.pem")

        monkeypatch.setattr(rotation, "write", full)
        with pytest.raises(CommandError) as caught:
            run("rotate", BADGE)
        assert "No space left" in str(caught.value)
        check(badge())
