"""The API described: OpenAPI 3.0.3, made by drf-spectacular from the views of this package alone.

What is published is the file made here, not a fresh one: drf-spectacular has one set of settings in a process, which is
the platform's, and changing it for our sake would change what the platform says of itself meanwhile. A test holds the
file to the code; ``python -m microcred_xblock.issuance.rest_api.v1.schema`` writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema

Method = TypeVar("Method", bound=Callable[..., Any])
FILE = "openapi.json"
PREFIX = "/microcred/api/v1"
_ERRORS = {
    "400": "Something sent is missing or cannot be used.", "401": "Not signed in.", "403": "This person may not do it.",
    "404": "There is no such thing here, or not for this person.",
    "409": "It cannot be done as things stand.", "429": "Too many requests: wait `Retry-After`.",
}
_SETTINGS = {
    "TITLE": "Micro-credentials", "VERSION": "1",
    "DESCRIPTION": "Learners: their own awards, credentials, consents and notices. Staff: the awards of their "
                   "courses. Everybody: standing, published badges, achievements and verification.\n\n"
                   "Failures are `{code, message, field}`; the message is in the language of the request. Lists are "
                   "pages: `next` is the cursor of the page that follows, empty at the end.",
    "OAS_VERSION": "3.0.3", "SCHEMA_PATH_PREFIX": PREFIX, "SCHEMA_PATH_PREFIX_TRIM": False,
    "PREPROCESSING_HOOKS": [], "POSTPROCESSING_HOOKS": [], "ENUM_NAME_OVERRIDES": {}, "SERVERS": [{"url": "/"}],
    "COMPONENT_SPLIT_REQUEST": False, "COMPONENT_NO_READ_ONLY_REQUIRED": False, "CAMELIZE_NAMES": False,
    "SORT_OPERATIONS": True, "DEFAULT_QUERY_MANAGER": "objects", "AUTHENTICATION_WHITELIST": None, "SECURITY": [],
    "TAGS": [
        {"name": "learner", "description": "What the signed-in person holds."},
        {"name": "staff", "description": "Platform staff: every course. Course staff: theirs."},
        {"name": "public", "description": "For everybody, without signing in, from any origin."},
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "session": {
                "type": "apiKey", "in": "cookie", "name": "sessionid",
                "description": "The platform's session; what changes something also needs the header X-CSRFToken.",
            },
            "token": {
                "type": "http", "scheme": "bearer",
                "description": "The platform's access token. A JWT of the platform goes as `Authorization: JWT …`.",
            },
        },
    },
}


class Operation(AutoSchema):
    """One operation: tags and sign-in from its view's base, and the errors that every view may give."""

    def get_tags(self) -> list[str]:
        """Whom it is for."""
        return [self.view.audience]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Session or token; nothing where nobody is asked."""
        return [{"session": []}, {"token": []}] if self.view.permission_classes else []

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from .serializers import Problem

        found = super()._get_response_bodies(*args, **kwargs)
        for status, said in _ERRORS.items():
            if self._may_answer(status):
                response = OpenApiResponse(Problem, said)
                found.setdefault(status, self._get_response_for_code(response, status, ["application/json"]))
        rest = OpenApiResponse(Problem, "Any other failure.")
        found["default"] = self._get_response_for_code(rest, "default", ["application/json"])
        return dict(sorted(found.items()))

    def _may_answer(self, status: str) -> bool:
        if status in ("401", "403"):
            return bool(self.view.permission_classes)
        return status != "409" or self.method != "GET" or self.get_operation_id() == "me_download"


def operation(**described: Any) -> Callable[[Method], Method]:
    """drf-spectacular's ``extend_schema`` on our kind of operation, not on the platform's DEFAULT_SCHEMA_CLASS."""

    def decorate(method: Method) -> Method:
        method.schema = Operation
        found = extend_schema(**described)(method)
        del method.schema
        return found

    return decorate


def generate() -> dict[str, Any]:
    """The description, made anew. Changes drf-spectacular's settings meanwhile: never call it in a serving process."""
    from django.urls import include, path
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.settings import patched_settings

    patterns = [path(f"{PREFIX[1:]}/", include("microcred_xblock.issuance.rest_api.v1.urls"))]
    with patched_settings(_SETTINGS):
        return json.loads(json.dumps(SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)))


def written(description: dict[str, Any]) -> str:
    """As it is kept in the file."""
    return json.dumps(description, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@lru_cache(maxsize=1)
def published() -> dict[str, Any]:
    """The description as it is published."""
    return json.loads((files(__package__) / FILE).read_text(encoding="utf-8"))


def _main() -> None:
    import django

    django.setup()
    (files(__package__) / FILE).write_text(written(generate()), encoding="utf-8")


if __name__ == "__main__":
    _main()
