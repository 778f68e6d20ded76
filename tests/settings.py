"""Django settings of the test-suite: the XBlock workbench, an in-memory database, the issuance app, loopback only."""

from workbench.settings import *  # noqa: F403
from workbench.settings import INSTALLED_APPS as WORKBENCH_APPS
from workbench.settings import MIDDLEWARE as WORKBENCH_MIDDLEWARE
from workbench.settings import WORKBENCH as WORKBENCH_OPTIONS

DEBUG = False
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
LOGGING = {"version": 1, "disable_existing_loggers": False}
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "tests.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [*WORKBENCH_APPS, "microcred_xblock.issuance.apps.IssuanceConfig"]

MIDDLEWARE = [*WORKBENCH_MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

WORKBENCH = {**WORKBENCH_OPTIONS, "reset_state_on_restart": True}

CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = False
