"""Fixtures shared by the tests of credentials."""

from __future__ import annotations

import socket

import pytest

from microcred_xblock.credentials import badge_image, elm, elm_page, open_badges
from tests.factories import ACHIEVEMENT_ID, CREDENTIAL_ID, NOW, SALT, make_award, make_holder, make_issuer

ELM_ID = "urn:uuid:7c7d1f6e-4f0e-4a8b-9df4-5f3e1b6a2c33"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Any attempt to open a connection fails the test."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def quick_page(monkeypatch):
    """Replaces the drawn page by a small picture, where the test is not about the page."""
    small = badge_image.default_png("page", None, "en").data
    monkeypatch.setattr(elm_page, "draw", lambda *_args: small)


@pytest.fixture
def compose_badge():
    """``open_badges.compose`` with everything given that a test does not care about."""

    def compose(award=None, issuer=None, holder=None, **over):
        values = {"credential_id": CREDENTIAL_ID, "achievement_id": ACHIEVEMENT_ID, "salt": SALT, "valid_from": NOW}
        return open_badges.compose(
            award or make_award(), issuer or make_issuer(), holder or make_holder(), **{**values, **over}
        )

    return compose


@pytest.fixture
def compose_elm(quick_page):
    """``elm.compose`` with everything given that a test does not care about."""

    def compose(award=None, issuer=None, holder=None, **over):
        values = {"credential_id": ELM_ID, "issued": NOW, "valid_from": NOW, "open_badge_id": CREDENTIAL_ID}
        return elm.compose(
            award or make_award(), issuer or make_issuer(), holder or make_holder(), **{**values, **over}
        )

    return compose
