"""Settings of the course server: the XBlock workbench, the issuance app, one SQLite file, loopback addresses only."""

from django.utils.translation import gettext_lazy as _
from workbench.settings import *  # noqa: F403
from workbench.settings import INSTALLED_APPS as WORKBENCH_APPS
from workbench.settings import TEMPLATES as WORKBENCH_TEMPLATES
from workbench.settings import WORKBENCH as WORKBENCH_OPTIONS

from microcred_xblock.workbench import logs, places

DEBUG = False
SECRET_KEY = places.secret("course/secret-key")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DATABASES = {"default": places.sqlite(places.demo_dir() / "course" / "course.sqlite3")}
DJFS = {"type": "osfs", "directory_root": str(places.demo_dir() / "course" / "files"), "url_root": "/static/djpyfs"}

# Ahead of the workbench, so that our page shell replaces its templates.
INSTALLED_APPS = [
    "microcred_xblock.workbench.apps.DemoCourseConfig",
    "microcred_xblock.issuance.apps.IssuanceConfig",
    *WORKBENCH_APPS,
]
_OPTIONS = WORKBENCH_TEMPLATES[0]["OPTIONS"]
TEMPLATES = [
    {
        **WORKBENCH_TEMPLATES[0],
        "DIRS": [],
        "OPTIONS": {
            **_OPTIONS,
            "debug": False,
            "context_processors": [*_OPTIONS["context_processors"], "microcred_xblock.workbench.shell.shell"],
        },
    }
]
MIDDLEWARE = [
    "microcred_xblock.workbench.shell.OneHost",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "microcred_xblock.workbench.urls"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("ar", _("Arabic"))]
TIME_ZONE = "UTC"

WORKBENCH = {
    **WORKBENCH_OPTIONS,
    "reset_state_on_restart": False,
    "services": {**WORKBENCH_OPTIONS["services"], "user": "microcred_xblock.workbench.services.DemoUserService"},
}
DEMO_WALLET_URL = places.wallet_url()

LOGGING = logs.LOGGING

# The issuer is invented, its certificate self-signed: nobody must take a demo credential for a real one.
MICROCRED_PUBLIC_BASE_URL = places.course_url()
MICROCRED_ISSUER = {
    "name": "Wind Energy Training Centre (demonstration)",
    "url": places.course_url() + "/",
    "email": "registrar@training.example",
    "address": "1 quai de la Démonstration, 44000 Nantes",
    "legal_name": "Centre de formation éolienne (démonstration)",
    "legal_identifier": "NTRFR-000000000",
    "country": "FR",
}
MICROCRED_KEYS_DIR = str(places.demo_dir() / "course" / "keys")
MICROCRED_KEYS_PASSPHRASE = places.secret("course/keys-passphrase")
MICROCRED_TOKEN_KEY = places.fernet_key("course/token-key")
MICROCRED_WALLETS = [
    {"id": "demo-wallet", "name": "Folio (demo wallet)", "type": "open-badges-api", "base_url": places.wallet_url()}
]
MICROCRED_ALLOW_LOOPBACK_HTTP = True
MICROCRED_RUNNER = "thread"
MICROCRED_WORKBENCH_ORGANISATION = "demo"
