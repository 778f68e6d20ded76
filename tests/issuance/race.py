"""Two tabs, two workers: the same thing done by many threads at once, on a database that real processes share.

``python -m tests.issuance.race sqlite:<file>`` (or ``mysql:<name>``, ``postgresql:<name>`` on loopback) prints a JSON
object of what was found afterwards. A process of its own, because the test-suite's database lives in memory.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from microcred_xblock.domain.errors import MicrocredError
from microcred_xblock.workbench import places

THREADS = 8


def database(url: str) -> dict[str, Any]:
    """Django's settings for a database."""
    kind, _, name = url.partition(":")
    if kind == "sqlite":
        return places.sqlite(Path(name))
    loopback = {"HOST": "127.0.0.1", "NAME": name}
    if kind == "mysql":
        return {"ENGINE": "django.db.backends.mysql", "USER": "root", "OPTIONS": {"charset": "utf8mb4"}, **loopback}
    return {"ENGINE": "django.db.backends.postgresql", "USER": "postgres", **loopback}


def set_up(url: str, wallet_url: str) -> None:
    """A working installation with empty tables."""
    import django
    from cryptography.fernet import Fernet
    from django.conf import settings

    from tests import settings as base

    keys = tempfile.mkdtemp()
    settings.configure(
        DATABASES={"default": database(url)}, INSTALLED_APPS=["microcred_xblock.issuance.apps.IssuanceConfig"],
        SECRET_KEY="x", USE_TZ=True, CELERY_TASK_ALWAYS_EAGER=base.CELERY_TASK_ALWAYS_EAGER,
        LOGGING_CONFIG=None, MICROCRED_PUBLIC_BASE_URL="http://localhost:8000", MICROCRED_KEYS_DIR=keys,
        MICROCRED_KEYS_PASSPHRASE="only for tests", MICROCRED_TOKEN_KEY=Fernet.generate_key().decode(),
        MICROCRED_ALLOW_LOOPBACK_HTTP=True,
        MICROCRED_ISSUER={
            "name": "Example", "url": "https://learn.example/", "legal_name": "Example", "country": "FR",
            "legal_identifier": "NTRFR-123456789",
        },
        MICROCRED_WALLETS=[{"id": "w", "name": "W", "type": "open-badges-api", "base_url": wallet_url}],
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())


