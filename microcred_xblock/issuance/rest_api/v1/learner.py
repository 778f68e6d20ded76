"""What the signed-in learner may see and do with their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response

from .... import notice_texts
from ... import api, ledger, portfolio, privacy
from . import errors, serializers
from .base import View, learner_id
from .schema import operation
from .serializers import AwardPage

FILES = (
    "application/vc+ld+json", "text/plain", "image/png", "image/svg+xml", "application/jose+json", "application/zip",
)
CURSOR = OpenApiParameter("cursor", str, description="The `next` of the page before.")


class LearnerView(View):
    """Only ever about the account of the request."""

    audience = "learner"


class Awards(LearnerView):
    """Everything this learner was ever awarded."""

    @operation(operation_id="me_awards", parameters=[CURSOR], responses=AwardPage)
    def get(self, request: Request) -> Response:
        """My awards, newest first, those that count no longer too."""
        rows, following = portfolio.awards(learner_id(request), request.query_params.get("cursor", ""))
        return Response(AwardPage({"results": rows, "next": following}).data)


class Award(LearnerView):
    """One of them."""

    @operation(operation_id="me_award", responses=serializers.OwnAward)
    def get(self, request: Request, award_id: UUID) -> Response:
        """An award of mine, with what was proved, its history and its credentials."""
        return Response(serializers.OwnAward(portfolio.award(learner_id(request), award_id)).data)


class Credentials(LearnerView):
    """The forms of an award."""

    @operation(operation_id="me_credentials", responses=serializers.CredentialForm(many=True))
    def get(self, request: Request, award_id: UUID) -> Response:
        """The forms of an award of mine: which there are, how far they are, where to download them."""
        rows = portfolio.award(learner_id(request), award_id).credentials.all()
        return Response(serializers.CredentialForm(rows, many=True).data)


class Download(LearnerView):
    """A signed file."""

    @operation(
        operation_id="me_download",
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=api.DOWNLOAD_KINDS)],
        responses={(200, media): OpenApiResponse(OpenApiTypes.BINARY, "The file.") for media in FILES},
    )
    def get(self, request: Request, award_id: UUID, kind: str) -> HttpResponse:
        """A signed file to keep. 409 without consent, or before it is issued."""
        file = api.download(str(award_id), learner_id(request), kind)
        return HttpResponse(
            file.content, content_type=file.media_type,
            headers={"Content-Disposition": f'attachment; filename="{file.filename}"'},
        )


class Publication(LearnerView):
    """Whether everybody may see the badge."""

    @operation(
        operation_id="me_publish", request=serializers.Publish, responses=serializers.Consent,
    )
    def put(self, request: Request, award_id: UUID) -> Response:
        """Show the signed badge with this digest to everybody who has its address. Twice is once.

        409 without consent to issue, before it is issued, or for the digest of another badge.
        """
        asked = serializers.Publish(data=request.data)
        asked.is_valid(raise_exception=True)
        row = portfolio.award(learner_id(request), award_id)
        line = ledger.publish(row, digest=asked.validated_data["digest"], now=timezone.now())
        return Response(serializers.Consent(line).data)

    @operation(operation_id="me_unpublish", responses={204: None})
    def delete(self, request: Request, award_id: UUID) -> Response:
        """Show it no longer. Twice is once."""
        ledger.unpublish(portfolio.award(learner_id(request), award_id), now=timezone.now())
        return Response(status=204)


class Consents(LearnerView):
    """The ledger."""

    @operation(operation_id="me_consents", responses=serializers.Consent(many=True))
    def get(self, request: Request) -> Response:
        """What I agreed to: which payload, for whom, since when, until when."""
        return Response(serializers.Consent(ledger.lines(learner_id(request)), many=True).data)


class Withdrawal(LearnerView):
    """A line taken back."""

    @operation(operation_id="me_withdraw", request=None, responses=serializers.Consent)
    def post(self, request: Request, consent_id: int) -> Response:
        """Take a consent back. Nothing more is signed, sent or shown; what lies in a wallet stays there."""
        line = ledger.withdraw(learner_id(request), consent_id, now=timezone.now())
        return Response(serializers.Consent(line).data)


class Notices(LearnerView):
    """What there is to be known."""

    @operation(operation_id="me_notices", responses=serializers.Notice(many=True))
    def get(self, request: Request) -> Response:
        """What I was told about my awards and have not dismissed."""
        speaker = errors.translator()
        rows = portfolio.notices(learner_id(request))
        found = [_notice(row, notice_texts.words(row.kind, row.params, speaker)) for row in rows]
        return Response(serializers.Notice(found, many=True).data)


class Dismissal(LearnerView):
    """Read, and done with."""

    @operation(operation_id="me_dismiss", request=None, responses={204: None})
    def post(self, request: Request, notice_id: int) -> Response:
        """Dismiss a notice. Twice is once."""
        portfolio.dismiss(learner_id(request), notice_id, now=timezone.now())
        return Response(status=204)


class Export(LearnerView):
    """Everything that is held."""

    @operation(operation_id="me_export", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Everything this app holds about me, signed documents included."""
        return Response(
            privacy.export(learner_id(request)),
            headers={"Content-Disposition": 'attachment; filename="microcredentials.json"'},
        )


def _notice(row: Any, words: Any) -> dict[str, Any]:
    return {
        "id": row.pk, "award_id": row.award_id, "kind": row.kind, "created_at": row.created_at, "title": words.title,
        "text": " ".join((*words.sentences, words.todo)).strip(),
    }
