"""Django and Celery for ``benchmarks.issuing``, in its own process and in the workers."""

from __future__ import annotations

import json
import os

from celery import Celery
from django.conf import settings

TOLD = json.loads(os.environ["MICROCRED_BENCHMARK"])


def _configure() -> None:
    import django

    from tests import services

    settings.configure(
        DATABASES={"default": {**services.django_database(TOLD["database"]), "CONN_MAX_AGE": None}},
        INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "microcred_xblock.issuance.apps.IssuanceConfig",
        ],
        ROOT_URLCONF="microcred_xblock.issuance.urls", SECRET_KEY="x", USE_TZ=True, LOGGING_CONFIG=None,
        MICROCRED_PUBLIC_BASE_URL="http://localhost:8000", MICROCRED_KEYS_DIR=TOLD["folder"],
        MICROCRED_KEYS_PASSPHRASE="only for benchmarks", MICROCRED_ALLOW_LOOPBACK_HTTP=True,
        MICROCRED_TOKEN_KEY="c2Vjb25kcyBhcmUgd2hhdCB3ZSBhcmUgYWZ0ZXIhISE=",
        MICROCRED_ISSUER={
            "name": "Example", "url": "https://learn.example/", "legal_name": "Example", "country": "FR",
            "legal_identifier": "NTRFR-123456789",
        },
        MICROCRED_WALLETS=[{"id": "w", "name": "W", "type": "open-badges-api", "base_url": TOLD["wallet"]}],
        CELERY_BROKER_URL=TOLD["redis"],
    )
    django.setup()


if not settings.configured:
    _configure()
app = Celery("benchmark", broker=TOLD["redis"])
app.conf.update(worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
app.set_default()
app.autodiscover_tasks(["microcred_xblock.issuance"], force=True)
