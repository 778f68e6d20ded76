"""The rows of ``benchmarks.issuing``: as many awards with consent as are wanted, and the floor that writes the same."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import multiprocessing
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

_CHUNK = 500


class Rows:
    """Awards with consent, each with a learner whose wallet is connected and who has pressed "send"."""

    def __init__(self, wallet: str) -> None:
        """One award through the services; the others are copies of its rows with ids of their own."""
        from django.core.management import call_command
        from django.utils import timezone

        from benchmarks.wallet_host import description
        from microcred_xblock.domain import codec
        from microcred_xblock.issuance import api, models, vault
        from microcred_xblock.issuance.data import Learner
        from microcred_xblock.wallets import open_badges_api
        from tests.factories import make_pill, make_scores

        now = timezone.now()
        call_command("migrate", verbosity=0)
        call_command("microcred_init", "--self-signed", stdout=io.StringIO())
        learner = Learner(id="0", full_name="Camille Exemple", email="camille@learner.example")
        first = api.record_scores(
            make_pill(), make_scores(at=now), learner_id="0", course_id="course-v1:x+y+z"
        ).award_id
        digest = api.payload(first, learner).digest
        _without_queue(lambda: api.consent(first, learner, digest=digest))
        host = models.WalletHost.objects.create(
            wallet_id="w", base_url=wallet, key=models.pair_key("w", wallet), fetched_at=now,
            fresh_until=now + timedelta(days=1),
            description=codec.encode(open_badges_api._description(description(wallet))),
        )
        self._registration = models.ClientRegistration.objects.create(
            host=host, redirect_uri="http://localhost:8000/", key="k", client_id="c",
            secret=vault.seal({"secret": "s"}),
        )
        self._tokens = vault.seal({"access": "token", "refresh": ""})
        self._original = models.Award.objects.get(pk=first)
        self._forms = list(self._original.credentials.all())
        self._original.credentials.update(state="prepared", next_attempt_at=None)
        self._made = self._before = 0

    def add(self, awards: int) -> float:
        """Make so many more; the seconds it took."""
        from django.utils import timezone

        from benchmarks.wallet_host import UPSERT

        begun, now = time.monotonic(), timezone.now()
        for start in range(self._made, self._made + awards, _CHUNK):
            numbers = range(start + 1, min(start + _CHUNK, self._made + awards) + 1)
            _copies(numbers, self._original, self._forms, self._registration, self._tokens, UPSERT, now)
        self._made += awards
        return time.monotonic() - begun

    def warm(self, workers: int) -> None:
        """Let the workers load their keys and templates before the clock runs."""
        self.add(200 * workers)
        self.enqueue()
        for _ in range(600):
            if self.delivered() >= 200 * workers:
                return
            time.sleep(0.1)
        raise RuntimeError("The workers do nothing.")

    def enqueue(self) -> None:
        """A task for every award, as consent would have made it."""
        from benchmarks.issuing_app import app
        from microcred_xblock.issuance import tasks

        self._before = _delivered()
        with app.producer_or_acquire() as producer:
            for award in queued():
                tasks.issue_award.apply_async(args=(str(award),), producer=producer)

    def rest(self) -> None:
        """Have the workers take nothing."""
        from benchmarks.issuing_app import app

        if not app.control.cancel_consumer(app.conf.task_default_queue, reply=True):
            raise RuntimeError("The workers did not answer.")

    def go(self) -> None:
        """Have the workers take what lies there."""
        from benchmarks.issuing_app import app

        app.control.add_consumer(app.conf.task_default_queue)

    def sweep(self) -> None:
        """What beat does every minute."""
        from microcred_xblock.issuance import tasks

        tasks.sweep.apply_async()

    def delivered(self) -> int:
        """Awards delivered since they were enqueued."""
        return (_delivered() - self._before) // 2


def _copies(
    numbers: range, original: Any, forms: list[Any], registration: Any, tokens: str, scope: str, now: Any
) -> None:
    from microcred_xblock.domain.credential import Format, credential_urn
    from microcred_xblock.issuance import models

    made, credentials, consents, connections = [], [], [], []
    for number in numbers:
        key, learner = uuid.uuid4(), str(number)
        made.append(models.Award(
            id=key, learner_id=learner, learner_pill=models.pair_key(learner, original.pill.pill_id),
            pill=original.pill, course_id=original.course_id, results=original.results, awarded_at=now,
        ))
        for form in forms:
            document = form.document.replace("Camille Exemple", f"Camille Exemple {number}")
            for format_ in Format:
                document = document.replace(credential_urn(original.pk, format_), credential_urn(key, format_))
            credentials.append(models.Credential(
                award_id=key, format=form.format, credential_id=credential_urn(key, Format(form.format)),
                salt=form.salt, issued_at=form.issued_at, valid_from=form.valid_from, state="queued",
                document=document, next_attempt_at=now,
            ))
        for purpose, recipient in (("issue", "did:web:x"), ("share", registration.host.base_url)):
            consents.append(models.Consent(
                award_id=key, purpose=purpose, recipient=recipient, formats=[], payload_digest="x" * 64, given_at=now
            ))
        connections.append(models.WalletConnection(
            learner_id=learner, wallet_id="w", learner_wallet=models.pair_key(learner, "w"), registration=registration,
            tokens=tokens, scopes=[scope], expires_at=now + timedelta(days=1), connected_at=now,
        ))
    models.Award.objects.bulk_create(made)
    models.Credential.objects.bulk_create(credentials, batch_size=100)
    models.Consent.objects.bulk_create(consents)
    models.WalletConnection.objects.bulk_create(connections)
    learners = dict(models.WalletConnection.objects.filter(
        learner_id__in=[row.learner_id for row in made]
    ).values_list("learner_id", "pk"))
    rows = models.Credential.objects.filter(award__in=[row.pk for row in made], format__in=("ob3", "elm"))
    models.Delivery.objects.bulk_create([
        models.Delivery(credential_id=pk, connection_id=learners[learner], next_attempt_at=now)
        for pk, learner in rows.values_list("pk", "award__learner_id")
    ])


def _without_queue(work: Any) -> None:
    from microcred_xblock.issuance import outbox

    hand_over, outbox._hand_over = outbox._hand_over, lambda *_args: True
    try:
        work()
    finally:
        outbox._hand_over = hand_over


def queued() -> list[Any]:
    """The awards that wait to be signed."""
    from microcred_xblock.issuance import models

    rows = models.Credential.objects.filter(state="queued", format="elm", deliveries__isnull=False)
    return list(rows.order_by("pk").values_list("award_id", flat=True))


def queries_per_step(rows: Rows) -> dict[str, int]:
    """Statements, transactions' own included, of signing and delivering one award alone, and many in one task."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from microcred_xblock.issuance import issuing, models, tasks

    def counted(task: Any, *pks: Any) -> int:
        with CaptureQueriesContext(connection) as caught:
            _without_queue(lambda: task(*pks))
        return len(caught)

    found = {}
    for number in (1, 1, issuing.TOGETHER):  # the first fills the caches
        rows.add(number)
        awards = queued()
        ready = models.Delivery.objects.filter(credential__award_id__in=awards).order_by("connection_id")
        connections = list(ready.values_list("connection_id", flat=True).distinct())
        name = f"{number} award{'s' if number > 1 else ''}"
        found[f"sign {name} (3 forms)"] = counted(tasks.issue_award, awards[0])
        found[f"deliver {name} (2 credentials)"] = counted(tasks.deliver_connection, *connections)
    return found


