"""An issuer inside the LMS, as ``microcred init`` makes it."""

from __future__ import annotations

import io
import shutil
import tempfile

from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test.utils import override_settings

BASE = "http://localhost:8000"
TOKEN_KEY = Fernet.generate_key().decode()


def run(*arguments) -> tuple[int, str]:
    """``manage.py lms microcred …``: exit code, and what was said."""
    out = io.StringIO()
    try:
        call_command("microcred", *arguments, stdout=out, stderr=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


class IssuerMixin:
    """For a ``PillCase``: keys in a folder of the class, a self-signed certificate, and the learner's consent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.keys)
        cls.enterClassContext(override_settings(
            MICROCRED_PUBLIC_BASE_URL=BASE, MICROCRED_KEYS_DIR=cls.keys, MICROCRED_KEYS_PASSPHRASE="only for tests",
            MICROCRED_TOKEN_KEY=TOKEN_KEY, MICROCRED_ISSUER={
                "name": "Example Training Centre", "url": "https://learn.example/", "email": "registrar@learn.example",
                "legal_name": "Example Training Centre", "legal_identifier": "NTRFR-123456789", "country": "FR",
            },
        ))

    def setUp(self):
        super().setUp()
        code, said = run("init", "--self-signed")
        assert code == 0, said

    def earn(self):
        """The award of the signed-in learner."""
        self.answer("p1")
        self.answer("p2")
        return self.awards().get()

    def earn_and_consent(self):
        """The award, its badge and its European credential signed."""
        award = self.earn()
        shown = self.ask("payload").json()
        agreed = self.ask("consent", digest=shown["payload"]["digest"] if "payload" in shown else shown["digest"])
        assert agreed.status_code == 200, agreed.content
        award.refresh_from_db()
        assert {row.state for row in award.credentials.all()} == {"issued"}, list(award.credentials.values())
        return award
