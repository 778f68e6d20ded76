"""Every setting of the app with its default; the admin sets what differs.

``MICROCRED_PUBLIC_BASE_URL``
    ``https://host[:port][/path]`` under which learners and verifiers reach this site. The issuer's
    did:web is made from it. Default: ``LMS_ROOT_URL``.
``MICROCRED_ISSUER``
    The awarding body: ``{"name", "url", "email", "address"}``. ``name`` and ``url`` are required. For a
    self-signed certificate also ``legal_name``, ``legal_identifier`` (``NTRFR-123456789``) and
    ``country`` (two letters); otherwise these three come from the certificate.
``MICROCRED_KEYS_DIR``
    Folder of the private keys, outside the web server's reach, readable by the app's user only.
``MICROCRED_KEYS_PASSPHRASE``
    Under which the key files are encrypted. Give it by the environment variable of the same name.
``MICROCRED_SEAL_PKCS12``, ``MICROCRED_SEAL_PASSWORD``
    The organisation's certificate with its key. Default: ``seal.p12`` in the keys folder, under the
    passphrase of the keys.
``MICROCRED_TOKEN_KEY``
    A Fernet key, or several as a list or with commas (the first encrypts, all decrypt), for learners' wallet tokens.
``MICROCRED_WALLETS``
    Wallets learners may choose:
    ``[{"id": "acme", "name": "Acme Backpack", "type": "open-badges-api", "base_url": "https://…"}]``, where needed with
    ``"hosts": ["auth.acme.example"]`` for other hosts of the same provider. Nobody else is ever contacted.
``MICROCRED_CLIENT``
    What wallets show about this site: ``{"logo_uri", "tos_uri", "policy_uri"}``, on the host of the base URL.
    Default: pages of this app.
``MICROCRED_ALLOW_LOOPBACK_HTTP``
    Wallets on this machine may be spoken to without TLS. For the demonstration only.
``MICROCRED_HTTP_TIMEOUTS``
    ``{"connect", "read", "total"}`` in seconds, for each request to a wallet.
``MICROCRED_CA_BUNDLE``
    A file of certificate authorities to trust instead of the usual ones.
``MICROCRED_EARNING_ROLES``
    Course roles (``staff``, ``instructor``, ``beta_testers``, …) whose holders may earn, enrolled or not. Without it
    actively enrolled learners earn, and staff see a preview.
``MICROCRED_CELERY_QUEUE``
    The Celery queue of all tasks of this app; empty for the platform's default queue.
``MICROCRED_RUNNER``
    ``celery`` hands work to Celery; ``thread`` does it beside the request, for the demonstration.
"""

from __future__ import annotations

import os
from copy import deepcopy
from typing import Any

DEFAULTS: dict[str, Any] = {
    "MICROCRED_PUBLIC_BASE_URL": "",
    "MICROCRED_ISSUER": {},
    "MICROCRED_KEYS_DIR": "",
    "MICROCRED_KEYS_PASSPHRASE": "",
    "MICROCRED_SEAL_PKCS12": "",
    "MICROCRED_SEAL_PASSWORD": "",
    "MICROCRED_TOKEN_KEY": "",
    "MICROCRED_WALLETS": [],
    "MICROCRED_CLIENT": {},
    "MICROCRED_ALLOW_LOOPBACK_HTTP": False,
    "MICROCRED_HTTP_TIMEOUTS": {"connect": 5, "read": 10, "total": 20},
    "MICROCRED_CA_BUNDLE": "",
    "MICROCRED_EARNING_ROLES": [],
    "MICROCRED_CELERY_QUEUE": "",
    "MICROCRED_RUNNER": "celery",
}
TASKS = tuple(
    f"microcred_xblock.issuance.tasks.{name}"
    for name in ("assess_learner", "deliver_connection", "index_course", "issue_credential", "sweep")
)
SWEEP_SECONDS = 60
SECRETS = ("MICROCRED_KEYS_PASSPHRASE", "MICROCRED_SEAL_PASSWORD", "MICROCRED_TOKEN_KEY")


def plugin_settings(settings: Any) -> None:
    """Give ``settings`` every default it lacks; secrets may come from the environment."""
    for name, default in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, os.environ.get(name, default) if name in SECRETS else deepcopy(default))


def schedule(settings: Any) -> None:
    """Have Celery beat sweep every minute (in the LMS), and route the tasks where the admin wants them."""
    queue = getattr(settings, "MICROCRED_CELERY_QUEUE", "")
    if queue and hasattr(settings, "EXPLICIT_QUEUES"):
        settings.EXPLICIT_QUEUES.update({task: {"queue": queue} for task in TASKS})
    if getattr(settings, "ROOT_URLCONF", "") == "lms.urls" and hasattr(settings, "CELERYBEAT_SCHEDULE"):
        settings.CELERYBEAT_SCHEDULE.setdefault(
            "microcred-sweep", {"task": "microcred_xblock.issuance.tasks.sweep", "schedule": SWEEP_SECONDS}
        )
