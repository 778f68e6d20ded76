"""Former and new award of one learner, with everybody at them at once: learner, staff, workers, a retirement.

``python -m tests.issuance.race_replacing <address of a database>`` prints a JSON object of what was found afterwards;
nothing in it may depend on who was faster. ``snapshots`` after the address: as on a site that has chosen MySQL's own
isolation level, where a transaction goes on reading what was there at its first look.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests import services
from tests.issuance import race

ROUNDS = 4
COURSE = "c"


class Table:
    """A learner with an award, signed, and whatever replaces it."""

    def __init__(self, name: str, **upkeep: Any) -> None:
        from microcred_xblock.domain.upkeep import Upkeep
        from microcred_xblock.issuance.data import Learner
        from tests.factories import make_pill

        self.learner = Learner(id=name, full_name="Camille", email="c@learner.example")
        self.pill = make_pill(upkeep=Upkeep(**upkeep)) if upkeep else make_pill()
        self.first = self.earn()

    def earn(self) -> str:
        """The award of these scores."""
        from microcred_xblock.issuance import api
        from tests.factories import make_scores

        made = api.record_scores(self.pill, make_scores(at=_now()), learner_id=self.learner.id, course_id=COURSE)
        return made.award_id

    def agree(self, award_id: Any) -> None:
        """Consent to what is shown."""
        from microcred_xblock.issuance import api

        api.consent(str(award_id), self.learner, digest=api.payload(str(award_id), self.learner).digest)

    def renew(self, award_id: Any) -> Any:
        """Staff have it issued anew."""
        from microcred_xblock.issuance import renewing

        return renewing.renew(_award(award_id), actor="user:1", now=_now(), reason="reissue")

    def rows(self) -> list[Any]:
        """All awards, the oldest first."""
        from microcred_xblock.issuance import models

        return list(models.Award.objects.filter(learner_id=self.learner.id).order_by("created_at"))

    def faults(self) -> list[str]:
        """What must not be, whoever was faster."""
        from microcred_xblock.issuance import models

        rows, found = self.rows(), []
        standing = [row for row in rows if row.status in ("valid", "suspended")]
        signed = [row for row in standing if not row.credentials.exclude(state="issued").exists()
                  and row.credentials.exists()]
        if models.StatusChange.objects.filter(award__in=rows, action="revoke").exists() and standing:
            found.append("stands beside one that was revoked")
        if len(signed) > 1:
            found.append("two that count side by side")
        if standing and sum(bool(row.active) for row in rows) != 1:
            found.append("no active award, or two")
        if not standing and any(row.active for row in rows):
            found.append("active without standing")
        for row in rows:
            entry = models.StatusEntry.objects.filter(award=row).first()
            if entry is not None and entry.revoked != (row.status in ("revoked", "superseded")):
                found.append(f"the bit of an award that is {row.status}")
            ended = row.status in ("revoked", "superseded")
            if ended and row.credentials.filter(state__in=("queued", "failed")).exists():
                found.append("something of what has ended is still to be signed")
            open_ = models.Delivery.objects.filter(credential__award=row).exclude(state__in=("delivered", "stopped"))
            if ended and open_.exists():
                found.append("something of what has ended is still to be sent")
        return found


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _award(pk: Any) -> Any:
    from microcred_xblock.issuance import models

    return models.Award.objects.select_related("pill").get(pk=pk)


def sweep() -> None:
    """Until nothing is left to do now."""
    from microcred_xblock.issuance import models, outbox

    for _ in range(3):
        models.Credential.objects.filter(lease="").update(leased_until=None)
        models.WalletConnection.objects.filter(lease="").update(leased_until=None)
        outbox.sweep(_now() + timedelta(seconds=1))


def mixed(*works: Callable[[], Any]) -> list[str]:
    """Each work in turn by a thread; what went wrong that was no answer of ours."""
    results = race.together(lambda index: works[index % len(works)]() and None)
    return [item for item in results if isinstance(item, str)]


def standing(number: int, _host: Any) -> list[str]:
    """A replacement is agreed to, signed, withdrawn, revoked and suspended at once."""
    from microcred_xblock.issuance import api, issuing, status

    table = Table(f"standing-{number}")
    table.agree(table.first)
    new = table.renew(table.first).pk

    def change(service: Callable[..., Any], award_id: Any) -> None:
        service(_award(award_id), reason="integrity", actor="user:1", now=_now())

    last = (lambda: change(status.revoke, table.first)) if number % 2 else (lambda: table.renew(table.first))
    faults = mixed(
        lambda: table.agree(new), lambda: issuing.issue_award(str(new), now=_now()),
        lambda: change(status.suspend, table.first), lambda: change(status.reinstate, new),
        lambda: api.withdraw(str(new), table.learner.id), lambda: table.renew(new), table.earn, last,
    )
    sweep()
    return faults + table.faults()


def late(number: int, _host: Any) -> list[str]:
    """The second is agreed to and not signed yet when a third is made: workers at both, the learner at the third."""
    from microcred_xblock.issuance import issuing, models, outbox

    table = Table(f"late-{number}")
    table.agree(table.first)
    second = table.renew(table.first).pk
    enqueue, outbox.enqueue = outbox.enqueue, lambda *_: None  # as if its task were lost
    table.agree(second)
    outbox.enqueue = enqueue
    third: list[Any] = []

    def replace() -> None:
        third.append(table.renew(second).pk)
        table.agree(third[0])

    def sign() -> None:
        issuing.issue_award(str(second), now=_now())

    faults = mixed(replace, sign, sign, sign)
    sweep()
    last = models.Award.objects.get(pk=third[0])
    if not last.active or last.status != "valid":
        faults.append(f"the newest does not count: {last.status}")
    elif last.credentials.exclude(state="issued").exists() or not last.credentials.exists():
        faults.append("what was agreed to last is not signed")
    return faults + table.faults()


def deadline(number: int, _host: Any) -> list[str]:
    """The last day to agree is over in the moment in which the learner agrees."""
    from microcred_xblock.issuance import api, models, outbox, regrading
    from tests.factories import EARNED, make_scores

    table = Table(f"deadline-{number}", regrade="supersede", grace_days=0)
    table.agree(table.first)
    better = make_scores({**EARNED, "fault-tree": "5"}, at=_now())
    api.record_scores(table.pill, better, learner_id=table.learner.id, course_id=COURSE)
    case = models.Regrade.objects.get(award__learner_id=table.learner.id)
    regrading.close(case.pk, now=_now() + outbox.HANDED_OVER)
    new = models.Award.objects.get(learner_id=table.learner.id, active=True).pk
    after = _now() + timedelta(days=3)

    def over() -> None:
        regrading.close(case.pk, now=after)

    faults = mixed(lambda: table.agree(new), over, over, over)
    sweep()
    states = [row.status for row in table.rows()]
    if states != ["superseded", "valid"]:
        faults.append(f"agreed to, and yet {states}")
    return faults + table.faults()


def sharing(number: int, host: Any) -> list[str]:
    """Sent, tried again, taken back, disconnected and retried by staff at once; afterwards taken back for good."""
    from microcred_xblock.issuance import api, connecting, delivering, ledger, models, outbox
    from tests.wallets.host import Reply

    table = Table(f"sharing-{number}")
    who, award_id = table.learner.id, table.first
    table.agree(award_id)
    race.connect(host, who, award_id)
    connection = models.WalletConnection.objects.get(learner_id=who)
    lines = models.Consent.objects.filter(award__learner_id=who, purpose="share", active=True)

    def send() -> None:
        api.send(award_id, who, "w")

    def take_back() -> None:
        for pk in lines.values_list("pk", flat=True):
            ledger.withdraw(who, pk, now=_now())

    def disconnect() -> None:
        connecting.disconnect(who, "w", now=_now())

    host.misbehave("/credentials", Reply(503), 3)
    faults = mixed(
        send, lambda: api.retry(award_id, who, "w"), take_back, send,
        lambda: outbox.retry_award(_award(award_id), now=_now()), lambda: delivering.deliver_due(connection.pk),
        take_back, disconnect if number % 2 else take_back,
    )
    take_back()
    host.behave()
    models.WalletCircuit.objects.all().delete()
    before = len(host.requests)
    models.Delivery.objects.exclude(next_attempt_at=None).update(next_attempt_at=_now())
    sweep()
    if any(request.path.endswith(("/credentials", "/elm")) for request in host.requests[before:]):
        faults.append("sent after it was taken back")
    mine = models.Delivery.objects.filter(credential__award_id=award_id)
    if mine.exclude(state__in=("delivered", "stopped")).exists():
        faults.append("left on the way")
    return faults


def retirement(number: int, host: Any) -> list[str]:
    """An account is retired while its owner does everything else."""
    from microcred_xblock.issuance import api, models, privacy
    from tests.factories import make_pill, make_scores

    table = Table(f"retired-{number}", valid_months=12)
    who, award_id = table.learner.id, table.first
    table.agree(award_id)
    if number % 2:
        race.connect(host, who, award_id)

    def earn() -> None:
        pill, scores = make_pill(id=f"other-{number}"), make_scores(at=_now())
        made = api.record_scores(pill, scores, learner_id=who, course_id=COURSE)
        if made.award_id:
            api.payload(made.award_id, table.learner)

    def retire() -> None:
        privacy.retire(who, now=_now())

    faults = mixed(
        retire, earn, lambda: table.agree(table.renew(award_id).pk), lambda: api.send(award_id, who, "w"),
        lambda: race.connect(host, who, award_id), lambda: table.agree(award_id), earn, retire,
    )
    gone = models.Award.objects.filter(retired_at__isnull=False)
    left = (
        *(rows.objects.filter(learner_id=who) for rows in (
            models.Award, models.WalletConnection, models.AuthorizationAttempt, models.AssessmentRequest
        )),
        models.Consent.objects.filter(award__in=gone, active=True),
        models.Credential.objects.filter(award__in=gone).exclude(state="erased"),
        models.WalletConnection.objects.filter(learner_id__startswith="retired-").exclude(tokens=""),
        models.Delivery.objects.filter(credential__award__in=gone).exclude(location=""),
    )
    return faults + [f"{rows.model.__name__} of somebody who is gone" for rows in left if rows.exists()]


PARTS = (standing, late, deadline, sharing, retirement)


def main() -> None:
    """Play against the database named on the command line; names after it choose the parts."""
    from tests.wallets.host import Host

    with Host() as host:
        database, options = services.django_database(sys.argv[1]), sys.argv[2:]
        if "snapshots" in options:
            options.remove("snapshots")
            database["OPTIONS"]["isolation_level"] = "repeatable read"
        race.set_up(sys.argv[1], host.url, DATABASES={"default": database})
        print(json.dumps({
            part.__name__: sorted({fault for number in range(ROUNDS) for fault in part(number, host)})
            for part in PARTS if part.__name__ in options or not options
        }))


if __name__ == "__main__":
    main()