def _delivered() -> int:
    from microcred_xblock.issuance import models

    return models.Delivery.objects.filter(state="delivered").count()


def floor(database: str, wallet: str, workers: int) -> dict[str, float]:
    """Write the same rows and send the same requests with the driver and a socket alone, without and with signing."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE floor_copy AS SELECT id, award_id, format, content FROM microcred_credential"
                       " WHERE state = 'issued' AND award_id IN (SELECT award_id FROM microcred_credential c"
                       " JOIN microcred_delivery d ON d.credential_id = c.id)")
        cursor.execute("CREATE INDEX floor_award ON floor_copy (award_id)")
        cursor.execute("SELECT DISTINCT award_id FROM floor_copy")
        awards = [row[0] for row in cursor.fetchall()]
    found: dict[str, float] = {"awards": len(awards)}
    for name, signing in (("seconds", False), ("seconds with signing", True)):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE microcred_credential SET state = 'queued', content = '', digest = ''")
            cursor.execute("UPDATE microcred_delivery SET state = 'queued', delivered_at = NULL, location = ''")
            cursor.execute("SELECT MIN(id) FROM microcred_signingkey")
            key = cursor.fetchone()[0]
        shares = [awards[index::workers] for index in range(workers)]
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(workers + 1)
        processes = [
            context.Process(target=_bare, args=(database, wallet, share, key, signing, barrier)) for share in shares
        ]
        for process in processes:
            process.start()
        barrier.wait()
        begun = time.monotonic()
        for process in processes:
            process.join()
            if process.exitcode:
                raise RuntimeError("The floor failed.")
        found[name] = time.monotonic() - begun
    return found


def _connect(database: str) -> Any:
    parts = urlsplit(database)
    if parts.scheme == "mysql":
        import MySQLdb

        return MySQLdb.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username, db=parts.path.strip("/"),
            charset="utf8mb4",
        )
    import psycopg

    return psycopg.connect(host=parts.hostname, port=parts.port, user=parts.username, dbname=parts.path.strip("/"))


def _bare(database: str, wallet: str, awards: list[Any], key: int, signing: bool, barrier: Any) -> None:
    database, wallet = _connect(database), http.client.HTTPConnection(urlsplit(wallet).netloc)
    cursor = database.cursor()
    sign = _signer() if signing else (lambda _format, content: content)
    barrier.wait()
    for award in awards:
        cursor.execute("SELECT id, format, content FROM floor_copy WHERE award_id = %s", (award,))
        rows = [(pk, format_, sign(format_, bytes(content))) for pk, format_, content in cursor.fetchall()]
        for pk, format_, content in rows:
            digest = hashlib.sha256(content).hexdigest()
            cursor.execute(
                "UPDATE microcred_credential SET state = 'issued', content = %s, digest = %s, document = '',"
                " signed_at = NOW(), attempts = 1 WHERE id = %s", (content, digest, pk),
            )
            cursor.execute(
                "INSERT INTO microcred_keyuse (key_id, purpose, subject, digest, at) VALUES (%s, %s, %s, %s, NOW())",
                (key, format_, f"urn:uuid:{award}", digest),
            )
        database.commit()
        for pk, format_, content in rows:
            if format_ == "ob3-jwt":
                continue
            badge = format_ == "ob3"
            wallet.request(
                "POST", "/ims/ob/v3p0/credentials" if badge else "/elm", body=content,
                headers={
                    "Authorization": "Bearer token",
                    "Content-Type": "application/json" if badge else "application/jose+json",
                },
            )
            answer = wallet.getresponse()
            assert answer.status == 201 and json.loads(answer.read())
            cursor.execute(
                "UPDATE microcred_delivery SET state = 'delivered', delivered_at = NOW(), attempts = 1"
                " WHERE credential_id = %s", (pk,),
            )
            database.commit()


def _signer() -> Any:
    """The three signatures by the functions that make them, with keys in memory and nothing around."""
    import base64
    from datetime import UTC, datetime

    from benchmarks import issuing_app  # noqa: F401
    from microcred_xblock.credentials import pinned
    from microcred_xblock.domain.credential import Credential, Format
    from microcred_xblock.issuance import issuers
    from microcred_xblock.proofs import data_integrity, jades, jose

    signer, cache = issuers.signer(), data_integrity.TemplateCache()
    badge, badge_jwt, seal = signer.badge, signer.badge_jwt, signer.seal
    ids = {"badge_method": signer.badge_method, "jwt_method": signer.badge_jwt_method}

    def sign(format_: str, content: bytes) -> bytes:
        now = datetime.now(UTC)
        if format_ == "elm":
            document = json.loads(json.loads(content)["payload"])
            done = jades.seal(
                Credential(id=document["id"], format=Format.ELM, document=document), certificate=seal, now=now
            )
        elif format_ == "ob3":
            document = json.loads(content)
            del document["proof"]
            done = data_integrity.secure(
                Credential(id=document["id"], format=Format.OPEN_BADGE, document=document), key=badge,
                verification_method=ids["badge_method"], now=now, loader=pinned.document_loader, cache=cache,
            )
        else:
            part = content.split(b".")[1]
            document = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
            done = jose.secure(
                Credential(id=document["id"], format=Format.OPEN_BADGE, document={
                    name: value for name, value in document.items() if name not in ("iss", "jti", "sub", "nbf", "exp")
                }), key=badge_jwt, key_id=ids["jwt_method"],
            )
        return done.content

    return sign
