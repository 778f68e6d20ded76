"""The plugin app of LMS and Studio; also installed by the workbench."""

from typing import ClassVar

from django.apps import AppConfig


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
    }

    def ready(self) -> None:
        """Register the system checks."""
        from . import checks  # noqa: F401
