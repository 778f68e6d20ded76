"""Every migration forwards and backwards on a real database, with the rows of an installation from before 0003.

``python -m tests.issuance.migrating <address>`` (see ``tests.services.django_database``) prints a JSON object of what
was found. A process of its own, because the test-suite's database lives in memory.
"""

from __future__ import annotations

import base64
import io
import json
import lzma
import sys
from pathlib import Path
from typing import Any

from tests.issuance import race
from tests.wallets.host import UPSERT

ROWS = Path(__file__).parents[1] / "vectors" / "rows" / "0002.json.xz"
TOKEN_KEY = "y0aXIeVbD0sQmQn4p1kTzHc3oVwR2uL8fJ6gKsN9eZM="  # what the rows' tokens are sealed with
OLD, APP = "0002_assessment_requests", "microcred"


def migrate(target: str | None = None) -> list[str]:
    """Migrate the app, step by step, to ``target`` (None: to zero; "": to the newest); what was done."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    leaf = executor.loader.graph.leaf_nodes(APP)[0]
    goal = leaf if target == "" else (APP, target)
    steps = [step[0].name for step in executor.migration_plan([goal])]
    for _ in steps:
        executor = MigrationExecutor(connection)
        migration, backwards = executor.migration_plan([goal])[0]
        before = executor.loader.graph.node_map[APP, migration.name].parents
        parent = next((node.key for node in before if node.key[0] == APP), (APP, None))
        executor.migrate([parent if backwards else (APP, migration.name)])
    return steps


def old_models() -> Any:
    """The app's models as they were."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    return MigrationExecutor(connection).loader.project_state((APP, OLD)).apps


