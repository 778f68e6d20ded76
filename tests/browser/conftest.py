"""The real demo on free ports, headless Chromium, axe, and screenshots in ``artefacts/``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from microcred_xblock.workbench.serve import SETTINGS
from tests.workbench.conftest import free_port

# The browser's driver keeps an event loop in this thread, and Django then takes every later test for asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "artefacts"
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]
REQUIRED = os.environ.get("MICROCRED_REQUIRE_ALL") == "1" or bool(os.environ.get("CI"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


def missing(what: str) -> None:
    """Skip with a reason, or fail where everything is required."""
    if REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


@dataclass(frozen=True)
class Demo:
    """The addresses of a running demo, and where it remembers."""

    course: str
    wallet: str
    folder: Path = Path()

    def manage(self, *arguments: str) -> None:
        """A management command of the course."""
        subprocess.run(
            [sys.executable, "-m", "django", *arguments], cwd=ROOT, check=True, capture_output=True, env={
                **os.environ, "MICROCRED_DEMO_DIR": str(self.folder), "MICROCRED_COURSE_URL": self.course,
                "MICROCRED_WALLET_URL": self.wallet, "DJANGO_SETTINGS_MODULE": SETTINGS["course"],
            },
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """A demo that remembers in ``folder``."""
    port, wallet_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "microcred_xblock.workbench.demo", "--port", str(port), "--wallet-port",
         str(wallet_port)],
        cwd=ROOT, env={**os.environ, "MICROCRED_DEMO_DIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    else:
        pytest.fail(process.stderr.read())
    yield Demo(course=f"http://localhost:{port}", wallet=f"http://localhost:{wallet_port}", folder=folder)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


def own_demo(name: str):
    """A module's own ``demo``: what is written there must not meet the learners of the other tests."""

    @pytest.fixture(scope="module")
    def demo(tmp_path_factory):
        with running_demo(tmp_path_factory.mktemp(name)) as running:
            yield running

    return demo


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api") if not REQUIRED else __import__(
        "playwright.sync_api", fromlist=["sync_playwright"]
    )
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("Chromium is not installed (Debian: apt install chromium).")
    if not AXE.exists():
        missing("axe-core is not installed (npm ci in tests/browser).")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One person's browser, with the two things every state of a page is put to: axe, and a camera."""

    def __init__(self, chromium, demo: Demo, *, language: str = "en") -> None:
        self.demo = demo
        self.context = chromium.new_context(viewport=size("desktop"), locale=language, accept_downloads=True)
        self.context.set_default_timeout(20_000)
        self.problems: list[str] = []
        self.context.on("page", self._listen)
        self.page = self.context.new_page()

    def _listen(self, page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._check_host(request.url))

    def _check_host(self, url: str) -> None:
        if url.startswith("http") and not url.startswith((self.demo.course, self.demo.wallet)):
            self.problems.append(f"a request to another host: {url}")

    def look(self, name: str, page=None, *, without: tuple[str, ...] = ()) -> None:
        """Screenshots at both sizes; axe and the page's width at both."""
        page = page or self.page
        ARTEFACTS.mkdir(exist_ok=True)
        found: list[str] = []
        for label in ("phone", "desktop"):
            page.set_viewport_size(size(label))
            page.wait_for_timeout(150)
            page.screenshot(path=ARTEFACTS / f"{name}-{label}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                found.append(f"{label}: {wide} px wider than the window")
            found += [f"{label}: {line}" for line in violations(page, without)]
        assert not found, f"{name}:\n" + "\n".join(found)

    def close(self) -> None:
        self.context.close()
        assert not self.problems, self.problems


def size(label: str) -> dict[str, int]:
    width, height = SIZES[label]
    return {"width": width, "height": height}


def violations(page, without: tuple[str, ...] = (), inside: str = "html") -> list[str]:
    """What axe has against the page, one line each; ``without`` are selectors of code that is not ours."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(
        "([inside, without]) => axe.run({include: [[inside]], exclude: without.map((item) => [item])},"
        " {resultTypes: ['violations']})", [inside, list(without)]
    )
    return [
        f"{violation['id']}: {violation['help']} {json.dumps(node['target'])} {node['failureSummary']!r}"
        for violation in result["violations"] for node in violation["nodes"]
    ]


@pytest.fixture
def visitor(chromium, demo):
    made = Visitor(chromium, demo)
    yield made
    made.close()


@pytest.fixture
def visitors(chromium, demo):
    """Makes visitors of a chosen language."""
    made: list[Visitor] = []

    def make(language: str) -> Visitor:
        made.append(Visitor(chromium, demo, language=language))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()
