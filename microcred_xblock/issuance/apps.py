"""The plugin app of LMS and Studio; also installed by the workbench."""

import logging
from typing import ClassVar

from django.apps import AppConfig

log = logging.getLogger(__name__)

_SIGNALS = "lms.djangoapps.grades.signals.signals"
_STORE = "xmodule.modulestore.django"
_ACCOUNTS = "openedx.core.djangoapps.user_api.accounts.signals"


def _receiver(function: str, signal: str) -> dict[str, str]:
    return {
        "receiver_func_name": function, "signal_path": signal,
        "dispatch_uid": f"microcred.{function}.{signal.rpartition('.')[2]}",
    }


_SCORES = (
    _receiver("score_changed", f"{_SIGNALS}.PROBLEM_WEIGHTED_SCORE_CHANGED"),
    _receiver("score_changed", f"{_SIGNALS}.SUBSECTION_OVERRIDE_CHANGED"),
)
_CONTENT = (
    _receiver("course_published", f"{_STORE}.COURSE_PUBLISHED"),
    _receiver("course_deleted", f"{_STORE}.COURSE_DELETED"),
)
_RETIREMENT = (
    _receiver("account_retired", f"{_ACCOUNTS}.USER_RETIRE_LMS_MISC"),
    _receiver("account_retired", f"{_ACCOUNTS}.USER_RETIRE_LMS_CRITICAL"),
)


class IssuanceConfig(AppConfig):
    """``plugin_app`` is read by edx-django-utils; names are spelled out so that nothing of it is needed elsewhere."""

    name = "microcred_xblock.issuance"
    label = "microcred"
    verbose_name = "Micro-credentials"
    default_auto_field = "django.db.models.BigAutoField"

    plugin_app: ClassVar[dict] = {
        # At the root: a did:web of a bare host is read at /.well-known/did.json.
        "url_config": {"lms.djangoapp": {"namespace": "microcred", "regex": r"", "relative_path": "urls"}},
        "settings_config": {
            project: {
                "common": {"relative_path": "settings.common"},
                "production": {"relative_path": "settings.production"},
            }
            for project in ("lms.djangoapp", "cms.djangoapp")
        },
        # By dotted path, so that nothing of the platform is imported here. Studio has no grades.
        "signals_config": {
            "lms.djangoapp": {"relative_path": "receivers", "receivers": [*_SCORES, *_CONTENT, *_RETIREMENT]},
            "cms.djangoapp": {"relative_path": "receivers", "receivers": [*_CONTENT]},
        },
    }

    def ready(self) -> None:
        """System checks, discreet logs, Celery's entries, our steps in the platform's filters, our own receivers."""
        from django.apps import apps
        from django.conf import settings

        from . import assessing, checks, cors, discretion, events, privacy, tracking  # noqa: F401
        from .settings import common

        # Here, because the platform's production settings are assigned after those of plugins.
        common.schedule(settings)
        common.add_pipeline_steps(settings)
        discretion.install()
        assessing.connect()
        privacy.connect()
        events.connect()
        tracking.connect()
        cors.connect()
        if apps.is_installed("event_routing_backends"):
            _register_xapi()


def _register_xapi() -> None:
    """A release of that plugin which ours does not fit costs the statements, not the platform's start."""
    try:
        from . import xapi  # noqa: F401
    except (ImportError, AttributeError):
        log.exception("Pills are not told of in xAPI: event-routing-backends has changed.")
