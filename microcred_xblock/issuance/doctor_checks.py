"""The checks of ``doctor``: keys, what the world sees, what waits, and the services underneath."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q

from ..domain.errors import MicrocredError
from ..proofs.did import did_web_url
from ..wallets import europass
from ..wallets.base import EUROPASS
from ..wallets.transport import Response
from . import (
    adapters,
    conf,
    doctor,
    doctor_remedies,
    issuers,
    models,
    outbox,
    places,
    recognition_defaults,
    tasks,
    vault,
)
from .doctor import Check, Finding, error, ok, warning
from .doctor_services import broker as _broker
from .doctor_services import mail

CERTIFICATE_WARNING = timedelta(days=30)
CLOCK_WARNING = timedelta(seconds=30)
CLOCK_ERROR = timedelta(minutes=5)
WAITS_LONG = timedelta(minutes=30)
WAITS_TOO_LONG = timedelta(hours=12)
SWEEP_MISSED = timedelta(minutes=10)
_CLOCKS = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM clock_timestamp())",
    "mysql": "SELECT UNIX_TIMESTAMP(NOW(6))",
}
_ELSEWHERE = {
    "microcred.W001": "What to do stands with the findings of `keys`: `microcred doctor --check keys`.",
    "microcred.W002": "What to do stands with the finding of `token-key`: `microcred doctor --check token-key`.",
    "microcred.E001": "Correct the entry in MICROCRED_WALLETS (the administrator's guide shows one) and restart.",
}
_FIRST = ("database", "migrations")
_TABLES = (
    "queue", "sweep", "circuits", "keys", "certificates", "token-key", "did-document", "status-lists", "recognition",
)
_REACHABLE = (
    "Have the web server pass this address to the LMS, and see that this server too reaches the site under its public "
    "name (MICROCRED_PUBLIC_BASE_URL)."
)
_LIST_BYTES = 4_000_000
_MOST = 10  # findings of one kind that are listed one by one


def all_checks() -> dict[str, Check]:
    """Every check by its name, in the order of the report."""
    broker = tasks.sweep.app  # asked for here: threads have another idea of the current app
    return {
        "database": database, "migrations": migrations, "settings": system_checks, "keys": keys,
        "certificates": certificates, "token-key": token_key, "did-document": did_document,
        "status-lists": status_lists, "queue": queue, "sweep": sweep, "circuits": circuits,
        "recognition": recognition,
        "wallets": wallets, "broker": lambda _now: _broker(broker), "mail": mail,
    }


def examine(checks: Mapping[str, Check], *, now: datetime, seconds: float = doctor.SECONDS) -> tuple[Finding, ...]:
    """The findings of all checks; where the tables are not those of this version, none of what is stored in them."""
    first = {name: check for name, check in checks.items() if name in _FIRST}
    before = {found.check: found for found in doctor.examine(first, now=now, seconds=seconds)} if first else {}
    bad = [name for name, found in before.items() if found.level is doctor.Level.ERROR]
    if not bad:
        return doctor.examine(checks, now=now, seconds=seconds)
    found = doctor.examine(
        {name: check for name, check in checks.items() if name not in _TABLES}, now=now, seconds=seconds
    )
    left = [name for name in checks if name in _TABLES]
    if not left:
        return found
    skipped = warning(f"Not looked at: {', '.join(left)}.", f"First see to {' and '.join(bad)}, then run this again.")
    return (*found, replace(skipped, check="skipped"))


def database(now: datetime) -> Iterator[Finding]:
    """Does the database answer, and is its clock ours?"""
    question = _CLOCKS.get(connection.vendor)
    asked = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(question or "SELECT 1")
        answer = cursor.fetchone()[0]
    yield ok(f"The database answers ({connection.vendor}).")
    if question:
        yield _clock("the database", datetime.fromtimestamp(float(answer), UTC), asked)


def migrations(_now: datetime) -> Iterator[Finding]:
    """Are the tables those of this version?"""
    executor = MigrationExecutor(connection)
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "microcred"]
    missing = [migration.name for migration, _backwards in executor.migration_plan(leaves)]
    if missing:
        yield error(
            f"Migrations are not applied: {', '.join(missing)}.", "Run `manage.py lms migrate microcred`.",
            missing=missing,
        )
    else:
        yield ok("All migrations are applied.")


def system_checks(_now: datetime) -> Iterator[Finding]:
    """What ``manage.py check --tag microcred`` says, the modes of key files among it."""
    found = run_checks(tags=["microcred"])
    for message in found:
        made = error if message.is_serious() else warning
        said, remedy = message.msg, _ELSEWHERE.get(message.id, "")
        if remedy and message.hint:
            said = f"{said} {message.hint}"
        yield made(said, remedy or message.hint or "Correct the setting: see the administrator's guide.", id=message.id)
    if not found:
        yield ok("Settings and the modes of key files are in order.")


def keys(_now: datetime) -> Iterator[Finding]:
    """Can every issuer sign: are its keys readable, recorded and so published?"""
    for key in issuers.configured():
        try:
            issuers.signer(key)
        except MicrocredError as problem:
            problem = _moved(key, problem)
            yield error(
                f"{_called(key)}: {problem.message}", doctor_remedies.remedy(problem), issuer=key, code=problem.code
            )
        else:
            yield ok(f"{_called(key)}: keys are readable, recorded and published.", issuer=key)


def certificates(now: datetime) -> Iterator[Finding]:
    """How long is each certificate still valid?"""
    for key in issuers.configured():
        try:
            seal = issuers.load_signer(key).seal
        except MicrocredError as problem:
            yield error(
                f"{_called(key)}: {problem.message}", doctor_remedies.remedy(problem), issuer=key, code=problem.code
            )
            continue
        until = seal.identity.not_after
        facts = {"issuer": key, "until": until.isoformat(), "days": (until - now).days}
        said = f"{_called(key)}: the certificate is valid until {until:%Y-%m-%d}"
        if until <= now:
            yield error(
                f"{_called(key)}: the certificate expired on {until:%Y-%m-%d}.",
                "Put a new one in its place, then run `microcred init`; every new credential waits for it.", **facts,
            )
        elif until - now < CERTIFICATE_WARNING:
            yield warning(f"{said}: {(until - now).days} days.", "Order a new one now.", **facts)
        else:
            yield ok(f"{said}.", **facts)


def token_key(_now: datetime) -> Iterator[Finding]:
    """Does MICROCRED_TOKEN_KEY open what is stored?"""
    vault.seal({})
    stored = models.WalletConnection.objects.filter(active=True).exclude(tokens="").order_by("pk")
    for tokens in {row.tokens for row in (stored.first(), stored.last()) if row is not None}:
        vault.unseal(tokens)
    yield ok("The token key opens the stored connections.")


def did_document(_now: datetime) -> Iterator[Finding]:
    """Does the world see, at each issuer's address, the document this database makes?"""
    for key in issuers.configured():
        did = issuers.did(key)
        url = did_web_url(did)
        remedy = _REACHABLE
        asked = datetime.now(UTC)
        try:
            response = conf.site_transport(url).request("GET", url, headers={"Accept": "application/did+json"})
        except MicrocredError as problem:
            yield _unread(url, problem)
            continue
        ours = issuers.did_document(did)
        if response.status != 200:
            yield error(f"{url} answers with status {response.status}.", remedy, url=url, status=response.status)
        elif ours is None or _json(response) != ours:
            yield error(
                f"{url} is not the document of this database.",
                "Something else answers there, or an old copy does: empty caches, compare the databases.", url=url,
            )
        else:
            yield ok(f"{url} is reachable and equal to ours.", url=url)
        if (date := _date(response)) is not None:
            yield _clock("the web server", date, asked, coarse=timedelta(seconds=2))


