"""Every setting of the app with its default; the admin sets what differs.

``MICROCRED_PUBLIC_BASE_URL``
    ``https://host[:port][/path]`` under which learners and verifiers reach this site. The issuer's
    did:web is made from it. Default: ``LMS_ROOT_URL``.
``MICROCRED_ISSUER``
    The awarding body: ``{"name", "url", "email", "address"}``. ``name`` and ``url`` are required. For a
    self-signed certificate also ``legal_name``, ``legal_identifier`` (``NTRFR-123456789``) and
    ``country`` (two letters); otherwise these three come from the certificate. ``keys`` says where the keys are
    if not in files of the keys folder.
``MICROCRED_ISSUERS``
    Further awarding bodies by key: ``{"acme": {"name", "url", …, "folder": "issuers/acme"}}``, each with the same
    parts, and ``folder`` (the path of its did:web on this site's host; default: the key) or ``base_url`` (the address
    of a site with a host name of its own). Which of them awards where is told by ``microcred keys assign`` or in the
    Django admin.
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
    ``"hosts": ["auth.acme.example"]`` for other hosts of the same provider. Nobody else is ever contacted. The type
    ``"europass"`` is a Europass wallet, which takes the European credential alone.
``MICROCRED_OFFERS``
    How wallets may collect what a learner offers them, by a QR code or a link: ``"openid4vci"``, ``"vc-api"``, in the
    order in which learners see them. Empty: not at all.
``MICROCRED_OPENID4VCI_FORMATS``
    In which forms a wallet may collect by OpenID4VCI, the best first: ``"ldp_vc"`` and ``"jwt_vc_json"`` are the Open
    Badge, ``"dc+sd-jwt"`` an SD-JWT VC whose claims the holder shows one by one.
``MICROCRED_CLIENT``
    What wallets show about this site: ``{"logo_uri", "tos_uri", "policy_uri"}``, on the host of the base URL.
    Default: pages of this app. ``"contacts": ["mail@…"]`` tells their providers whom to ask; the first is also in the
    ``User-Agent`` of every request.
``MICROCRED_ALLOW_LOOPBACK_HTTP``
    Wallets on this machine may be spoken to without TLS. For the demonstration only.
``MICROCRED_HTTP_TIMEOUTS``
    ``{"connect", "read", "total"}`` in seconds, for each request to a wallet.
``MICROCRED_RETRY_AFTER_MOST``
    For how many seconds at most a wallet may ask to be left alone after one answer.
``MICROCRED_CIRCUIT_FAILURES``
    After so many failures in a row nobody connects to a wallet's host for a while: seconds first, ten minutes at most.
``MICROCRED_SLOW_SECONDS``, ``MICROCRED_SLOW_WORKERS``
    A wallet's host that takes so long for an answer counts as slow for some minutes; all slow hosts together may keep
    so many workers busy. Have more workers than that, so that no learner waits for another's wallet.
``MICROCRED_CA_BUNDLE``
    A file of certificate authorities to trust instead of the usual ones.
``MICROCRED_PROXY``
    ``http://[user:password@]host:port`` of a proxy (``CONNECT``) where this server has no direct way out. Give it by
    the environment variable of the same name if it holds a password. ``HTTPS_PROXY`` and its like are never used.
``MICROCRED_EARNING_ROLES``
    Course roles (``staff``, ``instructor``, ``beta_testers``, …) whose holders may earn, enrolled or not. Without it
    actively enrolled learners earn, and staff see a preview.
``MICROCRED_CELERY_QUEUE``
    The Celery queue of all tasks of this app; empty for the platform's default queue.
``MICROCRED_API_RATES``
    How often one account or address may ask the REST API, by scope: ``{"anonymous": "60/min", "learner": "120/min",
    "staff": "600/min", "verify": "20/min"}``; and how often one author the preview of a pill: ``"preview": "60/min"``,
    how often one learner may make offers to wallets: ``"offer": "20/min"``, and one address ask for what they are
    about: ``"collect": "120/min"``; and have files sent: ``"mail": "5/d"``.
    None is no limit.
``MICROCRED_STATUS_TTL``
    For how many seconds verifiers may keep a status list before they ask again: so long a revocation can stay unseen.
``MICROCRED_STATUS_LIST_SIZE``
    Entries of a new status list, a multiple of 8 and at least 131072; half of them are used.
``MICROCRED_RENEW_BEFORE_DAYS``, ``MICROCRED_REMIND_BEFORE_DAYS``
    How many days before its expiry an award can be renewed, and its learner is reminded.
``MICROCRED_NOTICE_EMAIL``
    Learners are told by e-mail, too, what becomes of their awards (sender: ``DEFAULT_FROM_EMAIL``). Set
    ``EMAIL_TIMEOUT`` with it. Otherwise they are told on the page of the pill only.
``MICROCRED_MAIL_FILES``
    Learners may have the archive of a credential sent to the address of their account, as often as the rate ``mail``
    of ``MICROCRED_API_RATES`` says. It contains their name. Set ``EMAIL_TIMEOUT`` with it.
``MICROCRED_SHOW_ON_CERTIFICATE``, ``MICROCRED_SHOW_ON_DASHBOARD``
    Whether themes find a learner's earned pills in the context of course certificates (there only those whose
    credential the learner has agreed to) and of the learner's own dashboard.
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
    "MICROCRED_ISSUERS": {},
    "MICROCRED_KEYS_DIR": "",
    "MICROCRED_KEYS_PASSPHRASE": "",
    "MICROCRED_SEAL_PKCS12": "",
    "MICROCRED_SEAL_PASSWORD": "",
    "MICROCRED_TOKEN_KEY": "",
    "MICROCRED_WALLETS": [],
    "MICROCRED_OFFERS": ["openid4vci", "vc-api"],
    "MICROCRED_OPENID4VCI_FORMATS": ["ldp_vc", "jwt_vc_json", "dc+sd-jwt"],
    "MICROCRED_CLIENT": {},
    "MICROCRED_ALLOW_LOOPBACK_HTTP": False,
    "MICROCRED_HTTP_TIMEOUTS": {"connect": 5, "read": 10, "total": 20},
    "MICROCRED_RETRY_AFTER_MOST": 86_400,
    "MICROCRED_CIRCUIT_FAILURES": 5,
    "MICROCRED_SLOW_SECONDS": 2,
    "MICROCRED_SLOW_WORKERS": 1,
    "MICROCRED_CA_BUNDLE": "",
    "MICROCRED_PROXY": "",
    "MICROCRED_EARNING_ROLES": [],
    "MICROCRED_CELERY_QUEUE": "",
    "MICROCRED_API_RATES": {
        "anonymous": "60/min", "learner": "120/min", "staff": "600/min", "verify": "20/min", "preview": "60/min",
        "mail": "5/d",
        "offer": "20/min", "collect": "120/min",
    },
    "MICROCRED_STATUS_TTL": 300,
    "MICROCRED_STATUS_LIST_SIZE": 131_072,
    "MICROCRED_RENEW_BEFORE_DAYS": 60,
    "MICROCRED_REMIND_BEFORE_DAYS": 30,
    "MICROCRED_NOTICE_EMAIL": False,
    "MICROCRED_MAIL_FILES": False,
    "MICROCRED_SHOW_ON_CERTIFICATE": False,
    "MICROCRED_SHOW_ON_DASHBOARD": True,
    "MICROCRED_RUNNER": "celery",
}
TASKS = tuple(
    f"microcred_xblock.issuance.tasks.{name}"
    for name in (
        "assess_learner", "close_regrade", "deliver_connection", "index_course", "issue_award", "issue_credential",
        "run_bulk", "send_notice", "sweep",
    )
)
SWEEP_SECONDS = 60
PIPELINE_STEPS = {
    "org.openedx.learning.certificate.render.started.v1": "microcred_xblock.issuance.pipeline.PillsOnCertificate",
    "org.openedx.learning.dashboard.render.started.v1": "microcred_xblock.issuance.pipeline.PillsOnDashboard",
}
UNTRACKED = r"^/microcred/(?:openid4vci|interactions|wallet|refresh)/"  # addresses and forms that hold secrets
TRACKED = ["edx.microcred.pill.mastered", "edx.microcred.credential.earned"]
SECRETS = ("MICROCRED_KEYS_PASSPHRASE", "MICROCRED_SEAL_PASSWORD", "MICROCRED_TOKEN_KEY", "MICROCRED_PROXY")


def plugin_settings(settings: Any) -> None:
    """Give ``settings`` every default it lacks; secrets may come from the environment."""
    for name, default in DEFAULTS.items():
        if not hasattr(settings, name):
            setattr(settings, name, os.environ.get(name, default) if name in SECRETS else deepcopy(default))
    allow_tracking(settings)
    keep_from_tracking(settings)


def schedule(settings: Any) -> None:
    """Have Celery beat sweep every minute (in the LMS), and route the tasks where the admin wants them."""
    queue = getattr(settings, "MICROCRED_CELERY_QUEUE", "")
    if queue and hasattr(settings, "EXPLICIT_QUEUES"):
        settings.EXPLICIT_QUEUES.update({task: {"queue": queue} for task in TASKS})
    if getattr(settings, "ROOT_URLCONF", "") == "lms.urls" and hasattr(settings, "CELERYBEAT_SCHEDULE"):
        settings.CELERYBEAT_SCHEDULE.setdefault(
            "microcred-sweep", {"task": "microcred_xblock.issuance.tasks.sweep", "schedule": SWEEP_SECONDS}
        )


def add_pipeline_steps(settings: Any) -> None:
    """Put our steps behind those that others have configured (in the LMS), whichever of the three forms they chose."""
    if getattr(settings, "ROOT_URLCONF", "") != "lms.urls":
        return
    filters = dict(getattr(settings, "OPEN_EDX_FILTERS_CONFIG", None) or {})
    for filter_type, step in PIPELINE_STEPS.items():
        filters[filter_type] = _with_step(filters.get(filter_type), step)
    settings.OPEN_EDX_FILTERS_CONFIG = filters


def _with_step(config: Any, step: str) -> dict[str, Any]:
    if not isinstance(config, dict):
        config = {"pipeline": [config] if isinstance(config, str) and config else list(config or ())}
    pipeline = [*config.get("pipeline", ())]
    return {"fail_silently": True, **config, "pipeline": pipeline if step in pipeline else [*pipeline, step]}


def keep_from_tracking(settings: Any) -> None:
    """The platform's tracking log takes down the address and the form of every request, unless told otherwise."""
    patterns = getattr(settings, "TRACKING_IGNORE_URL_PATTERNS", None)
    if patterns is not None and UNTRACKED not in patterns:
        settings.TRACKING_IGNORE_URL_PATTERNS = [*patterns, UNTRACKED]


def allow_tracking(settings: Any) -> None:
    """Let event-routing-backends pass our events on, whichever of the two plugins is set up first."""
    allowed = getattr(settings, "EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS", None)
    if allowed is None:
        allowed = settings.EVENT_TRACKING_BACKENDS_ALLOWED_XAPI_EVENTS = []
    allowed += [name for name in TRACKED if name not in allowed]  # the list that its own settings refer to
    router = (getattr(settings, "EVENT_TRACKING_BACKENDS", None) or {}).get("event_transformer", {})
    for processor in router.get("OPTIONS", {}).get("processors", ()):
        listed = processor.get("OPTIONS", {}).get("whitelist")
        if isinstance(listed, set):
            listed.update(TRACKED)