def insert(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Write the old rows with the old models, under their old keys."""
    from django.core.management.color import no_style
    from django.db import connection

    apps = old_models()
    for name, entries in rows.items():
        model = apps.get_model(APP, name)
        for entry in entries:
            columns = {}
            for column, value in entry.items():
                field = model._meta.pk if column == "pk" else model._meta.get_field(column)
                if field.get_internal_type() == "BinaryField":
                    value = base64.b64decode(value)
                elif field.get_internal_type() == "DateTimeField":
                    value = field.to_python(value)
                columns[field.attname] = value
            row = model(**columns)
            row.save(force_insert=True)
            for column in ("created_at", "updated_at"):  # which Django sets by itself
                if column in columns:
                    model.objects.filter(pk=row.pk).update(**{column: columns[column]})
    with connection.cursor() as cursor:  # PostgreSQL counts on from where it was, not from the last row
        for statement in connection.ops.sequence_reset_sql(no_style(), [apps.get_model(APP, name) for name in rows]):
            cursor.execute(statement)


def read(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The same rows and columns as the database has them now."""
    apps, found = old_models(), {}
    for name, entries in rows.items():
        model = apps.get_model(APP, name)
        fields = [model._meta.pk if column == "pk" else model._meta.get_field(column) for column in entries[0]]
        found[name] = [
            {column: field.value_to_string(row) if field.get_internal_type() in ("BinaryField", "DateTimeField")
             else json.loads(json.dumps(field.value_from_object(row), default=str))
             for column, field in zip(entries[0], fields, strict=True)}
            for row in model.objects.filter(pk__in=[entry["pk"] for entry in entries]).order_by("pk")
        ]
    return found


def differences(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Which columns are not what they were."""
    found = []
    for name, entries in before.items():
        if len(entries) != len(after[name]):
            found.append(f"{name}: {len(entries)} rows became {len(after[name])}")
        for old, new in zip(entries, after[name], strict=False):
            found += [f"{name} {old['pk']}: {column}" for column in old if old[column] != new[column]]
    return found


def tables() -> list[str]:
    """The app's tables."""
    from django.db import connection

    return sorted(name for name in connection.introspection.table_names() if name.startswith(f"{APP}_"))


def changes() -> str:
    """What ``makemigrations --check`` says; empty if models and migrations agree on this database."""
    from django.core.management import call_command

    out = io.StringIO()
    try:
        call_command("makemigrations", APP, check=True, dry_run=True, stdout=out)
    except SystemExit:
        return out.getvalue()
    return ""


def remember(host: Any) -> None:
    """Make the wallet the one of the old rows: it has their address, our registration and the learners' tokens."""
    from microcred_xblock.issuance import conf, models, vault

    for registration in models.ClientRegistration.objects.select_related("host"):
        wallet = conf.wallets()[registration.host.wallet_id]
        registration.key = models.pair_key(wallet.id, wallet.base_url, registration.redirect_uri)
        registration.save(update_fields=["key"])
        host.clients[registration.client_id] = {"client_id": registration.client_id}
    for tokens in models.WalletConnection.objects.filter(active=True).values_list("tokens", flat=True):
        stored = vault.unseal(tokens)
        host.access[stored["access"]] = host.refreshes[stored["refresh"]] = UPSERT


def use(rows: dict[str, list[dict[str, Any]]], host: Any) -> dict[str, Any]:
    """What can be done with the old rows now."""
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from microcred_xblock.issuance import api, delivering, issuers, issuing, models, outbox
    from microcred_xblock.issuance.data import Learner
    from tests.factories import make_pill, make_scores

    pill, found = make_pill(), {}
    awards = {entry["learner_id"]: entry["pk"] for entry in rows["Award"]}
    panels = {learner: api.panel(learner, pill.id) for learner in awards}
    found["panels"] = {learner: panel.state for learner, panel in panels.items()}
    found["deliveries"] = sorted({item.state for item in panels["learner_delivered"].deliveries})
    identifier = rows["Issuer"][0]["did"]
    document = issuers.did_document(identifier)
    published = {method["id"] for method in document["verificationMethod"]}
    used = {entry["method_id"] for entry in rows["SigningKey"] if entry["method_id"]}
    found["keys published"] = used <= published
    found["values"] = sorted(set(models.Award.objects.values_list("status", "issuer_key", "regain")))
    delivered = models.Credential.objects.get(award_id=awards["learner_delivered"], format="ob3")
    page = Client().get(f"/microcred/verify/{delivered.credential_id.removeprefix('urn:uuid:')}")
    found["verification page"] = page.status_code

    remember(host)
    call_command("microcred_init", "--self-signed", stdout=io.StringIO())
    outbox.sweep(timezone.now())  # signs what was queued, sends what was due
    states = models.Credential.objects.filter(award_id=awards["learner_queued"]).values_list("state", flat=True)
    found["queued is signed"] = sorted(set(states))
    given_up = models.Award.objects.get(pk=awards["learner_given_up"])
    delivering.retry(given_up, "w", now=timezone.now())
    sent = models.Delivery.objects.filter(credential__award=given_up).values_list("credential__format", "state")
    found["given up is sent"] = sorted(sent)
    prepared = Learner(id="learner_prepared", full_name="Camille Exemple", email="camille@learner.example")
    api.consent(
        awards[prepared.id], prepared, digest=api.payload(awards[prepared.id], prepared).digest
    )
    found["prepared is issued"] = api.panel(prepared.id, pill.id).state
    again = api.record_scores(pill, make_scores(at=timezone.now()), learner_id="learner_delivered", course_id="c")
    found["held"] = again.award_id == awards["learner_delivered"]
    kept = {entry["pk"]: base64.b64decode(entry["content"]) for entry in rows["Credential"] if entry["content"]}
    found["bytes kept"] = all(
        bytes(models.Credential.objects.get(pk=pk).content) == content for pk, content in kept.items()
    )
    found["consent stands"] = issuing.may_process(awards["learner_delivered"])
    return found


def live_on(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Rows that only the newest version can make: what an older one does not know must not hold it up."""
    from django.utils import timezone

    from microcred_xblock.issuance import models, nonces

    now, credential = timezone.now(), models.Credential.objects.get(pk=rows["Credential"][0]["pk"])
    connection = models.WalletConnection.objects.create(
        learner_id="by_address", wallet_id="w", learner_wallet="by address", connected_at=now
    )
    models.Delivery.objects.create(credential=credential, connection=connection)
    models.HostedAssertion.objects.create(award=credential.award)
    nonces.spent_now("a value", until=now)
    models.WalletOffer.objects.create(
        award=credential.award, channel="vc-api", secret_digest="a digest", created_at=now, expires_at=now
    )
    models.BoundCredential.objects.create(
        award=credential.award, form="ldp_vc", binding="b", credential_id="urn:uuid:x", media_type="m", digest="d",
        issued_at=now,
    )


def counted(*names: str) -> list[int]:
    """How many rows the old models see."""
    return [old_models().get_model(APP, name).objects.count() for name in names]


def main() -> None:
    """Play against the database at the address on the command line."""
    from tests.wallets.host import Host

    with Host() as host:
        race.configure(sys.argv[1], host.url, MICROCRED_TOKEN_KEY=TOKEN_KEY)
        rows = json.loads(lzma.decompress(ROWS.read_bytes()))["rows"]
        found: dict[str, Any] = {"forwards": migrate(OLD)}
        insert(rows)
        before = read(rows)
        found["forwards"] += migrate("")
        found["changed on the way"] = differences(before, read(rows))
        found["to make"] = changes()
        found.update(use(rows, host))
        kept, count = read(rows), counted("WalletConnection", "Delivery")
        live_on(rows)
        found["backwards"] = migrate(OLD)
        found["newer rows are gone"] = counted("WalletConnection", "Delivery") == count
        found["changed on the way back"] = differences(kept, read(rows))
        found["old tables"] = tables()
        found["backwards"] += migrate(None)
        found["tables at zero"] = tables()
        found["again"] = migrate("")
        found["to make again"] = changes()
        print(json.dumps(found))


if __name__ == "__main__":
    main()