def status_lists(now: datetime) -> Iterator[Finding]:
    """Does the world get every list, signed after its last change? A list is signed when it is asked for, so we ask."""
    documents = models.StatusListCredential.objects.select_related("list").order_by("-list__created_at", "purpose")
    rows = list(documents.defer("content")[:_MOST])
    for row in rows:
        yield from _reachable_list(row, now)
    if not rows:
        yield ok("There is no status list yet.")


def queue(now: datetime) -> Iterator[Finding]:
    """How much waits, since when, and how many awards need a person?"""
    facts = outbox.queue_facts(now)
    depth = sum(facts.depth.values())
    known = {**facts.depth, "dead": facts.dead, "capped": list(facts.capped)}
    many = "more than " if any(step in facts.capped for step in facts.depth) else ""
    remedy = "See whether the workers run and keep up (`celery inspect active`), and add workers if they do not."
    waits = now - facts.oldest_due if facts.oldest_due is not None else timedelta()
    if waits > WAITS_TOO_LONG:
        yield error(f"{many}{depth} wait; the oldest has been due for {_duration(waits)}.", remedy, **known)
    elif waits > WAITS_LONG:
        yield warning(f"{many}{depth} wait; the oldest has been due for {_duration(waits)}.", remedy, **known)
    else:
        yield ok(f"{many}{depth} wait, none for long.", **known)
    if facts.dead:
        yield warning(
            f"{'more than ' if 'dead' in facts.capped else ''}{facts.dead} awards failed: signing failed, or a wallet "
            "refused or was given up.",
            "Each needs a person: the console lists them under the state “Failed”, with the cause. When it is gone: "
            "`microcred retry --all-failed`.", dead=facts.dead,
        )
    yield from _unready()


