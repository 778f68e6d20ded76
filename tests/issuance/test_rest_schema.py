"""The description is current, and the API keeps to it, whoever asks and whatever is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, settings
from rest_framework.settings import api_settings
from schemathesis import GenerationMode

from microcred_xblock.issuance import models
from microcred_xblock.issuance.rest_api.v1 import base, schema, urls
from tests.issuance.rest_case import ROOT, Person, award, issue

DOCS = Path(__file__).parents[2] / "docs" / "openapi-v1.json"
EXAMPLES = 5


class TestDescription:
    def test_is_current(self, capsys):
        assert schema.written(schema.generate()) == DOCS.read_text(encoding="utf-8")
        assert capsys.readouterr().err == ""  # drf-spectacular complains there

    def test_is_published(self, client, db):
        response = client.get(f"{ROOT}openapi.json")
        assert response.status_code == 200 and response.json() == json.loads(DOCS.read_text(encoding="utf-8"))
        assert response.headers["Access-Control-Allow-Origin"] == "*"

    def test_describes_every_address_but_itself(self):
        described = {
            (path, method.upper()) for path, operations in schema.published()["paths"].items() for method in operations
        }
        served = {
            method for pattern in urls.urlpatterns if pattern.name not in ("openapi", "nothing")
            for method in pattern.callback.cls().allowed_methods
        } - {"OPTIONS"}
        assert len({path for path, _method in described}) == len(urls.urlpatterns) - 2
        assert {method for _path, method in described} == served

    def test_describes_nothing_of_the_platform(self):
        assert all(path.startswith(ROOT) for path in schema.published()["paths"])

    def test_making_it_leaves_settings_as_they_were(self):
        from drf_spectacular.settings import spectacular_settings

        def now():
            return spectacular_settings.TITLE, spectacular_settings.TAGS, api_settings.DEFAULT_SCHEMA_CLASS

        before = now()
        schema.generate()
        assert now() == before

    def test_the_platforms_settings_change_nothing(self, settings):
        settings.SPECTACULAR_SETTINGS = {"TITLE": "Platform", "COMPONENT_SPLIT_REQUEST": True}
        assert schema.generate()["info"]["title"] == "Micro-credentials"


class TestPlatformSettings:
    """What the platform says to DRF holds for the platform."""

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "said", [
            {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"]},
            {"EXCEPTION_HANDLER": "builtins.print"}, {"DEFAULT_PERMISSION_CLASSES": ["builtins.print"]},
            {"URL_FORMAT_OVERRIDE": "format", "UNICODE_JSON": False, "COMPACT_JSON": False},
            {"DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning"},
        ],
    )
    def test_is_not_ours(self, settings, client, said):
        settings.REST_FRAMEWORK = said
        response = client.get(f"{ROOT}me/awards/", {"format": "html"}, headers={"Accept": "text/html"})
        assert (response.status_code, response.headers["Content-Type"]) == (401, "application/json")
        assert response.content.startswith(b'{"code":"api-sign-in"')

    def test_runs_without_rest_framework_among_the_apps(self, settings):
        assert not any("rest_framework" in app or "spectacular" in app for app in settings.INSTALLED_APPS)

    def test_every_view_has_its_own_of_everything(self):
        for pattern in urls.urlpatterns:
            view = pattern.callback.cls
            assert issubclass(view, base.View)
            assert view.renderer_classes == (base.Renderer,)
            assert view.throttle_scope in ("anonymous", "learner", "staff", "verify")


description = schemathesis.openapi.from_wsgi(f"{ROOT}openapi.json", WSGIHandler())
bounded = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def unlimited(settings):
    """Nobody is slowed down."""
    settings.MICROCRED_API_RATES = dict.fromkeys(("anonymous", "learner", "staff", "verify"))


@pytest.fixture
def people(issuer, commits, unlimited):
    """A learner with an award, and staff; by the kind of person the headers that sign them in."""
    learner, staff = Person("ann"), Person("root", is_staff=True)
    issue(learner, award(learner), commits)
    return {"anonymous": {}, "learner": _signed_in(learner), "staff": _signed_in(staff)}


def _real(name: str, case: schemathesis.Case) -> object:
    """What a path's parameter names in this database; nothing generated ever would."""
    badge = models.Credential.objects.filter(format="ob3").first()
    return {
        "award_id": lambda: badge.award_id, "consent_id": lambda: models.Consent.objects.first().pk,
        "uuid": lambda: models.FrozenPill.objects.first().achievement if "achievements" in case.path
        else badge.credential_id.removeprefix("urn:uuid:"),
    }.get(name, lambda: case.path_parameters[name])()


def _signed_in(person: Person) -> dict[str, str]:
    token = "t" * 32
    cookie = f"sessionid={person.client.cookies['sessionid'].value}; csrftoken={token}"
    return {"Cookie": cookie, "X-CSRFToken": token}


@pytest.mark.django_db
@description.parametrize()
@bounded
def test_it_keeps_to_its_description(case, people):
    for headers in people.values():
        case.call_and_validate(headers=headers)
    if case.path_parameters and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.path_parameters = {name: str(_real(name, case)) for name in case.path_parameters}
        for headers in people.values():
            case.call_and_validate(headers=headers)
