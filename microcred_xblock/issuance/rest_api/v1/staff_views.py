"""What staff may see and do: the same as in the console, through the same services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from ....domain.errors import NotAllowed
from ... import bulk, outbox, staff
from . import staff_serializers as s
from .base import StaffView as Base
from .learner import CURSOR
from .schema import operation

_FILTERS = [
    CURSOR,
    *(OpenApiParameter(name, str) for name in ("course", "pill", "wallet", "learner", "issuer")),
    OpenApiParameter("state", str, enum=("", *staff.STATES)),
    *(OpenApiParameter(name, str, description="YYYY-MM-DD") for name in ("since", "until")),
]


class StaffView(Base):
    """Only awards in the scope of the account; others do not exist for it."""

    audience = "staff"


class Awards(StaffView):
    """The list."""

    @operation(operation_id="awards", parameters=_FILTERS, responses=s.LinePage)
    def get(self, request: Request) -> Response:
        """Awards in my courses that fit, newest first."""
        filters = staff.Filters.from_query(request.query_params)
        found = staff.page(self.scope, filters, request.query_params.get("cursor", ""), now=timezone.now())
        return Response(s.LinePage({"results": found.lines, "next": found.older}).data)


class Award(StaffView):
    """The story."""

    @operation(operation_id="award", responses=s.Story)
    def get(self, request: Request, award_id: UUID) -> Response:
        """Everything about one award: why it was made, what was agreed, signed and sent, what became of it."""
        return Response(s.Story(staff.story(self.scope, award_id, timezone.now())).data)


class Action(StaffView):
    """Something done to one award."""

    @operation(
        operation_id="award_action", request=s.Act,
        parameters=[OpenApiParameter("action", str, OpenApiParameter.PATH, enum=staff.ACTIONS)],
        responses=s.Acted,
    )
    def post(self, request: Request, award_id: UUID, action: str) -> Response:
        """Retry, suspend, reinstate, revoke or renew an award, or dismiss a change of scores. Goes into its history."""
        if action not in staff.ACTIONS:
            raise NotAllowed("There is no such action.", code="api-unknown")
        why = _valid(s.Act, request)
        changed = staff.act(
            self.scope, award_id, action, reason=why["reason"], note=why["note"], regain=why["regain"],
            seen=why.get("seen"), now=timezone.now(),
        )
        return Response(s.Acted({"changed": changed}).data)


class Jobs(StaffView):
    """Work on many awards."""

    @operation(operation_id="bulk_jobs", responses=s.Job(many=True))
    def get(self, request: Request) -> Response:
        """The latest jobs: mine, or for platform staff everybody's."""
        return Response(s.Job(bulk.recent(self.scope, 50), many=True).data)

    @operation(operation_id="bulk_start", request=s.StartJob, responses={202: s.Job})
    def post(self, request: Request) -> Response:
        """Have an action done on every award of my courses that fits, in the background."""
        asked = _valid(s.StartJob, request)
        filters = staff.Filters.from_query(
            {name: str(value) for name, value in asked.get("filters", {}).items()}
        )
        job = bulk.start(
            self.scope, asked["action"], filters, params={"reason": asked["reason"], "note": asked["note"]},
            now=timezone.now(),
        )
        return Response(s.Job(job).data, status=202)


class Job(StaffView):
    """One of them."""

    @operation(operation_id="bulk_job", responses=s.Job)
    def get(self, request: Request, job_id: UUID) -> Response:
        """How far a job is."""
        return Response(s.Job(bulk.own(self.scope, job_id)).data)


class Cancellation(StaffView):
    """An end to it."""

    @operation(operation_id="bulk_cancel", request=None, responses=s.Job)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop a job after the award it is at. What is done stays done."""
        job = bulk.own(self.scope, job_id)
        bulk.cancel(job.pk, now=timezone.now())
        job.refresh_from_db()
        return Response(s.Job(job).data)


class Queue(StaffView):
    """What waits."""

    @operation(operation_id="queue", responses=s.QueueFacts)
    def get(self, request: Request) -> Response:
        """How much waits in each step, since when, and what failed. For platform staff: it spans all courses."""
        if self.scope.courses is not None:
            raise NotAllowed("Only platform staff may see this.", code="staff-only")
        return Response(s.QueueFacts(outbox.queue_facts(timezone.now())).data)


def _valid(kind: Any, request: Request) -> dict[str, Any]:
    """What was sent, checked."""
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
