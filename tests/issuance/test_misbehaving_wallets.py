"""Wallets that do everything wrong: what the learner is told, nothing lost, nothing leaked, no worker held.

The table of what they do is tests/wallets/misbehaviours.py; docs/wallets.md tells it to people.
"""

import json
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from microcred_xblock import message_texts
from microcred_xblock.domain.errors import WalletRefused, WalletUnreachable
from microcred_xblock.issuance import api, models
from tests.issuance.sending import panel, states, sweep_in, upserts
from tests.wallets.host import UPSERT
from tests.wallets.misbehaviours import CONNECTING, REFRESHING, SECRETS, SENDING, misbehaves

LIMIT = 3  # seconds; the settings of these tests allow a request one
ENDED = ("wallet-reconnect", "wallet-client", "wallet-scope-shrunk")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log(caplog):
    """Everything that is logged, by whomever."""
    caplog.set_level("DEBUG")
    return caplog


@pytest.fixture(autouse=True)
def hasty(configured):
    """What lasts for ever is left soon."""
    configured.MICROCRED_HTTP_TIMEOUTS = {"connect": 0.5, "read": 0.5, "total": 1}


@pytest.fixture
def discreet(log, host, learner):
    """A function that looks for anything confidential in the logs, and in the rows that are not encrypted."""

    def look():
        clients = [client["client_secret"] for client in host.clients.values()]
        signed = [bytes(row.content).decode() for row in models.Credential.objects.all()]
        proofs = [json.loads(text)["proof"][0]["proofValue"] for text in signed if '"proofValue"' in text]
        secret = [
            *SECRETS, *host.access, *host.refreshes, *host.codes, *clients, *signed, *proofs, learner.email,
            learner.full_name,
        ]
        assert len(secret) > 6
        records = [f"{record.getMessage()} {record.exc_text} {record.exc_info}" for record in log.records]
        rows = [
            f"{key}: {value}" for model in (models.Delivery, models.WalletConnection, models.WalletHost)
            for row in model.objects.values() for key, value in row.items()
        ]
        assert not [(word, line) for word in secret for line in [*records, *rows, log.text] if word in line]

    return look


@contextmanager
def in_time():
    """No longer than anybody may be held."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LIMIT


def badge():
    return models.Delivery.objects.order_by("-pk").filter(credential__format="ob3").first()


def arrives(host, learner, commits, connect, award_id):
    """What the learner would do, or the sweep, once the wallet behaves: everything arrives, as it was signed."""
    host.behave()
    if not panel(learner).wallets[0].connected:
        assert "microcred_error" not in connect(award_id)
        with commits():
            api.send(award_id, learner.id, "testwallet")
    elif badge() is None:
        with commits():
            api.send(award_id, learner.id, "testwallet")
    elif badge().state == models.Delivery.State.REFUSED:
        with commits():
            api.retry(award_id, learner.id, "testwallet")
    sweep_in(commits, days=2)
    assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
    for row in models.Credential.objects.filter(format__in=("ob3", "elm")):
        key = "elm" if row.format == "elm" else json.loads(bytes(row.content))["id"]
        assert set(host.stored[key]) <= {bytes(row.content)}


@pytest.mark.parametrize("name", SENDING)
def test_sending(name, connected, connect, learner, commits, host, discreet):
    wrong = SENDING[name]
    misbehaves(host, wrong)
    with in_time(), commits():
        api.send(connected, learner.id, "testwallet")
    row = badge()
    assert row.error_code == wrong.code
    if not wrong.code:
        assert states(panel(learner)) == {"ob3": "delivered", "elm": "delivered"}
        assert "\x00" not in row.location and " " not in row.location
    elif wrong.code in message_texts.UNREACHABLE:
        assert (row.state, len(upserts(host))) == (models.Delivery.State.WAITING, 1), "asked again in the same breath"
        assert timedelta(0) < row.next_attempt_at - timezone.now() <= timedelta(days=1, minutes=1)
    else:
        assert (row.state, row.next_attempt_at) == (models.Delivery.State.REFUSED, None)
    active = panel(learner).wallets[0].connected
    assert active == (wrong.code not in ENDED)
    discreet()
    arrives(host, learner, commits, connect, connected)
    discreet()


@pytest.mark.parametrize("name", CONNECTING)
def test_connecting(name, issued, connect, learner, commits, host, discreet):
    wrong = CONNECTING[name]
    misbehaves(host, wrong, times=9)
    with in_time():
        try:
            back = connect(issued)
        except (WalletRefused, WalletUnreachable) as problem:  # told before the browser leaves the page
            code = problem.code
        else:
            code = parse_qs(urlsplit(back).query).get("microcred_error", [""])[0]
    assert code == wrong.code
    assert panel(learner).wallets[0].connected == (not code)
    for row in models.WalletConnection.objects.all():
        assert row.learner_id == learner.id and set(row.scopes) <= {UPSERT, "offline_access"}
    discreet()
    arrives(host, learner, commits, connect, issued)
    discreet()


@pytest.mark.parametrize("name", REFRESHING)
def test_refreshing(name, connected, connect, learner, commits, host, discreet):
    wrong = REFRESHING[name]
    models.WalletConnection.objects.update(expires_at=timezone.now())
    misbehaves(host, wrong)
    with in_time(), commits():
        api.send(connected, learner.id, "testwallet")
    assert badge().error_code == wrong.code
    assert panel(learner).wallets[0].connected == (wrong.code not in ENDED)
    assert not host.stored
    discreet()
    arrives(host, learner, commits, connect, connected)
    discreet()


def test_a_grant_without_the_permission_is_given_back(award_id, connect, host):
    host.granted = "offline_access"
    connect(award_id)
    (refresh,) = host.refreshes
    assert host.revoked == [refresh]


def test_so_is_one_that_shrank(connected, learner, commits, host):
    models.WalletConnection.objects.update(expires_at=timezone.now())
    misbehaves(host, REFRESHING["the grant has shrunk"])
    with commits():
        api.send(connected, learner.id, "testwallet")
    assert len(host.revoked) == 1 and host.revoked[0] in host.refreshes
    assert not models.WalletConnection.objects.exclude(tokens="").exists()


@pytest.mark.parametrize("reply", ["hangs up", "500 with a traceback", "redirect to the cloud's metadata", "HTML"])
def test_a_former_grant_that_cannot_be_given_back_hinders_nobody(reply, connected, connect, host, discreet):
    host.server.host = host
    host.misbehave("/revoke", SENDING[reply].reply)
    with in_time():
        assert "microcred_error" not in connect(connected)
    assert len(host.received("/revoke")) == 1
    assert models.WalletConnection.objects.filter(active=True).count() == 1
    discreet()
