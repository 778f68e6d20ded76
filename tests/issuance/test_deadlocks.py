"""What a learner or staff ask for is done, also where MySQL gives our transaction up for another."""

import json
import subprocess
import sys
from pathlib import Path

from django.urls import get_resolver

from tests import services

ROOT = Path(__file__).parents[2]
READS_ONLY = {
    "did", "did-folder", "achievement", "assessment", "verification", "no-verification", "refresh", "logo", "about",
    "ob2-assertion", "ob2-badge", "ob2-badge-of", "ob2-image", "ob2-issuer", "ob2-issuer-of",
}


def test_every_service_tries_again():
    services.require("mysql")
    with services.database("mysql") as url:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.issuance.deadlocks", url], cwd=ROOT, capture_output=True,
            text=True, check=False, timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert "OperationalError: (1213" in found.pop("in the platform's request"), "the whole request has to fail"
    assert found == {
        "payload": "Payload", "consent": "Panel", "send": "Panel", "retry": "Panel", "REST: unpublish": 204,
        "REST: withdraw": 200, "staff": "int", "REST: reinstate": 200, "console: suspend": 302, "bulk": "NoneType",
        "bulk: changed, failed": [1, 0], "consents then": 1, "withdraw": "Panel", "consents after it": 0,
        "callback": "/b?microcred_wallet=w", "retirement": "int", "retired": 1,
        "history": ["suspend", "reinstate", "suspend", "reinstate", "retire"], "open transaction": False,
    }


def test_views_that_change_something_are_outside_the_request_s_transaction(settings):
    """Or else only the whole request could be tried again."""
    views = dict(_views(get_resolver("microcred_xblock.issuance.urls")))
    inside = {name for name, view in views.items() if "default" not in getattr(view, "_non_atomic_requests", ())}
    assert len(views) > 40 and inside <= READS_ONLY


def _views(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _views(pattern)
        else:
            yield pattern.name, pattern.callback
