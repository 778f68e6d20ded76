"""An issuer with keys, a wallet host on loopback, and a learner who has mastered the pill."""

from __future__ import annotations

import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.utils import timezone

from microcred_xblock.issuance import api, verdicts
from microcred_xblock.issuance.data import Learner
from tests.factories import make_pill, make_scores
from tests.fake_platform import FakePlatform
from tests.wallets.host import Host

TOKEN_KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def nothing_broken_is_kept(monkeypatch):
    """What breaks a trial in one test is forgotten before the next."""
    monkeypatch.setattr(verdicts, "BROKEN", 0)


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory):
    """A folder for key files, filled by the first ``microcred_init``: decrypting keys is slow by intention."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def host():
    """A running wallet host."""
    with Host() as running:
        yield running


@pytest.fixture
def configured(settings, keys_dir, host):
    """Settings of a working installation with one wallet."""
    settings.MICROCRED_PUBLIC_BASE_URL = "http://localhost:8000"
    settings.MICROCRED_ISSUER = {
        "name": "Example Training Centre", "url": "https://learn.example/", "email": "registrar@learn.example",
        "legal_name": "Centre de formation exemple", "legal_identifier": "NTRFR-123456789", "country": "FR",
    }
    settings.MICROCRED_KEYS_DIR = str(keys_dir)
    settings.MICROCRED_KEYS_PASSPHRASE = "only for tests"
    settings.MICROCRED_TOKEN_KEY = TOKEN_KEY
    settings.MICROCRED_WALLETS = [
        {"id": "testwallet", "name": "Test wallet", "type": "open-badges-api", "base_url": host.url}
    ]
    settings.MICROCRED_ALLOW_LOOPBACK_HTTP = True
    settings.MICROCRED_HTTP_TIMEOUTS = {"connect": 2, "read": 2, "total": 4}  # a busy machine takes a second
    return settings


@pytest.fixture
def issuer(configured, db):
    """Keys made and recorded."""
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())


@pytest.fixture
def learner():
    """The person."""
    return Learner(id="student_1", full_name="Camille Exemple", email="camille@learner.example")


@pytest.fixture
def award_id(issuer, learner):
    """The id of an award the learner holds."""
    standing = api.record_scores(
        make_pill(), make_scores(at=timezone.now()), learner_id=learner.id, course_id="course-v1:x+y+z"
    )
    assert standing.mastered
    return standing.award_id


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Run what was to happen on commit, also what that enqueues in turn."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def world(db):
    """A platform in memory that ``compat`` answers from."""
    with FakePlatform().installed() as platform:
        yield platform


@pytest.fixture
def issued(award_id, learner, commits):
    """An award with consent given and credentials signed."""
    with commits():
        api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
    return award_id


@pytest.fixture
def connect(host, client, learner):
    """A function that connects the wallet as a browser would; gives the address the browser ends at."""

    def run(award_id: str, **extra: str) -> str:
        start = api.connect(learner.id, "testwallet", award_id=award_id, return_url="/back?x=1")
        to_wallet = client.get(start.removeprefix("http://localhost:8000"))
        assert to_wallet.status_code == 302, to_wallet.content
        back = host.approve(to_wallet.headers["Location"], **extra)
        return client.get(back.removeprefix("http://localhost:8000")).headers["Location"]

    return run


@pytest.fixture
def connected(issued, connect):
    """Issued, and the wallet connected."""
    connect(issued)
    return issued


@pytest.fixture
def send(connected, learner, commits):
    """Press "send" and let the work be done; gives the panel afterwards."""

    def press():
        with commits():
            api.send(connected, learner.id, "testwallet")
        return api.panel(learner.id, make_pill().id)

    return press
