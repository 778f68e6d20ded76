"""Each service as the victim of a deadlock, with the requests of the platform in transactions (``ATOMIC_REQUESTS``).

``python -m tests.issuance.deadlocks <address of a MySQL database>`` prints what each of them said. Somebody else holds
everything that belongs to an award and only then wants the award itself, having written more: InnoDB gives up on us.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.issuance import race

ROWS = 300  # that the other transaction has written, so that it is the heavier one
PATIENCE = 3.0


def victim(award_id: Any, work: Callable[[], Any]) -> Any:
    """What ``work`` gives, or the name of what it raises; it has been given up once for another."""
    from django.db import connection, transaction

    from microcred_xblock.issuance import models, outbox

    with connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        mine = cursor.fetchone()[0]
    held, faults = threading.Event(), []

    def opponent() -> None:
        try:
            with transaction.atomic():
                models.Notice.objects.bulk_create(
                    models.Notice(
                        award_id=other_award(award_id), kind="ballast", key=f"{mine}-{time.monotonic_ns()}-{number}",
                        created_at=_now(), state="shown",
                    ) for number in range(ROWS)
                )
                belonging = (
                    models.Credential.objects.filter(award_id=award_id),
                    models.Consent.objects.filter(award_id=award_id),
                    models.Delivery.objects.filter(credential__award_id=award_id),
                    models.StatusEntry.objects.filter(award_id=award_id),
                    models.Notice.objects.filter(award_id=award_id), models.WalletConnection.objects.all(),
                )
                for rows in belonging:
                    list(rows.order_by().select_for_update())
                held.set()
                _until_waiting(connection, mine)
                outbox.lock_award(award_id)
                models.Notice.objects.filter(kind="ballast").delete()
        except Exception as error:
            faults.append(f"the other: {type(error).__name__}: {error}")
        finally:
            held.set()
            connection.close()

    thread = threading.Thread(target=opponent)
    thread.start()
    held.wait()
    try:
        found = work()
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    thread.join()
    return faults[0] if faults else found


def other_award(award_id: Any) -> Any:
    """An award that nobody touches."""
    from microcred_xblock.issuance import models

    return models.Award.objects.exclude(pk=award_id).filter(learner_id="ballast").get().pk


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _until_waiting(connection: Any, thread_id: int) -> None:
    """Until that connection waits for a lock of ours."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' "
                "AND trx_mysql_thread_id = %s", [thread_id],
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.2)  # the table is a copy that is made anew only after a pause
    raise TimeoutError("It never waited for us.")


def play(host: Any) -> dict[str, Any]:
    """Every service in its turn."""
    from datetime import timedelta

    from django.contrib.auth.models import User
    from django.db import connection, transaction
    from django.test import Client

    from microcred_xblock.issuance import api, bulk, ledger, models, privacy, staff
    from microcred_xblock.issuance.data import Learner
    from tests.factories import make_pill, make_scores

    boss = User.objects.create(username="boss", is_staff=True)
    person = User.objects.create(username="learner", email="c@learner.example")
    learner = Learner(id=str(person.pk), full_name="Camille", email="c@learner.example")
    scope = staff.Scope(courses=None, actor=f"user:{boss.pk}")
    everybody = {user.username: Client(raise_request_exception=False) for user in (boss, person)}
    for user in (boss, person):
        everybody[user.username].force_login(user)
    found: dict[str, Any] = {}

    def earn(who: str) -> str:
        standing = api.record_scores(make_pill(), make_scores(at=_now()), learner_id=who, course_id="c")
        assert standing.award_id
        return standing.award_id

    def said(answer: Any) -> Any:
        return getattr(answer, "status_code", answer if isinstance(answer, str) else type(answer).__name__)

    def against(name: str, work: Callable[[], Any]) -> None:
        found[name] = said(victim(award_id, work))

    earn("ballast")
    award_id = earn(learner.id)
    digest = api.payload(award_id, learner).digest
    models.Credential.objects.update(valid_from=_now() - timedelta(days=1))
    against("payload", lambda: api.payload(award_id, learner))
    digest = api.payload(award_id, learner).digest
    against("consent", lambda: api.consent(award_id, learner, digest=digest))
    race.connect(host, learner.id, award_id)
    against("send", lambda: api.send(award_id, learner.id, "w"))
    models.Delivery.objects.update(state="refused")
    against("retry", lambda: api.retry(award_id, learner.id, "w"))
    badge = models.Credential.objects.get(award_id=award_id, format="ob3").digest
    ledger.publish(models.Award.objects.get(pk=award_id), digest=badge, now=_now())
    v1 = "/microcred/api/v1/"
    against("REST: unpublish", lambda: everybody["learner"].delete(f"{v1}me/awards/{award_id}/publish/"))
    line = models.Consent.objects.get(award_id=award_id, purpose="share", active=True)
    against("REST: withdraw", lambda: everybody["learner"].post(f"{v1}me/consents/{line.pk}/withdraw/"))
    why = {"reason": "error"}
    against("staff", lambda: staff.act(scope, award_id, "suspend", **why, now=_now()))
    against("REST: reinstate", lambda: everybody["boss"].post(
        f"{v1}awards/{award_id}/reinstate/", json.dumps(why), "application/json"
    ))
    seen = staff.story(scope, award_id, _now()).version
    against("console: suspend", lambda: everybody["boss"].post(
        f"/microcred/console/awards/{award_id}/suspend/", {**why, "seen": seen}
    ))
    staff.act(scope, award_id, "reinstate", **why, now=_now())
    job = bulk.start(scope, "retry", staff.Filters(learner=learner.id), now=_now())
    models.BulkJob.objects.filter(pk=job.pk).update(
        state="waiting", cursor="", done=0, changed=0, failed=0, lease="", leased_until=None
    )
    api.send(award_id, learner.id, "w")  # sharing was withdrawn above, and nothing is sent without it
    models.Delivery.objects.update(state="dead")
    against("bulk", lambda: bulk.run(job.pk))
    job.refresh_from_db()
    found["bulk: changed, failed"] = [job.changed, job.failed]

    def in_a_request() -> Any:
        with transaction.atomic():
            return api.withdraw(award_id, learner.id)

    against("in the platform's request", in_a_request)
    found["consents then"] = models.Consent.objects.filter(award_id=award_id, purpose="issue", active=True).count()
    against("withdraw", lambda: api.withdraw(award_id, learner.id))
    found["consents after it"] = models.Consent.objects.filter(award_id=award_id, active=True).count()
    against("callback", lambda: race.connect(host, learner.id, award_id))
    against("retirement", lambda: privacy.retire(learner.id, now=_now()))
    found["retired"] = models.Award.objects.exclude(retired_at=None).filter(pk=award_id).count()
    found["history"] = list(
        models.StatusChange.objects.filter(award_id=award_id).order_by("pk").values_list("action", flat=True)
    )
    found["open transaction"] = connection.in_atomic_block
    return found


def main() -> None:
    """Play against the database named on the command line."""
    from tests import services
    from tests.wallets.host import Host

    logging.disable(logging.CRITICAL)
    with Host() as host:
        race.configure(
            sys.argv[1], host.url,
            DATABASES={"default": {**services.django_database(sys.argv[1]), "ATOMIC_REQUESTS": True}},
            ROOT_URLCONF="tests.issuance.console_urls", STATIC_URL="/static/",
            INSTALLED_APPS=[
                "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                "django.contrib.staticfiles", race.APP,
            ],
            MIDDLEWARE=[
                "django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ],
        )
        import io

        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        print(json.dumps(play(host), default=str))


if __name__ == "__main__":
    main()
