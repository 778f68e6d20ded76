"""No name, address or token in any line of the log, whatever goes wrong."""

from __future__ import annotations

import ast
import importlib
import logging
import smtplib
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError

import microcred_xblock
from microcred_xblock.domain.credential import Holder
from microcred_xblock.domain.errors import InvalidInput
from microcred_xblock.issuance import api, discretion, issuing, models, privacy, tasks
from microcred_xblock.issuance.data import Learner
from microcred_xblock.wallets import oauth

PACKAGE = Path(microcred_xblock.__file__).parent
SOURCES = [path for path in PACKAGE.rglob("*.py") if "workbench" not in path.parts]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
# Nothing that is called like this, or part of something that is, belongs into a line of the log.
PERSONAL = (
    "learner", "holder", "account", "mail", "full_name", "person", "user", "token", "secret", "salt", "document",
    "content", "payload", "filters", "params", "note", "body", "query", "session", "verifier",
)
HARMLESS = {"notice"}


def logged():
    """Every call of a logger in the package: its place and its arguments."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id in ("log", "logger", "logging"):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


class TestOurOwnLines:
    def test_they_are_constant_texts_with_parameters(self):
        calls = list(logged())
        assert len(calls) > 15
        assert [place for place, call in calls if not isinstance(call.args[0], ast.Constant)] == []

    def test_nothing_personal_is_among_the_parameters(self):
        found = []
        for place, call in logged():
            for node in (node for argument in call.args[1:] for node in ast.walk(argument)):
                name = getattr(node, "attr", getattr(node, "id", ""))
                if name not in HARMLESS and any(word in name for word in PERSONAL):
                    found.append(f"{place}: {name}")
        assert found == []

class TestOthersWords:
    @pytest.fixture
    def say(self, caplog):
        """What the log holds of an exception in one of our modules."""

        def run(error, cause=None):
            try:
                raise error from cause
            except Exception:
                with caplog.at_level(logging.ERROR):
                    logging.getLogger("microcred_xblock.issuance.notices").exception("Notice %s could not be sent.", 7)
            return caplog.text

        return run

    @pytest.mark.parametrize("error", [
        smtplib.SMTPRecipientsRefused({"camille@learner.example": (550, b"no such user")}),
        IntegrityError("DETAIL: Failing row contains (1, camille@learner.example)"),
        ValueError("camille@learner.example"), KeyError("camille@learner.example"),
    ])
    def test_are_withheld_but_not_type_and_place(self, say, error):
        text = say(error)
        assert "camille" not in text
        assert "Notice 7 could not be sent." in text and type(error).__name__ in text and "Traceback" in text
        assert "test_discretion.py" in text

    def test_also_those_of_the_cause(self, say):
        text = say(OperationalError("server has gone away"), ValueError("camille"))
        assert "server has gone away" in text and "ValueError" in text and "camille" not in text

    @pytest.mark.parametrize("error", [
        OperationalError("(2006, 'server has gone away')"), FileNotFoundError(2, "No such file", "keys/badge.pem"),
        InvalidInput("The workload is missing.", field="workload"), ConnectionRefusedError(111, "refused"),
    ])
    def test_are_kept_where_they_are_about_the_installation(self, say, error):
        assert str(error) in say(error)

    def test_an_exception_that_caused_itself_ends(self):
        error = ValueError("camille")
        error.__context__ = TypeError("camille")
        error.__context__.__context__ = error
        assert "camille" not in repr(discretion.discreet(error))

    def test_every_logger_of_the_package_is_discreet(self):
        named = [path for path in SOURCES if "getLogger(__name__)" in path.read_text(encoding="utf-8")]
        assert len(named) > 10
        for path in named:
            name = ".".join(("microcred_xblock", *path.relative_to(PACKAGE).with_suffix("").parts))
            name = name.removesuffix(".__init__")
            assert any(isinstance(found, discretion.Discreet) for found in logging.getLogger(name).filters), name

    def test_installed_twice_is_once(self):
        discretion.install()
        filters = logging.getLogger("microcred_xblock.issuance.issuing").filters
        assert sum(isinstance(found, discretion.Discreet) for found in filters) == 1


class TestReprs:
    @pytest.mark.parametrize("value", [
        Learner(id="7", full_name="Camille Exemple", email="camille@learner.example"),
        Holder(full_name="Camille Exemple", email="camille@learner.example"),
        importlib.import_module("microcred_xblock.compat").Viewer(
            kind="learner", id="7", full_name="Camille Exemple", email="camille@learner.example"
        ),
        importlib.import_module("microcred_xblock.compat").Account(
            id=7, username="camille", full_name="Camille Exemple", email="camille@learner.example"
        ),
        oauth.Client(id="client", secret="hush-camille"),
    ])
    def test_a_value_with_a_person_in_it_does_not_say_so(self, value):
        assert "amille" not in repr(value) and "amille" not in str(value)

    def test_tokens(self):
        from django.utils import timezone

        tokens = oauth.Tokens(access="hush-1", refresh="hush-2", expires_at=timezone.now(), scopes=())
        assert "hush" not in repr(tokens)


class TestTheWholeJourney:
    """Everything a learner does, well and badly, with every logger wide open."""

    def test_no_line_names_anybody(self, issuer, configured, learner, connect, commits, host, caplog, monkeypatch):
        from django.utils import timezone

        from tests.factories import make_pill, make_scores

        caplog.set_level(logging.DEBUG)
        now = timezone.now()
        with commits():
            standing = api.record_scores(make_pill(), make_scores(at=now), learner_id=learner.id, course_id="c")
        award_id = standing.award_id
        with monkeypatch.context() as patch, commits():
            patch.setattr(issuing, "_sign", _fail(learner))
            api.consent(award_id, learner, digest=api.payload(award_id, learner).digest)
        models.Credential.objects.update(next_attempt_at=now, state="queued")
        with commits():
            for pk in models.Credential.objects.values_list("pk", flat=True):
                tasks.issue_credential(pk)
        connect(award_id)
        with monkeypatch.context() as patch, commits():
            patch.setattr("microcred_xblock.wallets.open_badges_api.OpenBadgesWallet.deliver", _fail(learner))
            api.send(award_id, learner.id, "testwallet")
        with commits():
            api.retry(award_id, learner.id, "testwallet")
        with monkeypatch.context() as patch, commits():
            patch.setattr("microcred_xblock.wallets.oauth.revoke", _fail(learner))
            privacy.retire(learner.id, now=now)
        assert "could not be signed" in caplog.text and "failed" in caplog.text
        ours = [record for record in caplog.records if record.name.startswith("microcred_xblock")]
        text = "\n".join(logging.Formatter().format(record) for record in ours)
        tokens = _tokens(host)
        assert len(tokens) >= 2
        for personal in (learner.full_name, learner.email, "Camille", *tokens):
            assert personal not in text, personal


def _fail(learner):
    def fail(*_args, **_kwargs):
        raise ValueError(f"{learner.full_name} <{learner.email}>")

    return fail


def _tokens(host):
    return [*host.access, *host.refreshes, *host.revoked]
