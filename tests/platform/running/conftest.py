"""Where the servers are, and people with browsers on them. Without addresses these tests skip and say why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.browser.conftest import ARTEFACTS, chromium, size, violations

__all__ = ["chromium"]

NAMES = ("PLATFORM_LMS", "PLATFORM_STUDIO", "PLATFORM_WALLET", "PLATFORM_AUTHOR", "PLATFORM_LEARNER")


@dataclass(frozen=True)
class Places:
    """Addresses of the servers, and ``(name, password, e-mail)`` of an author and a learner."""

    lms: str
    studio: str
    wallet: str
    author: tuple[str, ...]
    learner: tuple[str, ...]


@pytest.fixture(scope="session")
def places():
    missing = [name for name in NAMES if not os.environ.get(name)]
    if missing:
        pytest.skip(f"needs running servers: set {', '.join(missing)} (docs/platform.md)")
    lms, studio, wallet, *people = (os.environ[name] for name in NAMES)
    author, learner = (tuple(person.split(":")) for person in people)
    return Places(lms=lms, studio=studio, wallet=wallet, author=author, learner=learner)


class Person:
    """One person's browser."""

    def __init__(self, browser, places: Places, *, language: str = "en") -> None:
        self.places = places
        self.context = browser.new_context(viewport=size("desktop"), locale=language, accept_downloads=True)
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()

    def sign_in(self, root: str, name: str, password: str) -> None:
        """An LMS session; Studio asks the LMS for it when it is first opened."""
        self.context.request.get(f"{self.places.lms}/login")
        answer = self.context.request.post(
            f"{self.places.lms}/api/user/v2/account/login_session/",
            form={"email_or_username": name, "password": password},
            headers={"X-CSRFToken": self.token(self.places.lms), "Referer": f"{self.places.lms}/login"},
        )
        assert answer.ok, answer.text()
        if root != self.places.lms:
            self.page.goto(f"{root}/home/")

    def token(self, root: str) -> str:
        """The CSRF token this browser holds for a site."""
        cookies = self.context.cookies(root)
        return next((cookie["value"] for cookie in cookies if "csrf" in cookie["name"]), "")

    @contextmanager
    def filmed(self, name: str) -> Iterator[None]:
        """A picture of the page where something goes wrong."""
        try:
            yield
        except BaseException:
            ARTEFACTS.mkdir(exist_ok=True)
            self.page.screenshot(path=ARTEFACTS / f"platform-{name}-failed.png", full_page=True)
            raise

    def look(self, name: str, page=None, *, inside: str = "", without: tuple[str, ...] = ()) -> None:
        """Screenshots at both sizes, and what axe has against ``inside``, the part of the page that is ours."""
        page = page or self.page
        ARTEFACTS.mkdir(exist_ok=True)
        found: list[str] = []
        for label in ("phone", "desktop"):
            page.set_viewport_size(size(label))
            page.wait_for_timeout(300)
            page.screenshot(path=ARTEFACTS / f"platform-{name}-{label}.png", full_page=True)
            if inside:
                found += [f"{label}: {line}" for line in violations(page, without, inside)]
        assert not found, f"{name}:\n" + "\n".join(found)


@pytest.fixture
def people(places, chromium):
    """Makes people, and closes their browsers."""
    made: list[Person] = []

    def make(**options) -> Person:
        made.append(Person(chromium, places, **options))
        return made[-1]

    yield make
    for person in made:
        person.context.close()