def together(work: Callable[[int], Any]) -> list[Any]:
    """What each of the threads got, or the name of what it raised; all start at the same moment."""
    from django.db import connection

    barrier, results = threading.Barrier(THREADS), [None] * THREADS

    def run(index: int) -> None:
        barrier.wait()
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error if isinstance(error, MicrocredError) else f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def play(host: Any) -> dict[str, Any]:
    """Everything at once, step by step, and what the tables and the wallet hold afterwards."""
    from django.utils import timezone

    from microcred_xblock.issuance import api, connecting, models
    from microcred_xblock.issuance.data import Learner
    from tests.factories import make_pill, make_scores

    learner, pill, found = Learner(id="student_1", full_name="Camille", email="c@learner.example"), make_pill(), {}
    scores = make_scores(at=timezone.now())
    standings = together(lambda _i: api.record_scores(pill, scores, learner_id=learner.id, course_id="c").award_id)
    found["award ids"] = sorted(set(standings))
    found["awards"] = models.Award.objects.count()
    award_id = standings[0]

    found["digests"] = len(set(together(lambda _i: api.payload(award_id, learner).digest)))
    digest = api.payload(award_id, learner).digest
    together(lambda _i: api.consent(award_id, learner, digest=digest))
    found["consents"] = models.Consent.objects.count()
    found["credentials"] = sorted(models.Credential.objects.values_list("format", "state"))

    def connect(index: int) -> str:
        start = api.connect(learner.id, "w", award_id=award_id, return_url="/b")
        now = timezone.now()
        url = connecting.start(start.rstrip("/").rpartition("/")[2], session_secret="s", learner_id=None, now=now)
        query = dict(part.split("=") for part in host.approve(url).partition("?")[2].split("&"))
        return connecting.finish(
            wallet_id="w", state=query["state"], code=query["code"], error="", iss="", session_secret="s",
            learner_id=None, now=now,
        )

    found["returned"] = Counter(together(connect))
    found["active connections"] = models.WalletConnection.objects.filter(active=True).count()
    found["active registrations"] = models.ClientRegistration.objects.filter(active=True).count()

    found["sent"] = Counter(type(item).__name__ for item in together(lambda _i: api.send(award_id, learner.id, "w")))
    found["deliveries"] = sorted(models.Delivery.objects.values_list("credential__format", "state"))
    found["upserts"] = sorted(len(bodies) for bodies in host.stored.values())
    found["share consents"] = models.Consent.objects.filter(purpose="share").count()

    before = [bytes(row.content) for row in models.Credential.objects.all()]
    models.Delivery.objects.update(state="stopped")

    def anything(index: int) -> Any:
        if index % 4 == 0:
            return api.withdraw(award_id, learner.id)
        if index % 4 == 1:
            return api.consent(award_id, learner, digest=digest)
        return api.send(award_id, learner.id, "w")

    found["mixed"] = sorted({type(item).__name__ for item in together(anything)} - {"Panel"})
    api.withdraw(award_id, learner.id)
    found["active consents"] = models.Consent.objects.filter(active=True).count()
    found["left over"] = models.Delivery.objects.exclude(state__in=("delivered", "stopped")).count()
    found["leased"] = models.WalletConnection.objects.exclude(leased_until=None).count()
    found["bytes kept"] = before == [bytes(row.content) for row in models.Credential.objects.all()]
    return found


def play_requests() -> dict[str, Any]:
    """Answers and workers at once: every answer is followed by a look at the scores, and nothing is left over."""
    from django.db import transaction
    from django.utils import timezone

    from microcred_xblock.issuance import assessing, indexing, models, outbox

    indexing.store("course", {"pill": frozenset({"block"})})
    lock, answered, seen, unseen = threading.Lock(), [0], [0], 0

    def look(_learner: str, _pill: str, _now: Any) -> None:
        with lock:
            now = answered[0]
        time.sleep(0.01)  # the scores are read, the row not forgotten yet
        with lock:
            seen[0] = max(seen[0], now)

    def answer(index: int) -> None:
        time.sleep(index * 0.004)
        with transaction.atomic():
            assessing.request("7", "block", now=timezone.now())
            models.PillBlock.objects.count()  # what the platform does after us must still be possible
            with lock:
                answered[0] += 1

    assessing._assess = look
    faults: set[str] = set()
    for _round in range(20):
        faults |= {str(item) for item in together(answer) if item is not None}
        unseen += answered[0] - seen[0]
    found = {"faults": sorted(faults), "unseen": unseen, "left over": models.AssessmentRequest.objects.count()}

    for index in range(THREADS):
        models.AssessmentRequest.objects.all().delete()
        together(lambda _i: assessing.request("7", "block", now=timezone.now()))
        assert models.AssessmentRequest.objects.count() <= 1, index
    reads: list[str] = []
    indexing.index_course = lambda course, **_more: (reads.append(course), time.sleep(0.05))
    models.IndexRequest.objects.create(course="c", course_id="course", token="t", due_at=timezone.now())
    pk = models.IndexRequest.objects.get().pk
    together(lambda _i: indexing.index(pk, now=timezone.now()))
    found["reads of a course"] = len(reads)
    found["courses left"] = models.IndexRequest.objects.count()
    found["swept"] = outbox.sweep(timezone.now() + outbox.LEASE)
    return found


def main() -> None:
    """Play against the database named on the command line; with ``requests`` after it, that part alone."""
    from tests.wallets.host import Host

    with Host() as host:
        set_up(sys.argv[1], host.url)
        print(json.dumps(play_requests() if "requests" in sys.argv[2:] else play(host)))


if __name__ == "__main__":
    main()
