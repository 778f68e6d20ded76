"""Django settings of a small site under faults: what differs is in the JSON file that MICROCRED_FAULTS names."""

import json
import os
from pathlib import Path

from tests.services import django_database

TOLD = json.loads(Path(os.environ["MICROCRED_FAULTS"]).read_text(encoding="utf-8"))

SECRET_KEY = "only-for-tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.issuance.site_urls"
DATABASES = {"default": django_database(TOLD["database"])}
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "microcred_xblock.issuance.apps.IssuanceConfig",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

CELERY_BROKER_URL = TOLD["broker"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4

MICROCRED_PUBLIC_BASE_URL = "http://localhost:8000"
MICROCRED_KEYS_DIR = TOLD["keys"]
MICROCRED_KEYS_PASSPHRASE = "only for tests"
MICROCRED_TOKEN_KEY = TOLD["token_key"]
MICROCRED_ALLOW_LOOPBACK_HTTP = True
MICROCRED_HTTP_TIMEOUTS = {"connect": 0.5, "read": 0.8, "total": 1}
MICROCRED_SLOW_SECONDS = 0.4
MICROCRED_ISSUER = {
    "name": "Example Training Centre", "url": "https://learn.example/", "legal_name": "Centre de formation exemple",
    "country": "FR", "legal_identifier": "NTRFR-123456789",
}
MICROCRED_WALLETS = [
    {"id": name, "name": name, "type": "open-badges-api", "base_url": url} for name, url in TOLD["wallets"].items()
]
