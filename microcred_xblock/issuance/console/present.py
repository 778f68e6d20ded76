"""What the console's templates show, made of what ``staff`` tells: words instead of codes, tones, labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...domain.errors import MicrocredError
from ...domain.upkeep import RegradePolicy
from .. import adapters, bulk, conf, models, staff
from . import words

FILTERS = tuple(item.name for item in fields(staff.Filters))
_LABELS = ("course", "pill", "state", "wallet", "learner", "issuer", "since", "until")
LATE = timedelta(minutes=15)
_OVER = ("refused", "dead", "failed")


def lines(found: Iterable[staff.Line]) -> list[dict[str, Any]]:
    """The rows of the list."""
    names = wallet_names()
    return [
        {
            "line": line, "state": _chip(words.STATES, line.state),
            "sendings": [
                {"wallet": names.get(item.wallet, item.wallet), "state": _chip(words.SENDING, item.state)}
                for item in line.sendings
            ],
            "trouble": _trouble(line),
        }
        for line in found
    ]


def _trouble(line: staff.Line) -> str:
    """The first error of an award that failed or waits, in words."""
    if line.state not in ("failed", "waiting"):
        return ""
    told = [(row.error_code, row.error_params) for row in line.credentials]
    told += [(item.code, item.params) for item in line.sendings]
    return words.cause(*next(((code, params) for code, params in told if code), ("",)))


def story(found: staff.Story) -> dict[str, Any]:
    """What the page of an award shows."""
    names, twins = wallet_names(), _hosted()
    return {
        "story": found, "state": _chip(words.STATES, found.state), "unrenewable": unrenewable(found),
        "consents": [
            {
                "row": item, "purpose": words.PURPOSES.get(item.purpose, item.purpose),
                "formats": [words.FORMATS.get(name, name) for name in item.formats],
            }
            for item in found.consents
        ],
        "credentials": [
            {
                "row": item, "format": words.FORMATS.get(item.format, item.format),
                "state": _chip(words.SIGNING, item.state), **_explained(item),
            }
            for item in found.credentials
        ],
        "deliveries": [
            {
                "row": item, "wallet": names.get(item.wallet, item.wallet),
                "format": words.HOSTED if item.wallet in twins else words.FORMATS.get(item.format, item.format),
                "state": _chip(words.SENDING, item.state), **_explained(item),
            }
            for item in found.deliveries
        ],
        "changes": [
            {
                "row": item, "action": words.CHANGES.get(item.action, item.action),
                "reason": words.reason(item.reason), "actor": _actor(item),
            }
            for item in found.changes
        ],
        "cases": [
            {
                "row": item, "policy": words.POLICIES.get(item.policy, item.policy),
                "outcome": _came_of(item),
            }
            for item in found.score_changes
        ],
        "notices": [
            {
                "row": item, "state": words.NOTICES.get(item.state, item.state), "cause": words.cause(item.code),
                "label": words.notice(item.kind),
            }
            for item in found.notices
        ],
        "actions": [{"code": code, "label": words.ACTIONS[code]} for code in found.actions],
        "regain": words.REGAIN.get(found.regain, ""), "hidden": invisible(found, ""),
    }


def _explained(item: Any) -> dict[str, Any]:
    """The last error in words and what to do; nothing where it succeeded afterwards."""
    if not item.code or item.state in ("delivered", "issued", "stopped"):
        return {"cause": "", "remedy": ""}
    over = item.state in _OVER
    return {"cause": words.cause(item.code, item.params), "remedy": words.remedy(item.error_class, over=over)}


def _came_of(case: Any) -> Any:
    """What came of a change of scores. Where the rule is not to keep, what keeps an award is that its pill changed."""
    if case.outcome == models.Regrade.Outcome.KEPT and case.policy != RegradePolicy.KEEP.value:
        return words.SET_ASIDE
    return words.CASES.get(case.outcome, case.outcome)


def _actor(item: Any) -> str:
    if item.actor_name:
        return item.actor_name
    kind, _sep, number = item.actor.partition(":")
    if kind == "user":
        return _("Account {number}").format(number=number)
    return {"system": _("by itself, as the pill's rules say"), "command": _("by command")}.get(kind, item.actor)


def invisible(found: staff.Story, action: str) -> bool:
    """Whether a suspension is not written in the badge's own entry: it shows on the verification page alone."""
    concerned = action == "suspend" or (not action and found.status == models.Award.Status.SUSPENDED)
    return concerned and found.entry_purpose == "revocation"


