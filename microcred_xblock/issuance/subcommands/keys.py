"""Show, rotate and withdraw the issuers' keys, and say which issuer awards where.

Nothing here shows a private key.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max
from django.utils import timezone

from ...domain.errors import MicrocredError
from .. import assignments, issuers, models, rotation

_PURPOSES = models.SigningKey.Purpose.values


def add_arguments(parser: ArgumentParser) -> None:
    """``list``, ``rotate``, ``withdraw``, ``assign``, ``unassign``, ``assignments``."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    listing = steps.add_parser("list", help="all public keys, with how often each was used")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    rotate = steps.add_parser("rotate", help="a new key in the place of the one that signs; the former stays published")
    rotate.add_argument("purpose", choices=_PURPOSES)
    rotate.add_argument("--issuer", default="", metavar="KEY", help="default: MICROCRED_ISSUER")
    rotate.add_argument("--remove-file", action="store_true", help="do not keep the former private key")
    rotate.add_argument(
        "--compromised", action="store_true",
        help="others may have the former key: publish it no longer; what it signed then no longer verifies",
    )
    withdraw = steps.add_parser("withdraw", help="publish a retired key no longer, because others may have it")
    withdraw.add_argument("number", type=int, help="the key's number in the list")
    withdraw.add_argument("--yes", action="store_true", help="do it; without this only say what would happen")
    assign = steps.add_parser("assign", help="let an issuer award in a course, an organisation or a site")
    assign.add_argument("scope", choices=assignments.Scope.values)
    assign.add_argument("value", help="the course's id, the organisation's short name, or the site's host name")
    assign.add_argument("key", help='the issuer\'s key in the settings; "" is MICROCRED_ISSUER')
    unassign = steps.add_parser("unassign", help="take an assignment back")
    unassign.add_argument("scope", choices=assignments.Scope.values)
    unassign.add_argument("value")
    steps.add_parser("assignments", help="which issuer awards where")


def handle(command: BaseCommand, options: dict[str, Any]) -> None:
    """One step; CommandError with what to do where a person must act."""
    try:
        _STEPS[options["step"]](command, options)
    except MicrocredError as error:
        raise CommandError(error.message) from error
    except OSError as error:
        raise CommandError(f"The keys folder cannot be used: {error.strerror} ({error.filename}).") from error


def _list(command: BaseCommand, options: dict[str, Any]) -> None:
    rows = models.SigningKey.objects.select_related("issuer").annotate(used=Count("uses"), last=Max("uses__at"))
    found = [
        {
            "number": row.pk, "issuer": row.issuer.key, "did": row.issuer.did, "purpose": row.purpose,
            "algorithm": row.algorithm, "method": row.method_id, "private_key": row.reference, "state": _state(row),
            "uses": row.used, "last_use": row.last.isoformat() if row.last else None,
        }
        for row in rows.order_by("issuer__key", "purpose", "pk")
    ]
    if options["json"]:
        command.stdout.write(json.dumps(found, indent=2))
        return
    for item in found:
        command.stdout.write(
            f"{item['number']:>5}  {item['issuer'] or '(default)':12}  {item['purpose']:9}  {item['algorithm']:7}  "
            f"{item['state']:9}  {item['uses']:>7} uses  {item['private_key']}  {item['method']}"
        )


def _rotate(command: BaseCommand, options: dict[str, Any]) -> None:
    now = timezone.now()
    done = rotation.rotate(options["issuer"], options["purpose"], now=now, keep_file=not options["remove_file"])
    command.stdout.write(f"New key {done.current.method_id or done.current.pk} in {done.file}: other processes use it "
                         "at once. Copy the file to every other machine that signs.")
    if done.kept is not None:
        command.stdout.write(f"The former private key is kept in {done.kept}; nothing needs it.")
    for former in done.former:
        if options["compromised"]:
            _withdrawn(command, former, rotation.withdraw(former, now=now))
        else:
            name = former.method_id or former.pk
            command.stdout.write(f"Former key {name} retired; what it signed goes on verifying.")
    if done.current.purpose == models.SigningKey.Purpose.SEAL:
        issuers.record(issuers.try_keys(options["issuer"]))


def _withdraw(command: BaseCommand, options: dict[str, Any]) -> None:
    row = models.SigningKey.objects.select_related("issuer").filter(pk=options["number"]).first()
    if row is None:
        raise CommandError("There is no key with this number: see `microcred keys list`.")
    if not options["yes"]:
        command.stdout.write(
            f"{rotation.affected(row).count()} credentials signed with {row.method_id or row.pk} would no longer "
            "verify. Run again with --yes."
        )
        return
    _withdrawn(command, row, rotation.withdraw(row, now=timezone.now()))


def _withdrawn(command: BaseCommand, row: models.SigningKey, count: int) -> None:
    command.stdout.write(f"{row.method_id or row.pk} is published no longer.")
    if row.purpose == models.SigningKey.Purpose.SEAL:
        command.stdout.write("Have the certificate revoked by whoever gave it: seals carry it with them.")
    awards = rotation.affected(row).values("award_id").distinct().count()
    command.stdout.write(
        f"{count} credentials of {awards} awards need a reissue: `microcred reissue`." if count
        else "No credential was signed with it."
    )


def _assign(command: BaseCommand, options: dict[str, Any]) -> None:
    row = assignments.assign(options["scope"], options["value"], options["key"])
    command.stdout.write(f"{row}. Awards that were made before keep their issuer.")


def _unassign(command: BaseCommand, options: dict[str, Any]) -> None:
    if not assignments.unassign(options["scope"], options["value"]):
        raise CommandError("Nothing is assigned there: see `microcred keys assignments`.")


def _assignments(command: BaseCommand, _options: dict[str, Any]) -> None:
    known = issuers.configured()
    for row in assignments.assignments():
        command.stdout.write(f"{row}{'' if row.issuer_key in known else '  (not in the settings: nothing is issued)'}")


def _state(row: models.SigningKey) -> str:
    return "withdrawn" if row.withdrawn_at else "retired" if row.retired_at else "signs"


_STEPS = {
    "list": _list, "rotate": _rotate, "withdraw": _withdraw, "assign": _assign, "unassign": _unassign,
    "assignments": _assignments,
}
