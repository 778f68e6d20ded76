"""What all views have in common: JSON only, our errors, our rates. Nothing of the platform's DRF settings applies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .... import compat
from ....domain.errors import InvalidAnswer, NotAllowed
from ... import staff
from . import errors, schema, throttles

MOST_BYTES = 64_000


def read(stream: Any, limit: int) -> bytes:
    """The body; InvalidAnswer (``api-too-large``) beyond ``limit`` bytes, however long it says it is."""
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise InvalidAnswer("The body is too large.", code="api-too-large", limit=limit)
    return body


class JsonParser(BaseParser):
    """UTF-8 JSON of modest size (RFC 8259)."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The value; ParseError for anything else."""
        try:
            return json.loads(read(stream, MOST_BYTES).decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise ParseError from error


class Renderer(JSONRenderer):
    """The platform's DRF settings must not change our answers."""

    ensure_ascii = False
    compact = True
    strict = True


class Negotiation(BaseContentNegotiation):
    """Answers are JSON, whatever was asked for: also a browser's user shall see them."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:
        """The one that takes the body's media type, parameters aside; a view's ``*/*`` takes all."""
        told = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type in (told, "*/*")), None)

    def select_renderer(
        self, request: Request, renderers: list[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """The only one."""
        return renderers[0], renderers[0].media_type


class Session(SessionAuthentication):
    """The platform's session, with its CSRF token for everything that changes something."""

    def authenticate_header(self, request: Request) -> str:
        """Makes a missing sign-in a 401 rather than a 403."""
        return "Session"


class SignedIn(BasePermission):
    """Anybody with an active account here, but no token that was given to an application for other purposes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """401 for nobody, 403 for such a token. The platform's JWTs also name accounts that were deactivated."""
        if not request.user or not request.user.is_authenticated or not request.user.is_active:
            raise NotAuthenticated
        return not compat.restricted_token(request)


class View(APIView):
    """Base of all views. Those of learners and staff are never kept by a cache."""

    renderer_classes = (Renderer,)
    parser_classes = (JsonParser,)
    content_negotiation_class = Negotiation
    throttle_classes = (throttles.Throttle,)
    throttle_scope = "learner"
    permission_classes = (SignedIn,)
    metadata_class = None
    versioning_class = None
    schema = schema.Operation()
    cache_control = "private, no-store"

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        """Outside a transaction of the request: services own theirs, and try again what a deadlock has undone."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_authenticators(self) -> list[Any]:
        """Tokens of the platform, then its session."""
        return [made() for made in (*compat.token_authentication(), Session)]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Ours, not the platform's."""
        return errors.handler

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Headers of every answer."""
        found = super().finalize_response(request, response, *args, **kwargs)
        found.headers.setdefault("Cache-Control", self.cache_control)
        found.headers["X-Content-Type-Options"] = "nosniff"
        return found


class PublicView(View):
    """For everybody, also for scripts of other sites; nobody is asked who they are."""

    throttle_scope = "anonymous"
    permission_classes = ()
    cache_control = "public, max-age=60"

    def get_authenticators(self) -> list[Any]:
        """None."""
        return []

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Readable from any origin."""
        found = super().finalize_response(request, response, *args, **kwargs)
        found.headers["Access-Control-Allow-Origin"] = "*"
        return found


class StaffView(View):
    """For platform staff (every course) and course staff (theirs). ``self.scope`` says which."""

    throttle_scope = "staff"
    scope: staff.Scope

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """NotAllowed for everybody else."""
        super().initial(request, *args, **kwargs)
        found = staff.scope_of(request.user)
        if found is None:
            raise NotAllowed("Only staff may see this.", code="staff-only")
        self.scope = found


class Nothing(PublicView):
    """Whatever address is not one of the API."""

    schema = None
    cache_control = "no-store"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Always 404, whatever the method."""
        super().initial(request, *args, **kwargs)
        raise NotAllowed("There is nothing at this address.", code="api-unknown")


def learner_id(request: Request) -> str:
    """The learner is the account of the request, and nobody else."""
    return str(request.user.pk)


def actor(request: Request) -> str:
    """Who did it, as the history names them."""
    return f"user:{request.user.pk}"


def _refuse(name: str) -> Any:
    raise ValueError(name)
