"""What the platform's own test-suite sets up for every test, where there is a platform."""

from __future__ import annotations

import pytest
from django.conf import settings

ON_PLATFORM = getattr(settings, "ROOT_URLCONF", "") in ("lms.urls", "cms.urls")


@pytest.fixture(autouse=True)
def no_bundles(request, monkeypatch):
    """The platform's JavaScript bundles need not be built for tests without a browser."""
    if not ON_PLATFORM:
        return
    monkeypatch.setattr("webpack_loader.templatetags.webpack_loader.render_bundle", lambda *_args, **_more: "")
    monkeypatch.setattr("webpack_loader.utils.get_as_tags", lambda *_args, **_more: [])
    monkeypatch.setattr("webpack_loader.utils.get_files", lambda *_args, **_more: [])


@pytest.fixture(autouse=True)
def no_stale_site():
    """Sites are cached in memory; their ids change from test to test."""
    if ON_PLATFORM:
        from django.contrib.sites.models import Site

        Site.objects.clear_cache()
