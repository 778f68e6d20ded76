"""The list, one award, an action on it, and the export. GET changes nothing."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from ... import compat
from ...domain.errors import InvalidAnswer, MicrocredError, NotAllowed
from .. import bulk, models, outbox, staff
from ..staff_actions import NOTE, REASONS
from . import present, words
from .access import in_words, staff_only, status_of

log = logging.getLogger(__name__)


@require_safe
@staff_only
def awards(request: HttpRequest, scope: staff.Scope) -> HttpResponse:
    """The list. Filters that cannot be used are named; nothing is listed then."""
    now, problem, page, filters = timezone.now(), "", None, staff.Filters()
    try:
        filters = staff.Filters.from_query(request.GET)
        page = staff.page(scope, filters, request.GET.get("cursor", ""), now=now)
    except InvalidAnswer as error:
        problem = in_words(error)
    query = urlencode(filters.as_query())
    return render(request, "microcred/console/awards.html", {
        "page": page, "lines": present.lines(page.lines) if page else (), "filters": filters, "problem": problem,
        "given": {name: request.GET.get(name, "")[:staff.LONGEST] for name in present.FILTERS},
        "query": query, "filtered": bool(query), "states": [(code, words.STATES[code][0]) for code in words.STATES],
        "wallets": present.wallet_names(), "issuers": staff.issuers_in_use(),
        "courses": present.courses_offered(scope, page), "everything": scope.courses is None,
        "queue": present.queue(outbox.queue_facts(now), now) if scope.courses is None else None,
        "jobs": [present.job(row) for row in bulk.under_way(scope)], "bulk": words.BULK,
        "most_shown": present.number(staff.MOST), "platform": bool(compat.platform()),
        "here": request.GET.urlencode()[:2_000],
    }, status=400 if problem else 200)


@require_safe
@staff_only
def csv_export(request: HttpRequest, scope: staff.Scope) -> HttpResponse:
    """The list as a file, sent while it is read. Learners are numbers in it: a file leaves the site."""
    filters = staff.Filters.from_query(request.GET)
    log.info("Awards are exported as a file.")
    response = StreamingHttpResponse(_csv(scope, filters), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="awards-{timezone.now():%Y-%m-%d}.csv"'
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def _csv(scope: staff.Scope, filters: staff.Filters) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # by which Excel knows UTF-8
    yield writer.writerow([str(words.COLUMNS[name]) for name in staff.CSV_COLUMNS])
    for row in staff.csv_rows(scope, filters):
        yield writer.writerow(row)


@require_safe
@staff_only
def award(request: HttpRequest, scope: staff.Scope, award_id: UUID) -> HttpResponse:
    """The whole story of one award."""
    story = staff.story(scope, award_id, timezone.now())
    return render(request, "microcred/console/award.html", {
        **present.story(story), "done": words.DONE.get(request.GET.get("done", ""), ""),
        "back": present.back(request.GET.get("from", "")),
        "from": request.GET.get("from", "")[:2_000],
    })


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def action(request: HttpRequest, scope: staff.Scope, award_id: UUID, action: str) -> HttpResponse:
    """GET says what will happen; POST does it and goes back to the award. Twice is once."""
    if action not in staff.ACTIONS:
        raise NotAllowed("There is no such action.", code="award-unknown")
    given = {name: request.POST.get(name, "") for name in ("reason", "note", "regain", "seen")}
    problem, code = "", 200
    if request.method == "POST":
        try:
            staff.act(
                scope, award_id, action, reason=given["reason"], note=given["note"], now=timezone.now(),
                seen=given["seen"], regain=given["regain"] or models.Award.Regain.ANEW,
            )
        except MicrocredError as error:
            if error.code == "award-unknown":
                raise
            log.info("Console, %s: %s", action, error.code)
            problem, code = in_words(error), status_of(error)
        else:
            target = reverse("microcred:console-award", args=[award_id])
            kept = {"done": action, "from": request.POST.get("from", "")[:2_000]}
            return HttpResponseRedirect(f"{target}?{urlencode({key: value for key, value in kept.items() if value})}")
    story = staff.story(scope, award_id, timezone.now())
    return render(request, "microcred/console/action.html", {
        **present.story(story), "action": action, "title": words.TITLES[action], "problem": problem, "given": given,
        "possible": action in story.actions, "reasons": _reasons(action),
        "regains": words.REGAIN, "note_limit": NOTE, "from": (request.POST or request.GET).get("from", "")[:2_000],
        "invisible": present.invisible(story, action), "wallets_told": present.wallets_told(story),
    }, status=code)


def _reasons(action: str) -> dict[str, object]:
    """What to choose from; the services know more reasons, which are theirs alone."""
    return {code: words.REASONS.get(code) or words.reason(code) for code in REASONS.get(action, ())}
