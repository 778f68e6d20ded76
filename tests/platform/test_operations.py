"""What an administrator does with ``manage.py lms microcred``, and the plugin in production settings."""

from .guard import require

require("lms")

import csv  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from functools import partial  # noqa: E402
from importlib.util import find_spec  # noqa: E402
from pathlib import Path  # noqa: E402
from unittest.mock import patch  # noqa: E402

import pytest  # noqa: E402

from microcred_xblock.issuance import doctor, models  # noqa: E402

from .case import PillCase  # noqa: E402
from .issuer import BASE, IssuerMixin, run  # noqa: E402

PRODUCTION = """
import json, sys, django
django.setup()
from django.conf import settings as s
print(json.dumps({
    "issuer": s.MICROCRED_ISSUER, "roles": s.MICROCRED_EARNING_ROLES, "token": s.MICROCRED_TOKEN_KEY,
    "default": s.MICROCRED_STATUS_TTL, "filters": getattr(s, "OPEN_EDX_FILTERS_CONFIG", {}),
    "beat": [name for name in getattr(s, "CELERYBEAT_SCHEDULE", {}) if name.startswith("microcred")],
}))
"""
YAML = """
MICROCRED_ISSUER: {name: From YAML, url: "https://learn.example/"}
MICROCRED_TOKEN_KEY: from-yaml
MICROCRED_EARNING_ROLES: [beta_testers]
OPEN_EDX_FILTERS_CONFIG:
  org.openedx.learning.certificate.render.started.v1: {fail_silently: false, pipeline: [their.own.Step]}
"""


class TestCommands(IssuerMixin, PillCase):
    def test_the_doctor_sees_this_platform(self):
        here = partial(doctor.examine, apart=False)  # other threads do not see what a test has stored
        self.enterContext(patch.object(doctor, "examine", here))
        code, said = run("doctor", "--json")
        report = json.loads(said)
        checks = {finding["check"]: finding["level"] for finding in report["findings"]}
        assert {"database", "migrations", "settings", "keys", "queue", "broker"} <= checks.keys()
        assert checks["keys"] == checks["settings"] == "ok", report
        assert code in (0, 1, 2) and "only for tests" not in said
        assert run("doctor", "--check", "keys")[0] == 0

    def test_a_credential_is_verified_revoked_and_no_longer_valid(self):
        award = self.earn_and_consent()
        badge = award.credentials.get(format="ob3")
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            Path(file.name).write_bytes(bytes(badge.content))
            code, said = run("verify", file.name)
            assert code == 0 and "valid" in said
            assert f"{BASE}/microcred/status/" in bytes(badge.content).decode()
            with self.work():
                code, said = run("revoke", badge.credential_id, "--reason", "integrity", "--regain", "never", "--yes")
            assert code == 0 and str(award.pk) in said
            assert "revoked" in run("verify", file.name)[1]
        award.refresh_from_db()
        assert (award.status, award.regain) == ("revoked", "never")
        change = award.changes.get()
        assert (change.actor, change.reason) == ("command", "integrity")
        self.ask("progress")
        assert self.awards().count() == 1, "not even with the results still there"
        uuid = badge.credential_id.removeprefix("urn:uuid:")
        assert "revoked" in self.client_class().get(f"/microcred/verify/{uuid}").content.decode()

    def test_what_failed_is_tried_again(self):
        award = self.earn_and_consent()
        models.Notice.objects.create(
            award=award, kind="expires-soon", key="x", params={}, created_at=award.awarded_at, state="dead"
        )
        with self.work():
            code, said = run("retry", "--untold", "--yes")
        assert code == 0 and str(award.pk) in said
        assert award.notices.get().state != "dead"
        assert {row.state for row in award.credentials.all()} == {"issued"}

    def test_everything_about_a_learner_and_the_list(self):
        award = self.earn_and_consent()
        told = json.loads(run("export", "--learner", str(self.learner.pk))[1])
        assert str(award.pk) in json.dumps(told)
        rows = list(csv.reader(io.StringIO(run("export", "--awards", "--of-learner", "ann")[1])))
        assert [row[0] for row in rows[1:]] == [str(award.pk)]
        assert len(list(csv.reader(io.StringIO(run("export", "--awards", "--of-learner", "eve")[1])))) == 1


@pytest.mark.parametrize("project", ["lms", "cms"])
def test_the_platform_s_production_settings(project, tmp_path):
    root = Path(find_spec("lms").submodule_search_locations[0]).parent
    minimal = root / project / "envs" / "minimal.yml"
    minimal = minimal if minimal.exists() else root / "lms" / "envs" / "minimal.yml"
    if not minimal.exists():
        pytest.skip("this release has no minimal.yml to start its production settings with")
    file = tmp_path / "site.yml"
    file.write_text(minimal.read_text() + YAML)
    env = {
        **os.environ, f"{project.upper()}_CFG": str(file), "DJANGO_SETTINGS_MODULE": f"{project}.envs.production",
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)]), "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-W", "ignore", "-c", PRODUCTION]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["issuer"]["name"] == "From YAML" and found["roles"] == ["beta_testers"]
    assert found["token"] == "from-yaml" and found["default"] == 300
    if project == "lms":
        step = found["filters"]["org.openedx.learning.certificate.render.started.v1"]
        assert step == {
            "fail_silently": False,
            "pipeline": ["their.own.Step", "microcred_xblock.issuance.pipeline.PillsOnCertificate"],
        }
        assert found["beat"] == ["microcred-sweep"]
    else:
        assert not found["beat"] and "microcred" not in json.dumps(found["filters"])