def _unready() -> Iterator[Finding]:
    """Pills that learners have answered in, and that are not awarded before their author mends them."""
    waiting = models.AssessmentRequest.objects.filter(error_code="pill-unready").values("pill_id")
    for pill in waiting.annotate(learners=Count("pk")).order_by("pill_id")[:_MOST]:
        yield warning(
            f"The pill {pill['pill_id']} is not awarded ({pill['learners']} waiting): it is not complete, lacks what "
            "assesses it, or its credentials could not be issued as it is.",
            "Have its author mend it in Studio: the pill's page and the Preview tab of its form say what is wrong. "
            "Publishing it is then enough.", **pill,
        )


def sweep(now: datetime) -> Iterator[Finding]:
    """Has the sweep run lately? What it would have taken up is a sign that it has not."""
    before = now - SWEEP_MISSED
    unmarked = Q(leased_until__isnull=True) | Q(leased_until__lt=before)  # what it hands over it marks
    left = (
        outbox.due_credentials(before).filter(unmarked).count()
        + models.AssessmentRequest.objects.filter(due_at__lte=before).count()
        + models.IndexRequest.objects.filter(due_at__lte=before).count()
        + models.Regrade.objects.filter(open=True, due_at__lte=before).count()
    )
    if left:
        yield warning(
            f"{left} rows have been due for more than {_duration(SWEEP_MISSED)} and nobody took them up.",
            "Have Celery beat or cron run `microcred_sweep` every minute, and see whether the workers run.", left=left,
        )
    else:
        yield ok("Nothing overdue was left lying.")


def circuits(now: datetime) -> Iterator[Finding]:
    """Which wallet hosts are left alone for a while after repeated failures?"""
    shut = list(models.WalletCircuit.objects.filter(open_until__gt=now).order_by("name"))
    for row in shut[:_MOST]:
        yield warning(
            f"{row.name} failed {row.failures} times and is asked again at {row.open_until:%Y-%m-%d %H:%M} UTC.",
            "Nothing, if the wallet's host is down; else see whether this server can reach it.",
            host=row.name, code=row.error_code,
        )
    if not shut:
        yield ok("No wallet host is being left alone.")


def recognition(now: datetime) -> Iterator[Finding]:
    """Can all recognition data that organisations and sites give to their pills be used?"""
    rows, bad = recognition_defaults.rows(), 0
    for row in rows:
        names = list(dict.fromkeys(problem.params["element"] for problem in recognition_defaults.problems(row)))
        if names:
            bad += 1
            yield warning(
                f"The recognition data of {row} are left out in part: {', '.join(names)}.",
                "Correct them in the Django admin, or with `microcred recognition set`.", values=names,
            )
    if not bad:
        yield ok("All recognition data that pills inherit can be used.", rows=len(rows))


