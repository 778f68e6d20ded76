"""Settings of the wallet process. Everything that differs between machines comes from ``places``."""

from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from microcred_xblock.workbench import logs, places

WALLET_BASE_URL = places.wallet_url()
# Issuers whose did:web documents may be fetched. The wallet contacts nobody else, ever.
WALLET_ISSUER_ORIGINS = (places.course_url(),)
WALLET_CODE_SECONDS = 600  # Open Badges 3.0, API security: recommended lifetime of a code
WALLET_TOKEN_SECONDS = 3600  # and of an access token
WALLET_MAX_BODY = 2_000_000

DEBUG = False
SECRET_KEY = places.secret("wallet/secret-key")
ALLOWED_HOSTS = [urlsplit(WALLET_BASE_URL).hostname, "127.0.0.1"]
DATABASES = {"default": places.sqlite(places.demo_dir() / "wallet" / "wallet.sqlite3")}
DATA_UPLOAD_MAX_MEMORY_SIZE = WALLET_MAX_BODY

INSTALLED_APPS = [
    "microcred_xblock.workbench.wallet.apps.DemoWalletConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "microcred_xblock.workbench.wallet.middleware.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "microcred_xblock.workbench.wallet.urls"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"

# Cookies know no ports: without names of their own the course server on the same host would overwrite them.
SESSION_COOKIE_NAME = "wallet_session"
CSRF_COOKIE_NAME = "wallet_csrf"
LANGUAGE_COOKIE_NAME = "wallet_language"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]

LOGGING = logs.LOGGING
