"""The archive that outlives the issuer, as programs that know nothing of this package read it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, timedelta

import pytest
from django.utils import timezone, translation
from PIL import Image

from microcred_xblock.credentials import baking
from microcred_xblock.domain.errors import Misconfigured, NotAllowed
from microcred_xblock.domain.pill import MasteryRule
from microcred_xblock.issuance import api, bundling, downloads, issuers, models, status, status_publishing
from tests.factories import EARNED, make_pill, make_scores
from tests.verifiers import node

pytestmark = pytest.mark.django_db
SIGNED = {"open-badge.json": "ob3", "open-badge.jwt": "ob3-jwt", "european-credential.jsonld": "elm"}


def stored(format_):
    return bytes(models.Credential.objects.get(format=format_).content)


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        return {name: read.read(name) for name in read.namelist()}


@pytest.fixture
def award(issued):
    return models.Award.objects.get(pk=issued)


@pytest.fixture
def files(issued, learner):
    return unpacked(api.download(issued, learner.id, "bundle.zip").content)


def carried(files):
    """The data in the offline page."""
    _, _, rest = files["verify.html"].decode().partition('<script type="application/json" id="archive">')
    return json.loads(rest.partition("</script>")[0])


def test_it_holds_the_signed_bytes_and_all_that_checks_them(files):
    assert {name: files[name] for name in SIGNED} == {name: stored(form) for name, form in SIGNED.items()}
    assert set(files) == {
        *SIGNED, "README.txt", "verify.html", "open-badge.png", "open-badge.svg", "certificate.pdf", "did.json",
        "status/revocation.json", "contexts/credentials-v2.jsonld", "contexts/ob-v3p0-context-3.0.3.json",
        "contexts/ob-v3p0-extensions.json", "manifest.json",
    }
    assert json.loads(files["did.json"]) == issuers.did_document(issuers.did())
    assert Image.open(io.BytesIO(files["open-badge.png"])).text["openbadgecredential"].encode() == stored("ob3")
    assert baking.unbake_svg(files["open-badge.svg"]).encode() == stored("ob3")
    assert files["certificate.pdf"].startswith(b"%PDF-")
    assert "Camille Exemple" not in files["README.txt"].decode()


def test_the_page_carries_the_same_files_and_keys(files):
    data = carried(files)
    assert {name: text.encode() for name, text in data["files"].items()} == {name: files[name] for name in SIGNED}
    assert data["did"] == json.loads(files["did.json"])
    assert list(data["lists"].values()) == [json.loads(files["status/revocation.json"])]
    assert len(data["sealKeys"]) == 1 and "d" not in data["sealKeys"][0]


def test_the_manifest_names_every_file(files):
    listed = json.loads(files["manifest.json"])["files"]
    assert set(listed) == set(files) - {"manifest.json"}
    assert all(hashlib.sha256(files[name]).hexdigest() == entry["sha256"] for name, entry in listed.items())
    contexts = {entry["url"] for entry in listed.values() if "url" in entry}
    assert set(json.loads(files["open-badge.json"])["@context"]) <= contexts


@pytest.mark.node
def test_others_verify_it_with_what_is_in_it(files, tmp_path):
    node.require()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    did, now = json.loads(files["did.json"]), timezone.now().isoformat()
    badge, revoked = json.loads(files["open-badge.json"]), json.loads(files["status/revocation.json"])

    def verdict(kind, **subject):
        (found,) = node.run("verify.mjs", kind, str(tmp_path), input=json.dumps([{**subject, "now": now}]))
        assert found["verified"], found
        return found

    bare = {name: value for name, value in badge.items() if name != "credentialStatus"}
    with pytest.raises(AssertionError):  # the status is under the proof, too
        verdict("data-integrity", credential=bare, didDocument=did)
    verdict("data-integrity", credential=badge, lists={revoked["id"]: revoked}, didDocument=did)
    verdict("jwt", token=files["open-badge.jwt"].decode(), didDocument=did)
    verdict("jades", sealed=json.loads(files["european-credential.jsonld"]))
    told = verdict("status", credential=badge, lists={revoked["id"]: revoked}, didDocument=did)
    assert told["status"] == [{"purpose": "revocation", "status": False}]


def test_the_system_s_unzip_reads_it(issued, learner, tmp_path):
    if not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    (tmp_path / "a.zip").write_bytes(api.download(issued, learner.id, "bundle.zip").content)
    subprocess.run(["unzip", "-q", "a.zip", "-d", "out"], cwd=tmp_path, check=True)
    assert (tmp_path / "out" / "open-badge.json").read_bytes() == stored("ob3")


def test_equal_rows_give_equal_bytes_dated_like_the_signature(award):
    now = timezone.now()
    signed = {row.format: row for row in award.credentials.all()}
    rows = {form: signed[form.value] for form in downloads.FORMATS.values()}
    status_publishing.signed_list(award.status_entry.list_id, "revocation", now=now)
    image = downloads._image(bundling.awarding.award_of(award).pill)
    made = [bundling.bundle(award, rows, image, language="fr-ca", now=now) for _ in range(2)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as read:
        at = signed["ob3"].signed_at.astimezone(UTC)
        assert {entry.date_time[:5] for entry in read.infolist()} == {at.timetuple()[:5]}


def test_the_readme_speaks_the_learner_s_language_and_names_what_is_there(issued, learner):
    with translation.override("fr"):
        files = unpacked(api.download(issued, learner.id, "bundle.zip").content)
    readme = files["README.txt"].decode()
    assert "Conservez cette archive" in readme
    assert all(name.partition("/")[0] in readme for name in files if name != "README.txt")
    assert carried(files)["language"] == "fr"


def test_a_revoked_credential_says_so_in_its_snapshot(award, learner):
    status.revoke(award, reason="other", actor="test", now=timezone.now())
    data = carried(unpacked(downloads.download(award, "bundle.zip").content))
    entry = json.loads(data["files"]["open-badge.json"])["credentialStatus"]
    (found,) = data["lists"].values()
    bits = bundling.status_publishing.status_list.decode(found["credentialSubject"]["encodedList"])
    index = int((entry[0] if isinstance(entry, list) else entry)["statusListIndex"])
    assert bits[index // 8] & 0x80 >> index % 8


def test_without_a_list_that_can_be_signed_it_is_given_out_all_the_same(issued, learner, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise Misconfigured("No key.", code="status-unsigned")

    monkeypatch.setattr(status_publishing, "signed_list", refuse)
    files = unpacked(api.download(issued, learner.id, "bundle.zip").content)
    assert not any(name.startswith("status/") for name in files) and carried(files)["lists"] == {}
    assert "status/" not in files["README.txt"].decode()


def test_without_the_european_credential_there_is_no_name_in_it(award):
    award.credentials.filter(format="elm").update(state=models.Credential.State.FAILED)
    files = unpacked(downloads.download(award, "bundle.zip").content)
    assert "european-credential.jsonld" not in files and "european-credential" not in files["README.txt"].decode()
    assert b"Camille" not in b"".join(files.values())


def test_keys_that_have_retired_since_are_in_it(award):
    models.SigningKey.objects.update(retired_at=timezone.now() - timedelta(days=1))
    files = unpacked(downloads.download(award, "bundle.zip").content)
    method = json.loads(files["open-badge.json"])["proof"][0]["verificationMethod"]
    assert method in json.loads(files["did.json"])["assertionMethod"] and carried(files)["sealKeys"]


def test_a_seal_that_was_withdrawn_is_not(award):
    models.SigningKey.objects.filter(purpose="seal").update(withdrawn_at=timezone.now())
    assert carried(unpacked(downloads.download(award, "bundle.zip").content))["sealKeys"] == []


def test_the_certificate_names_what_was_achieved_and_nothing_else(issuer, learner, commits, monkeypatch):
    pill = make_pill(mastery=MasteryRule(kind="n-of-m", n=2))
    standing = api.record_scores(
        pill, make_scores({**EARNED, "fault-tree": "0"}, at=timezone.now()), learner_id=learner.id, course_id="c"
    )
    with commits():
        api.consent(standing.award_id, learner, digest=api.payload(standing.award_id, learner).digest)
    drawn = []
    monkeypatch.setattr(bundling.certificate_pdf, "draw", drawn.append)
    api.download(standing.award_id, learner.id, "bundle.zip")
    achieved = {result.outcome_id for result in standing.results if result.achieved}
    assert len(achieved) == 2
    assert drawn[0].outcomes == [outcome.title for outcome in pill.outcomes if outcome.id in achieved]


def test_nobody_else_gets_it_and_nobody_before_the_badge(issued, award_id, learner):
    with pytest.raises(NotAllowed):
        api.download(issued, "somebody else", "bundle.zip")
    api.withdraw(issued, learner.id)
    with pytest.raises(NotAllowed) as caught:
        api.download(issued, learner.id, "bundle.zip")
    assert caught.value.code == "consent-missing"