def wallets(now: datetime) -> Iterator[Finding]:
    """Does every wallet that learners may choose answer, and offer what is needed?"""
    allowed = conf.wallets()
    for wanted in allowed.values():
        if not _speakable(wanted.base_url):
            yield error(
                f"The wallet {wanted.id} is never spoken to: its base_url in MICROCRED_WALLETS is not https.",
                "Give its https address there, and restart every process of the LMS.", wallet=wanted.id, code="https",
            )
            continue
        try:
            if wanted.kind == EUROPASS:
                europass.look(conf.transport(wanted), wanted.base_url)
            else:
                adapters.of(wanted).discover(conf.transport(wanted), wanted.base_url, now=now)
        except MicrocredError as problem:
            yield warning(
                f"The wallet {wanted.id} cannot be used: {problem.message}",
                "See whether this server reaches it and whether its base_url in MICROCRED_WALLETS is right; if so and "
                "it lasts, ask its provider.",
                wallet=wanted.id, code=problem.code,
            )
        else:
            yield ok(f"The wallet {wanted.id} answers.", wallet=wanted.id)
    if not allowed:
        yield ok("No wallet is offered.")


def _reachable_list(row: models.StatusListCredential, now: datetime) -> Iterator[Finding]:
    url = places.status_list(row.list_id, row.purpose)
    remedy = _REACHABLE
    try:
        response = conf.site_transport(url).request("GET", url, max_bytes=_LIST_BYTES)
    except MicrocredError as problem:
        yield _unread(url, problem)
        return
    row.refresh_from_db()
    if response.status != 200:
        yield error(f"{url} answers with status {response.status}.", remedy, url=url, status=response.status)
    elif bytes(row.content) != response.content:
        yield error(
            f"{url} is not the list of this database.",
            "Something else answers there, or an old copy does: empty caches, compare the databases.", url=url,
        )
    elif row.signed != row.changed or row.valid_until is None or row.valid_until <= now:
        yield error(
            f"{url} is older than the last change, or has expired.",
            "It is signed when it is asked for, so the issuer's keys cannot be used: see the findings of `keys`.",
            url=url,
        )
    else:
        yield ok(f"{url} is signed, fresh and reachable.", url=url)


def _unread(url: str, problem: MicrocredError) -> Finding:
    why = doctor_remedies.why_unread(problem.code)
    code = problem.code.removeprefix("wallet-")
    return error(f"{url} cannot be read from here: {why}.", _REACHABLE, url=url, code=code)


def _moved(key: str, problem: MicrocredError) -> MicrocredError:
    """The cause behind keys that are not published, where it is that the site's address is another now."""
    if problem.code != "key-unpublished":
        return problem
    try:
        issuers.check_address(issuers.load_signer(key))
    except MicrocredError as cause:
        return cause
    return problem


def _speakable(url: str) -> bool:
    """Whether our own setting lets the wallet be spoken to at all."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(loopback and conf.setting("MICROCRED_ALLOW_LOOPBACK_HTTP"))


def _clock(whose: str, theirs: datetime, ours: datetime, *, coarse: timedelta = timedelta()) -> Finding:
    """How far apart two clocks are; ``coarse`` is what the comparison itself may be wrong by."""
    apart = max(abs(theirs - ours) - coarse, timedelta())
    facts = {"seconds": round(apart.total_seconds(), 1)}
    said = f"The clocks of this machine and of {whose} differ by {facts['seconds']} s."
    if apart <= CLOCK_WARNING:
        return ok(f"The clocks of this machine and of {whose} agree.", **facts)
    return (error if apart > CLOCK_ERROR else warning)(said, "Synchronise both by NTP.", **facts)


def _date(response: Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(response.headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def _json(response: Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _called(key: str) -> str:
    return f"Issuer {key}" if key else "The issuer"


def _duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
