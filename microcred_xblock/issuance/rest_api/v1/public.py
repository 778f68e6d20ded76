"""For everybody: what a credential is worth, what it stands for, whether a document is genuine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from ....domain import codec
from ....domain.errors import NotAllowed
from ....domain.pill import LearningPill
from ... import ledger, models, places, status, verifying
from . import schema, serializers
from .base import PublicView, read
from .schema import operation

MOST_BYTES = 2_000_000  # a badge picture with its credential inside


class Document(BaseParser):
    """A file as it is, whatever it calls itself."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> bytes:
        """Its bytes."""
        return read(stream, MOST_BYTES)


class Public(PublicView):
    """Says nothing about a learner that the learner has not published."""

    audience = "public"


class Description(Public):
    """This API."""

    cache_control = "public, max-age=3600"

    @operation(exclude=True)
    def get(self, _request: Request) -> Response:
        """The description, as it is kept with the code."""
        return Response(schema.published())


class Status(Public):
    """What a credential is worth now."""

    @operation(operation_id="credential_status", responses=serializers.Standing)
    def get(self, _request: Request, uuid: UUID) -> Response:
        """Valid, suspended, revoked, superseded or expired: of every form, European Digital Credentials included."""
        return Response(serializers.Standing(status.standing(uuid.urn, now=timezone.now())).data)


class Credential(Public):
    """A badge that its holder shows to everybody."""

    @operation(
        operation_id="credential",
        responses={(200, "application/vc+ld+json"): OpenApiResponse(OpenApiTypes.OBJECT, "The signed Open Badge.")},
    )
    def get(self, _request: Request, uuid: UUID) -> HttpResponse:
        """The signed Open Badge, byte for byte, while its holder's consent to publish it is in force."""
        row = ledger.published(uuid)
        return HttpResponse(bytes(row.content), content_type=row.media_type, headers={"ETag": f'"{row.digest}"'})


class Achievement(Public):
    """What can be earned."""

    @operation(operation_id="achievement", responses=serializers.Achievement)
    def get(self, _request: Request, uuid: UUID) -> Response:
        """What a pill in one version stands for."""
        frozen = models.FrozenPill.objects.filter(achievement=uuid).order_by("-pk").first()
        if frozen is None:
            raise NotAllowed("Nobody has earned this here.", code="achievement-unknown")
        pill = codec.decode(LearningPill, frozen.content)
        awarding = models.Issuer.objects.filter(key__in=frozen.awards.values("issuer_key")).order_by("-updated_at")
        found = {
            "id": places.achievement(uuid), "title": pill.title, "description": pill.description,
            "language": pill.language, "version": frozen.version, "outcomes": pill.outcomes,
            "issuer": awarding.values_list("name", flat=True).first() or "",
        }
        return Response(serializers.Achievement(found).data)


class Verify(Public):
    """Whether a document is genuine."""

    parser_classes = (Document,)
    throttle_scope = "verify"
    cache_control = "no-store"

    @operation(
        operation_id="verify", request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=serializers.Verification,
    )
    def post(self, request: Request) -> Response:
        """Send a badge (JSON, JWT, PNG or SVG) or a European Digital Credential as it is, 2 MB at most.

        Nothing is kept, and no other server is asked.
        """
        document = request.data if isinstance(request.data, bytes) else b""  # no body is no QueryDict to us
        return Response(serializers.Verification(verifying.verify(document, now=timezone.now())).data)
