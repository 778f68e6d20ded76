"""Many awards at once: the question before, the progress meanwhile, and the way to stop it."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...domain.errors import InvalidAnswer, NotAllowed
from .. import bulk, staff
from . import present, words
from .access import staff_only


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def start(request: HttpRequest, scope: staff.Scope, action: str) -> HttpResponse:
    """GET says how many awards it will be; POST starts the job. The form carries the job's id: twice is one job."""
    if action not in bulk.ACTIONS:
        raise NotAllowed("There is no such action.", code="job-unknown")
    filters = staff.Filters.from_query(request.POST or request.GET)
    if request.method == "POST":
        job = bulk.start(scope, action, filters, now=timezone.now(), job_id=_uuid(request.POST.get("job", "")))
        return HttpResponseRedirect(reverse("microcred:console-job", args=[job.pk]))
    count = staff.count(scope, filters)
    return render(request, "microcred/console/bulk.html", {
        "action": action, "title": words.BULK[action], "count": count, "countless": count > staff.MOST,
        "most_shown": present.number(staff.MOST), "filters": filters, "chosen": present.chosen(filters), "job": uuid4(),
        "query": urlencode(filters.as_query()), "hidden": filters.as_query(),
    })


@require_safe
@staff_only
def job(request: HttpRequest, scope: staff.Scope, job_id: UUID) -> HttpResponse:
    """How far it is. The page asks for news by itself where scripts run; elsewhere it is loaded again."""
    row = bulk.own(scope, job_id)
    filters = staff.Filters.from_query(row.filters)
    return render(request, "microcred/console/job.html", {
        "job": present.job(row), "chosen": present.chosen(filters), "query": urlencode(filters.as_query()),
    })


@require_safe
@staff_only
def progress(_request: HttpRequest, scope: staff.Scope, job_id: UUID) -> HttpResponse:
    """The same as data."""
    found = present.job(bulk.own(scope, job_id))
    return JsonResponse({name: found[name] for name in ("percent", "text", "label", "tone", "open", "state")})


@require_POST
@staff_only
def cancel(_request: HttpRequest, scope: staff.Scope, job_id: UUID) -> HttpResponse:
    """Stop it after the award it is at."""
    bulk.cancel(bulk.own(scope, job_id).pk, now=timezone.now())
    return HttpResponseRedirect(reverse("microcred:console-job", args=[job_id]))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidAnswer("The form was incomplete.", code="request-field", field="job") from None
