"""The demo's pages around the blocks: which scenarios there are, who is learning, in which language."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from workbench import scenarios as workbench_scenarios
from workbench.runtime import WORKBENCH_KVS
from workbench.scenarios import SCENARIOS, add_xml_scenario

from microcred_xblock.workbench import scenarios
from microcred_xblock.workbench.scenarios import runtime

from .places import course_url
from .services import LEARNERS

# What the block's reference runtime calls its views, and what they are to people.
VIEW_NAMES = {
    "student_view": gettext_lazy("Learner’s page"),
    "author_view": gettext_lazy("Author’s preview"),
    "studio_view": gettext_lazy("Author’s form"),
}
UNWRITTEN = "pill-new"  # the pill that an author can try the form with


class OneHost:
    """Sends 127.0.0.1 to localhost: the issuer's DID, the wallet's redirect and the cookies belong to one name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        wanted = urlsplit(course_url()).netloc
        if request.method == "GET" and request.get_host() != wanted and not request.path.startswith("/.well-known/"):
            return HttpResponseRedirect(f"{course_url()}{request.get_full_path()}")
        return self.get_response(request)


def load_scenarios() -> None:
    """Our pills, and nothing of the other blocks that happen to be installed.

    Usage ids depend on the title and the order of blocks only, so learners' state survives a restart.
    """
    runtime.install()
    SCENARIOS.clear()
    WORKBENCH_KVS.prep_for_scenario_loading()
    for language, (title, olx) in zip(scenarios.LANGUAGES, scenarios.load(), strict=True):
        add_xml_scenario(f"pill-{language}", title, olx)
    add_xml_scenario(UNWRITTEN, "Bolted joints", scenarios.unwritten())
    workbench_scenarios.get_scenarios.initialized = True


def index(request: HttpRequest) -> HttpResponse:
    """The pills to choose from."""
    pills = [
        {"title": scenario.description, "language": name.partition("-")[2],
         "url": reverse("workbench_show_scenario", args=[name])}
        for name, scenario in SCENARIOS.items() if name != UNWRITTEN
    ]
    form = reverse("scenario", args=[UNWRITTEN, "studio_view"]) + "?student=staff"
    return render(request, "workbench/index.html", {"pills": pills, "unwritten": form})


def shell(request: HttpRequest) -> dict:
    """Context of every page: who is learning, which views there are, and the wallet's address."""
    current = request.GET.get("student", LEARNERS[0].id)
    people = {learner.id: learner.name for learner in LEARNERS}
    people.update({"staff": _("Course author (preview)"), "anonymous": _("Nobody (not signed in)")})
    people.setdefault(current, current or people["anonymous"])
    return {
        "demo_people": [{"query": urlencode({"student": id_}), "name": name, "current": id_ == current}
                        for id_, name in people.items()],
        "demo_person": people[current],
        "demo_query": urlencode({"student": current}),
        "demo_view_names": VIEW_NAMES,
        "demo_wallet_url": settings.DEMO_WALLET_URL,
    }
