"""Two tabs, two workers: the same thing done by many threads at once, on a database that real processes share.

``python -m tests.issuance.race <address>`` (see ``tests.services.django_database``) prints a JSON object of
what was found afterwards. A process of its own, because the test-suite's database lives in memory.
"""

from __future__ import annotations

import atexit
import io
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from microcred_xblock.domain.errors import MicrocredError
from tests import services

THREADS = 8
APP = "microcred_xblock.issuance.apps.IssuanceConfig"


def configure(url: str, wallet_url: str, **over: Any) -> None:
    """Django, set up with the app, a wallet and empty key files; no tables yet."""
    import django
    from cryptography.fernet import Fernet
    from django.conf import settings

    from tests import settings as base

    keys = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, keys, ignore_errors=True)
    settings.configure(**{
        "DATABASES": {"default": services.django_database(url)},
        "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth", APP],
        "ROOT_URLCONF": "tests.issuance.site_urls", "ALLOWED_HOSTS": ["*"],
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        "SECRET_KEY": "x", "USE_TZ": True, "CELERY_TASK_ALWAYS_EAGER": base.CELERY_TASK_ALWAYS_EAGER,
        "LOGGING_CONFIG": None, "MICROCRED_PUBLIC_BASE_URL": "http://localhost:8000", "MICROCRED_KEYS_DIR": keys,
        "MICROCRED_KEYS_PASSPHRASE": "only for tests", "MICROCRED_TOKEN_KEY": Fernet.generate_key().decode(),
        "MICROCRED_ALLOW_LOOPBACK_HTTP": True,
        "MICROCRED_ISSUER": {
            "name": "Example", "url": "https://learn.example/", "legal_name": "Example", "country": "FR",
            "legal_identifier": "NTRFR-123456789",
        },
        "MICROCRED_WALLETS": [{"id": "w", "name": "W", "type": "open-badges-api", "base_url": wallet_url}],
        **over,
    })
    django.setup()


def set_up(url: str, wallet_url: str, **over: Any) -> None:
    """A working installation with empty tables."""
    configure(url, wallet_url, **over)
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


def connect(host: Any, learner_id: str, award_id: str) -> str:
    """Connect the wallet as a browser would; where the browser ends."""
    from django.utils import timezone

    from microcred_xblock.issuance import api, connecting

    start = api.connect(learner_id, "w", award_id=award_id, return_url="/b")
    now = timezone.now()
    url = connecting.start(start.rstrip("/").rpartition("/")[2], session_secret="s", learner_id=None, now=now)
    query = dict(part.split("=") for part in host.approve(url).partition("?")[2].split("&"))
    return connecting.finish(
        wallet_id="w", state=query["state"], code=query["code"], error="", iss="", session_secret="s",
        learner_id=None, now=now,
    )


def play(host: Any) -> dict[str, Any]:
    """Everything at once, step by step, and what the tables and the wallet hold afterwards."""
    from django.utils import timezone

    from microcred_xblock.issuance import api, models
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

    found["returned"] = Counter(together(lambda _i: connect(host, learner.id, award_id)))
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


def play_status(host: Any) -> dict[str, Any]:
    """Staff, learner and workers at one award at once."""
    from django.utils import timezone

    from microcred_xblock.issuance import api, models, outbox, status
    from microcred_xblock.issuance.data import Learner
    from tests.factories import make_pill, make_scores
    from tests.wallets.host import Reply, status_info

    learner, pill, found = Learner(id="student_1", full_name="Camille", email="c@learner.example"), make_pill(), {}

    def earn() -> str:
        scores = make_scores(at=timezone.now())
        held = together(lambda _i: api.record_scores(pill, scores, learner_id=learner.id, course_id="c").award_id)
        assert len(set(held)) == 1, held
        return held[0]

    def change(action: Callable[..., Any], award_id: str, **more: Any) -> Any:
        row = models.Award.objects.get(pk=award_id)
        return action(row, reason="error", actor="user:1", now=timezone.now(), **more)

    def names(results: list[Any]) -> dict[str, int]:
        return dict(sorted(Counter(getattr(item, "code", type(item).__name__) for item in results).items()))

    first = earn()
    row = models.Award.objects.get(pk=first)
    found["places in the list"] = len({json.dumps(item) for item in together(lambda _i: status.badge_entry(row))})
    found["entries"] = models.StatusEntry.objects.count()
    api.consent(first, learner, digest=api.payload(first, learner).digest)
    connect(host, learner.id, first)

    flips = together(lambda index: change(status.suspend if index % 2 else status.reinstate, first))
    actions = list(models.StatusChange.objects.order_by("pk").values_list("action", flat=True))
    found["flips"] = set(names(flips)) <= {"StatusChange", "status-change"}
    found["flips alternate"] = actions == ["suspend", "reinstate"] * (len(actions) // 2) + ["suspend"] * (
        len(actions) % 2
    )
    if models.Award.objects.get(pk=first).status == "suspended":
        change(status.reinstate, first)

    def revoke_or_send(index: int) -> Any:
        if index % 2:
            return change(status.revoke, first, regain="results")
        return api.send(first, learner.id, "w")

    names(together(revoke_or_send))
    found["revocations"] = models.StatusChange.objects.filter(action="revoke").count()
    badge = models.Credential.objects.get(award_id=first, format="ob3")
    found["standing"] = status.standing(badge.credential_id, now=timezone.now()).state
    found["bits"] = list(models.StatusEntry.objects.filter(award_id=first).values_list("revoked", flat=True))
    outbox.sweep(timezone.now() + outbox.HANDED_OVER)
    left = models.Delivery.objects.filter(credential__award_id=first).exclude(state__in=("delivered", "stopped"))
    found["on the way"] = sorted(left.exclude(next_attempt_at=None).values_list("state", flat=True))
    found["sent at most once"] = all(len(bodies) == 1 for bodies in host.stored.values())

    second = earn()
    found["earned anew"] = second != first
    found["active awards"] = models.Award.objects.filter(active=True).count()
    api.consent(second, learner, digest=api.payload(second, learner).digest)
    host.misbehave("/credentials", Reply(400, status_info("invalid_data")))
    api.send(second, learner.id, "w")
    found["refused"] = models.Delivery.objects.filter(credential__award_id=second, state="refused").count()
    before = len(host.received("/credentials"))
    row = models.Award.objects.get(pk=second)
    together(lambda _i: outbox.retry_award(row, now=timezone.now()))
    outbox.sweep(timezone.now() + outbox.HANDED_OVER)
    found["asked again"] = len(host.received("/credentials")) - before
    found["deliveries"] = sorted(
        models.Delivery.objects.filter(credential__award_id=second).values_list("credential__format", "state")
    )
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
    """Play against the database named on the command line; ``requests`` or ``status`` after it names the part."""
    from tests.wallets.host import Host

    with Host() as host:
        set_up(sys.argv[1], host.url)
        part = sys.argv[2] if len(sys.argv) > 2 else ""
        print(json.dumps({"": play, "status": play_status}[part](host) if part != "requests" else play_requests()))


if __name__ == "__main__":
    main()