def unrenewable(found: staff.Story) -> str:
    """Why an award that could be issued anew otherwise cannot be now: a change of scores waits."""
    waits = any(case.closed_at is None for case in found.score_changes)
    signed = any(item.state == models.Credential.State.ISSUED for item in found.credentials)
    otherwise = found.status == models.Award.Status.VALID and signed and not found.superseded_by
    return words.cause("regrade-open") if waits and otherwise else ""


def wallets_told(found: staff.Story) -> list[str]:
    """The wallets in which the credential lies."""
    names = wallet_names()
    return sorted({names.get(item.wallet, item.wallet) for item in found.deliveries if item.state == "delivered"})


def queue(facts: Any, now: datetime) -> dict[str, Any]:
    """The health of the queues: how much waits, since when, how many awards failed, which wallets do not answer."""
    return {
        "waiting": at_least(sum(facts.depth.values()), any(step in facts.capped for step in facts.depth)),
        "oldest": facts.oldest_due, "dead": at_least(facts.dead, "dead" in facts.capped),
        "any_dead": bool(facts.dead), "late": facts.oldest_due is not None and now - facts.oldest_due > LATE,
        "circuits": list(facts.open_circuits),
        "steps": [
            {"label": words.STEPS.get(step, step), "count": at_least(count, step in facts.capped)}
            for step, count in facts.depth.items() if count
        ],
    }


def job(row: models.BulkJob) -> dict[str, Any]:
    """A bulk job with its progress in words."""
    is_open = row.state in bulk.OPEN
    finished = row.state == models.BulkJob.State.DONE
    percent = 100 if finished or not row.total else min(99 if is_open else 100, row.done * 100 // row.total)
    label, tone = _chip(words.JOBS, row.state).values()
    text = ngettext("{done} of {total} award", "{done} of {total} awards", row.total).format(
        done=number(row.done), total=number(row.total)
    )
    if row.failed:
        text += " · " + ngettext("{n} could not be done", "{n} could not be done", row.failed).format(
            n=number(row.failed)
        )
    about = ", ".join(f"{label}: {value}" for label, value in chosen(staff.Filters.from_query(row.filters)))
    return {
        "about": about, "row": row, "title": words.BULK.get(row.action, row.action), "percent": percent,
        "open": is_open,
        "label": str(label), "tone": tone, "state": row.state, "text": text,
        "left": max(row.total - row.done, 0) if finished else 0, "cause": words.cause(row.error_code),
    }


def chosen(filters: staff.Filters) -> list[tuple[str, str]]:
    """The filters that are set, with their labels."""
    labels = {
        "course": _("Course"), "pill": _("Pill"), "state": _("State"), "wallet": _("Wallet"), "learner": _("Learner"),
        "issuer": _("Issuer"), "since": _("From"), "until": _("To"),
    }
    values = filters.as_query()
    if "state" in values:
        values["state"] = str(words.STATES[values["state"]][0])
    if "wallet" in values:
        values["wallet"] = wallet_names().get(values["wallet"], values["wallet"])
    return [(labels[name], values[name]) for name in _LABELS if name in values]


def back(query: str) -> str:
    """The address of the list as it was; nothing but known filters is taken from the address."""
    kept = {name: value for name, value in parse_qsl(query)[:20] if name in (*FILTERS, "cursor")}
    address = reverse("microcred:console")
    return f"{address}?{urlencode(kept)}" if kept else address


def wallet_names() -> dict[str, str]:
    """The wallets of the settings and those that are known from before, by id."""
    try:
        return {entry.id: entry.name for entry in conf.wallets().values()}
    except MicrocredError:
        return {}


def _hosted() -> set[str]:
    """The ids of wallets of the settings that take the Open Badge 2.0."""
    try:
        return {entry.id for entry in conf.wallets().values() if adapters.hosted(entry)}
    except MicrocredError:
        return set()


def courses_offered(scope: staff.Scope, page: staff.Page | None) -> list[tuple[str, str]]:
    """Courses to choose from while typing: one's own, and those on the page."""
    found = {line.course: line.course_name for line in page.lines} if page else {}
    for course in sorted(scope.courses or ())[:200]:
        found.setdefault(course, "")
    return sorted(found.items())


def number(value: int) -> str:
    """A number as the reader's language writes it."""
    return number_format(value, use_l10n=True, force_grouping=True)


def at_least(value: int, more: bool) -> str:
    """The same, with a plus sign where counting ended there."""
    return f"{number(value)}+" if more else number(value)


def _chip(table: dict[str, tuple[Any, str]], code: str) -> dict[str, Any]:
    label, tone = table.get(code, (code, "quiet"))
    return {"label": label, "tone": tone}
