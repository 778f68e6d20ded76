"""Where django-cors-headers is installed, it lets wallets in browsers ask our endpoints, and nothing else."""

import sys
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.dispatch import Signal
from django.test import RequestFactory
from django.urls import re_path
from django.views.defaults import page_not_found

from microcred_xblock.issuance import cors


@pytest.fixture
def signal(monkeypatch):
    """Its signal; the package itself is the platform's."""
    signals = SimpleNamespace(check_request_enabled=Signal())
    monkeypatch.setitem(sys.modules, "corsheaders", SimpleNamespace(signals=signals))
    monkeypatch.setitem(sys.modules, "corsheaders.signals", signals)
    installed = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda name: name == "corsheaders" or installed(name))
    return signals.check_request_enabled


@pytest.mark.parametrize(("path", "open_"), [
    ("/microcred/openid4vci/credential", True), ("/microcred/openid4vci/token", True),
    ("/microcred/interactions/x/exchange", True), ("/microcred/api/v1/x", False),
    ("/microcred/console/", False), ("/login", False), ("/microcred/openid4vci-x", False),
    ("/microcred/openid4vci/there-is-none", False), ("/microcred/ob2/x", False), ("/microcred/interactions/", False),
    ("/microcred/ob2/issuer", True), ("/microcred/openid4vci/offers/x", True),
])
def test_who_may_ask(signal, path, open_):
    cors.connect()
    cors.connect()
    answers = signal.send(sender=None, request=RequestFactory().options(path))
    assert [answer for _, answer in answers] == [open_]


def test_what_somebody_else_answers_at_our_addresses_stays_closed(signal):
    cors.connect()
    request = RequestFactory().options("/microcred/openid4vci/there-is-none")
    request.urlconf = type("Theirs", (), {"urlpatterns": [re_path(".*", page_not_found)]})
    assert [answer for _, answer in signal.send(sender=None, request=request)] == [False]


def test_without_it_nothing_is_asked():
    cors.connect()
